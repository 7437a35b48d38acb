"""What every vendor has, and what they share: dialects, the account, rules, the wire, and the way through a call."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import punchclock as pc
from punchclock import TRANSITIONS, Event, InvalidTable, PunchclockError, State, Timer, vendors
from punchclock.machine import Correction
from punchclock.vendors.account import Account, MemoryAccount, Page, Query
from punchclock.vendors.calls import (
    Answer,
    Call,
    Operation,
    Outcome,
    Reply,
    Request,
    Vendor,
    answer,
    operation_named,
    operation_of,
    reach,
    read_answer,
    refusal,
    roots,
    stepped,
)
from punchclock.vendors.dialect import MICROSECOND, SECOND, Dialect, Move
from punchclock.vendors.errors import (
    Inexpressible,
    MalformedPayload,
    Rejection,
    UnknownEntity,
    UnknownOperation,
    UnknownVendor,
    clipped,
)
from punchclock.vendors.records import UPDATE, Change, Record
from punchclock.vendors.rules import (
    Broken,
    Rule,
    at_most,
    has_role,
    none_running,
    not_blank,
    one_per_task,
    own_or_privileged,
    person_of_token,
    same,
)
from punchclock.vendors.wire import (
    convert_parameters,
    decode_payload,
    is_xml,
    merged,
    read_boolean,
    read_form,
    read_json,
    read_multipart,
    read_xml,
    wants_xml,
    write_xml,
    xml_element,
    xml_payload,
)
from punchclock.vendors.world import Credential, Person, Role
from punchclock.worlds import demo_world
from strategies import active, instants

WORLD = demo_world()
NOW = pc.instant("2026-03-02T08:00:00Z")
FOLDER = Path(vendors.__file__).parent

#: What a program finds in each vendor's package.
NAMES = {
    "DIALECT",
    "OPERATIONS",
    "RECORDS",
    "VENDOR",
    "example",
    "handle",
    "parse",
    "read_reply",
    "request",
    "serialize",
    "validate",
}
#: The chapters of each vendor; what one has beyond them is its own.
FILES = {"__init__.py", "calls.py", "dialect.py", "handlers.py", "refusals.py", "wire.py"}


# ---- every vendor --------------------------------------------------------------------------------


def test_the_vendors_are_the_folders() -> None:
    """A vendor is served because its folder is there."""
    assert vendors.names() == ("intervals", "timetrack", "worksection", "zoho")
    with pytest.raises(UnknownVendor) as caught:
        vendors.load("toggl")
    assert (caught.value.vendor, caught.value.known) == ("toggl", vendors.names())
    with pytest.raises(UnknownVendor):
        vendors.load("wire")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        vendors.nonsense  # noqa: B018 - looking is what is tested


@pytest.mark.parametrize("name", vendors.names())
def test_every_vendor_has_the_same_names_and_files(name: str) -> None:
    """Four chapters of one book: the same names in the package, the same files in the folder."""
    vendor = vendors.load(name)
    assert set(vendor.__all__) >= NAMES
    assert all(hasattr(vendor, each) for each in vendor.__all__)
    assert {path.name for path in (FOLDER / name).glob("*.py")} >= FILES
    assert (vendor.VENDOR.name, vendor.DIALECT.vendor) == (name, name)
    assert vendor.VENDOR.operations is vendor.OPERATIONS
    assert vendor.VENDOR.dialect is vendor.DIALECT
    assert vendor.VENDOR.record is vendor.RECORDS[0]
    for of in vendor.RECORDS:
        assert issubclass(of, Record)
        assert of.vendor == name
    assert len({of.kind for of in vendor.RECORDS}) == len(vendor.RECORDS)


@pytest.mark.parametrize("name", vendors.names())
def test_every_dialect_speaks_of_its_own_calls(name: str) -> None:
    """Each move is a call of the table, each transition one of the machine, and no call has two rows."""
    vendor = vendors.load(name)
    calls = [operation.name for operation in vendor.OPERATIONS]
    assert len(calls) == len(set(calls))
    assert {move.operation for move in vendor.DIALECT.moves} <= set(calls)
    for (source, label), target in vendor.DIALECT.transitions.items():
        verbs = [
            move.verb for move in vendor.DIALECT.moves if label in {move.operation, f"{move.operation} ({move.flag})"}
        ]
        assert any(isinstance(verb, Event) and TRANSITIONS.get((source, verb)) is target for verb in verbs)


@pytest.mark.parametrize("name", vendors.names())
def test_every_call_is_found_by_its_own_request(name: str) -> None:
    """A row's path is this vendor's to answer, and no other vendor's."""
    for operation in vendors.load(name).OPERATIONS:
        for path in (operation.path, *operation.aliases):
            furthest = max(vendors.names(), key=lambda each: reach(vendors.load(each).VENDOR, path))
            assert furthest == name, path
    assert reach(vendors.load(name).VENDOR, "/healthz") == 0


@pytest.mark.parametrize("name", vendors.names())
def test_every_vendor_has_an_example_that_works(name: str) -> None:
    """The call to try succeeds in the demo world; where nothing opens the account, there is none to try."""
    vendor = vendors.load(name)
    account = MemoryAccount(WORLD)
    asked = vendor.example(WORLD, NOW)
    assert operation_of(vendor.VENDOR, asked)
    outcome = vendor.handle(asked, account, NOW)
    assert outcome.rejection is None, outcome.reply
    assert {change.verb for change in outcome.changes} <= {Event.START}
    assert vendor.example(msgspec.structs.replace(WORLD, credentials={}), NOW) is None


# ---- dialects ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moves", "reason"),
    [
        ((Move("go", Event.START), Move("go", Correction.DISCARD)), "duplicate"),
        ((Move("go", Event.START), Move("on", "pause")), "dangling"),  # type: ignore[arg-type]
        ((Move("go", Correction.DISCARD),), "no call starts"),
        ((Move("go", Event.START), Move("on", Event.RESUME)), "unreachable"),
        ((Move("stop", Event.STOP),), "unreachable"),
        ((), "no call starts"),
    ],
)
def test_a_dialect_is_checked_when_it_is_built(moves: tuple[Move, ...], reason: str) -> None:
    """A move that is there twice, is nothing, or can never be made; or no start at all."""
    with pytest.raises(InvalidTable, match=reason):
        Dialect("toy", SECOND, moves)


def test_a_tick_is_at_least_a_microsecond() -> None:
    """There is nothing finer to floor to."""
    with pytest.raises(InvalidTable, match="tick"):
        Dialect("toy", 0, (Move("go", Event.START),))


def test_a_dialect_walks_its_part_of_the_table() -> None:
    """A call is drawn where it is legal and can be reached; corrections are not drawn."""
    dialect = Dialect(
        "toy",
        SECOND,
        (
            Move("write", Event.START, "no id"),
            Move("write", Event.STOP, "with an end"),
            Move("write", Correction.AMEND, "with a sum"),
            Move("rename", UPDATE),
            Move("delete", Correction.DISCARD),
        ),
    )
    assert dialect.events == {Event.START, Event.STOP}
    assert dict(dialect.transitions) == {
        (State.IDLE, "write (no id)"): State.RUNNING,
        (State.RUNNING, "write (with an end)"): State.STOPPED,
    }


@given(at=instants, tick=st.sampled_from([MICROSECOND, SECOND, 60 * SECOND]))
def test_a_tick_floors(at: int, tick: int) -> None:
    """An instant becomes the whole tick at or before it, before 1970 as well."""
    floored = Dialect("toy", tick, (Move("go", Event.START),)).floor(at)
    assert floored % tick == 0
    assert 0 <= at - floored < tick


# ---- the way through a call ----------------------------------------------------------------------


class ToyTimer(Record, frozen=True, kw_only=True, omit_defaults=True):
    """The record of a fifth vendor, which is no more than this section."""

    vendor = "toy"


class Write(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What its two calls take."""

    id: str
    verb: str = ""


def start_toy(call: Call[Write]) -> Answer:
    """A start; ``verb=boom`` is refused in the vendor's own words at once."""
    if call.parameters.verb == "boom":
        raise Rejection("toy", 418, 1, "teapot")
    record = ToyTimer(id=call.parameters.id, timer=pc.start(call.now))
    return Answer("started", (Change(Event.START, call.now, record),))


def stop_toy(call: Call[Write]) -> Answer:
    """A stop, if the machine allows it."""
    record = call.account.get(ToyTimer, call.parameters.id)
    if record is None:
        raise Broken(Rule.NOT_FOUND, "id")
    return Answer("stopped", (stepped(record, Event.STOP, call.now),))


def anybody(request: Request, sent: Mapping[str, object], account: Account) -> Person:
    """No credentials are asked for."""
    return Person()


def refuse_toy(why: Broken, operation: Operation | None) -> Rejection:
    """The rule's place is its code."""
    return Rejection("toy", 400, list(Rule).index(why.rule), why.detail, why.field)


def write_toy(request: Request, call: Call[Write], answer: Answer) -> Reply:
    """One word."""
    return Reply(answer.status, {}, str(answer.payload).encode())


def write_no(request: Request, rejection: Rejection, operation: Operation | None) -> Reply:
    """What is wrong, in words."""
    return Reply(rejection.status, {}, rejection.message.encode())


TOY = Vendor(
    name="toy",
    title="Toy",
    operations=(
        Operation(
            name="start",
            methods=("POST",),
            path="/toy/timer/{id}",
            chosen_by={"verb": ""},
            request=Write,
            handler=start_toy,
            reader=lambda body, now, zone: (body, now, zone),
        ),
        Operation(
            name="start_loudly",
            methods=("POST",),
            path="/toy/timer/{id}",
            chosen_by={"verb": "boom"},
            request=Write,
            handler=start_toy,
            reader=lambda body, now, zone: (body, now, zone),
        ),
        Operation(
            name="stop",
            methods=("PUT", "POST"),
            path="/toy/timer/{id}",
            aliases=("/toy/stop/{id}/now",),
            chosen_by={"verb": "stop"},
            request=Write,
            handler=stop_toy,
            reader=lambda body, now, zone: (body, now, zone),
        ),
    ),
    dialect=Dialect("toy", SECOND, (Move("start", Event.START), Move("stop", Event.STOP))),
    record=ToyTimer,
    read=lambda request: read_form(request.query),
    authenticate=anybody,
    refuse=refuse_toy,
    write=write_toy,
    write_rejection=write_no,
    read_rejection=lambda reply: Rejection("toy", reply.status, 0, "no") if reply.status >= 400 else None,
)


def toy(method: str, path: str, query: str = "", account: MemoryAccount | None = None, now: int = NOW) -> Outcome:
    """A call of the fifth vendor."""
    account = account or MemoryAccount(WORLD)
    return answer(TOY, Request(method=method, path=path, query=query), account, now)


def test_a_fifth_vendor_is_a_table_and_a_few_functions() -> None:
    """From request to changes through the one pipeline: the instant floored, the row chosen, the change stepped."""
    account = MemoryAccount(WORLD)
    started = toy("POST", "/toy/timer/7/", account=account, now=NOW + 999_999)
    assert (started.operation, started.reply.body) == ("start", b"started")
    assert started.changes[0].at == NOW
    account.apply(started.changes)
    stopped = toy("PUT", "toy/stop/7/now", account=account, now=NOW - 5 * SECOND)
    assert (stopped.operation, stopped.changes[0].at) == ("stop", NOW)
    account.apply(stopped.changes)
    again = toy("PUT", "/toy/timer/7", account=account)
    assert again.rejection is not None
    assert (again.rejection.vendor_code, again.changes) == (list(Rule).index(Rule.STATE), ())
    assert again.rejection.message == "cannot stop a timer that is stopped"


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "rule"),
    [
        ("POST", "/toy/timer/7", "", "start", None),
        ("POST", "/toy/timer/7", "verb=", "start", None),
        ("POST", "/toy/timer/7", "verb=stop", "stop", Rule.NOT_FOUND),
        ("POST", "/toy/timer/7", "verb=else", "stop", Rule.NOT_FOUND),
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
    ],
)
def test_routing(method: str, path: str, query: str, operation: str, rule: Rule | None) -> None:
    """First the path, then the method, then what tells calls on one path apart; of several that fit, the first."""
    outcome = toy(method, path, query)
    assert outcome.operation == operation
    if rule is None:
        assert outcome.rejection is None
    else:
        assert outcome.rejection is not None
        assert outcome.rejection.vendor_code == list(Rule).index(rule)
        assert not outcome.changes


def test_a_refusal_in_the_vendors_own_words() -> None:
    """A handler may refuse as the vendor does, and a server may refuse before any handler is asked."""
    outcome = toy("POST", "/toy/timer/7", "verb=boom")
    assert (outcome.operation, outcome.reply.status, outcome.reply.body) == ("start_loudly", 418, b"teapot")
    request = Request(method="GET", path="/toy")
    assert refusal(TOY, request, Broken(Rule.QUOTA)).reply.body == Rule.QUOTA.value.encode()
    assert refusal(TOY, request, Rejection("toy", 503, 9, "later")).reply == Reply(503, {}, b"later")


def test_the_name_of_a_call() -> None:
    """A request's call is known without deciding it; what is none has no name."""
    assert operation_of(TOY, Request(method="POST", path="/toy/timer/7", query="verb=stop")) == "stop"
    assert operation_of(TOY, Request(method="GET", path="/toy/timer/7")) == ""
    assert operation_of(TOY, Request(method="GET", path="/elsewhere")) == ""
    assert operation_named(TOY, "stop").methods == ("PUT", "POST")
    with pytest.raises(UnknownOperation) as caught:
        operation_named(TOY, "pause")
    assert (caught.value.vendor, caught.value.operation, caught.value.known) == (
        "toy",
        "pause",
        ("start", "start_loudly", "stop"),
    )


def test_how_far_a_vendor_reaches() -> None:
    """A path that is nearly right is refused in the words of the vendor whose calls it is most like."""
    assert reach(TOY, "/toy/timer/7") == reach(TOY, "/toy/stop/7/later") == 3
    assert reach(TOY, "toy/stop/7/now/") == 4
    assert reach(TOY, "/toy/clock") == reach(TOY, "toy") == 1
    assert reach(TOY, "/toys") == reach(TOY, "/") == reach(TOY, "") == 0


@pytest.mark.parametrize("name", vendors.names())
def test_a_vendor_is_reached_from_its_roots_alone(name: str) -> None:
    """Who has many paths to tell apart asks for a path's first segment first."""
    vendor = vendors.load(name).VENDOR
    assert roots(TOY) == {"toy"}
    assert all(reach(vendor, f"/{root}") == 1 for root in roots(vendor))
    assert {row.path.strip("/").partition("/")[0] for row in vendor.operations} <= roots(vendor)


def test_reading_an_answer() -> None:
    """A refusal is raised; a success is read by the row's reader, at an instant and in a zone."""
    assert read_answer(TOY, "stop", Reply(200, {}, b"x"), NOW, "UTC") == (b"x", NOW, "UTC")
    with pytest.raises(Rejection, match="no"):
        read_answer(TOY, "stop", Reply(400, {}, b""), NOW, "UTC")
    with pytest.raises(UnknownOperation):
        read_answer(TOY, "pause", Reply(200, {}, b""), NOW, "UTC")


@given(timer=active, at=instants)
def test_a_step_never_traps_a_timer(timer: Timer, at: int) -> None:
    """An instant before the timer's last one counts as that one, so a stop always stops."""
    change = stepped(ToyTimer(id="7", timer=timer), Event.STOP, at)
    assert change.record.timer.state is State.STOPPED
    assert change.at == change.record.timer.since == max(at, timer.since)
    assert not change.removes


# ---- the account ---------------------------------------------------------------------------------


def record(id: int, person: str, task: str | None = None, **more: object) -> ToyTimer:
    """A record of the demo world."""
    at = WORLD.tasks[task] if task else None
    fields: dict[str, object] = {
        "id": str(id),
        "timer": pc.start(NOW),
        "person": WORLD.people[person],
        "task": at,
        "project": at.project if at else None,
        "client": at.project.client if at and at.project else None,
    }
    return ToyTimer(**fields | more)  # type: ignore[arg-type]


RECORDS = (
    record(1002, "3", "31", updated_on=dt.date(2026, 3, 2)),
    record(1001, "3", updated_on=dt.date(2026, 3, 3), job=WORLD.jobs["41"]),
    record(1004, "5", "33", timer=pc.pause(pc.start(NOW), NOW), work_date=dt.date(2026, 3, 2)),
    record(1003, "5", "31", updated_on=dt.date(2026, 3, 2)),
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (Query(of=ToyTimer), [1001, 1002, 1003, 1004]),
        (Query(of=ToyTimer, descending=True), [1004, 1003, 1002, 1001]),
        (Query(of=ToyTimer, people=("3",)), [1001, 1002]),
        (Query(of=ToyTimer, people=("9",)), []),
        (Query(of=ToyTimer, people=()), []),
        (Query(of=ToyTimer, people=("3", "5")), [1001, 1002, 1003, 1004]),
        (Query(of=ToyTimer, tasks=("31",)), [1002, 1003]),
        (Query(of=ToyTimer, projects=("22", "7")), [1004]),
        (Query(of=ToyTimer, clients=("11",)), [1002, 1003]),
        (Query(of=ToyTimer, jobs=("41",)), [1001]),
        (Query(of=ToyTimer, with_task=False), [1001]),
        (Query(of=ToyTimer, with_task=True, people=("5",)), [1003, 1004]),
        (Query(of=ToyTimer, states=(State.PAUSED, State.STOPPED)), [1004]),
        (Query(of=ToyTimer, work_date=dt.date(2026, 3, 2)), [1004]),
        (Query(of=ToyTimer, by_update=True), [1004, 1002, 1003, 1001]),
        (Query(of=ToyTimer, by_update=True, descending=True), [1001, 1003, 1002, 1004]),
        (Query(of=ToyTimer, offset=1, limit=2), [1002, 1003]),
        (Query(of=ToyTimer, offset=3), [1004]),
        (Query(of=ToyTimer, offset=9, limit=9), []),
    ],
)
def test_finding_records(query: Query[ToyTimer], ids: list[int]) -> None:
    """Oldest first unless the query says otherwise; each filter alone and together; a page of all that match."""
    found = MemoryAccount(WORLD, RECORDS).find(query)
    assert [each.number for each in found.records] == ids
    if query.offset == 0 and query.limit is None:
        assert found.total == len(ids)


def test_a_page_says_how_many_there_are() -> None:
    """The total counts what matches, not what is on the page."""
    assert MemoryAccount(WORLD, RECORDS).find(Query(of=ToyTimer, limit=1)).total == 4
    assert MemoryAccount(WORLD).find(Query(of=ToyTimer)) == Page((), 0)


def test_storing_changes() -> None:
    """A change stores or removes; a record may change hands; numbers are never given out again."""
    account = MemoryAccount(WORLD, RECORDS)
    assert account.world is WORLD
    assert account.new_id() == account.new_id() == 1005
    moved = record(1002, "5", "31")
    account.apply([Change(UPDATE, NOW, moved)])
    assert account.get(ToyTimer, "1002") == moved
    assert account.get(Record, "1002") is None
    assert [each.number for each in account.find(Query(of=ToyTimer, people=("3",))).records] == [1001]
    assert [each.number for each in account.find(Query(of=ToyTimer, people=("5",))).records] == [1002, 1003, 1004]
    account.apply([Change(Event.START, NOW, record(2000, "1")), Change(Correction.DISCARD, NOW, record(2000, "1"))])
    assert account.get(ToyTimer, "2000") is None
    assert account.find(Query(of=ToyTimer, people=("1",))).total == 0
    assert account.new_id() == 2001


# ---- rules ---------------------------------------------------------------------------------------


@contextmanager
def broken(rule: Rule, field: str = "") -> Iterator[None]:
    """A rule that does not hold, and the parameter at fault."""
    with pytest.raises(Broken) as caught:
        yield
    assert (caught.value.rule, caught.value.field) == (rule, field)


def test_lengths_and_blanks() -> None:
    """At most so many characters, and at least something."""
    at_most(3, "name", "üüü")
    not_blank("name", 0)
    with broken(Rule.LENGTH, "name"):
        at_most(3, "name", "üüüü")
    for blank in (None, ""):
        with broken(Rule.REQUIRED, "name"):
            not_blank("name", blank)


def test_who_may() -> None:
    """A role, and whose it is."""
    admin, resource = WORLD.people["1"], WORLD.people["3"]
    has_role(admin, {Role.ADMINISTRATOR})
    with broken(Rule.ROLE):
        has_role(resource, {Role.ADMINISTRATOR})
    with broken(Rule.ROLE):
        has_role(Person(), set(Role))
    own_or_privileged(resource, resource, ())
    own_or_privileged(resource, admin, {Role.ADMINISTRATOR})
    with broken(Rule.FOREIGN):
        own_or_privileged(admin, resource, {Role.ADMINISTRATOR})


def test_tokens() -> None:
    """A token is somebody's; one of a person who is not there is nobody's."""
    assert person_of_token("t", Credential(tokens={"s": "1", "t": "3"}), WORLD) == WORLD.people["3"]
    for token, tokens in (("u", {"t": "3"}), ("t", {"t": "99"}), ("", {}), ("", {"": "3"}), ("\ud800", {"t": "3"})):
        with broken(Rule.CREDENTIALS):
            person_of_token(token, Credential(tokens=tokens), WORLD)
    assert same("ü\ud800", "ü\ud800")
    assert not same("a", "b")


def test_one_timer_of_a_person() -> None:
    """One that runs, one for a task: a record is no second one of itself."""
    account = MemoryAccount(WORLD, RECORDS)
    none_running(account, ToyTimer, WORLD.people["1"], (State.RUNNING,))
    none_running(account, ToyTimer, WORLD.people["3"], (State.PAUSED,))
    with broken(Rule.ONE_RUNNING):
        none_running(account, ToyTimer, WORLD.people["3"], (State.RUNNING, State.PAUSED))
    one_per_task(account, RECORDS[0])
    one_per_task(account, record(1009, "3"))
    one_per_task(account, record(1009, "3", "33"))
    with broken(Rule.ONE_PER_TASK):
        one_per_task(account, record(1009, "3", "31"))


# ---- the wire ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (b"", {}),
        ("a=1&b=&c", {"a": "1", "b": "", "c": ""}),
        (b"a=%C3%BC+x", {"a": "ü x"}),
        ("a=1&a=2", (Rule.DUPLICATE, "a")),
        ("a=%ff", (Rule.MALFORMED, "")),
        (b"a=\xff", (Rule.MALFORMED, "")),
        ("&".join(f"a{number}" for number in range(101)), (Rule.MALFORMED, "")),
    ],
)
def test_forms(text: str | bytes, expected: dict[str, str] | tuple[Rule, str]) -> None:
    """Parameters of a query or a form body: UTF-8, each once, not too many."""
    if isinstance(expected, dict):
        assert read_form(text) == expected
    else:
        with broken(*expected):
            read_form(text)


PART = b'--X\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("multipart/form-data; boundary=X", b"", {}),
        (
            "multipart/form-data; boundary=X",
            PART % (b"a", b"1") + PART % (b"b", "ü".encode()) + b"--X--",
            {"a": "1", "b": "ü"},
        ),
        ("multipart/form-data; boundary=X", PART % (b"a", b"1") * 2 + b"--X--", (Rule.DUPLICATE, "a")),
        ("multipart/form-data; boundary=X", PART % (b"a", b"\xff") + b"--X--", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X", b"--X\r\n\r\n1\r\n--X--", (Rule.MALFORMED, "")),
        (
            "multipart/form-data; boundary=X",
            b"".join(PART % (b"%d" % n, b"") for n in range(101)),
            (Rule.MALFORMED, ""),
        ),
        ("multipart/form-data; boundary=X", PART % (b"a", b"1"), (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X", PART % (b"a", b"\r\n--Y\r\n--") + b"--X--", {"a": "\r\n--Y\r\n--"}),
        (
            "multipart/form-data; boundary=X0",
            b"".join(b"--X%d\r\nContent-Type: multipart/mixed; boundary=X%d\r\n\r\n" % (n, n + 1) for n in range(2000)),
            (Rule.MALFORMED, ""),
        ),
        (
            "multipart/form-data; boundary=X",
            b"--X\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5000 + b"\r\n--X--",
            (Rule.MALFORMED, ""),
        ),
        (
            "multipart/form-data; boundary=X",
            b"--X\r\nContent-Disposition: form-data; name*" + b"9" * 5000 + b"=a\r\n\r\n1\r\n--X--",
            (Rule.MALFORMED, ""),
        ),
        ("multipart/form-data", b"a=1", (Rule.MALFORMED, "")),
        ("text/\ud800", b"a=1", (Rule.MALFORMED, "")),
    ],
)
def test_multipart_forms(content_type: str, body: bytes, expected: dict[str, str] | tuple[Rule, str]) -> None:
    """What PHP's curl sends of an array; forms in forms, mails in mails and numbers without end are no such thing."""
    if isinstance(expected, dict):
        assert read_multipart(content_type, body) == expected
    else:
        with broken(*expected):
            read_multipart(content_type, body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b" \n", {}),
        (b'{"a": 1, "b": [{"c": null}]}', {"a": 1, "b": [{"c": None}]}),
        (b'{"at": "08:00:00"}', {"at": "08:00:00"}),
        (b'{"a": 1, "a": 1}', (Rule.DUPLICATE, "a")),
        (b"[1]", (Rule.MALFORMED, "")),
        (b"{", (Rule.MALFORMED, "")),
        (b'"\xff"', (Rule.MALFORMED, "")),
        (b'{"a":' * 100_000, (Rule.MALFORMED, "")),
    ],
)
def test_json_bodies(body: bytes, expected: dict[str, object] | tuple[Rule, str]) -> None:
    """An object, each key once."""
    if isinstance(expected, dict):
        assert read_json(body) == expected
    else:
        with broken(*expected):
            read_json(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", {}),
        (b"<r/>", {}),
        (b"<r><a>1</a><b/>text</r>", {"a": "1", "b": ""}),
        (b"<r><a>1</a><a>2</a></r>", (Rule.DUPLICATE, "a")),
        (b"<r><a><b/></a></r>", (Rule.TYPE, "a")),
        (b"<r><a>", (Rule.MALFORMED, "")),
        (b"<!DOCTYPE r><r/>", (Rule.MALFORMED, "")),
    ],
)
def test_xml_bodies(body: bytes, expected: dict[str, object] | tuple[Rule, str]) -> None:
    """The texts of the root's children; no document type, so no entities."""
    if isinstance(expected, dict):
        assert read_xml(body) == expected
    else:
        with broken(*expected):
            read_xml(body)


def test_query_and_body_together() -> None:
    """What stands in both is there twice."""
    assert merged({"a": 1}, {}, {"b": 2}) == {"a": 1, "b": 2}
    with broken(Rule.DUPLICATE, "a"):
        merged({"a": 1}, {"a": 1})


class Open(msgspec.Struct, kw_only=True):
    """Parameters that may have others beside them."""

    needed: int
    text: str = ""


def test_typed_parameters() -> None:
    """Numbers may be texts; what is missing, unknown, of another type or unprintable is named."""
    assert convert_parameters({"needed": "5", "other": "\x00"}, Open) == Open(needed=5)
    for sent, rule, field in (
        ({}, Rule.REQUIRED, "needed"),
        ({"needed": "five"}, Rule.TYPE, "needed"),
        ({"needed": None}, Rule.TYPE, "needed"),
        ({"needed": 5, "text": "\x00"}, Rule.VALUE, "text"),
        ({"needed": 5, "text": "\ud800"}, Rule.VALUE, "text"),
    ):
        with broken(rule, field):
            convert_parameters(sent, Open)
    with broken(Rule.UNKNOWN, "other"):
        convert_parameters({"id": "7", "other": 1}, Write)


def test_booleans() -> None:
    """In any spelling that clients use; a bare parameter is set."""
    value: object
    for value in (True, "", "t", "TRUE", " yes ", "1", 1, "y"):
        assert read_boolean("flag", value) is True, value
    for value in (False, "f", "False", "no", "0", 0, "n"):
        assert read_boolean("flag", value) is False, value
    for value in ("maybe", 2, None, [], "tt"):
        with broken(Rule.TYPE, "flag"):
            read_boolean("flag", value)


class Inner(msgspec.Struct):
    """Something with a number in it."""

    number: int


class Outer(msgspec.Struct):
    """Something with several of those."""

    items: list[Inner] = []
    by_name: dict[str, Inner] = {}
    by_number: dict[int, int] = {}


@pytest.mark.parametrize(
    ("payload", "path", "value"),
    [
        ({"items": [{"number": 1}, {"number": "x"}]}, "$.items[1].number", "x"),
        ({"items": [{}]}, "$.items[0]", {}),
        ({"by_name": {"a": {"number": None}}}, "$.by_name[...].number", None),
        ({"by_number": {"x": 1}}, "$.by_number", {"x": 1}),
        ([], "$", []),
    ],
)
def test_a_malformed_payload_says_where(payload: object, path: str, value: object) -> None:
    """Decoded or as bytes, the error has the path and what stands there, as far as that can be said."""
    decoder = msgspec.json.Decoder(Outer)
    for form in (payload, msgspec.json.encode(payload), msgspec.json.encode(payload).decode()):
        with pytest.raises(MalformedPayload) as caught:
            decode_payload("toy", form, decoder)
        assert caught.value.path == path
        if "..." not in path:
            assert caught.value.value == value
    assert decode_payload("toy", {"items": [{"number": 1}]}, decoder) == Outer([Inner(1)])


def test_xml_and_back() -> None:
    """A payload as a tree, and a tree as plain values; of several children of one tag a list is made."""
    content = {"a": None, "b": True, "c": False, "d": [1, 2.5, "x<y"], "e": {"f": ""}, "g": []}
    written = write_xml(xml_element("r", content))
    assert written.endswith(b"<r><a /><b>true</b><c>false</c><d>1</d><d>2.5</d><d>x&lt;y</d><e><f /></e></r>")
    assert xml_payload("toy", written) == {"a": "", "b": "true", "c": "false", "d": ["1", "2.5", "x<y"], "e": {"f": ""}}
    assert xml_payload("toy", b"<r>text</r>") == {}
    with pytest.raises(MalformedPayload):
        xml_payload("toy", b"<r>")


def test_what_is_xml() -> None:
    """A document in XML begins with ``<``; what is wanted is said by ``Accept``, or by the body's type."""
    assert is_xml(b" <r/>")
    assert is_xml("\n<r/>")
    assert not is_xml(b'{"a": "<"}')
    assert not is_xml({"a": "<"})
    assert not wants_xml({})
    assert wants_xml({"accept": "text/html, text/xml", "content-type": "application/json"})


# ---- errors --------------------------------------------------------------------------------------

ERRORS: list[PunchclockError] = [
    MalformedPayload("zoho", "$.a", {"a": "x" * 500}, "not a number"),
    Rejection("zoho", 400, 7038, "Permission denied", "user", "more"),
    Broken(Rule.LENGTH, "name", "too long"),
    UnknownVendor("toggl", ("zoho",)),
    UnknownOperation("zoho", "stop", ("start",)),
    UnknownEntity("task", "Design", 2),
    Inexpressible("zoho", "an id that is no number"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_cross_processes(error: PunchclockError) -> None:
    """Pickled or copied, an error is whole: its text, its code and its facts."""
    for other in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):  # noqa: S301 - our own bytes
        assert type(other) is type(error)
        assert (str(other), other.code, other.__dict__) == (str(error), error.code, error.__dict__)
    assert len({each.code for each in ERRORS}) == len(ERRORS)


def test_what_a_stranger_sent_is_cut() -> None:
    """An error's text fits a line and can be written, whatever was sent; the value itself is there, whole."""
    huge = "x" * 10**6
    for error in (
        MalformedPayload("zoho", f"$.{huge}", huge, huge),
        Rejection("zoho", 400, 1, huge, huge, huge),
        Broken(Rule.UNKNOWN, huge, huge),
        UnknownVendor(huge, ()),
        UnknownOperation("zoho", huge, ()),
        UnknownEntity("task", huge),
    ):
        assert len(str(error)) < 1000
    assert MalformedPayload("zoho", "$", huge, "no").value == huge
    assert MalformedPayload("zoho", "$", 10**5000, "no").value == 10**5000
    assert clipped("\ud800") == "\\ud800"
    assert clipped("x" * 201) == "x" * 200 + "…"
    assert str(Broken(Rule.ROLE)) == Rule.ROLE.value
