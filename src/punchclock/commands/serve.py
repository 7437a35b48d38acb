"""`punchclock serve`: the sandbox behind a server, until it is stopped.

This module says what there is and how to reach it; what is served is in `punchclock.sandbox`.
"""

from __future__ import annotations

import base64
import logging
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from punchclock.errors import InvalidInstant, MissingExtra
from punchclock.instants import instant
from punchclock.vendors.world import World
from punchclock.worlds import demo_world, load_world

if TYPE_CHECKING:
    from punchclock.sandbox.store import Store

__all__ = ["serve"]


def _instant(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else instant(value)
    except InvalidInstant as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one.")
@click.option(
    "--database",
    metavar="URL",
    default="sqlite:///punchclock.sqlite3",
    show_default=True,
    help="Where timers are kept: sqlite:///FILE, postgresql://…, or memory:",
)
@click.option("--clock", callback=_instant, metavar="INSTANT", help="Begin with the clock standing at this instant.")
@click.option("--world", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The account, as TOML or JSON.")
@click.option(
    "--control-token",
    envvar="PUNCHCLOCK_CONTROL_TOKEN",
    default="",
    help="What the control plane wants as Authorization: Bearer TOKEN.",
)
@click.option("--control-from-anywhere", is_flag=True, help="Answer the control plane to other machines too; needs a token.")
def serve(
    *,
    host: str,
    port: int,
    database: str,
    clock: int | None,
    world: Path | None,
    control_token: str,
    control_from_anywhere: bool,
) -> int:
    """Serve the four vendors' APIs, for programs to be tried against."""
    try:
        from punchclock.sandbox import Sandbox  # noqa: PLC0415 - the server belongs to an extra
        from punchclock.sandbox.server import application, listen, server  # noqa: PLC0415
    except MissingExtra as error:
        raise click.UsageError(str(error)) from error
    if control_from_anywhere and not control_token:
        raise click.UsageError("--control-from-anywhere needs --control-token, or anybody could reset the sandbox")

    account = demo_world() if world is None else load_world(world)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    listening = listen(host, port)
    with Sandbox(account, clock=clock, store=_store(database, account), control_token=control_token) as sandbox:
        app = application(sandbox.handle, control_from_anywhere=control_from_anywhere)
        _greet(f"http://{host}:{listening.getsockname()[1]}", account, database)
        server(app).run([listening])
    return 0


def _store(database: str, world: World) -> Store:
    from punchclock.sandbox.store import MemoryStore  # noqa: PLC0415 - as above

    if database == "memory:":
        return MemoryStore(world)
    from punchclock.sandbox.sql import SqlStore  # noqa: PLC0415 - as above

    return SqlStore(database, world)
