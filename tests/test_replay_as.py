"""`punchclock replay --as`: a log's timers as a vendor's payloads, names looked up in a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from punchclock import instant, vendors, worked_at
from punchclock.cli import cli
from punchclock.eventlog import LogTimer, TimerLog, parse_line
from punchclock.vendors.errors import NotRepresentable, UnknownEntity
from punchclock.vendors.from_log import payload_of
from punchclock.workspaces import demo_workspace

SECOND = 1_000_000
WORKSPACE = demo_workspace()
WEEK = Path(__file__).parents[1] / "docs" / "examples" / "week.jsonl"
NOW = instant("2026-03-02T10:00:00Z")


def line(timer: str, event: str = "start", at: str = "2026-03-02T08:00:00Z", **labels: str) -> bytes:
    """A line of a log."""
    return msgspec.json.encode({"timer": timer, "event": event, "at": at} | labels) + b"\n"


def replay(*arguments: str | Path, log: bytes = b"") -> Result:
    """Run the command in this process, with a log on standard input."""
    return CliRunner().invoke(cli, ["replay", *map(str, arguments)], input=log, standalone_mode=False)


def payloads(result: Result) -> list[dict[str, Any]]:
    """What was printed, a payload a line."""
    return [msgspec.json.decode(each) for each in result.stdout_bytes.splitlines()]


def book(*lines: bytes) -> list[LogTimer[None]]:
    """The timers of a log."""
    made = TimerLog()
    for each in lines:
        made.apply(parse_line(each))
    return list(made.records.values())


def shown(vendor: str, *lines: bytes) -> Any:  # noqa: ANN401 - each vendor's own
    """The vendor's payload of the one timer of a log, two hours after eight."""
    (timer,) = book(*lines)
    return msgspec.json.decode(
        payload_of(vendors.load(vendor), timer, 7, now=NOW, workspace=WORKSPACE, zone=WORKSPACE.zone)
    )


# ---- one timer -----------------------------------------------------------------------------------


def test_names_become_numbers_at_intervals() -> None:
    """User and task by their ids; a running timer with its start and what has lapsed."""
    element = shown("intervals", line("T1", user="resource", task="Design", note="screens"))
    assert element == {
        "id": 7,
        "taskid": 31,
        "personid": 3,
        "starttime": "2026-03-02 08:00:00",
        "time": 0.0,
        "timelapsed": 7200.0,
        "name": "screens",
        "lastupdate": "2026-03-02",
        "isrunning": "t",
        "totaltime": 7200.0,
    }


def test_what_follows_from_a_task_is_shown_too() -> None:
    """A task has its project, and a project its client."""
    timer = shown("timetrack", line("T1", user="test", task="Review"))
    assert (timer["username"], timer["taskName"]) == ("test", "Review")
    assert (timer["projectName"], timer["clientName"]) == ("Project 007_1", "Client 007")
    assert timer["workedSeconds"] == 7200


def test_a_task_that_is_none_may_be_a_job() -> None:
    """Zoho People times jobs: a log's task is a job where no task has that name, or the one job of the project."""
    by_name = shown("zoho", line("T1", user="test", task="Testing"))["response"]["result"]
    by_task = shown("zoho", line("T1", user="test", task="Review"))["response"]["result"]
    assert (by_name["jobId"], by_task["jobId"]) == ("42", "42")


def test_a_vendors_local_times_are_the_accounts() -> None:
    """Worksection writes the start in the account's zone."""
    timers = shown("worksection", line("T1", user="resource", task="Design"))["data"]
    assert (timers[0]["date_started"], timers[0]["time"]) == ("2026-03-02 09:00", "02:00:00")


@pytest.mark.parametrize(
    ("name", "id"), [("T1", 7), ("1001", 1001), ("intervals/timer/1002", 1002), ("a/", 7), ("x1003", 7), ("١", 7)]
)
def test_ids(name: str, id: int) -> None:
    """The number that a timer's name ends in, as in the sandbox's event log; or else its place in the log."""
    assert shown("intervals", line(name, user="resource"))["id"] == id


@pytest.mark.parametrize("vendor", vendors.names())
def test_every_vendor_reads_its_payload_back(vendor: str) -> None:
    """What is printed is what that vendor's `parse` takes, with the same work."""
    (timer,) = book(line("T1", user="resource", task="Design"), line("T1", "pause", "2026-03-02T09:00:00Z"))
    module = vendors.load(vendor)
    payload = payload_of(module, timer, 7, now=NOW, workspace=WORKSPACE, zone=WORKSPACE.zone)
    assert worked_at(module.parse(payload, NOW, WORKSPACE.zone).timer, NOW) == 3600 * SECOND


@pytest.mark.parametrize(
    ("labels", "kind", "name"),
    [
        ({"user": "nobody"}, "person", "nobody"),
        ({"user": "resource", "task": "Nothing"}, "task", "Nothing"),
        ({"user": "resource", "task": "Yodeling"}, "task", "Yodeling"),
        ({"user": "resource", "project": "Nothing"}, "project", "Nothing"),
        ({"user": "resource", "client": "Nothing"}, "client", "Nothing"),
        ({"user": "resource", "task": "Design", "project": "Project 007_1"}, "task", "Design"),
        ({"user": "resource", "task": "Testing", "project": "Project 006_1"}, "job", "Testing"),
    ],
)
def test_what_the_workspace_does_not_have(labels: dict[str, str], kind: str, name: str) -> None:
    """It is named, with what it was meant to be; so is a task that is there but in another project."""
    with pytest.raises(UnknownEntity) as caught:
        shown("intervals", line("T1", **labels))
    assert (caught.value.kind, caught.value.name) == (kind, name)


def test_a_timer_of_nobody() -> None:
    """Intervals has no timer without a person, and says so."""
    for labels in ({}, {"user": ""}):
        with pytest.raises(NotRepresentable, match=r"\$\.personid"):
            shown("intervals", line("T1", **labels))


# ---- the command ---------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", vendors.names())
def test_the_week(vendor: str) -> None:
    """Every timer of the example week, one payload a line, in order of first appearance, as of its last instant."""
    result = replay(WEEK, "--as", vendor)
    assert (result.return_value, result.stderr) == (0, "")
    made = TimerLog()
    for each in WEEK.read_bytes().splitlines():
        made.apply(parse_line(each))
    until = made.last
    assert until is not None
    timers = [
        (record.timer, vendors.load(vendor).parse(payload, until, WORKSPACE.zone).timer)
        for record, payload in zip(made.records.values(), result.stdout_bytes.splitlines(), strict=True)
    ]
    for timer, read in timers:
        assert abs(worked_at(timer, until) - worked_at(read, until)) < SECOND


LOG = (
    line("T1", user="resource", task="Design")
    + line("T2", user="nobody")
    + line("T1", "restart")
    + line("T3", user="test")
    + line("T3", "pause", "2026-03-02T09:30:00Z")
)


def test_unknown_names_are_reported_like_bad_lines() -> None:
    """One line on standard error each, exit status 1, and the other timers are still printed."""
    result = replay("-", "--as", "intervals", log=LOG)
    assert result.return_value == 1
    assert [timer["personid"] for timer in payloads(result)] == [3, 5]
    assert [timer["id"] for timer in payloads(result)] == [1, 3]
    assert result.stderr.splitlines() == [
        (
            "line 3: timer 'T1': $.event: unknown event 'restart'; "
            "the events are start, pause, resume, stop, amend, discard"
        ),
        "timer 'T2': there is no person 'nobody'",
    ]


def test_an_unknown_name_alone_makes_the_status_1() -> None:
    """The log is well formed, and yet not all of it could be shown."""
    result = replay("-", "--as", "timetrack", log=line("T2", user="\x1b[2J"))
    assert (result.return_value, result.stdout) == (1, "")
    assert result.stderr == "timer 'T2': there is no person '\\x1b[2J'\n"


def test_as_of_an_instant() -> None:
    """Later events are left out, and a running timer is shown as of then."""
    result = replay("-", "--as", "intervals", "--at", "2026-03-02T09:00:00Z", log=line("T3", user="test"))
    assert payloads(result)[0]["timelapsed"] == 3600.0
    result = replay("-", "--as", "intervals", "--at", "2026-03-02T09:00:00Z", log=LOG)
    assert result.stderr.splitlines()[-2] == "1 event after 2026-03-02T09:00:00Z ignored"
    assert payloads(result)[1]["isrunning"] == "t"


def test_a_zone_of_ones_own() -> None:
    """Local times are the account's unless a zone is named."""
    log = line("T1", user="resource", task="Design")
    told = [
        payloads(replay("-", "--as", "worksection", *zone, log=log))[0]["data"][0]["date_started"]
        for zone in ((), ("--zone", "UTC"), ("--zone", "Asia/Kathmandu"))
    ]
    assert told == ["2026-03-02 09:00", "2026-03-02 08:00", "2026-03-02 13:45"]


def test_a_workspace_of_ones_own(tmp_path: Path) -> None:
    """Names are looked up in the file, and in nothing else."""
    workspace = tmp_path / "workspace.json"
    workspace.write_bytes(msgspec.json.encode({"name": "w", "people": [{"id": 9, "name": "anna", "role": "resource"}]}))
    log = line("T1", user="anna") + line("T2", user="resource")
    result = replay("-", "--as", "intervals", "--workspace", workspace, log=log)
    assert (result.return_value, [timer["personid"] for timer in payloads(result)]) == (1, [9])
    assert result.stderr == "timer 'T2': there is no person 'resource'\n"


@pytest.mark.parametrize("vendor", vendors.names())
def test_payloads_are_json_already(vendor: str) -> None:
    """To ask for JSON as well changes nothing."""
    told = replay(WEEK, "--as", vendor)
    assert told.stdout_bytes
    asked = replay(WEEK, "--json", "--as", vendor)
    assert (asked.stdout_bytes, asked.stderr, asked.return_value) == (told.stdout_bytes, told.stderr, told.return_value)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--as", "toggl"), "'toggl' is not one of"),
        (("--as", "zoho", "--workspace", "missing.toml"), "missing.toml' does not exist"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], complaint: str) -> None:
    """An unknown vendor, a workspace that cannot be read: status 2, and why."""
    result = CliRunner().invoke(cli, ["replay", "-", *arguments], input=LOG)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_an_empty_log() -> None:
    """Nothing to show is no error."""
    result = replay("-", "--as", "zoho")
    assert (result.return_value, result.stdout, result.stderr) == (0, "", "no timers\n")
