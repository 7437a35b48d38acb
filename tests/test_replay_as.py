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
from punchclock.vendors.errors import MissingFields, StateNotShown, UnknownEntity
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
    """The printed payloads, one per line."""
    return [msgspec.json.decode(each) for each in result.stdout_bytes.splitlines()]


def timers_of(*lines: bytes) -> list[LogTimer[None]]:
    """The timers of a log."""
    log = TimerLog()
    for each in lines:
        log.apply(parse_line(each))
    return list(log.records.values())


def shown(vendor: str, *lines: bytes, allow_state_change: bool = False) -> Any:  # noqa: ANN401 - each vendor's own
    """The vendor's payload of the one timer of a log, two hours after eight."""
    (timer,) = timers_of(*lines)
    return msgspec.json.decode(
        payload_of(
            vendors.load(vendor),
            timer,
            7,
            now=NOW,
            workspace=WORKSPACE,
            zone=WORKSPACE.zone,
            allow_state_change=allow_state_change,
        )
    )


# ---- one timer -----------------------------------------------------------------------------------


def test_names_become_numbers_at_intervals() -> None:
    """User and task become ids; a running timer has its start and the elapsed time."""
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


def test_entities_that_follow_from_a_task() -> None:
    """A task has its project, and a project its client."""
    timer = shown("timetrack", line("T1", user="test", task="Review"))
    assert (timer["username"], timer["taskName"]) == ("test", "Review")
    assert (timer["projectName"], timer["clientName"]) == ("Project 007_1", "Client 007")
    assert timer["workedSeconds"] == 7200


def test_a_task_may_be_a_job() -> None:
    """Zoho People has jobs: a log's task is the job of that name if no task has it, or the one job of its project."""
    by_name = shown("zoho", line("T1", user="test", task="Testing"))["response"]["result"]
    by_task = shown("zoho", line("T1", user="test", task="Review"))["response"]["result"]
    assert (by_name["jobId"], by_task["jobId"]) == ("42", "42")


def test_local_times_are_in_the_accounts_zone() -> None:
    """Worksection writes the start in the account's zone."""
    timers = shown("worksection", line("T1", user="resource", task="Design"))["data"]
    assert (timers[0]["date_started"], timers[0]["time"]) == ("2026-03-02 09:00", "02:00:00")


@pytest.mark.parametrize(
    ("name", "id"), [("T1", 7), ("1001", 1001), ("intervals/timer/1002", 1002), ("a/", 7), ("x1003", 7), ("١", 7)]
)
def test_ids(name: str, id: int) -> None:
    """The id is the number at the end of a timer's name, as the sandbox's log has it, or else its place in the log."""
    assert shown("intervals", line(name, user="resource"))["id"] == id


@pytest.mark.parametrize("vendor", vendors.names())
def test_every_vendor_reads_its_payload_back(vendor: str) -> None:
    """That vendor's `parse` reads the printed payload, with the same work."""
    lines = line("T1", user="resource", task="Design"), line("T1", "pause", "2026-03-02T09:00:00Z")
    read = vendors.load(vendor).parse(shown(vendor, *lines, allow_state_change=True), NOW, WORKSPACE.zone)
    assert worked_at(read.timer, NOW) == 3600 * SECOND


@pytest.mark.parametrize("vendor", vendors.names())
def test_a_stopped_timer_needs_consent(vendor: str) -> None:
    """A stopped or paused timer is never written as running without consent, nor a stopped one as paused."""
    start = line("T1", user="resource", task="Design")
    for event in ("pause", "stop"):
        lines = (start, line("T1", event, "2026-03-02T09:00:00Z"))
        (timer,) = timers_of(*lines)
        if timer.timer.state in vendors.load(vendor).shown_states:
            assert shown(vendor, *lines)
        else:
            with pytest.raises(StateNotShown):
                shown(vendor, *lines)


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
def test_entities_that_the_workspace_does_not_have(labels: dict[str, str], kind: str, name: str) -> None:
    """The error has the name and the kind; a task in another project is not found either."""
    with pytest.raises(UnknownEntity) as caught:
        shown("intervals", line("T1", **labels))
    assert (caught.value.kind, caught.value.name) == (kind, name)


def test_a_timer_without_a_user() -> None:
    """Intervals cannot show a timer without a person."""
    for labels in ({}, {"user": ""}):
        with pytest.raises(MissingFields) as missing:
            shown("intervals", line("T1", **labels))
        assert missing.value.fields == ("person.id",)


# ---- the command ---------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", vendors.names())
def test_the_week(vendor: str) -> None:
    """Every timer of the example week, one payload a line, in order of first appearance, as of its last instant."""
    result = replay(WEEK, "--as", vendor, "--allow-state-change")
    assert result.return_value == 0
    made = TimerLog()
    for each in WEEK.read_bytes().splitlines():
        made.apply(parse_line(each))
    until = made.last
    assert until is not None
    timers = [
        (record.timer, vendors.load(vendor).parse(payload, until, WORKSPACE.zone).timer)
        for record, payload in zip(made.records.values(), result.stdout_bytes.splitlines(), strict=True)
    ]
    changed = []
    for timer, read in timers:
        assert abs(worked_at(timer, until) - worked_at(read, until)) < SECOND
        if timer.state is not read.state:
            changed.append(f"timer.state: {timer.state} → {read.state}")
    assert [each.partition(": ")[2] for each in result.stderr.splitlines()] == changed
    strict = replay(WEEK, "--as", vendor)
    assert strict.return_value == bool(changed)
    assert len(payloads(strict)) == len(timers) - len(changed)
    assert strict.stderr.count("; add --allow-state-change to write it as ") == len(changed)


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
    """The log is well formed, but not every timer can be shown."""
    result = replay("-", "--as", "timetrack", log=line("T2", user="\x1b[2J"))
    assert (result.return_value, result.stdout) == (1, "")
    assert result.stderr == "timer 'T2': there is no person '\\x1b[2J'\n"


def test_as_of_an_instant() -> None:
    """Later events are ignored, and a running timer is shown as of that instant."""
    result = replay("-", "--as", "intervals", "--at", "2026-03-02T09:00:00Z", log=line("T3", user="test"))
    assert payloads(result)[0]["timelapsed"] == 3600.0
    result = replay("-", "--as", "intervals", "--at", "2026-03-02T09:00:00Z", log=LOG)
    assert result.stderr.splitlines()[-2] == "1 event after 2026-03-02T09:00:00Z ignored"
    assert payloads(result)[1]["isrunning"] == "t"


def test_the_zone_option() -> None:
    """Local times are in the account's zone unless another is given."""
    log = line("T1", user="resource", task="Design")
    starts = [
        payloads(replay("-", "--as", "worksection", *zone, log=log))[0]["data"][0]["date_started"]
        for zone in ((), ("--zone", "UTC"), ("--zone", "Asia/Kathmandu"))
    ]
    assert starts == ["2026-03-02 09:00", "2026-03-02 08:00", "2026-03-02 13:45"]


def test_the_workspace_option(tmp_path: Path) -> None:
    """Names are looked up only in the file."""
    workspace = tmp_path / "workspace.json"
    workspace.write_bytes(msgspec.json.encode({"name": "w", "people": [{"id": 9, "name": "anna", "role": "resource"}]}))
    log = line("T1", user="anna") + line("T2", user="resource")
    result = replay("-", "--as", "intervals", "--workspace", workspace, log=log)
    assert (result.return_value, [timer["personid"] for timer in payloads(result)]) == (1, [9])
    assert result.stderr == "timer 'T2': there is no person 'resource'\n"


@pytest.mark.parametrize("vendor", vendors.names())
def test_payloads_are_json_already(vendor: str) -> None:
    """The option --json changes nothing."""
    plain = replay(WEEK, "--as", vendor)
    assert plain.stdout_bytes
    as_json = replay(WEEK, "--json", "--as", vendor)
    assert as_json.stdout_bytes == plain.stdout_bytes
    assert (as_json.stderr, as_json.return_value) == (plain.stderr, plain.return_value)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--as", "nonsense"), "'nonsense' is not one of"),
        (("--as", "zoho", "--workspace", "missing.toml"), "missing.toml' does not exist"),
    ],
)
def test_usage_errors(arguments: tuple[str, ...], complaint: str) -> None:
    """An unknown vendor or an unreadable workspace exits with status 2 and the reason."""
    result = CliRunner().invoke(cli, ["replay", "-", *arguments], input=LOG)
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_an_empty_log() -> None:
    """A log without timers is not an error."""
    result = replay("-", "--as", "zoho")
    assert (result.return_value, result.stdout, result.stderr) == (0, "", "no timers\n")
