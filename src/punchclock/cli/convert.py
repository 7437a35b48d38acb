"""`punchclock convert`: one vendor's payload as another vendor would show the same timer.

This module reads the arguments and prints the result; the conversion is in `punchclock.vendors.conversion`.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from typing import IO, Any, BinaryIO

import click

from punchclock.cli.parameters import A_FILE, read_instant, read_workspace, read_zone
from punchclock.cli.terminal import printable
from punchclock.clock import now
from punchclock.errors import PunchclockError
from punchclock.vendors import names
from punchclock.vendors.conversion import convert as converted
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace


class _Payload(click.File):
    """A binary file or standard input; a closed standard input is a usage error instead of a traceback."""

    def convert(
        self, value: str | os.PathLike[str] | IO[Any], param: click.Parameter | None, ctx: click.Context | None
    ) -> IO[Any]:
        if value == "-" and sys.stdin is None:  # as with ``<&-``
            self.fail("there is no standard input", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@click.option("--from", "source", type=click.Choice(names()), required=True, help="The payload's vendor.")
@click.option("--to", "target", type=click.Choice(names()), required=True, help="The vendor to convert to.")
@click.option("--at", callback=read_instant, metavar="INSTANT", help="The instant of the payload. [default: now]")
@click.option("--zone", callback=read_zone, metavar="ZONE", help="The account's time zone. [default: the workspace's]")
@click.option(
    "--workspace",
    type=A_FILE,
    callback=read_workspace,
    metavar="FILE",
    help="The workspace in which names are looked up, in TOML or JSON. [default: the demo workspace]",
)
@click.argument("payload", type=_Payload("rb"), default="-", metavar="[FILE]")
def convert(
    *, source: str, target: str, at: int | None, zone: dt.tzinfo | None, workspace: Workspace | None, payload: BinaryIO
) -> None:
    """Read one vendor's payload of a timer from FILE and write it as another vendor's.

    Without FILE, or if it is -, standard input is read. Fields that are dropped or filled are reported on standard
    error.
    """
    try:
        conversion = converted(
            payload.read(),
            source=source,
            target=target,
            now=now() if at is None else at,
            workspace=demo_workspace() if workspace is None else workspace,
            zone=None if zone is None else str(zone),  # vendors identify a zone by its name
        )
    except PunchclockError as error:
        raise click.ClickException(printable(str(error))) from error
    except OSError as error:
        raise click.UsageError(f"cannot read the payload: {error.strerror}") from error
    for loss in conversion.losses:
        click.echo(printable(f"{loss.kind} {loss.field}: {loss.value}"), err=True)
    sys.stdout.buffer.write(conversion.payload + b"\n")
    sys.stdout.buffer.flush()
