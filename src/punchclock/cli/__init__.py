"""The command line: each command is a module of this package.

Exit status: 0; 1 as documented by the command; 2 for a usage error, or output that cannot be written; 130 after Ctrl-C;
141 if the reader of the output has ended (`punchclock replay LOG | head`), as for other programs.

replay.py      options of `punchclock replay`     reading.py     a log to timers
reporting.py   its output                         timelines.py   observers for timeline and picture
convert.py     `punchclock convert`               serve.py       `punchclock serve`
tables.py, drawing.py, histogram.py, terminal.py, parameters.py   shared parts
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from punchclock import __version__
from punchclock.cli.terminal import printable
from punchclock.errors import MissingExtra, PunchclockError

#: The commands; each is defined in the module of the same name.
_COMMANDS = ("convert", "replay", "serve")


class _Commands(click.Group):
    """The commands, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"punchclock.cli.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except BrokenPipeError:  # from --help or --version; click would exit with 1
            _forget_output()
            ctx.exit(141)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        # Handled here, since click would handle some of these exceptions in its own way.
        try:
            if sys.stdout is None:  # closed, as by ``>&-``
                raise click.UsageError("there is no standard output", ctx)
            status = super().invoke(ctx)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:
            _forget_output()
            return 141
        except MissingExtra as error:  # one line: this is not a usage error
            click.echo(f"punchclock: {error}", err=True)
            return 2
        except PunchclockError as error:
            raise click.UsageError(str(error), ctx) from error
        return status


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="punchclock", message="%(prog)s %(version)s")
def cli() -> None:
    """Timers as one state machine: start, pause, resume, stop."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit status."""
    try:
        status = cli.main(args=arguments, prog_name="punchclock", standalone_mode=False)
    except click.ClickException as error:
        message = io.StringIO()  # arguments and file names in it may have control characters
        error.show(message)
        click.echo("\n".join(printable(line.expandtabs(4)) for line in message.getvalue().splitlines()), err=True)
        return error.exit_code
    except OSError as error:  # such as a full disk; commands handle the files that they open
        _forget_output()
        click.echo(f"Error: cannot continue: {error.strerror or error}", err=True)
        return 2
    except click.Abort:
        return 130
    return int(status or 0)


def _forget_output() -> None:
    """Redirect buffered output to the null device; otherwise the interpreter reports the error again when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
