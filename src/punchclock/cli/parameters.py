"""What options of the commands take, for click: an instant, a zone, a workspace, a picture."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Final

import click

from punchclock.calendar import find_zone
from punchclock.errors import PunchclockError
from punchclock.instants import instant
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import load_workspace

__all__ = ["A_FILE", "read_instant", "read_picture", "read_workspace", "read_zone"]

#: A file that is there, and not a directory.
A_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def read_instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """An instant in RFC 3339, or ``None`` where the option is not given."""
    try:
        return None if value is None else instant(value)
    except PunchclockError as error:
        raise click.BadParameter(str(error)) from error


def read_zone(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.tzinfo | None:
    """A zone by its name, or ``None`` where the option is not given."""
    try:
        return None if value is None else find_zone(value)
    except PunchclockError as error:
        raise click.BadParameter(str(error)) from error


def read_picture(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Path | None:
    """Where a picture goes, or ``None`` where none is wanted; rejected before there is anything to draw."""
    if value is None:
        return None
    from punchclock.columns.plot import FORMATS  # noqa: PLC0415 - an extra

    path = Path(value)
    if path.suffix.lower() not in FORMATS:
        raise click.BadParameter(f"a picture is one of {', '.join(FORMATS)}")
    return path


def read_workspace(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Workspace | None:
    """The workspace in a file, or ``None`` where the option is not given and the demo workspace is meant."""
    try:
        return None if value is None else load_workspace(value)
    except PunchclockError as error:
        raise click.BadParameter(f"{value}: {error}") from error
