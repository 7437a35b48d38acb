"""`punchclock replay`: the options of the command. `reading` reads the log, `reporting` writes the output."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from punchclock.cli.parameters import A_FILE, read_instant, read_picture, read_workspace, read_zone
from punchclock.cli.reading import read_log
from punchclock.cli.reporting import plot_users, print_json, print_payloads, print_report
from punchclock.cli.terminal import count, report
from punchclock.cli.timelines import Timelines
from punchclock.eventlog.totals import Days
from punchclock.instants import format_instant
from punchclock.vendors import names
from punchclock.vendors.workspace import Workspace
from punchclock.workspaces import demo_workspace


@click.command()
@click.argument("log", type=click.Path(exists=True, dir_okay=False, allow_dash=True), metavar="LOG")
@click.option(
    "--at",
    callback=read_instant,
    metavar="INSTANT",
    help="Report the timers as of this instant. Later events are ignored; their count is reported.",
)
@click.option(
    "--zone",
    callback=read_zone,
    metavar="ZONE",
    help="Time zone for day boundaries and displayed times. [default: UTC; with --as, the workspace's]",
)
@click.option("--json", "as_json", is_flag=True, help="Print each timer as one line of JSON.")
@click.option(
    "--as", "vendor", type=click.Choice(names()), help="Print each timer as this vendor's payload, in one line."
)
@click.option(
    "--workspace",
    type=A_FILE,
    callback=read_workspace,
    metavar="FILE",
    help="The workspace in which --as looks up names, in TOML or JSON. [default: the demo workspace]",
)
@click.option(
    "--allow-state-change",
    is_flag=True,
    help="With --as, show a timer in another state if the vendor does not show its own.",
)
@click.option("--plot", callback=read_picture, metavar="FILE", help="Also draw who worked when, as .png or .svg.")
def replay(
    log: str,
    at: int | None,
    zone: dt.tzinfo | None,
    vendor: str | None,
    workspace: Workspace | None,
    plot: Path | None,
    *,
    as_json: bool,
    allow_state_change: bool,
) -> int:
    """Report work and breaks from a LOG of timer events.

    LOG is JSON Lines; - is standard input. Files in .parquet, .arrow and .csv are tables with a row for each event. A
    line that is malformed, or whose event is not legal in the timer's state, is reported and changes nothing; all other
    lines count. The exit status is 1 if there was such a line, or, with --as, a timer that the vendor cannot show.
    """
    local = dt.UTC if zone is None else zone
    observed = plot is not None or not (as_json or vendor)
    timelines = Timelines(Days(local), plotted=plot is not None) if observed else None
    timers, rejected, ignored = read_log(log, at, timelines, local)
    if ignored and at is not None:
        report(f"{count(ignored, 'event')} after {format_instant(at)} ignored")
    until = timers.last if at is None else at
    if until is None or not timers.records:
        report("no timers")
    elif vendor:
        account = demo_workspace() if workspace is None else workspace
        rejected += print_payloads(
            vendor, timers.records.values(), until, account, zone, allow_state_change=allow_state_change
        )
    elif as_json:
        print_json(timers.records.values(), until)
    else:
        print_report(list(timers.records.values()), until, local)
    if plot is not None:
        plot_users(timers.records.values(), until, local, plot)
    return 1 if rejected else 0
