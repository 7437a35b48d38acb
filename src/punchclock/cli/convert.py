"""`punchclock convert`: one vendor's payload as another vendor would show the same timer.

This module reads and says; the conversion is in `punchclock.vendors.conversion`.
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

__all__ = ["convert"]


class _Payload(click.File):
    """A file of bytes, or standard input where there is one: for a closed one click has a traceback."""

    def convert(
        self, value: str | os.PathLike[str] | IO[Any], param: click.Parameter | None, ctx: click.Context | None
    ) -> IO[Any]:
        if value == "-" and sys.stdin is None:  # as with ``<&-``
            self.fail("there is no standard input", param, ctx)
        return super().convert(value, param, ctx)


@click.command()
@click.option("--from", "source", type=click.Choice(names()), required=True, help="The vendor that it comes from.")
@click.option("--to", "target", type=click.Choice(names()), required=True, help="The vendor that it is for.")
@click.option("--at", callback=read_instant, metavar="INSTANT", help="When it was answered; now, where it is not said.")
@click.option(
    "--zone", callback=read_zone, metavar="ZONE", help="The account's zone; the workspace's, where it is not said."
)
@click.option(
    "--workspace",
    type=A_FILE,
    callback=read_workspace,
    metavar="FILE",
    help="Where names are looked up, as TOML or JSON; else the demo workspace.",
)
@click.argument("payload", type=_Payload("rb"), default="-", metavar="[FILE]")
def convert(
    *, source: str, target: str, at: int | None, zone: dt.tzinfo | None, workspace: Workspace | None, payload: BinaryIO
) -> None:
    """Read one vendor's PAYLOAD of a timer and write it as another vendor's.

    FILE may be - for standard input, which is where it is read from if none is given. Fields that had no place to go,
    or that had to be filled, are said on standard error.
    """
    try:
        conversion = converted(
            payload.read(),
            source=source,
            target=target,
            now=now() if at is None else at,
            workspace=demo_workspace() if workspace is None else workspace,
            zone=None if zone is None else str(zone),  # by its name, as vendors know it
        )
    except PunchclockError as error:
        raise click.ClickException(printable(str(error))) from error
    except OSError as error:
        raise click.UsageError(f"cannot read the payload: {error.strerror}") from error
    for loss in conversion.losses:
        click.echo(printable(f"{loss.kind} {loss.field}: {loss.value}"), err=True)
    sys.stdout.buffer.write(conversion.payload + b"\n")
    sys.stdout.buffer.flush()
