"""Conversion: from every vendor to every other, the losses, and the command."""

from __future__ import annotations

import io
import itertools
import json
import sys
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from punchclock import State, Timer, break_at, instant, not_before, pause, start, stop, vendors, worked_at
from punchclock.__main__ import main
from punchclock.vendors import MalformedPayload, UnknownVendor, convert, load, names
from punchclock.vendors.conversion import Conversion, Loss, LossKind, as_record_of, resolve_entities
from punchclock.vendors.errors import NotRepresentable, UnknownEntity
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import VendorTimer
from punchclock.vendors.timetrack import AttendanceTimer, ProjectTimer
from punchclock.vendors.worksection import WorksectionTimer, serialize
from punchclock.vendors.workspace import Client, Job, Person, Project, Task
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace
from strategies import examples

SECOND = 1_000_000
WORKSPACE = demo_workspace()
START = instant("2026-03-02T08:00:00Z")
NOW = START + 3660 * SECOND

RUNNING = Timer(State.RUNNING, START, START + 120 * SECOND, 60 * SECOND)  # a break of a minute, and 3600 s of work now


def payload_of(vendor: str, timer: Timer, now: int = NOW, zone: str = WORKSPACE.zone) -> bytes:
    """A vendor's payload of a timer of person 3 on task 31, or on job 41."""
    record = IntervalsTimer(
        id="7", timer=timer, person=WORKSPACE.people["3"], task=WORKSPACE.tasks["31"], note="A note"
    )
    module = load(vendor)
    written: bytes = module.serialize(as_record_of(module, resolve_entities(record, WORKSPACE), zone), now, zone)
    return written


def converted(source: str, target: str, timer: Timer = RUNNING, now: int = NOW) -> Conversion:
    """The conversion of one vendor's payload for another."""
    return convert(payload_of(source, timer, now), source=source, target=target, now=now, workspace=WORKSPACE)


def lost(conversion: Conversion, kind: LossKind) -> dict[str, object]:
    """The dropped or filled values, by field."""
    return {loss.field: loss.value for loss in conversion.losses if loss.kind is kind}


@pytest.mark.parametrize("vendor", names())
def test_a_conversion_to_the_same_vendor(vendor: str) -> None:
    """A payload converted for its own vendor is unchanged, and nothing is lost."""
    payload = payload_of(vendor, start(START))
    conversion = convert(payload, source=vendor, target=vendor, now=NOW, workspace=WORKSPACE)
    assert json.loads(conversion.payload) == json.loads(payload)
    assert not lost(conversion, LossKind.DROPPED)


def test_a_conversion_reports_its_losses() -> None:
    """Names are looked up; what the target cannot show is dropped, what the source does not report is filled."""
    conversion = converted("timetrack", "intervals")
    assert json.loads(conversion.payload) == {
        "id": 0,
        "taskid": 31,
        "personid": 3,
        "starttime": "2026-03-02 09:01:00",
        "time": 3600.0,
        "timelapsed": 0.0,
        "name": "A note",
        "lastupdate": None,
        "isrunning": "t",
        "totaltime": 3600.0,
    }
    assert conversion.losses == [
        Loss(LossKind.DROPPED, "timer.started_at", "2026-03-02T08:00:00Z"),
        Loss(LossKind.DROPPED, "timer.break", 60),
        Loss(LossKind.FILLED, "timer.started_at", "2026-03-02T08:01:00Z"),
        Loss(LossKind.FILLED, "timer.break", 0),
        Loss(LossKind.FILLED, "person.id", "3"),
        Loss(LossKind.FILLED, "task.id", "31"),
    ]


def test_a_state_that_the_target_does_not_have() -> None:
    """A vendor that shows only running timers shows a paused one as a running one with the same work."""
    paused = pause(start(START), START + 60 * SECOND)
    for target in ("worksection", "zoho"):
        conversion = converted("timetrack", target, paused)
        assert lost(conversion, LossKind.DROPPED)["timer.state"] == "paused"
        assert lost(conversion, LossKind.FILLED)["timer.state"] == "running"
    stopped = stop(paused, START + 90 * SECOND)
    assert lost(converted("timetrack", "intervals", stopped), LossKind.FILLED)["timer.state"] == "paused"


@pytest.mark.parametrize("target", names())
def test_ids(target: str) -> None:
    """An id is kept as it is; TimeTrack has no place for it, and Intervals' number cannot hold every text."""
    sample = json.loads(payload_of("zoho", RUNNING))
    result = sample["response"]["result"]
    numbers = ("77", "492688000000821095")
    for id in (*numbers, "9" * 19, "4926880000f008190", "4926880000f00819003", "\N{ARABIC-INDIC DIGIT SEVEN}" * 7):
        kept = target != "timetrack"
        result["timelogId"] = id
        if target == "intervals" and id not in numbers:
            with pytest.raises(NotRepresentable, match="id"):
                convert(sample, source="zoho", target=target, now=NOW, workspace=WORKSPACE)
            continue
        conversion = convert(sample, source="zoho", target=target, now=NOW, workspace=WORKSPACE)
        assert (f'"{id}"'.encode() in conversion.payload or f":{id},".encode() in conversion.payload) is kept
        assert lost(conversion, LossKind.DROPPED).get("id") == (None if kept else id)


def test_fractions_of_a_second_are_dropped() -> None:
    """Intervals counts in microseconds; the others floor to seconds, and the difference is reported."""
    conversion = converted("intervals", "timetrack", Timer(State.PAUSED, START, START + 2_500_000, 1_500_000), NOW)
    assert lost(conversion, LossKind.DROPPED)["timer.worked"] != lost(conversion, LossKind.FILLED)["timer.worked"]


def test_fractions_do_not_become_a_break() -> None:
    """Half a second of work before a whole second starts at a half second, which adds no break when it is floored."""
    timer = Timer(State.RUNNING, START - 500_000, START, 500_000)
    conversion = converted("intervals", "timetrack", timer)
    assert json.loads(conversion.payload)["breakSeconds"] == 0
    assert "timer.break" not in lost(conversion, LossKind.FILLED)


def test_the_job_of_a_project() -> None:
    """Zoho People needs a job: it is the only one of the task's project, or absent."""
    assert lost(converted("intervals", "zoho"), LossKind.FILLED)["job.id"] == "41"
    both = replace(
        WORKSPACE, jobs={**WORKSPACE.jobs, "43": Job(id="43", name="More", project=WORKSPACE.projects["21"])}
    )
    payload = payload_of("intervals", RUNNING)
    conversion = convert(payload, source="intervals", target="zoho", now=NOW, workspace=both)
    assert "job.id" not in lost(conversion, LossKind.FILLED)
    none = replace(WORKSPACE, jobs={"43": Job(id="43", name="More")})
    conversion = convert(payload, source="intervals", target="zoho", now=NOW, workspace=none)
    assert "job.id" not in lost(conversion, LossKind.FILLED)


def test_a_job_that_is_reported() -> None:
    """It is kept, whatever other jobs its project has; a job without a project is not given to a timer without one."""
    project = WORKSPACE.projects["21"]
    jobs = {
        "41": WORKSPACE.jobs["41"],
        "43": Job(id="43", name="More", project=project),
        "44": Job(id="44", name="Alone"),
    }
    workspace = replace(WORKSPACE, jobs=jobs)
    for id, of in (("41", project), ("43", project), ("44", None)):
        found = resolve_entities(ProjectTimer(timer=start(START), job=Job(id=id)), workspace)
        assert (found.job, found.project) == (jobs[id], of)
    assert resolve_entities(ProjectTimer(timer=start(START)), workspace).job is None


def test_all_fields_of_a_task() -> None:
    """What Worksection reports about a task is dropped, value for value, if the workspace does not have it."""
    task = WORKSPACE.tasks["31"]
    record = WorksectionTimer(id="7", timer=start(START), person=WORKSPACE.people["3"], task=task, project=task.project)
    payload = load("worksection").serialize(record, NOW, WORKSPACE.zone)
    known = convert(payload, source="worksection", target="intervals", now=NOW, workspace=WORKSPACE)
    assert not lost(known, LossKind.DROPPED)
    bare = replace(WORKSPACE, tasks={"31": Task(id="31", name="Design", project=task.project)})
    dropped = lost(
        convert(payload, source="worksection", target="intervals", now=NOW, workspace=bare), LossKind.DROPPED
    )
    assert dropped == {
        "task.priority": 1,
        "task.author.name": "manager",
        "task.author.email": "manager@demo.test",
        "task.assignee.name": "resource",
        "task.assignee.email": "resource@demo.test",
        "task.text": "Draw the screens",
        "task.added_at": "2026-01-12T09:30:00Z",
        "task.starts_on": date(2026, 1, 12),
        "task.ends_on": task.ends_on,
        "task.ends_at": "18:00",
        "task.max_time": 20,
        "task.max_money": 500,
        "task.tags": {"51": "design", "52": "urgent"},
    }


def test_the_day_that_a_timer_is_booked_on() -> None:
    """Only Zoho People shows it."""
    assert lost(converted("zoho", "intervals"), LossKind.DROPPED)["work_date"] == date(2026, 3, 2)
    assert lost(converted("intervals", "zoho"), LossKind.FILLED)["work_date"] == date(2026, 3, 2)


def test_a_payload_from_a_clock_ahead() -> None:
    """A timer that is shown at an instant before its last event keeps all its work."""
    paused = pause(start(START), START + 60 * SECOND)
    now = START + 30 * SECOND
    for target in ("worksection", "zoho"):
        conversion = convert(
            payload_of("timetrack", paused), source="timetrack", target=target, now=now, workspace=WORKSPACE
        )
        round_trip = load(target).parse(conversion.payload, now, WORKSPACE.zone).timer
        assert (worked_at(round_trip, now), break_at(round_trip, now)) == (60 * SECOND, 0)


def test_a_loss_is_immutable() -> None:
    """A loss is hashable."""
    loss = Loss(LossKind.DROPPED, "note", "A note")
    assert {loss, Loss(LossKind.DROPPED, "note", "A note")} == {loss}
    with pytest.raises(AttributeError):
        loss.value = ""  # type: ignore[misc]


def test_the_zone_is_the_workspaces_or_another() -> None:
    """Local times are in the workspace's zone unless another is given."""
    for zone, shown in ((None, "09:00"), ("Asia/Tokyo", "17:00")):
        conversion = convert(
            payload_of("timetrack", RUNNING),
            source="timetrack",
            target="worksection",
            now=NOW,
            workspace=WORKSPACE,
            zone=zone,
        )
        assert json.loads(conversion.payload)["data"][0]["date_started"] == f"2026-03-02 {shown}"


def test_a_timer_without_a_person() -> None:
    """Worksection does not report the owner of "my" timer, so a vendor that requires one cannot show it."""
    record = WorksectionTimer(timer=start(START), task=WORKSPACE.tasks["31"])
    payload = serialize(record, NOW, WORKSPACE.zone, mine=True)
    with pytest.raises(NotRepresentable, match=r"intervals cannot show this timer: .*personid"):
        convert(payload, source="worksection", target="intervals", now=NOW, workspace=WORKSPACE)
    conversion = convert(payload, source="worksection", target="timetrack", now=NOW, workspace=WORKSPACE)
    assert json.loads(conversion.payload)["username"] == ""


def test_two_people_of_one_name() -> None:
    """If the target shows only names, the id of one of two people with the same name is lost."""
    workspace = replace(WORKSPACE, people={**WORKSPACE.people, "6": replace(WORKSPACE.people["3"], id="6")})
    payload = payload_of("intervals", RUNNING)
    conversion = convert(payload, source="intervals", target="timetrack", now=NOW, workspace=workspace)
    assert lost(conversion, LossKind.DROPPED)["person.id"] == "3"


def test_an_attendance_timer() -> None:
    """A timer of another kind becomes one of the vendor's first type, without a task."""
    record = AttendanceTimer(
        id="5", timer=start(START), person=WORKSPACE.people["3"], latitude_start=1.5, longitude_start=2
    )
    payload = load("timetrack").serialize(record, NOW)
    conversion = convert(payload, source="timetrack", target="worksection", now=NOW, workspace=WORKSPACE)
    assert "task" not in json.loads(conversion.payload)["data"][0]
    assert lost(conversion, LossKind.DROPPED) == {"latitude_start": 1.5, "longitude_start": 2.0}


def test_a_record_of_another_vendor() -> None:
    """Common fields are kept, any id among them; the work date is the day of the start."""
    record = IntervalsTimer(id="a7", timer=Timer(State.RUNNING, START + 1, START + 1, 0), note="A note")
    made = as_record_of(load("zoho"), record, "Pacific/Auckland")
    assert made == ZohoTimer(id="a7", timer=start(START), note="A note", work_date=date(2026, 3, 2))
    booked = replace(record, work_date=date(2026, 1, 1))
    assert as_record_of(load("zoho"), booked, "UTC").work_date == date(2026, 1, 1)
    worked = replace(record, timer=Timer(State.PAUSED, START - 3_600_000_007, START + 5, 60_000_003))
    floored = Timer(State.PAUSED, START - 3600 * SECOND, START, 60 * SECOND)
    assert as_record_of(load("timetrack"), worked, "UTC").timer == floored


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({"person": Person(id="3", name="Renamed")}, {"person": WORKSPACE.people["3"]}),
        ({"person": Person(email="resource@demo.test")}, {"person": WORKSPACE.people["3"]}),
        ({"person": Person(name="resource", email="resource@demo.test")}, {"person": WORKSPACE.people["3"]}),
        ({"client": Client(name="Client 006")}, {"client": WORKSPACE.clients["11"]}),
        (
            {"project": Project(name="Project 006_1")},
            {"project": WORKSPACE.projects["21"], "client": WORKSPACE.clients["11"]},
        ),
        (
            {"project": Project(name="Project 006_1", client=Client(name="Client 006"))},
            {"project": WORKSPACE.projects["21"], "client": WORKSPACE.clients["11"]},
        ),
        (
            {"task": Task(name="Design", project=Project(id="21"))},
            {"task": WORKSPACE.tasks["31"], "project": WORKSPACE.projects["21"], "client": WORKSPACE.clients["11"]},
        ),
        ({"job": Job(name="Testing")}, {"project": WORKSPACE.projects["22"], "client": WORKSPACE.clients["12"]}),
    ],
)
def test_resolving_entities(reported: dict[str, Any], expected: dict[str, object]) -> None:
    """An id alone identifies an entity; without one, everything given must match; what follows from it is added."""
    found = resolve_entities(ProjectTimer(timer=start(START), **reported), WORKSPACE)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("reported", "kind", "name"),
    [
        ({"person": Person(id="9", name="resource")}, "person", "9"),
        ({"person": Person(name="resource", email="test@demo.test")}, "person", "test@demo.test"),
        ({"person": Person(name="Resource")}, "person", "Resource"),
        ({"client": Client(name="Client 008")}, "client", "Client 008"),
        ({"project": Project(name="Project 006_1", client=Client(id="12"))}, "project", "Project 006_1"),
        ({"task": Task(name="Design", project=Project(name="Project 007_1"))}, "task", "Design"),
        ({"job": Job(id="43")}, "job", "43"),
    ],
)
def test_entities_that_the_workspace_does_not_have(reported: dict[str, Any], kind: str, name: str) -> None:
    """An unknown name is a named error with the kind of entity."""
    with pytest.raises(UnknownEntity) as unknown:
        resolve_entities(ProjectTimer(timer=start(START), **reported), WORKSPACE)
    assert (unknown.value.kind, unknown.value.name, unknown.value.count) == (kind, name, 0)
    assert str(unknown.value) == f"there is no {kind} {name!r}"


def test_an_entity_that_the_workspace_has_twice() -> None:
    """An ambiguous name is rejected; with its project it is unique; a task without a project is in no project."""
    twice = replace(
        WORKSPACE,
        tasks={
            "1": Task(id="1", name="Same", project=WORKSPACE.projects["21"]),
            "2": Task(id="2", name="Same", project=WORKSPACE.projects["22"]),
            "3": Task(id="3", name="Same"),
        },
    )
    record = ProjectTimer(timer=start(START), task=Task(name="Same"))
    with pytest.raises(UnknownEntity, match="there are 3 tasks 'Same'"):
        resolve_entities(record, twice)
    in_one = replace(record, task=Task(name="Same", project=Project(name="Project 007_1")))
    assert resolve_entities(in_one, twice).task == twice.tasks["2"]


def test_a_timer_that_the_target_cannot_show() -> None:
    """Intervals identifies people by number: a person with another id cannot be shown there, which is a named error."""
    worded = replace(WORKSPACE, people={"anna": Person(id="anna", name="anna")})
    payload = load("timetrack").serialize(ProjectTimer(timer=start(START), person=Person(name="anna")), NOW)
    with pytest.raises(NotRepresentable) as rejected:
        convert(payload, source="timetrack", target="intervals", now=NOW, workspace=worded)
    assert rejected.value.vendor == "intervals"
    assert "anna" in rejected.value.reason


def test_errors_of_a_conversion() -> None:
    """An unknown vendor and a malformed payload are named errors."""
    with pytest.raises(UnknownVendor):
        convert(b"{}", source="nonsense", target="zoho", now=NOW, workspace=WORKSPACE)
    with pytest.raises(UnknownVendor):
        convert(b"{}", source="zoho", target="nonsense", now=NOW, workspace=WORKSPACE)
    with pytest.raises(MalformedPayload):
        convert(b"{}", source="zoho", target="intervals", now=NOW, workspace=WORKSPACE)


def test_the_package_has_no_other_names() -> None:
    """`convert` is imported on first use; no other name is."""
    assert vendors.convert is convert
    with pytest.raises(AttributeError):
        _ = vendors.nothing


# ---- any timer ---------------------------------------------------------------------------------

timers = st.builds(
    lambda state, at, worked, rested: Timer(state, at, at + worked + rested, worked),
    st.sampled_from([State.RUNNING, State.PAUSED, State.STOPPED]),
    st.integers(START - 10**13, START),
    st.integers(0, 10**11),
    st.integers(0, 10**11),
).map(
    lambda timer: Timer(
        timer.state,
        timer.started_at - timer.started_at % SECOND,
        timer.started_at - timer.started_at % SECOND + (timer.since - timer.started_at) // SECOND * SECOND,
        timer.worked - timer.worked % SECOND,
    )
)


@pytest.mark.parametrize(("source", "target"), list(itertools.product(names(), repeat=2)))
@settings(max_examples=examples(30))  # for each of the pairs
@given(timer=timers, more=st.integers(0, 10**10))
def test_the_work_is_preserved(source: str, target: str, timer: Timer, more: int) -> None:
    """Between any two vendors, in any state, the work at the instant of the payload is the same to the second."""
    now = timer.since + more
    if source == "zoho" and timer.state is not State.RUNNING:
        return  # it shows only running timers
    reader, writer = load(source), load(target)
    payload = payload_of(source, timer, now)
    reported: VendorTimer = reader.parse(payload, now, WORKSPACE.zone)
    conversion = convert(payload, source=source, target=target, now=now, workspace=WORKSPACE)
    round_trip: VendorTimer = writer.parse(conversion.payload, now, WORKSPACE.zone)
    before, after = not_before(reported.timer, now), not_before(round_trip.timer, now)
    assert abs(worked_at(round_trip.timer, after) - worked_at(reported.timer, before)) < SECOND
    dropped, filled = lost(conversion, LossKind.DROPPED), lost(conversion, LossKind.FILLED)
    assert ("timer.state" in dropped) == (round_trip.timer.state is not reported.timer.state)
    assert filled.get("timer.state", reported.timer.state.value) == round_trip.timer.state.value
    assert ("timer.break" in dropped) == (break_at(reported.timer, before) != break_at(round_trip.timer, after))


# ---- the command ---------------------------------------------------------------------------------


def test_the_command(tmp_path: Any, capfdbinary: Any) -> None:  # noqa: ANN401
    """It writes the payload to standard output and the losses to standard error."""
    file = tmp_path / "timer.json"
    file.write_bytes(payload_of("timetrack", RUNNING))
    arguments = ["convert", "--from", "timetrack", "--to", "intervals", "--at", "2026-03-02T09:01:00Z", str(file)]
    assert main(arguments) == 0
    output = capfdbinary.readouterr()
    assert output.out == converted("timetrack", "intervals").payload + b"\n"
    assert b"dropped timer.break: 60\n" in output.err
    assert b"filled task.id: 31\n" in output.err


def test_the_command_in_a_pipe(tmp_path: Any, capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """Without a file it reads standard input; zone and workspace are options; the instant is the clock's."""
    workspace = tmp_path / "workspace.json"
    workspace.write_text('{"name": "small", "people": [{"id": 3, "name": "resource", "role": "resource"}]}')
    payload = load("timetrack").serialize(ProjectTimer(timer=start(START), person=Person(name="resource")), NOW)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(payload)))
    arguments = [
        "convert",
        "--from",
        "timetrack",
        "--to",
        "worksection",
        "--zone",
        "Asia/Tokyo",
        "--workspace",
        str(workspace),
    ]
    assert main(arguments) == 0
    (shown,) = json.loads(capfdbinary.readouterr().out)["data"]
    assert (shown["date_started"], shown["user_from"]["id"]) == ("2026-03-02 17:00", "3")


@pytest.mark.parametrize(
    ("arguments", "status", "output"),
    [
        (["--at", "yesterday"], 2, b"'--at'"),
        (["--zone", "Mars"], 2, b"'--zone'"),
        (["--workspace", "nowhere.toml"], 2, b"'--workspace'"),
        (["--from", "nonsense"], 2, b"'--from'"),
        (["nowhere.json"], 2, b"nowhere.json"),
        ([], 1, b"Error: timetrack: $: "),
    ],
)
def test_errors_of_the_command(
    arguments: list[str],
    status: int,
    output: bytes,
    capfdbinary: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A usage error exits with 2, a malformed payload with 1; neither writes a payload."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"startedAt": "\x1b[31m"}')))
    assert main(["convert", "--from", "timetrack", "--to", "zoho", *arguments]) == status
    out, err = capfdbinary.readouterr()
    assert out == b""
    assert output in err
    assert b"\x1b" not in err


@pytest.mark.parametrize("file", [[], ["-"]])
def test_the_command_without_standard_input(file: list[str], capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """A closed standard input is a usage error."""
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["convert", "--from", "timetrack", "--to", "zoho", *file]) == 2
    assert b"there is no standard input" in capfdbinary.readouterr().err


def test_the_command_and_a_file_that_cannot_be_read(capfdbinary: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    """A file that fails while it is read is a usage error."""

    class Unreadable(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Unreadable()))
    assert main(["convert", "--from", "timetrack", "--to", "zoho"]) == 2
    assert b"cannot read the payload: Input/output error" in capfdbinary.readouterr().err
