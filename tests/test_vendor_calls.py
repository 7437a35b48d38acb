"""The way through a call, the same for all vendors: from a request to the response and the changes behind it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

import punchclock as pc
from punchclock import Event, State, Timer
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
    answer,
    apply_event,
    match_length,
    operation_named,
    operation_of,
    read_vendor_response,
    reject,
    route_prefixes,
)
from punchclock.vendors.dialect import SECOND, Binding, Dialect
from punchclock.vendors.errors import Rejection, UnknownOperation
from punchclock.vendors.records import Change
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.wire import read_form
from punchclock.vendors.workspace import Person
from strategies import active, instants
from toy_vendor import NOW, WORKSPACE, ToyTimer


class Write(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What its two calls take."""

    id: str
    action: str = ""


def start_toy(call: Call[Write]) -> HandlerResult:
    """A start; ``action=boom`` is rejected in the vendor's own words at once."""
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
    """No credentials are asked for."""
    return Person()


def reject_toy(why: RuleViolation, operation: Operation | None) -> Rejection:
    """The rule's place is its code."""
    return Rejection("toy", 400, list(Rule).index(why.rule), why.detail, why.field)


def write_toy(request: Request, call: Call[Write], answer: HandlerResult) -> Response:
    """One word, and the date."""
    return Response(answer.status, {"date": f"{pc.to_datetime(call.now):%c}"}, str(answer.payload).encode())


def write_no(request: Request, rejection: Rejection, operation: Operation | None) -> Response:
    """What is wrong, in words."""
    return Response(rejection.status, {}, rejection.message.encode())


TOY = Vendor(
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
    record=ToyTimer,
    read=lambda request: read_form(request.query),
    authenticate=anybody,
    reject=reject_toy,
    write=write_toy,
    write_rejection=write_no,
    read_rejection=lambda response: Rejection("toy", response.status, 0, "no") if response.status >= 400 else None,
)


def toy(method: str, path: str, query: str = "", account: MemoryAccount | None = None, now: int = NOW) -> CallResult:
    """A call of the fifth vendor."""
    account = account or MemoryAccount(WORKSPACE)
    return answer(TOY, Request(method=method, path=path, query=query), account, now)


def rule_of(outcome: CallResult) -> Rule:
    """The rule that a rejected call broke."""
    assert outcome.rejection is not None
    assert not outcome.changes
    return list(Rule)[outcome.rejection.vendor_code]


def test_a_fifth_vendor_is_a_table_and_a_few_functions() -> None:
    """From request to changes through the one pipeline: the instant floored, the row chosen, the change stepped."""
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
    """First the path, then the method, then what tells calls on one path apart; of several that fit, the first.

    A call that is alone on its path is known before anything is read, so that every rejection can be its own.
    """
    outcome = toy(method, path, query)
    assert outcome.operation == operation
    if rule is None:
        assert outcome.rejection is None
    else:
        assert rule_of(outcome) is rule


def test_a_call_is_one_however_many_of_its_paths_fit() -> None:
    """Of a call's own spellings the first that fits is taken, and it is still alone on its path."""
    (finish,) = (each for each in TOY.operations if each.name == "finish")
    spelled = replace(TOY, operations=(replace(finish, aliases=("/toy/finish/{action}",)),))
    outcome = answer(
        spelled, Request(method="PUT", path="/toy/finish/7", query="a=1&a=1"), MemoryAccount(WORKSPACE), NOW
    )
    assert (outcome.operation, rule_of(outcome)) == ("finish", Rule.DUPLICATE)


def test_an_instant_that_no_clock_shows() -> None:
    """A server whose clock is beyond every calendar is not available, which is the vendor's to say."""
    assert rule_of(toy("POST", "/toy/timer/7", now=2**62)) is Rule.UNAVAILABLE


def test_a_rejection_in_the_vendors_own_words() -> None:
    """A handler may reject as the vendor does, and a server may reject before any handler is asked."""
    outcome = toy("POST", "/toy/timer/7", "action=boom")
    assert (outcome.operation, outcome.response.status, outcome.response.body) == ("start_loudly", 418, b"teapot")
    request = Request(method="GET", path="/toy")
    assert reject(TOY, request, RuleViolation(Rule.QUOTA)).response.body == Rule.QUOTA.value.encode()
    assert reject(TOY, request, Rejection("toy", 503, 9, "later")).response == Response(503, {}, b"later")


def test_the_name_of_a_call() -> None:
    """A request's call is known without deciding it; what is none has no name."""
    assert operation_of(TOY, Request(method="POST", path="/toy/timer/7", query="action=stop")) == "stop"
    assert operation_of(TOY, Request(method="GET", path="/toy/timer/7")) == ""
    assert operation_of(TOY, Request(method="GET", path="/elsewhere")) == ""
    assert [operation_named(TOY, each.name) for each in TOY.operations] == [*TOY.operations]
    with pytest.raises(UnknownOperation) as caught:
        operation_named(TOY, "pause")
    assert (caught.value.vendor, caught.value.operation, caught.value.known) == (
        "toy",
        "pause",
        ("start", "start_loudly", "stop", "finish"),
    )


def test_how_far_a_vendor_reaches() -> None:
    """A path that is nearly right is rejected in the words of the vendor whose calls it is most like."""
    assert match_length(TOY, "/toy/timer/7") == match_length(TOY, "/toy/stop/7/later") == 3
    assert match_length(TOY, "toy/stop/7/now/") == 4
    assert match_length(TOY, "/toy/clock") == match_length(TOY, "toy") == 1
    assert match_length(TOY, "/toys") == match_length(TOY, "/") == match_length(TOY, "") == 0
    assert route_prefixes(TOY) == {"toy"}


def test_reading_an_answer() -> None:
    """A rejection is raised; a success is read by the row's reader, at an instant and in a zone."""
    assert read_vendor_response(TOY, "stop", Response(200, {}, b"x"), NOW, "UTC") == (b"x", NOW, "UTC")
    with pytest.raises(Rejection, match="no"):
        read_vendor_response(TOY, "stop", Response(400, {}, b""), NOW, "UTC")
    with pytest.raises(UnknownOperation):
        read_vendor_response(TOY, "pause", Response(200, {}, b""), NOW, "UTC")


@given(timer=active, at=instants)
def test_a_step_never_traps_a_timer(timer: Timer, at: int) -> None:
    """An instant before the timer's last one counts as that one, so a stop always stops."""
    change = apply_event(ToyTimer(id="7", timer=timer), Event.STOP, at)
    assert change.record.timer.state is State.STOPPED
    assert change.at == change.record.timer.since == max(at, timer.since)
    assert not change.removes


def test_what_goes_through_a_call_does_not_change() -> None:
    """Neither a handler nor whoever journals the call can alter what came in, what was decided, or the table."""
    request = Request(method="PUT", path="/toy/finish/7")
    outcome = answer(TOY, request, MemoryAccount(WORKSPACE), NOW)
    call = Call(TOY.operations[0], Write(id="7"), MemoryAccount(WORKSPACE), Person(), NOW, request)
    limit = Limit(1, 60)
    assert limit.lock_seconds == 0
    with pytest.raises(AttributeError):
        request.path = "/"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        outcome.operation = ""  # type: ignore[misc]
    with pytest.raises(AttributeError):
        outcome.response.status = 200  # type: ignore[misc]
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


def test_what_a_table_says_is_named() -> None:
    """The fields of a request, a row and a vendor are too many for their order to mean anything."""
    with pytest.raises(TypeError):
        Request("PUT", "/toy/finish/7")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Operation(*msgspec.structs.astuple(TOY.operations[0]))  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Vendor(*msgspec.structs.astuple(TOY))  # type: ignore[call-arg]
