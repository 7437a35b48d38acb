"""`punchclock serve`: the sandbox behind a server, until it is stopped.

This module says what there is and how to reach it; what is served is in `punchclock.sandbox`.
"""

from __future__ import annotations

import logging
import posixpath
import shlex
import signal
import socket
from types import ModuleType
from typing import TYPE_CHECKING, Final

import click

from punchclock import vendors
from punchclock.cli.parameters import A_FILE, read_instant, read_workspace
from punchclock.clock import now
from punchclock.errors import MissingExtra
from punchclock.vendors.calls import Request
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace

if TYPE_CHECKING:
    from punchclock.sandbox import Sandbox

__all__ = ["greeting", "serve"]

#: The ``--database`` that keeps nothing.
_MEMORY: Final = "memory:"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--database",
    metavar="URL",
    default="sqlite:///punchclock.sqlite3",
    show_default=True,
    help="Where timers are kept: sqlite:///FILE, postgresql://… or memory:",
)
@click.option(
    "--clock", callback=read_instant, metavar="INSTANT", help="Begin with the clock standing at this instant."
)
@click.option(
    "--workspace",
    type=A_FILE,
    callback=read_workspace,
    metavar="FILE",
    help="The account, as TOML or JSON, in place of the demo workspace.",
)
@click.option(
    "--control-token",
    envvar="PUNCHCLOCK_CONTROL_TOKEN",
    default="",
    metavar="TOKEN",
    help="What the control plane wants as Authorization: Bearer TOKEN. [env: PUNCHCLOCK_CONTROL_TOKEN]",
)
@click.option(
    "--control-from-anywhere", is_flag=True, help="Answer the control plane to other machines too; needs a token."
)
def serve(
    *,
    host: str,
    port: int,
    database: str,
    clock: int | None,
    workspace: Workspace | None,
    control_token: str,
    control_from_anywhere: bool,
) -> int:
    """Serve the four vendors' APIs, for programs to be tried against."""
    try:
        from punchclock.sandbox import Clock, Sandbox  # noqa: PLC0415 - the server belongs to an extra
        from punchclock.sandbox.server import listen, url_of  # noqa: PLC0415
        from punchclock.sandbox.sql import SqlStore  # noqa: PLC0415
        from punchclock.sandbox.store import StoreUnavailable  # noqa: PLC0415
    except ImportError as error:
        if (error.name or "").startswith("punchclock"):
            raise
        click.echo(f"punchclock: {MissingExtra('the sandbox', 'sandbox')}", err=True)
        return 2
    if control_from_anywhere and not control_token:
        raise click.UsageError("--control-from-anywhere needs --control-token, or anybody could reset the sandbox")

    account = demo_workspace() if workspace is None else workspace
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("punchclock").setLevel(logging.INFO)
    begins_at = Clock(clock)
    # Open the database only once all other values are valid, and before a port is announced.
    try:
        store = None if database == _MEMORY else SqlStore(database, account)
    except StoreUnavailable as error:
        raise click.BadParameter(str(error), param_hint="'--database'") from error
    with (
        Sandbox(account, clock=begins_at, store=store, control_token=control_token) as sandbox,
        listen(host, port) as listening,
    ):
        url = url_of(listening)
        shown = sandbox.clock.now() if sandbox.clock.frozen else now()
        click.echo(greeting(url, account, shown, is_demo=workspace is None, kept=_without_password(database)))
        _run(sandbox, listening, control_from_anywhere=control_from_anywhere)
    return 0


def _run(sandbox: Sandbox, listening: socket.socket, *, control_from_anywhere: bool) -> None:
    """Serve until a signal says to stop; then answer what is being answered, and return."""
    from punchclock.sandbox.server import application, server  # noqa: PLC0415 - as above

    running = server(application(sandbox.handle, control_from_anywhere=control_from_anywhere))

    def stop(_signal: int, _frame: object) -> None:
        running.should_exit = True

    # uvicorn catches both while it serves, and hands them on when it is done: then, to stop is no failure.
    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        running.run([listening])
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def greeting(url: str, workspace: Workspace, at: int, *, is_demo: bool, kept: str) -> str:
    """What the command says when it begins: where every vendor's API is, and a call to try at each.

    Args:
        url: where the server is.
        workspace: what the account is set up with.
        at: the instant that the clock shows.
        is_demo: whether it is the demo workspace, whose credentials are no secret; of another one's none is shown.
        kept: where the timers are kept.
    """
    lines = [f"punchclock serves the account {workspace.name} at {url}, and keeps its timers in {kept}."]
    for name in vendors.names():
        vendor = vendors.load(name)
        lines += ["", vendor.VENDOR.title, *(f"  {url}{base}" for base in _bases(vendor))]
        example = vendor.example(workspace, at) if is_demo else None
        if example is not None:
            lines += [f"  {each}" for each in _credentials(workspace, name)]
            lines.append(f"  {_curl(url, example)}")
    clock = Request(method="GET", path="/_punchclock/clock")
    lines += ["", "Control", f"  {url}/_punchclock/openapi.json", f"  {_curl(url, clock)}", ""]
    return "\n".join([*lines, "Ctrl-C stops it."])


def _bases(vendor: ModuleType) -> list[str]:
    """Where a vendor's calls are: what those paths have in common that begin with the same two words."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in vendor.OPERATIONS:
        fixed = row.path.partition("{")[0].rstrip("/")
        groups.setdefault(tuple(fixed.split("/")[:3]), []).append(fixed)
    return [posixpath.commonpath(paths) for paths in groups.values()]


def _credentials(workspace: Workspace, vendor: str) -> list[str]:
    """What opens the account to a vendor's calls, a line for each kind."""
    credential = workspace.credential(vendor)
    account = [f"{what} {text}" for what, text in (("key", credential.key), ("secret", credential.secret)) if text]
    tokens = [f"{token} ({workspace.people[id].name})" for token, id in credential.tokens.items()]
    return account + ([f"tokens {', '.join(tokens)}"] if tokens else [])


def _curl(url: str, request: Request) -> str:
    """The command that sends a request, to be pasted into a shell."""
    address = f"{url}{request.path}?{request.query}" if request.query else f"{url}{request.path}"
    words = ["curl", "-sS", "-X", request.method, address]
    for name, value in request.headers.items():
        words += ["-H", f"{name}: {value}"]
    if request.body:
        words += ["-d", request.body.decode()]
    return shlex.join(words)


def _without_password(database: str) -> str:
    if database == _MEMORY:
        return "memory"
    import sqlalchemy as sa  # noqa: PLC0415 - as above

    return sa.make_url(database).render_as_string(hide_password=True)
