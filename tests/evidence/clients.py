"""Each vendor as its clients use it: every binding of its dialect and every read, and in which states they succeed.

The vendor's own ``request`` makes the requests. The states in which a call must succeed are written by hand here, so
that they state a second time, independent of the code, what each vendor allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from evidence.claims import Refuted
from punchclock import vendors
from punchclock.durations import parse_duration
from punchclock.instants import format_instant, instant, to_datetime
from punchclock.machine import TRANSITIONS, Correction, Event, State
from punchclock.timer import IDLE, Timer, not_before, pause, resume, start, stop, transition, worked_at
from punchclock.units import MINUTE, SECOND
from punchclock.vendors import intervals, timetrack, worksection, zoho
from punchclock.vendors.account import Account, MemoryAccount, Page, Query
from punchclock.vendors.calls import CallResult, Request, Vendor
from punchclock.vendors.dialect import Binding
from punchclock.vendors.intervals import IntervalsTimer, WriteTimer
from punchclock.vendors.records import UPDATE, VendorTimer
from punchclock.vendors.timetrack import AttendanceTimer, ProjectTimer
from punchclock.vendors.worksection import WorksectionTimer
from punchclock.vendors.workspace import Person
from punchclock.vendors.zoho import ZohoTimer
from punchclock.workspaces import demo_workspace

#: Monday, 2026-03-02, 09:00 in the demo workspace's zone.
MORNING: Final = instant("2026-03-02T08:00:00Z")

_NONE: Final[frozenset[State]] = frozenset()
_RUNNING: Final = frozenset({State.RUNNING})
_PAUSED: Final = frozenset({State.PAUSED})
_ACTIVE: Final = _RUNNING | _PAUSED
_ALL: Final = frozenset(State)
_EXISTS: Final = _ALL - {State.IDLE}


class Situation(NamedTuple):
    """Who calls, about which of their records if there is one, at which instant of the client's clock."""

    person: Person
    record: VendorTimer | None
    now: int

    @property
    def id(self) -> str:
        """The record's id, or one that nothing has."""
        return "999999" if self.record is None else self.record.id

    @property
    def worked(self) -> float:
        """The work that a client has summed up so far, in seconds."""
        if self.record is None:
            return 5.0
        timer = self.record.timer
        running = timer.state is State.RUNNING
        return (timer.worked + (not_before(timer, self.now) - timer.since if running else 0)) / SECOND


class ClientCall(NamedTuple):
    """A call as a client makes it.

    Attributes:
        of: the type of record that the call is about.
        operation: name of the vendor's operation.
        flag: the binding's flag; empty if it has none.
        parameters: makes the parameters of the request.
        succeeds: the states of the person's record in which the call succeeds; ``IDLE`` means there is no record.
        shown: for a read, the states in which the response contains the record.
        worked: the work that the request sets, in microseconds, if it sets any.
    """

    of: type[VendorTimer]
    operation: str
    flag: str
    parameters: Callable[[Situation], msgspec.Struct]
    succeeds: frozenset[State]
    shown: frozenset[State] = _NONE
    worked: int | None = None


class Client(msgspec.Struct, frozen=True):
    """A client of one vendor.

    Attributes:
        name: the vendor's name.
        credentials: the arguments of the vendor's ``request`` that say who calls.
        bindings: the call for each binding of the dialect, by operation and flag.
        reads: the call for each operation that changes nothing, by operation.
        one_running: the states of which a person has at most one timer of each type; empty if there may be many.
        one_per_task: whether a person has at most one timer for each task, in any state.
    """

    name: str
    credentials: Callable[[Situation], Mapping[str, Any]]
    bindings: Mapping[tuple[str, str], ClientCall]
    reads: Mapping[str, ClientCall]
    one_running: frozenset[State] = _NONE
    one_per_task: bool = False

    @property
    def vendor(self) -> Vendor[Any]:
        """The vendor."""
        return vendors.load(self.name)

    def request(self, call: ClientCall, person: Person, record: VendorTimer | None, now: int) -> Request:
        """Return the request that makes a call."""
        situation = Situation(person, record, now)
        return self.vendor.request(call.operation, call.parameters(situation), **self.credentials(situation))


def _client(
    name: str,
    credentials: Callable[[Situation], Mapping[str, Any]],
    *calls: ClientCall,
    **limits: Any,  # noqa: ANN401
) -> Client:
    reads = {call.operation: call for call in calls if call.shown or not _is_bound(name, call.operation)}
    bindings = {(call.operation, call.flag): call for call in calls if call.operation not in reads}
    return Client(name, credentials, bindings, reads, **limits)


def _is_bound(name: str, operation: str) -> bool:
    return any(binding.operation == operation for binding in vendors.load(name).dialect.bindings)


def _timetrack(of: Callable[..., msgspec.Struct], **more: str) -> Callable[[Situation], msgspec.Struct]:
    return lambda it: of(date=format_instant(it.now), username=it.person.name, **more)


def _zoho_start(it: Situation) -> msgspec.Struct:
    return zoho.StartTimer(
        user=it.person.id, job_id="41", work_date="2026-03-02", billing_status="billable", timer="start"
    )


def _first_comment(it: Situation) -> msgspec.Struct:
    comments = it.record.comments if isinstance(it.record, ZohoTimer) else ()
    return zoho.DeleteComment(comment_id=comments[0].id if comments else "999999")


def _starttime(now: int) -> str:
    return to_datetime(now).strftime("%Y-%m-%d %H:%M:%S")


def _intervals(
    operation: str, flag: str, succeeds: frozenset[State], worked: int | None = None, **parameters: Callable[..., Any]
) -> ClientCall:
    """Return a call that writes an Intervals timer; each parameter is a function of the situation."""

    def write(it: Situation) -> msgspec.Struct:
        return WriteTimer(**{name: value(it) for name, value in parameters.items()})

    return ClientCall(IntervalsTimer, operation, flag, write, succeeds, worked=worked)


_PROJECT: Final = {"client_name": "Client 006", "project_name": "Project 006_1"}


def _id(it: Situation) -> str:
    return it.id


def _person(it: Situation) -> int:
    return int(it.person.id)


# fmt: off
@cache
def every() -> tuple[Client, ...]:
    """Return a client of every vendor.

    Raises:
        Refuted: there is a vendor without a client here.
    """
    known = (
        _client(
            "intervals",
            lambda it: {"token": f"intervals-token-{it.person.id}"},
            _intervals("create_timer", "", _ALL, personid=_person),
            _intervals("create_timer", "time given", _ALL, 7_250_000, personid=_person, time=lambda _: 7.25),
            _intervals("create_timer", "starttime blank", _ALL, 7 * SECOND, personid=_person,
                       taskid=lambda _: 31, time=lambda _: 7, starttime=lambda _: None),
            _intervals("update_timer", "starttime blanked", _RUNNING, id=_id, starttime=lambda _: None,
                       time=lambda it: it.worked),
            _intervals("update_timer", "starttime set", _PAUSED, id=_id, starttime=lambda it: _starttime(it.now)),
            _intervals("update_timer", "time or starttime replaced", _EXISTS, 1234_500_000, id=_id,
                       time=lambda _: 1234.5),
            _intervals("update_timer", "task, person or name replaced", _EXISTS, id=_id, name=lambda _: "renamed"),
            ClientCall(IntervalsTimer, "delete_timer", "", lambda it: intervals.DeleteTimer(id=it.id), _EXISTS),
            ClientCall(IntervalsTimer, "list_timers", "", lambda _: intervals.ListTimers(gettimerinfo=True), _ALL,
                       _EXISTS),
            ClientCall(IntervalsTimer, "get_timer", "", lambda it: intervals.GetTimer(id=it.id), _EXISTS, _EXISTS),
            one_per_task=True,
        ),
        _client(
            "timetrack",
            lambda _: {"key": "timetrack-key", "secret": "timetrack-secret"},
            ClientCall(ProjectTimer, "start_project_timer", "", _timetrack(timetrack.StartProjectTimer, **_PROJECT),
                       _ALL - _ACTIVE),
            ClientCall(ProjectTimer, "pause_project_timer", "", _timetrack(timetrack.ProjectTimerOf), _RUNNING),
            ClientCall(ProjectTimer, "resume_project_timer", "", _timetrack(timetrack.ProjectTimerOf), _PAUSED),
            ClientCall(ProjectTimer, "stop_project_timer", "", _timetrack(timetrack.ProjectTimerOf), _ACTIVE),
            ClientCall(ProjectTimer, "read_project_timer", "", _timetrack(timetrack.ProjectTimerOf), _EXISTS, _EXISTS),
            ClientCall(AttendanceTimer, "start_attendance_timer", "", _timetrack(timetrack.StartAttendanceTimer),
                       _ALL - _ACTIVE),
            ClientCall(AttendanceTimer, "stop_attendance_timer", "", _timetrack(timetrack.StopAttendanceTimer),
                       _ACTIVE),
            ClientCall(AttendanceTimer, "get_attendance_timer", "", _timetrack(timetrack.GetAttendanceTimer), _EXISTS,
                       _EXISTS),
            one_running=_ACTIVE,
        ),
        _client(
            "worksection",
            lambda it: {"token": f"worksection-token-{it.person.id}", "key": "worksection-admin-key", "at": it.now},
            ClientCall(WorksectionTimer, "stop_timer", "", lambda it: worksection.StopTimer(timer=it.id), _ACTIVE),
            ClientCall(WorksectionTimer, "start_my_timer", "", lambda _: worksection.StartMyTimer(id_task="31"),
                       _ALL - _RUNNING),
            ClientCall(WorksectionTimer, "stop_my_timer", "", lambda _: worksection.StopMyTimer(comment="done"),
                       _RUNNING),
            ClientCall(WorksectionTimer, "delete_my_timer", "", lambda _: worksection.DeleteMyTimer(), _RUNNING),
            ClientCall(WorksectionTimer, "get_timers", "", lambda _: worksection.GetTimers(), _ALL, _RUNNING),
            ClientCall(WorksectionTimer, "get_my_timer", "", lambda _: worksection.GetMyTimer(), _ALL, _RUNNING),
            one_running=_RUNNING,
        ),
        _client(
            "zoho",
            lambda it: {"token": f"zoho-token-{it.person.id}"},
            ClientCall(ZohoTimer, "start_timer", "", _zoho_start, _ALL - _RUNNING),
            ClientCall(ZohoTimer, "pause_timer", "", lambda it: zoho.PauseTimer(time_log_id=it.id, timer="stop"),
                       _RUNNING),
            ClientCall(ZohoTimer, "resume_timer", "", lambda it: zoho.ResumeTimer(time_log_id=it.id, timer="start"),
                       _PAUSED),
            ClientCall(ZohoTimer, "add_comment", "", lambda it: zoho.AddComment(time_log_id=it.id, comment="so far"),
                       _RUNNING),
            ClientCall(ZohoTimer, "delete_comment", "", _first_comment, _EXISTS),
            ClientCall(ZohoTimer, "get_running_timer", "", lambda _: zoho.GetRunningTimer(), _ALL, _RUNNING),
            ClientCall(ZohoTimer, "get_comments", "", lambda it: zoho.GetComments(time_log_id=it.id), _EXISTS),
            one_running=_RUNNING,
        ),
    )
    if tuple(client.name for client in known) != vendors.names():
        raise Refuted(f"the vendors are {', '.join(vendors.names())}")
    return known
# fmt: on


# ---- one call, on one timer ----------------------------------------------------------------------


def check_binding(client: Client, binding: Binding, state: State, later: int) -> None:
    """Make the call of a binding on the only record of an account, and compare the result with the table.

    Raises:
        Refuted: it failed where it must succeed, succeeded where it must fail, or did anything else.
    """
    call = client.bindings[binding.operation, binding.flag]
    what, account, record, now, result = _called(client, call, state, later)
    if account.find(Query(of=call.of)).records != (() if record is None else (record,)):
        raise Refuted(f"{what}: the account was written to")
    check_changes(what, client, account, result)
    succeeded = any(change.action == binding.action for change in result.changes)
    if succeeded != (state in call.succeeds):
        raise Refuted(f"{what}: {'it succeeded' if succeeded else result.rejection or 'nothing happened'}")
    if succeeded:
        after = result.changes[-1].record.timer
        if call.worked not in (None, after.worked):
            raise Refuted(f"{what}: {call.worked} µs of work were sent, but the result is {after}")
        stored = worked_at(after, not_before(after, now))
        for shown in _shown_work(msgspec.json.decode(result.response.body)):
            if abs(stored - shown) >= _unit(call.of):
                raise Refuted(f"{what}: the response shows {shown} µs of work, but {stored} are stored")
    account.apply(result.changes)
    for change in result.changes[-1:]:
        kept = account.get(type(change.record), change.record.id)
        if kept != (None if change.action is Correction.DISCARD else change.record):
            raise Refuted(f"{what}: {kept} was stored")


def check_read(client: Client, operation: str, state: State, later: int) -> None:
    """Read the only record of an account, and compare what is shown of its timer with the core's readings.

    Raises:
        Refuted: it was rejected where it must succeed or the reverse, it changed something, or it showed another time.
    """
    call = client.reads[operation]
    what, account, record, now, result = _called(client, call, state, later)
    if result.changes or account.find(Query(of=call.of)).records != (() if record is None else (record,)):
        raise Refuted(f"{what}: a read changed something: {result.changes}")
    if (result.rejection is None) != (state in call.succeeds):
        raise Refuted(f"{what}: {result.rejection or 'it succeeded'}")
    if result.rejection is not None:
        return
    response = result.response
    value = client.vendor.read_response(
        operation, response.status, response.headers, response.body, now=now, zone=account.workspace.zone
    )
    values = value.records if isinstance(value, Page) else value if isinstance(value, list) else [value]
    timers = [each.timer for each in values if isinstance(each, VendorTimer)]
    works = list(_shown_work(msgspec.json.decode(response.body)))
    if not len(timers) == len(works) == (state in call.shown):
        raise Refuted(f"{what}: the response shows {len(timers)} timers and {len(works)} sums of work")
    timer = IDLE if record is None else record.timer
    expected, unit = worked_at(timer, not_before(timer, now)), _unit(call.of)
    for read, work in zip(timers, works, strict=True) if state in _reachable(client, call.of) else ():
        worked = worked_at(read, not_before(read, now))
        if (read.state is State.RUNNING) != (state is State.RUNNING) or abs(expected - worked) >= unit:
            raise Refuted(f"{what}: read as {read}, {worked} µs of work, expected {expected}")
        if abs(expected - work) >= unit:
            raise Refuted(f"{what}: the response shows {work} µs of work, expected {expected}")


def _called(
    client: Client, call: ClientCall, state: State, later: int
) -> tuple[str, MemoryAccount, VendorTimer | None, int, CallResult]:
    """Make a call to an account whose only record is in a state; return what was done, to what, and the result."""
    workspace = demo_workspace()
    person = workspace.people["3"]
    record = None if state is State.IDLE else _record(call.of, state, person)
    account = MemoryAccount(workspace, [] if record is None else [record])
    now = MORNING + 10 * MINUTE + later
    result = client.vendor.handle(client.request(call, person, record, now), account, now)
    on = "no timer" if record is None else record.timer
    return f"{client.name}: {call.operation} {call.flag} on {on}", account, record, now, result


def _unit(of: type[VendorTimer]) -> int:
    """Return the unit to which the vendor floors the times that it shows."""
    return MINUTE if of is AttendanceTimer else SECOND


def _shown_work(payload: object) -> Iterator[int]:
    """Yield the work that a response shows of each timer, in microseconds, in whatever way the vendor shows it."""
    match payload:
        case list():
            for each in payload:
                yield from _shown_work(each)
        case {"workedSeconds": seconds}:  # TimeTrack
            yield seconds * SECOND
        case {"workedMinutes": minutes}:
            yield minutes * MINUTE
        case {"time": before, "timelapsed": lapsed, "totaltime": _}:  # Intervals
            yield round((before + lapsed) * SECOND)
        case {"diff": since, "totaltime": seconds}:  # Zoho People
            yield (seconds + since) * SECOND
        case {"time": str(time), "date_started": _}:  # Worksection
            yield parse_duration(time)
        case {"time": int(seconds), "date_started": _}:
            yield seconds * SECOND
        case dict():
            for each in payload.values():
                yield from _shown_work(each)


def _reachable(client: Client, of: type[VendorTimer]) -> set[State]:
    """Return the states that the bindings of one type of record lead to."""
    events = {
        binding.action
        for binding in client.vendor.dialect.bindings
        if isinstance(binding.action, Event) and client.bindings[binding.operation, binding.flag].of is of
    }
    reached: set[State] = set()
    found = {State.IDLE}
    while found != reached:
        reached = found
        found = reached | {
            target for (state, event), target in TRANSITIONS.items() if state in reached and event in events
        }
    return reached


def _record(of: type[VendorTimer], state: State, person: Person) -> VendorTimer:
    timer = resume(pause(start(MORNING), MORNING + 30 * SECOND), MORNING + 50 * SECOND)
    if state is State.PAUSED:
        timer = pause(timer, MORNING + 90 * SECOND)
    elif state is State.STOPPED:
        timer = stop(timer, MORNING + 90 * SECOND)
    more: dict[str, Any] = {}
    if of is ZohoTimer:
        comment = zoho.Comment(id="1003", at=MORNING, text="begun")
        date = to_datetime(MORNING).date()
        more = {"timer_id": "1002", "job": demo_workspace().jobs["41"], "work_date": date, "comments": (comment,)}
    return of(id="1001", timer=timer, person=person, **more)


def check_changes(what: str, client: Client, account: Account, result: CallResult) -> None:
    """Check that every change of a result is an action of the dialect, and every event the core's transition.

    Raises:
        Refuted: an action that the dialect does not have for the operation, an event that the table does not allow, a
            timer that the core would not make of it, or a rejection with changes.
    """
    dialect = client.vendor.dialect
    actions = {binding.action for binding in dialect.bindings if binding.operation == result.operation}
    if result.rejection is not None and result.changes:
        raise Refuted(f"{what}: rejected, but {result.changes}")
    current: dict[tuple[type[VendorTimer], str], Timer] = {}
    for change in result.changes:
        key = type(change.record), change.record.id
        stored = account.get(*key)
        before = current.get(key, IDLE if stored is None else stored.timer)
        after = current[key] = change.record.timer
        if change.action not in actions:
            raise Refuted(f"{what}: {change.action} is not in the dialect of {result.operation}")
        if isinstance(change.action, Event):
            if (before.state, change.action) not in TRANSITIONS:
                raise Refuted(f"{what}: {change.action} of a timer that is {before.state}")
            if after != transition(before, change.action, change.at):
                raise Refuted(f"{what}: {change.action} at {change.at} made {before} into {after}")
        elif change.action is Correction.AMEND and after.state is not before.state:
            raise Refuted(f"{what}: an amendment made {before} into {after}")
        elif change.action in (UPDATE, Correction.DISCARD) and after != before:
            raise Refuted(f"{what}: {change.action} made {before} into {after}")
        fields = (after.started_at, after.since, after.worked)
        if not 0 <= after.worked <= after.since - after.started_at or any(each % dialect.resolution for each in fields):
            raise Refuted(f"{what}: {after} is not a valid timer at a resolution of {dialect.resolution} µs")
