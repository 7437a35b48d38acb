"""A call through `Vendor`, the same for all vendors: from a request to the response and its changes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

import punchclock as pc
from punchclock import Event, State, Timer
from punchclock.units import SECOND
from punchclock.vendors.account import Account, MemoryAccount
from punchclock.vendors.calls import (
    Call,
    CallResult,
    HandlerResult,
    Limit,
    Operation,
    Request,
    Response,
    Vendor,
    apply_event,
)
from punchclock.vendors.dialect import Binding, Dialect
from punchclock.vendors.errors import MalformedPayload, Rejection, UnknownOperation
from punchclock.vendors.records import Change
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.wire import read_form
from punchclock.vendors.workspace import Person
from strategies import active, instants
from toy_vendor import NOW, WORKSPACE, ToyTimer


class Write(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The parameters of its calls."""

    id: str
    action: str = ""


def start_toy(call: Call[Write]) -> HandlerResult:
    """A start; ``action=boom`` is rejected with the vendor's own message."""
    if call.parameters.action == "boom":
        raise Rejection("toy", 418, 1, "teapot")
    record = ToyTimer(id=call.parameters.id, timer=pc.start(call.now))
    return HandlerResult("started", (Change(Event.START, call.now, record),))


def stop_toy(call: Call[Write]) -> HandlerResult:
    """A stop, if the machine allows it."""
    record = call.account.get(ToyTimer, call.parameters.id)
    if record is None:
        raise RuleViolation(Rule.NOT_FOUND, "id")
    return HandlerResult("stopped", (apply_event(record, Event.STOP, call.now),))


def anybody(request: Request, sent: Mapping[str, object], account: Account) -> Person:
    """No credentials are required."""
    return Person()


def reject_toy(why: RuleViolation, operation: Operation | None) -> Rejection:
    """The rule's index is its code."""
    return Rejection("toy", 400, list(Rule).index(why.rule), why.detail, why.field)


def write_toy(request: Request, call: Call[Write], result: HandlerResult) -> Response:
    """The payload, and the date."""
    return Response(result.status, {"date": f"{pc.to_datetime(call.now):%c}"}, str(result.payload).encode())


def write_no(request: Request, rejection: Rejection, operation: Operation | None) -> Response:
    """The rejection's message."""
    return Response(rejection.status, {}, rejection.message.encode())


def parse_toy(payload: object, now: int, zone: str = "UTC") -> ToyTimer:
    """A timer that started now, named by the payload."""
    return ToyTimer(id=str(payload), timer=pc.start(now))


def serialize_toy(record: ToyTimer, now: int, zone: str = "UTC") -> bytes:
    """The timer's name."""
    return record.id.encode()


def request_toy(operation: str, parameters: msgspec.Struct) -> Request:
    """A call on one of its timers."""
    return Request(method="PUT", path=f"/toy/{operation}/7")


TOY: Vendor[ToyTimer] = Vendor(
    name="toy",
    title="Toy",
    operations=(
        Operation(
            name="start",
            methods=("POST",),
            path="/toy/timer/{id}",
            discriminator={"action": ""},
            request=Write,
            handler=start_toy,
            reader=lambda body, now, zone: (body, now, zone),
        ),
        Operation(
            name="start_loudly",
            methods=("POST",),
            path="/toy/timer/{id}",
            discriminator={"action": "boom"},
            request=Write,
            handler=start_toy,
            reader=lambda body, now, zone: (body, now, zone),
        ),
        Operation(
            name="stop",
            methods=("PUT", "POST"),
            path="/toy/timer/{id}",
            aliases=("/toy/stop/{id}/now",),
            discriminator={"action": "stop"},
            request=Write,
            handler=stop_toy,
            reader=lambda body, now, zone: (body, now, zone),
        ),
        Operation(
            name="finish",
            methods=("PUT",),
            path="/toy/finish/{id}",
            request=Write,
            handler=stop_toy,
            reader=lambda body, now, zone: (body, now, zone),
        ),
    ),
    dialect=Dialect(
        "toy", SECOND, (Binding("start", Event.START), Binding("stop", Event.STOP), Binding("finish", Event.STOP))
    ),
    timer_types=(ToyTimer,),
    shown_states=frozenset({State.RUNNING}),
    parse=parse_toy,
    serialize=serialize_toy,
    request=request_toy,
    example=lambda _workspace, _now: None,
    read_parameters=lambda request: read_form(request.query),
    authenticate=anybody,
    to_rejection=reject_toy,
    write_response=write_toy,
    write_rejection=write_no,
    read_rejection=lambda response: Rejection("toy", response.status, 0, "no") if response.status >= 400 else None,
)


def toy(method: str, path: str, query: str = "", account: MemoryAccount | None = None, now: int = NOW) -> CallResult:
    """Make a call to the fifth vendor."""
    account = account or MemoryAccount(WORKSPACE)
    return TOY.handle(Request(method=method, path=path, query=query), account, now)


def rule_of(result: CallResult) -> Rule:
    """The rule that a rejected call violates."""
    assert result.rejection is not None
    assert not result.changes
    return list(Rule)[result.rejection.vendor_code]


def test_a_fifth_vendor_is_a_table_and_a_few_functions() -> None:
    """From request to changes: the instant is floored, the operation selected, the event applied."""
    account = MemoryAccount(WORKSPACE)
    started = toy("POST", "/toy/timer/7/", account=account, now=NOW + 999_999)
    assert (started.operation, started.response.status, started.response.body) == ("start", 200, b"started")
    assert started.changes[0].at == NOW
    account.apply(started.changes)
    stopped = toy("PUT", "toy/stop/7/now", account=account, now=NOW - 5 * SECOND)
    assert (stopped.operation, stopped.changes[0].at) == ("stop", NOW)
    account.apply(stopped.changes)
    again = toy("PUT", "/toy/timer/7", account=account)
    assert rule_of(again) is Rule.STATE
    assert again.response.body == b"cannot stop a timer that is stopped"


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "rule"),
    [
        ("POST", "/toy/timer/7", "", "start", None),
        ("POST", "/toy/timer/7", "action=", "start", None),
        ("POST", "/toy/timer/7", "action=stop", "stop", Rule.NOT_FOUND),
        ("POST", "/toy/timer/7", "action=else", "stop", Rule.NOT_FOUND),
        ("POST", "/toy/timer/7", "action=a", "stop", Rule.NOT_FOUND),
        ("POST", "/toy/timer/7", "id=7", "start", None),
        ("POST", "/toy/timer/7", "id=", "start", None),
        ("POST", "/toy/timer/7", "id=8", "start", Rule.DUPLICATE),
        ("GET", "/toy/timer/7", "", "", Rule.METHOD),
        ("POST", "/toy/timer/", "", "", Rule.PATH),
        ("POST", "/toy/timer//", "", "", Rule.PATH),
        ("POST", "/toy/timer/7/8", "", "", Rule.PATH),
        ("PUT", "/toy/stop/7/later", "", "", Rule.PATH),
        ("PUT", "/toy/stop//now", "", "", Rule.PATH),
        ("PUT", "/toy/timer/7", "more=1", "stop", Rule.UNKNOWN),
        ("PUT", "/toy/timer/7", "a=1&a=1", "", Rule.DUPLICATE),
        ("PUT", "/toy/stop/7/now", "a=1&a=1", "stop", Rule.DUPLICATE),
        ("PUT", "/toy/finish/7", "a=1&a=1", "finish", Rule.DUPLICATE),
        ("GET", "/toy/finish/7", "", "finish", Rule.METHOD),
    ],
)
def test_routing(method: str, path: str, query: str, operation: str, rule: Rule | None) -> None:
    """An operation is selected by path, then method, then discriminator; of several that fit, the first.

    The only operation on a path is known before anything is read, so that every rejection can name it.
    """
    result = toy(method, path, query)
    assert result.operation == operation
    if rule is None:
        assert result.rejection is None
    else:
        assert rule_of(result) is rule


def test_an_operation_with_several_matching_paths() -> None:
    """The first of an operation's paths that matches is used; it is still the only operation on the path."""
    (finish,) = (each for each in TOY.operations if each.name == "finish")
    spelled = replace(TOY, operations=(replace(finish, aliases=("/toy/finish/{action}",)),))
    result = spelled.handle(Request(method="PUT", path="/toy/finish/7", query="a=1&a=1"), MemoryAccount(WORKSPACE), NOW)
    assert (result.operation, rule_of(result)) == ("finish", Rule.DUPLICATE)


def test_an_instant_outside_the_calendar() -> None:
    """If the server's clock is outside the calendar, the vendor answers that it is not available."""
    assert rule_of(toy("POST", "/toy/timer/7", now=2**62)) is Rule.UNAVAILABLE


def test_rejections_before_and_in_a_handler() -> None:
    """A handler may raise the vendor's rejection, and a server may reject before any handler runs."""
    result = toy("POST", "/toy/timer/7", "action=boom")
    assert (result.operation, result.response.status, result.response.body) == ("start_loudly", 418, b"teapot")
    request, later = Request(method="GET", path="/toy"), Rejection("toy", 503, 9, "later")
    assert TOY.reject(request, RuleViolation(Rule.QUOTA)).response.body == Rule.QUOTA.value.encode()
    for rejected in (TOY.reject(request, later), TOY.reject(TOY.route(request), later)):
        assert (rejected.response, rejected.changes, rejected.operation) == (Response(503, {}, b"later"), (), "")
    finish = TOY.operation("finish")
    assert TOY.reject(request, later, finish).operation == "finish"


def test_a_route_reads_a_request_once() -> None:
    """A route holds the operation, the parameters as sent, those of the path, and the first rule that is violated."""
    route = TOY.route(Request(method="POST", path="/toy/timer/7", query="action=stop"))
    assert (route.vendor, route.operation, route.only_operation) == (TOY, TOY.operation("stop"), None)
    assert (route.parameters, route.path_parameters, route.violation) == ({"action": "stop"}, {"id": "7"}, None)
    assert rule_of(TOY.decide(route, MemoryAccount(WORKSPACE), NOW)) is Rule.NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "only", "parameters", "rule"),
    [
        ("POST", "/toy/timer/7", "id=8", "start", None, {"id": "8"}, Rule.DUPLICATE),
        ("GET", "/toy/timer/7", "a=1", None, None, {"a": "1"}, Rule.METHOD),
        ("GET", "/toy/finish/7", "", None, "finish", {}, Rule.METHOD),
        ("PUT", "/toy/finish/7", "", "finish", "finish", {}, None),
        ("PUT", "/toy/finish/7", "a=1&a=1", None, "finish", None, Rule.DUPLICATE),
        ("PUT", "/elsewhere", "a=1", None, None, {"a": "1"}, Rule.PATH),
        ("PUT", "/elsewhere", "a=1&a=1", None, None, None, Rule.PATH),
    ],
)
def test_a_route_of_a_wrong_request(
    method: str,
    path: str,
    query: str,
    operation: str | None,
    only: str | None,
    parameters: dict[str, str] | None,
    rule: Rule | None,
) -> None:
    """Method and parameters select the operation; parameters that cannot be read are ``None``."""
    route = TOY.route(Request(method=method, path=path, query=query))
    assert route.operation == (TOY.operation(operation) if operation else None)
    assert route.only_operation == (TOY.operation(only) if only else None)
    assert route.parameters == parameters
    assert (route.violation and route.violation.rule) is rule


def test_a_wrong_request_without_credentials() -> None:
    """An unknown path and unreadable parameters are rejected as such; anything else is, once the caller is known."""

    def nobody(request: Request, sent: Mapping[str, object], account: Account) -> Person:
        raise RuleViolation(Rule.CREDENTIALS)

    strict = replace(TOY, authenticate=nobody)
    for method, path, query, rule in (
        ("GET", "/elsewhere", "", Rule.PATH),
        ("PUT", "/toy/finish/7", "a=1&a=1", Rule.DUPLICATE),
        ("GET", "/toy/finish/7", "", Rule.CREDENTIALS),
        ("PUT", "/toy/finish/7", "id=8", Rule.CREDENTIALS),
    ):
        request = Request(method=method, path=path, query=query)
        assert rule_of(strict.handle(request, MemoryAccount(WORKSPACE), NOW)) is rule


def test_operations() -> None:
    """An operation is found by its name, and known to change timers if the dialect binds it to an action."""
    assert [TOY.operation(each.name) for each in TOY.operations] == [*TOY.operations]
    assert [each.name for each in TOY.operations if not each.may_change] == ["start_loudly"]
    with pytest.raises(UnknownOperation) as caught:
        TOY.operation("pause")
    assert (caught.value.vendor, caught.value.operation, caught.value.known) == (
        "toy",
        "pause",
        ("start", "start_loudly", "stop", "finish"),
    )


def test_the_length_of_a_match() -> None:
    """A path that is nearly right is rejected by the vendor whose paths it matches longest."""
    assert TOY.match_length("/toy/timer/7") == TOY.match_length("/toy/stop/7/later") == 3
    assert TOY.match_length("toy/stop/7/now/") == 4
    assert TOY.match_length("/toy/clock") == TOY.match_length("toy") == 1
    assert TOY.match_length("/toys") == TOY.match_length("/") == TOY.match_length("") == 0


def test_reading_a_response() -> None:
    """A rejection is raised; a success is read by the operation's reader, at an instant and in a zone."""
    assert TOY.read_response("stop", 200, {}, b"x", now=NOW) == (b"x", NOW, "UTC")
    assert replace(TOY, needs_date=False).read_response("stop", 200, {}, b"x") == (b"x", 0, "UTC")
    with pytest.raises(MalformedPayload, match="now="):
        TOY.read_response("stop", 200, {}, b"x")
    with pytest.raises(Rejection, match="no"):
        TOY.read_response("stop", 400, {}, b"", now=NOW)
    with pytest.raises(UnknownOperation):
        TOY.read_response("pause", 200, {}, b"", now=NOW)


@given(timer=active, at=instants)
def test_an_event_never_traps_a_timer(timer: Timer, at: int) -> None:
    """An instant before the timer's last one counts as that one, so a stop always stops."""
    change = apply_event(ToyTimer(id="7", timer=timer), Event.STOP, at)
    assert change.record.timer.state is State.STOPPED
    assert change.at == change.record.timer.since == max(at, timer.since)
    assert change.action is Event.STOP


def test_requests_results_and_tables_are_immutable() -> None:
    """Neither a handler nor a journal can alter the request, the result or the table."""
    request = Request(method="PUT", path="/toy/finish/7")
    result = TOY.handle(request, MemoryAccount(WORKSPACE), NOW)
    call = Call(TOY.operations[0], Write(id="7"), MemoryAccount(WORKSPACE), Person(), NOW, request)
    limit = Limit(1, 60)
    assert limit.lock_seconds == 0
    with pytest.raises(AttributeError):
        request.path = "/"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        result.operation = ""  # type: ignore[misc]
    with pytest.raises(AttributeError):
        result.response.status = 200  # type: ignore[misc]
    with pytest.raises(AttributeError):
        call.now = 0  # type: ignore[misc]
    with pytest.raises(AttributeError):
        HandlerResult("stopped").status = 500  # type: ignore[misc]
    with pytest.raises(AttributeError):
        TOY.operations[0].methods = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        TOY.operations = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        limit.calls = 2  # type: ignore[misc]


def test_fields_are_keyword_only() -> None:
    """Requests, operations and vendors have too many fields for positional arguments."""
    with pytest.raises(TypeError):
        Request("PUT", "/toy/finish/7")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Operation(*msgspec.structs.astuple(TOY.operations[0]))  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Vendor(*msgspec.structs.astuple(TOY))  # type: ignore[call-arg]
