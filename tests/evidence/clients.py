"""Each vendor as its clients use it: for every move of its dialect and every read, the request, and where it succeeds.

Requests are made by the vendor's own ``request``. In which states a move must succeed is written down by hand here, and
so says once more, and apart from the code, what each vendor allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any, Final

import msgspec

from evidence.claims import Refuted
from punchclock import vendors
from punchclock.durations import parse_duration
from punchclock.instants import format_instant, instant, to_datetime
from punchclock.machine import TRANSITIONS, Correction, Event, State
from punchclock.timer import IDLE, Timer, not_before, pause, resume, start, stop, transition, worked_at
from punchclock.vendors import intervals, timetrack, worksection, zoho
from punchclock.vendors.account import Account, MemoryAccount, Page, Query
from punchclock.vendors.calls import CallResult, Request
from punchclock.vendors.dialect import Binding, Dialect
from punchclock.vendors.intervals import IntervalsTimer
from punchclock.vendors.records import UPDATE, VendorTimer
from punchclock.vendors.timetrack import AttendanceTimer, ProjectTimer
from punchclock.vendors.worksection import WorksectionTimer
from punchclock.vendors.workspace import Person
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace

__all__ = ["MORNING", "Asked", "Client", "every", "held_to_the_table", "moved", "read"]

#: Monday, 2026-03-02, 09:00 in the demo workspace's zone.
MORNING: Final = instant("2026-03-02T08:00:00Z")

_SECOND: Final = 1_000_000
_RUNNING: Final = frozenset({State.RUNNING})
_ACTIVE: Final = frozenset({State.RUNNING, State.PAUSED})
_ALL: Final = frozenset(State)
_KEPT: Final = _ALL - {State.IDLE}  # a timer that is there

#: Makes the request for a person, about a record of theirs if there is one, at an instant of the client's clock.
Ask = Callable[[Person, VendorTimer | None, int], Request]


class Asked(msgspec.Struct, frozen=True):
    """How a move is asked for.

    Attributes:
        of: the kind of record that it is about.
        ask: makes the request.
        succeeds: in which states of the person's record; ``IDLE`` is that there is none.
        tells: a read: in which of them the record is told.
        worked: what the move says that the work is, in microseconds, where it says so.
    """

    of: type[VendorTimer]
    ask: Ask
    succeeds: frozenset[State]
    tells: frozenset[State] = frozenset()
    worked: int | None = None


class Client(msgspec.Struct, frozen=True):
    """A vendor, as its clients use it.

    Attributes:
        name: the vendor's.
        module: the vendor's.
        moves: how each move of the dialect is asked for, by operation and flag.
        reads: how each operation is asked for that changes nothing, by name.
        one_running: the states of which a person has one timer at most, of each kind; empty where there may be many.
        one_per_task: whether a person has one timer at most for a task, in whatever state.
    """

    name: str
    module: ModuleType
    moves: Mapping[tuple[str, str], Asked]
    reads: Mapping[str, Asked]
    one_running: frozenset[State] = frozenset()
    one_per_task: bool = False

    @property
    def dialect(self) -> Dialect:
        """The vendor's machine."""
        dialect: Dialect = self.module.DIALECT
        return dialect

    def handle(self, request: Request, account: Account, now: int) -> CallResult:
        """The vendor's answer."""
        outcome: CallResult = self.module.handle(request, account, now)
        return outcome


def _id(record: VendorTimer | None) -> str:
    return record.id if record is not None else "999999"


# ---- Worksection ---------------------------------------------------------------------------------


def _worksection(operation: str, parameters: Callable[[VendorTimer | None], msgspec.Struct]) -> Ask:
    def ask(person: Person, record: VendorTimer | None, now: int) -> Request:
        return worksection.request(
            operation,
            parameters(record),
            token=f"worksection-token-{person.id}",
            key="worksection-admin-key",
            at=now,
        )

    return ask


_WORKSECTION: Final = Client(
    "worksection",
    worksection,
    {
        ("stop_timer", ""): Asked(
            WorksectionTimer,
            _worksection("stop_timer", lambda record: worksection.StopTimer(timer=_id(record))),
            _ACTIVE,
        ),
        ("start_my_timer", ""): Asked(
            WorksectionTimer,
            _worksection("start_my_timer", lambda record: worksection.StartMyTimer(id_task="31")),
            _ALL - _RUNNING,
        ),
        ("stop_my_timer", ""): Asked(
            WorksectionTimer,
            _worksection("stop_my_timer", lambda record: worksection.StopMyTimer(comment="done")),
            _RUNNING,
        ),
        ("delete_my_timer", ""): Asked(
            WorksectionTimer,
            _worksection("delete_my_timer", lambda record: worksection.DeleteMyTimer()),
            _RUNNING,
        ),
    },
    {
        "get_timers": Asked(
            WorksectionTimer, _worksection("get_timers", lambda record: worksection.GetTimers()), _ALL, _RUNNING
        ),
        "get_my_timer": Asked(
            WorksectionTimer, _worksection("get_my_timer", lambda record: worksection.GetMyTimer()), _ALL, _RUNNING
        ),
    },
    _RUNNING,
)


# ---- TimeTrack -----------------------------------------------------------------------------------


def _timetrack(operation: str, of: Callable[..., msgspec.Struct], **more: str) -> Ask:
    def ask(person: Person, record: VendorTimer | None, now: int) -> Request:
        parameters = of(date=format_instant(now), username=person.name, **more)
        return timetrack.request(operation, parameters, key="timetrack-key", secret="timetrack-secret")

    return ask


_TIMETRACK: Final = Client(
    "timetrack",
    timetrack,
    {
        ("start_project_timer", ""): Asked(
            ProjectTimer,
            _timetrack(
                "start_project_timer",
                timetrack.StartProjectTimer,
                client_name="Client 006",
                project_name="Project 006_1",
            ),
            _ALL - _ACTIVE,
        ),
        ("pause_project_timer", ""): Asked(
            ProjectTimer, _timetrack("pause_project_timer", timetrack.ProjectTimerOf), _RUNNING
        ),
        ("resume_project_timer", ""): Asked(
            ProjectTimer, _timetrack("resume_project_timer", timetrack.ProjectTimerOf), frozenset({State.PAUSED})
        ),
        ("stop_project_timer", ""): Asked(
            ProjectTimer, _timetrack("stop_project_timer", timetrack.ProjectTimerOf), _ACTIVE
        ),
        ("start_attendance_timer", ""): Asked(
            AttendanceTimer, _timetrack("start_attendance_timer", timetrack.StartAttendanceTimer), _ALL - _ACTIVE
        ),
        ("stop_attendance_timer", ""): Asked(
            AttendanceTimer, _timetrack("stop_attendance_timer", timetrack.StopAttendanceTimer), _ACTIVE
        ),
    },
    {
        "read_project_timer": Asked(
            ProjectTimer, _timetrack("read_project_timer", timetrack.ProjectTimerOf), _KEPT, _KEPT
        ),
        "get_attendance_timer": Asked(
            AttendanceTimer, _timetrack("get_attendance_timer", timetrack.GetAttendanceTimer), _KEPT, _KEPT
        ),
    },
    _ACTIVE,
)


# ---- Intervals -----------------------------------------------------------------------------------


def _intervals(operation: str, parameters: Callable[[Person, VendorTimer | None, int], msgspec.Struct]) -> Ask:
    def ask(person: Person, record: VendorTimer | None, now: int) -> Request:
        return intervals.request(operation, parameters(person, record, now), token=f"intervals-token-{person.id}")

    return ask


def _worked(record: VendorTimer | None, now: int) -> float:
    """What a client has summed up so far, in seconds."""
    if record is None:
        return 5.0
    timer = record.timer
    passed = not_before(timer, now) - timer.since if timer.state is State.RUNNING else 0
    return (timer.worked + passed) / _SECOND


def _starttime(now: int) -> str:
    return to_datetime(now).strftime("%Y-%m-%d %H:%M:%S")


_INTERVALS: Final = Client(
    "intervals",
    intervals,
    {
        ("create_timer", ""): Asked(
            IntervalsTimer,
            _intervals("create_timer", lambda person, record, now: intervals.WriteTimer(personid=int(person.id))),
            _ALL,
        ),
        ("create_timer", "time given"): Asked(
            IntervalsTimer,
            _intervals(
                "create_timer", lambda person, record, now: intervals.WriteTimer(personid=int(person.id), time=7.25)
            ),
            _ALL,
            worked=7_250_000,
        ),
        ("create_timer", "starttime blank"): Asked(
            IntervalsTimer,
            _intervals(
                "create_timer",
                lambda person, record, now: intervals.WriteTimer(
                    personid=int(person.id), taskid=31, time=7, starttime=None
                ),
            ),
            _ALL,
            worked=7 * _SECOND,
        ),
        ("update_timer", "starttime blanked"): Asked(
            IntervalsTimer,
            _intervals(
                "update_timer",
                lambda person, record, now: intervals.WriteTimer(
                    id=_id(record), starttime=None, time=_worked(record, now)
                ),
            ),
            _RUNNING,
        ),
        ("update_timer", "starttime set"): Asked(
            IntervalsTimer,
            _intervals(
                "update_timer",
                lambda person, record, now: intervals.WriteTimer(id=_id(record), starttime=_starttime(now)),
            ),
            frozenset({State.PAUSED}),
        ),
        ("update_timer", "time or starttime replaced"): Asked(
            IntervalsTimer,
            _intervals("update_timer", lambda person, record, now: intervals.WriteTimer(id=_id(record), time=1234.5)),
            _KEPT,
            worked=1234_500_000,
        ),
        ("update_timer", "task, person or name replaced"): Asked(
            IntervalsTimer,
            _intervals(
                "update_timer", lambda person, record, now: intervals.WriteTimer(id=_id(record), name="renamed")
            ),
            _KEPT,
        ),
        ("delete_timer", ""): Asked(
            IntervalsTimer,
            _intervals("delete_timer", lambda person, record, now: intervals.DeleteTimer(id=_id(record))),
            _KEPT,
        ),
    },
    {
        "list_timers": Asked(
            IntervalsTimer,
            _intervals("list_timers", lambda person, record, now: intervals.ListTimers(gettimerinfo=True)),
            _ALL,
            _KEPT,
        ),
        "get_timer": Asked(
            IntervalsTimer,
            _intervals("get_timer", lambda person, record, now: intervals.GetTimer(id=_id(record))),
            _KEPT,
            _KEPT,
        ),
    },
    one_per_task=True,
)


# ---- Zoho People ---------------------------------------------------------------------------------


def _zoho(operation: str, parameters: Callable[[Person, VendorTimer | None], msgspec.Struct]) -> Ask:
    def ask(person: Person, record: VendorTimer | None, now: int) -> Request:
        return zoho.request(operation, parameters(person, record), token=f"zoho-token-{person.id}")

    return ask


def _zoho_start(person: Person, record: VendorTimer | None) -> msgspec.Struct:
    return zoho.StartTimer(
        user=person.id, job_id="41", work_date="2026-03-02", billing_status="billable", timer="start"
    )


def _comment_of(record: VendorTimer | None) -> str:
    comments = record.comments if isinstance(record, ZohoTimer) else ()
    return comments[0].id if comments else "999999"


_ZOHO: Final = Client(
    "zoho",
    zoho,
    {
        ("start_timer", ""): Asked(ZohoTimer, _zoho("start_timer", _zoho_start), _ALL - _RUNNING),
        ("pause_timer", ""): Asked(
            ZohoTimer,
            _zoho("pause_timer", lambda person, record: zoho.PauseTimer(time_log_id=_id(record), timer="stop")),
            _RUNNING,
        ),
        ("resume_timer", ""): Asked(
            ZohoTimer,
            _zoho("resume_timer", lambda person, record: zoho.ResumeTimer(time_log_id=_id(record), timer="start")),
            frozenset({State.PAUSED}),
        ),
        ("add_comment", ""): Asked(
            ZohoTimer,
            _zoho("add_comment", lambda person, record: zoho.AddComment(time_log_id=_id(record), comment="so far")),
            _RUNNING,
        ),
        ("delete_comment", ""): Asked(
            ZohoTimer,
            _zoho("delete_comment", lambda person, record: zoho.DeleteComment(comment_id=_comment_of(record))),
            _KEPT,
        ),
    },
    {
        "get_running_timer": Asked(
            ZohoTimer,
            _zoho("get_running_timer", lambda person, record: zoho.GetRunningTimer()),
            _ALL,
            _RUNNING,
        ),
        "get_comments": Asked(
            ZohoTimer,
            _zoho("get_comments", lambda person, record: zoho.GetComments(time_log_id=_id(record))),
            _KEPT,
        ),
    },
    _RUNNING,
)


@cache
def every() -> tuple[Client, ...]:
    """Every vendor that is served.

    Raises:
        Refuted: one is served that nothing here knows.
    """
    known = (_INTERVALS, _TIMETRACK, _WORKSECTION, _ZOHO)
    if tuple(client.name for client in known) != vendors.names():
        raise Refuted(f"the vendors are {', '.join(vendors.names())}")
    return known


# ---- one move, on one timer ----------------------------------------------------------------------


def moved(client: Client, move: Binding, state: State, later: int) -> None:
    """Make a move on the only record of an account, in a state, and hold what comes of it to the table.

    Raises:
        Refuted: it did not succeed where it must, or did where it must not, or did anything else.
    """
    asked = client.moves[move.operation, move.flag]
    workspace = demo_workspace()
    person = workspace.people["3"]
    record = None if state is State.IDLE else _record(asked.of, state, person)
    account = MemoryAccount(workspace, [] if record is None else [record])
    now = MORNING + 600 * _SECOND + later
    outcome = client.handle(asked.ask(person, record, now), account, now)
    said = f"{client.name}: {move.operation} {move.flag} on {'no timer' if record is None else record.timer}"
    if account.find(Query(of=asked.of)).records != (() if record is None else (record,)):
        raise Refuted(f"{said}: the account was written to")
    held_to_the_table(said, client, account, outcome)
    succeeded = any(change.action == move.action for change in outcome.changes)
    if succeeded != (state in asked.succeeds):
        raise Refuted(f"{said}: {'it succeeded' if succeeded else outcome.rejection or 'nothing happened'}")
    if succeeded and asked.worked not in (None, outcome.changes[-1].record.timer.worked):
        raise Refuted(f"{said}: {asked.worked} µs of work were sent, and it is {outcome.changes[-1].record.timer}")
    for shown in _shown(msgspec.json.decode(outcome.response.body)) if succeeded else ():
        after = outcome.changes[-1].record.timer
        counted = worked_at(after, not_before(after, now))
        if abs(counted - shown) >= _unit(asked.of):
            raise Refuted(f"{said}: {shown} µs of work are answered, and {counted} are stored")
    account.apply(outcome.changes)
    for change in outcome.changes[-1:]:
        kept = account.get(type(change.record), change.record.id)
        if kept != (None if change.removes else change.record):
            raise Refuted(f"{said}: what was stored is {kept}")


def read(client: Client, operation: str, state: State, later: int) -> None:
    """Read the only record of an account, in a state, and hold what is told of its timer to the core's readings.

    Raises:
        Refuted: it was rejected where it must not be, or not where it must, it changed something, or it told something
            else.
    """
    asked = client.reads[operation]
    workspace = demo_workspace()
    person = workspace.people["3"]
    record = None if state is State.IDLE else _record(asked.of, state, person)
    account = MemoryAccount(workspace, [] if record is None else [record])
    now = MORNING + 600 * _SECOND + later
    outcome = client.handle(asked.ask(person, record, now), account, now)
    said = f"{client.name}: {operation} on {'no timer' if record is None else record.timer}"
    if outcome.changes or account.find(Query(of=asked.of)).records != (() if record is None else (record,)):
        raise Refuted(f"{said}: it is no read: {outcome.changes}")
    if (outcome.rejection is None) != (state in asked.succeeds):
        raise Refuted(f"{said}: {outcome.rejection or 'it succeeded'}")
    if outcome.rejection is not None:
        return
    response = outcome.response
    value = client.module.read_response(
        operation, response.status, response.headers, response.body, now=now, zone=workspace.zone
    )
    values = value.records if isinstance(value, Page) else value if isinstance(value, list) else [value]
    told = [each.timer for each in values if isinstance(each, VendorTimer)]
    shown = list(_shown(msgspec.json.decode(response.body)))
    if not len(told) == len(shown) == (state in asked.tells):
        raise Refuted(f"{said}: {len(told)} timers are told, and {len(shown)} sums of work")
    timer = IDLE if record is None else record.timer
    counted = worked_at(timer, not_before(timer, now))
    for each, work in zip(told, shown, strict=True) if state in _reached(client, asked.of) else ():
        read = worked_at(each, not_before(each, now))
        unit = _unit(asked.of)
        if (each.state is State.RUNNING) != (state is State.RUNNING) or abs(counted - read) >= unit:
            raise Refuted(f"{said}: told as {each}, {read} µs of work, and not {counted}")
        if abs(counted - work) >= unit:
            raise Refuted(f"{said}: {work} µs of work are shown, and not {counted}")


def _unit(of: type[VendorTimer]) -> int:
    """What is less is left out of what is shown, of the work or of the break."""
    return 60 * _SECOND if of is AttendanceTimer else _SECOND


def _shown(payload: object) -> Iterator[int]:
    """The work that a response shows of each timer in it, in microseconds, in whatever way the vendor shows it."""
    match payload:
        case list():
            for each in payload:
                yield from _shown(each)
        case {"workedSeconds": seconds}:  # TimeTrack
            yield seconds * _SECOND
        case {"workedMinutes": minutes}:
            yield minutes * 60 * _SECOND
        case {"time": before, "timelapsed": lapsed, "totaltime": _}:  # Intervals
            yield round((before + lapsed) * _SECOND)
        case {"diff": since, "totaltime": seconds}:  # Zoho People
            yield (seconds + since) * _SECOND
        case {"time": str(time), "date_started": _}:  # Worksection
            yield parse_duration(time)
        case {"time": int(seconds), "date_started": _}:
            yield seconds * _SECOND
        case dict():
            for each in payload.values():
                yield from _shown(each)


def _reached(client: Client, of: type[VendorTimer]) -> set[State]:
    """The states that the moves of one kind of record lead to."""
    reached = {State.IDLE}
    while True:
        found = {
            TRANSITIONS[state, move.action]
            for move in client.dialect.bindings
            for state in reached
            if isinstance(move.action, Event)
            and (state, move.action) in TRANSITIONS
            and client.moves[move.operation, move.flag].of is of
        }
        if found <= reached:
            return reached
        reached |= found


def _record(of: type[VendorTimer], state: State, person: Person) -> VendorTimer:
    timer = resume(pause(start(MORNING), MORNING + 30 * _SECOND), MORNING + 50 * _SECOND)
    if state is State.PAUSED:
        timer = pause(timer, MORNING + 90 * _SECOND)
    elif state is State.STOPPED:
        timer = stop(timer, MORNING + 90 * _SECOND)
    more: dict[str, Any] = {}
    if of is ZohoTimer:
        workspace = demo_workspace()
        more = {
            "timer_id": "1002",
            "job": workspace.jobs["41"],
            "work_date": to_datetime(MORNING).date(),
            "comments": (zoho.Comment(id="1003", at=MORNING, text="begun"),),
        }
    return of(id="1001", timer=timer, person=person, **more)


def held_to_the_table(said: str, client: Client, account: Account, outcome: CallResult) -> None:
    """The changes of an outcome are moves of the dialect, and each event is the core's transition.

    Raises:
        Refuted: a action that the dialect does not have for the operation, an event that the table does not allow, a
            timer that the core would not make of it, or a rejection with changes.
    """
    actions = {move.action for move in client.dialect.bindings if move.operation == outcome.operation}
    if outcome.rejection is not None and outcome.changes:
        raise Refuted(f"{said}: rejected, but {outcome.changes}")
    stands: dict[tuple[type[VendorTimer], str], Timer] = {}
    for change in outcome.changes:
        record = change.record
        key = type(record), record.id
        before = account.get(*key)
        timer = stands.get(key, IDLE if before is None else before.timer)
        after = record.timer
        if change.action not in actions:
            raise Refuted(f"{said}: {change.action} is not in the dialect of {outcome.operation}")
        if isinstance(change.action, Event):
            if (timer.state, change.action) not in TRANSITIONS:
                raise Refuted(f"{said}: {change.action} of a timer that is {timer.state}")
            if after != transition(timer, change.action, change.at):
                raise Refuted(f"{said}: {change.action} at {change.at} made {timer} into {after}")
        elif change.action is Correction.AMEND and after.state is not timer.state:
            raise Refuted(f"{said}: an amendment made {timer} into {after}")
        elif change.action in (UPDATE, Correction.DISCARD) and after != timer:
            raise Refuted(f"{said}: {change.action} made {timer} into {after}")
        tick = client.dialect.resolution
        if not 0 <= after.worked <= after.since - after.started_at or any(
            each % tick for each in (after.started_at, after.since, after.worked)
        ):
            raise Refuted(f"{said}: {after} is no timer in whole ticks of {tick} µs")
        stands[key] = after
