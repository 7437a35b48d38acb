"""`punchclock serve`: run the sandbox over HTTP until a signal stops it.

This module has the options and the greeting. The sandbox itself is in `punchclock.sandbox`.
"""

from __future__ import annotations

import logging
import posixpath
import shlex
import signal
import socket
from typing import TYPE_CHECKING, Any, Final

import click

from punchclock import vendors
from punchclock.cli.parameters import A_FILE, read_instant, read_workspace
from punchclock.clock import now
from punchclock.errors import MissingExtra
from punchclock.vendors.calls import Request, Vendor
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace

if TYPE_CHECKING:
    from starlette.types import ASGIApp

#: The value of ``--database`` for a store in memory.
_MEMORY: Final = "memory:"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 chooses a free one."
)
@click.option(
    "--database",
    metavar="URL",
    default="sqlite:///punchclock.sqlite3",
    show_default=True,
    help="The store: sqlite:///FILE, postgresql://… or memory:. sqlite:///FILE?durable=full syncs each change.",
)
@click.option("--clock", callback=read_instant, metavar="INSTANT", help="Start with the clock frozen at this instant.")
@click.option(
    "--workspace",
    type=A_FILE,
    callback=read_workspace,
    metavar="FILE",
    help="The workspace, in TOML or JSON, instead of the demo workspace.",
)
@click.option(
    "--control-token",
    envvar="PUNCHCLOCK_CONTROL_TOKEN",
    default="",
    metavar="TOKEN",
    help="The token that the control plane requires as Authorization: Bearer TOKEN. [env: PUNCHCLOCK_CONTROL_TOKEN]",
)
@click.option(
    "--control-from-anywhere",
    is_flag=True,
    help="Allow other machines to use the control plane; requires --control-token.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="Accept vendor calls to this host name too, such as sandbox.example; * accepts any. Repeatable.",
)
@click.option(
    "--allow-origin",
    multiple=True,
    metavar="ORIGIN",
    help="Accept vendor calls of web pages of this origin, such as http://app.example; * accepts any. Repeatable.",
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
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
) -> int:
    """Serve the four vendors' APIs, so that programs can be tested against them."""
    try:
        from punchclock.sandbox import Clock, Sandbox  # noqa: PLC0415 - needs an extra
        from punchclock.sandbox.callers import Callers, InvalidCaller  # noqa: PLC0415
        from punchclock.sandbox.server import application, listen, url_of  # noqa: PLC0415
        from punchclock.sandbox.sql import SqlStore  # noqa: PLC0415
        from punchclock.sandbox.store import StoreUnavailable  # noqa: PLC0415
    except ImportError as error:
        if (error.name or "").startswith("punchclock"):
            raise
        click.echo(f"punchclock: {MissingExtra('the sandbox', 'sandbox')}", err=True)
        return 2
    if control_from_anywhere and not control_token:
        raise click.UsageError("--control-from-anywhere requires --control-token, or anyone could reset the sandbox")
    try:
        callers = Callers.of(host, allow_host, allow_origin)
    except InvalidCaller as error:
        raise click.UsageError(str(error)) from error

    account = demo_workspace() if workspace is None else workspace
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("punchclock").setLevel(logging.INFO)
    sandbox_clock = Clock(clock)
    # Open the database after all other values are valid, and before the port, so that no client connects too early.
    try:
        store = None if database == _MEMORY else SqlStore(database, account)
    except StoreUnavailable as error:
        raise click.BadParameter(str(error), param_hint="'--database'") from error
    with (
        Sandbox(account, clock=sandbox_clock, store=store, control_token=control_token) as sandbox,
        listen(host, port) as listening,
    ):
        url = url_of(listening)
        shown = sandbox.clock.now() if sandbox.clock.frozen else now()
        click.echo(greeting(url, account, shown, is_demo=workspace is None, store=_shown(database)))
        _run(
            listening,
            application(sandbox.handle_in_steps, control_from_anywhere=control_from_anywhere, callers=callers),
        )
    return 0


def _run(listening: socket.socket, app: ASGIApp) -> None:
    """Serve until SIGTERM or SIGINT, then answer the requests in progress."""
    from punchclock.sandbox.connections import server  # noqa: PLC0415 - as above

    running = server(app)

    def stop(_signal: int, _frame: object) -> None:
        running.should_exit = True

    # uvicorn raises a caught signal again when it ends. With this handler, the command still exits with status 0.
    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        running.run([listening])
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def greeting(url: str, workspace: Workspace, at: int, *, is_demo: bool, store: str) -> str:
    """Return the text that the command prints first: the URL of each vendor's API, and a call to try.

    Args:
        url: the server's URL.
        workspace: the workspace of the account.
        at: the clock's instant.
        is_demo: whether it is the demo workspace, whose credentials are public; those of others are not printed.
        store: the name of the store.
    """
    lines = [f"punchclock serves the account {workspace.name} at {url}, and stores its timers in {store}."]
    for name in vendors.names():
        vendor = vendors.load(name)
        lines += ["", vendor.title, *(f"  {url}{base}" for base in _bases(vendor))]
        example = vendor.example(workspace, at) if is_demo else None
        if example is not None:
            lines += [f"  {each}" for each in _credentials(workspace, name)]
            lines.append(f"  {_curl(url, example)}")
    clock = Request(method="GET", path="/_punchclock/clock")
    lines += ["", "Control", f"  {url}/_punchclock/openapi.json", f"  {_curl(url, clock)}", ""]
    return "\n".join([*lines, "Press Ctrl-C to stop it."])


def _bases(vendor: Vendor[Any]) -> list[str]:
    """Return the common prefixes of a vendor's paths, one for each group of paths with the same first two segments."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for operation in vendor.operations:
        fixed = operation.path.partition("{")[0].rstrip("/")
        groups.setdefault(tuple(fixed.split("/")[:3]), []).append(fixed)
    return [posixpath.commonpath(paths) for paths in groups.values()]


def _credentials(workspace: Workspace, vendor: str) -> list[str]:
    """Return the credentials for a vendor's calls, one line for each kind."""
    credential = workspace.credential(vendor)
    account = [f"{kind} {text}" for kind, text in (("key", credential.key), ("secret", credential.secret)) if text]
    tokens = [f"{token} ({workspace.people[id].name})" for token, id in credential.tokens.items()]
    return account + ([f"tokens {', '.join(tokens)}"] if tokens else [])


def _curl(url: str, request: Request) -> str:
    """Return the curl command that sends a request."""
    address = f"{url}{request.path}?{request.query}" if request.query else f"{url}{request.path}"
    words = ["curl", "-sS", "-X", request.method, address]
    for name, value in request.headers.items():
        words += ["-H", f"{name}: {value}"]
    if request.body:
        words += ["-d", request.body.decode()]
    return shlex.join(words)


def _shown(database: str) -> str:
    """Return the name of the store, without credentials."""
    if database == _MEMORY:
        return "memory"
    from punchclock.sandbox.database import shown_url  # noqa: PLC0415 - as above

    return shown_url(database)
