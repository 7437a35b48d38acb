"""`punchclock convert`: its options, its report, its exit status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from punchclock import State, Timer, instant, pause, start, vendors
from punchclock.__main__ import main
from punchclock.vendors.timetrack import ProjectTimer, serialize
from punchclock.vendors.workspace import Client, Person, Project, Task

SECOND = 1_000_000
START = instant("2026-03-02T08:00:00Z")
AT = "2026-03-02T09:01:00Z"
RUNNING = Timer(State.RUNNING, START, START + 120 * SECOND, 60 * SECOND)
CLIENT = Client(name="Client 006")
PROJECT = Project(name="Project 006_1", client=CLIENT)


class Result(NamedTuple):
    """What the command did."""

    status: int
    out: bytes
    err: str

    @property
    def payloads(self) -> list[Any]:
        """The payloads, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class Run:
    """The command in this process, with a payload on standard input."""

    def __init__(self, capture: Any, patch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
        self.capture = capture
        self.patch = patch

    def __call__(self, payload: bytes, source: str, target: str, *more: str) -> Result:
        """Convert, as of one hour after the start."""
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(payload)))
        status = main(["convert", "--from", source, "--to", target, "--at", AT, *more])
        out, err = self.capture.readouterr()
        return Result(status, out, err.decode())


@pytest.fixture
def run(capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: ANN401
    """The command."""
    return Run(capfdbinary, monkeypatch)


def timetrack(timer: Timer = RUNNING, **more: Any) -> bytes:  # noqa: ANN401
    """A payload of TimeTrack."""
    fields: dict[str, Any] = {
        "person": Person(name="resource"), "client": CLIENT, "project": PROJECT, "task": Task(name="Design"),
    }  # fmt: skip
    return serialize(ProjectTimer(timer=timer, **fields | more), START + 3660 * SECOND)


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    """A workspace file with one person and one task."""
    file = tmp_path / "workspace.json"
    file.write_text(
        '{"name": "small", "zone": "Asia/Tokyo", "people": [{"id": 3, "name": "resource", '
        '"role": "resource"}], "clients": [{"id": 11, "name": "Client 006"}], '
        '"projects": [{"id": 21, "name": "Project 006_1", "client": 11}], '
        '"tasks": [{"id": 31, "name": "Design", "project": 21}]}'
    )
    return str(file)


def test_without_a_workspace(run: Run) -> None:
    """The demo workspace is never used: what the payload tells is carried as told."""
    result = run(timetrack(), "timetrack", "intervals", "--set", "person.id=5")
    assert result.status == 0
    (payload,) = result.payloads
    assert (payload["personid"], payload["taskid"], payload["task"]) == (5, None, "Design")
    assert result.err.splitlines() == [
        "timer.started_at: 2026-03-02T08:00:00Z → 2026-03-02T08:01:00Z",
        "timer.break: 60 → 0",
        "person.name: dropped (resource)",
    ]


def test_with_a_workspace(run: Run, workspace: str) -> None:
    """Names become ids; what the workspace lacks stays as told and is reported."""
    result = run(timetrack(start(START)), "timetrack", "worksection", "--workspace", workspace)
    assert result.status == 0
    (row,) = result.payloads[0]["data"]
    assert (row["date_started"], row["user_from"]["id"]) == ("2026-03-02 17:00", "3")
    assert row["task"]["page"] == "/project/21/31/"
    unknown = run(timetrack(person=Person(name="ben")), "timetrack", "worksection", "--workspace", workspace)
    assert unknown.err.splitlines()[0] == "person.name: unknown (ben)"
    assert unknown.payloads[0]["data"][0]["user_from"] == {"name": "ben"}


def test_strict(run: Run, workspace: str) -> None:
    """The option makes any report exit with 1; the payload is written nevertheless."""
    for arguments in ((), ("--workspace", workspace)):
        loose = run(timetrack(), "timetrack", "worksection", *arguments)
        strict = run(timetrack(), "timetrack", "worksection", "--strict", *arguments)
        assert (loose.status, strict.status) == (0, 1)
        assert loose[1:] == strict[1:]
    same = run(timetrack(), "timetrack", "timetrack", "--strict")
    assert (same.status, same.err) == (0, "")


def test_the_report_for_programs(run: Run) -> None:
    """One JSON object a line: the timer's number, the kind, the field, and the values that the kind has."""
    result = run(timetrack(task=None), "timetrack", "worksection", "--report", "json")
    assert [json.loads(line) for line in result.err.splitlines()] == [
        {"timer": 1, "kind": "filled", "field": "zone", "after": "UTC"},
        {
            "timer": 1,
            "kind": "changed",
            "field": "timer.started_at",
            "before": "2026-03-02T08:00:00Z",
            "after": "2026-03-02T08:01:00Z",
        },
        {"timer": 1, "kind": "changed", "field": "timer.break", "before": 60, "after": 0},
        {"timer": 1, "kind": "dropped", "field": "client.name", "before": "Client 006"},
        {"timer": 1, "kind": "dropped", "field": "project.name", "before": "Project 006_1"},
    ]
    moved = run(timetrack(), "timetrack", "zoho", "--report", "json", "--set", "person.id=3", "--set", "job.id=4")
    assert '{"timer":1,"kind":"moved","field":"task.name","before":"Design","after":"job.name"}' in moved.err
    half = b'{"personid":3,"starttime":null,"time":1.5}'
    fraction = run(half, "intervals", "timetrack", "--report", "json", "--set", "person.name=a")
    assert '"field":"timer.worked","before":1.5,"after":1}' in fraction.err


@pytest.mark.parametrize("target", ["worksection", "zoho"])
def test_a_paused_timer_needs_consent(run: Run, target: str) -> None:
    """It is never written as running without consent: an error that names the option, and then a reported change."""
    payload = timetrack(pause(start(START), START + 60 * SECOND))
    values = ("--set", "person.id=3", "--set", "job.id=41")
    result = run(payload, "timetrack", target, *values)
    assert (result.status, result.out) == (1, b"")
    assert result.err == (
        f"Error: {target} cannot show this timer: it is paused, and {target} shows only running timers; "
        "add --allow-state-change to write it as running, with the same work\n"
    )
    result = run(payload, "timetrack", target, *values, "--allow-state-change")
    assert result.status == 0
    assert "timer.state: paused → running" in result.err.splitlines()


def test_required_fields_that_nobody_told(run: Run) -> None:
    """One error names each field and its option."""
    result = run(timetrack(), "timetrack", "zoho")
    assert (result.status, result.out) == (1, b"")
    assert result.err == (
        "Error: zoho cannot show this timer: required fields are missing: person.id, job.id; "
        "add --set person.id=N --set job.id=N\n"
    )
    nameless = run(b'{"personid":3,"starttime":null,"time":1}', "intervals", "timetrack")
    assert nameless.err.endswith("; add --set person.name=TEXT\n")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        (["person.id"], "'person.id' is not FIELD=VALUE, as in person.id=3"),
        (["person.id=3", "person.id=4"], "person.id has two values"),
        (["person.ids=3"], "person.ids: unknown; the fields are billing_status, client.id, client.name, id, "),
        (["=3"], ": unknown; the fields are "),
        (["person.id="], "person.id: it has no value"),
        (["work_date=soon"], "work_date: "),
    ],
)
def test_values_that_are_not_valid(run: Run, values: list[str], complaint: str) -> None:
    """A usage error; for an unknown field it names the known ones."""
    result = run(timetrack(), "timetrack", "zoho", *(each for value in values for each in ("--set", value)))
    assert (result.status, result.out) == (2, b"")
    assert "'--set'" in result.err
    assert complaint in " ".join(result.err.split())


def test_a_list(run: Run) -> None:
    """A list payload converts to as many payloads, one a line; each line of the report names the timer."""
    rows = [{"id": str(number), "time": "00:01:00", "user_from": {"id": "3", "name": "a"}} for number in (1, 2)]
    payload = json.dumps({"status": "ok", "data": rows}).encode()
    result = run(payload, "worksection", "intervals")
    assert [each["id"] for each in result.payloads] == [1, 2]
    assert result.err.splitlines() == ["timer 1: person.name: dropped (a)", "timer 2: person.name: dropped (a)"]
    result = run(payload, "worksection", "intervals", "--report", "json")
    assert [json.loads(line)["timer"] for line in result.err.splitlines()] == [1, 2]
    del rows[1]["user_from"]
    result = run(json.dumps({"status": "ok", "data": rows}).encode(), "worksection", "intervals")
    assert (result.status, result.out) == (1, b"")
    assert result.err.startswith(
        "Error: timer 2: intervals cannot show this timer: required fields are missing: person.id"
    )
    rows[1]["time"] = "soon"
    result = run(json.dumps({"status": "ok", "data": rows}).encode(), "worksection", "intervals")
    assert result.err.startswith("Error: timer 2: worksection: $.data[1].time: ")


def test_an_empty_list(run: Run) -> None:
    """It converts to no payload."""
    assert run(b'{"status": "ok", "data": []}', "worksection", "zoho") == (0, b"", "")


def test_a_file(tmp_path: Path, capfdbinary: Any) -> None:  # noqa: ANN401
    """The payload can be in a file; without ``--at``, it is the payload of now."""
    file = tmp_path / "timer.json"
    file.write_bytes(timetrack())
    assert main(["convert", "--from", "timetrack", "--to", "timetrack", str(file)]) == 0
    assert capfdbinary.readouterr() == (timetrack() + b"\n", b"")
    assert main(["convert", "--from", "timetrack", "--to", "worksection", "--zone", "Asia/Tokyo", str(file)]) == 0
    assert b'"date_started":"2026-03-02 17:00"' in capfdbinary.readouterr().out


def test_a_report_cannot_control_a_terminal(run: Run) -> None:
    """Control characters of a value are escaped."""
    result = run(timetrack(note="\x1b[31m"), "timetrack", "worksection")
    assert "note: dropped (\\x1b[31m)" in result.err.splitlines()


@pytest.mark.parametrize(
    ("arguments", "status", "output"),
    [
        (["--at", "yesterday"], 2, "'--at'"),
        (["--zone", "Mars"], 2, "'--zone'"),
        (["--workspace", "nowhere.toml"], 2, "'--workspace'"),
        (["--from", "nonsense"], 2, "'--from'"),
        (["--report", "xml"], 2, "'--report'"),
        (["nowhere.json"], 2, "nowhere.json"),
        ([], 1, "Error: timetrack: $: "),
    ],
)
def test_errors(run: Run, arguments: list[str], status: int, output: str) -> None:
    """A usage error exits with 2, a malformed payload with 1; neither writes a payload."""
    result = run(b'{"startedAt": "\x1b[31m"}', "timetrack", "zoho", *arguments)
    assert (result.status, result.out) == (status, b"")
    assert output in result.err
    assert "\x1b" not in result.err


@pytest.mark.parametrize("source", vendors.names())
@pytest.mark.parametrize("target", vendors.names())
@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b"[]", b"null", b"<a/>", b"<a><b/></a>", b"\xff", b"{" * 10_000, b'{"id":' + b"9" * 5000 + b"}"],
)
def test_bad_input(run: Run, source: str, target: str, payload: bytes) -> None:
    """Any payload is converted or is a named error in one line."""
    result = run(payload, source, target)
    if payload == b"[]":
        assert result == (0, b"", "")
    else:
        assert (result.status, result.out) == (1, b"")
        assert result.err.startswith("Error: ")
        assert result.err.count("\n") == 1


@pytest.mark.parametrize("file", [[], ["-"]])
def test_without_standard_input(file: list[str], capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """A closed standard input is a usage error."""
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["convert", "--from", "timetrack", "--to", "zoho", *file]) == 2
    assert b"there is no standard input" in capfdbinary.readouterr().err


def test_a_file_that_cannot_be_read(capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """A file that fails while it is read is a usage error."""

    class Unreadable(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Unreadable()))
    assert main(["convert", "--from", "timetrack", "--to", "zoho"]) == 2
    assert b"cannot read the payload: Input/output error" in capfdbinary.readouterr().err
