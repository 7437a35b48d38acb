"""Click callbacks that convert options: an instant, a zone, a workspace, a picture."""

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

#: An existing file.
A_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def read_instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Return the instant of an RFC 3339 text; ``None`` without the option."""
    try:
        return None if value is None else instant(value)
    except PunchclockError as error:
        raise click.BadParameter(str(error)) from error


def read_zone(_ctx: click.Context, _param: click.Parameter, value: str | None) -> dt.tzinfo | None:
    """Return the zone of a name; ``None`` without the option."""
    try:
        return None if value is None else find_zone(value)
    except PunchclockError as error:
        raise click.BadParameter(str(error)) from error


def read_picture(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Path | None:
    """Return the path of a picture, after a check of its suffix; ``None`` without the option."""
    if value is None:
        return None
    from punchclock.columns.plot import FORMATS  # noqa: PLC0415 - an extra

    path = Path(value)
    if path.suffix.lower() not in FORMATS:
        raise click.BadParameter(f"the suffix of a picture is one of {', '.join(FORMATS)}")
    return path


def read_workspace(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Workspace | None:
    """Return the workspace in a file; ``None`` without the option, for the demo workspace."""
    try:
        return None if value is None else load_workspace(value)
    except PunchclockError as error:
        raise click.BadParameter(f"{value}: {error}") from error
