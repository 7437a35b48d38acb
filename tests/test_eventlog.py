"""The event log: valid and malformed lines, and the timers to which entries are applied."""

from __future__ import annotations

import decimal
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from punchclock import (
    IDLE,
    ClockWentBackwards,
    Event,
    IllegalTransition,
    InstantOutOfRange,
    MalformedLine,
    NaiveDatetime,
    PunchclockError,
    State,
    Timer,
    UnknownTimer,
    amend,
    instant,
    transition,
)
from punchclock.eventlog import (
    MAX_LINE,
    AnyLogTimer,
    Entry,
    Labels,
    LogTimer,
    TimerLog,
    format_line,
    parse_line,
    seconds,
)
from punchclock.machine import Correction
from strategies import gaps, instants

EIGHT = instant("2026-03-02T08:00:00Z")
MINUTE = 60_000_000
LABELS = ("user", "task", "project", "client", "note")

GOOD = {"timer": "T1", "event": "start", "at": "2026-03-02T08:00:00Z"}
AMENDMENT = GOOD | {"event": "amend", "worked_seconds": 60, "since": "2026-03-02T08:05:00Z"}


def line(**values: object) -> bytes:
    """Return a valid line with other values."""
    return json.dumps(GOOD | values).encode()


def without(values: Mapping[str, object], key: str) -> bytes:
    """Return a line without a key."""
    return json.dumps({name: value for name, value in values.items() if name != key}).encode()


def labels_of(labels: Labels | AnyLogTimer) -> dict[str, object]:
    """Return the labels that are set."""
    return {name: value for name in LABELS if (value := getattr(labels, name)) is not UNSET}


# Lines


@pytest.mark.parametrize("event", [*Event, Correction.DISCARD])
def test_a_line_is_an_entry(event: Event | Correction) -> None:
    """Timer, event and instant in microseconds, without labels."""
    entry = parse_line(line(event=event.value))
    assert (entry.timer, entry.event, entry.at) == ("T1", event, EIGHT)
    assert type(entry.event) is type(event)
    assert labels_of(entry.labels) == {}
    assert (entry.worked, entry.since) == (0, 0)


def test_an_amendment_has_work_and_an_instant() -> None:
    """Both are in microseconds."""
    entry = parse_line(json.dumps(AMENDMENT).encode())
    assert (entry.event, entry.worked, entry.since) == (Correction.AMEND, MINUTE, EIGHT + 5 * MINUTE)


def test_a_line_may_label_its_timer() -> None:
    """The five labels are texts, also empty ones; ``meta`` is any object and is ignored."""
    said = {name: name.upper() for name in LABELS} | {"note": ""}
    entry = parse_line(line(**said, meta={"deep": [{"er": None}]}))
    assert labels_of(entry.labels) == said


def test_the_order_of_keys_and_the_end_of_line_do_not_matter() -> None:
    """Line ends of Windows or none, spaces, reversed keys and escapes make no difference."""
    wanted = format_line(parse_line(line(user="anna")))
    backwards = json.dumps(dict(reversed((GOOD | {"user": "anna"}).items()))).encode()
    for each in (b"%s\n", b"%s\r\n", b"  %s  ", b"%s"):
        assert format_line(parse_line(each % backwards)) == wanted
    assert parse_line(rb'{"timer": "T\u0031", "event": "start", "at": "2026-03-02T08:00:00Z"}').timer == "T1"


def test_a_byte_order_mark_is_skipped() -> None:
    """Some editors write one at the start of a file; the rest of the line is checked as usual."""
    assert parse_line(b"\xef\xbb\xbf" + line()).timer == "T1"
    with pytest.raises(MalformedLine, match="unknown event 'strat'"):
        parse_line(b"\xef\xbb\xbf" + line(event="strat"))
    with pytest.raises(MalformedLine, match="not valid JSON"):
        parse_line(b"\xef\xbb\xbf\xef\xbb\xbf oops")


@pytest.mark.parametrize("count", [2, 1000, MAX_LINE // 4])
def test_more_than_one_byte_order_mark_is_malformed(count: int) -> None:
    """However many there are: they are not read one by one."""
    with pytest.raises(MalformedLine, match="not valid JSON"):
        parse_line(b"\xef\xbb\xbf" * count + line())


@pytest.mark.parametrize(
    ("bad", "path", "reason", "timer"),
    [
        (line(event="strat"), "$.event", "unknown event 'strat'; the events are start, pause,", "T1"),
        (line(event="START"), "$.event", "unknown event 'START'", "T1"),
        (line(event=1), "$.event", "expected a string, got an integer", "T1"),
        (without(GOOD, "timer"), "$", "the key `timer` is missing", None),
        (without(GOOD, "event"), "$", "the key `event` is missing", "T1"),
        (without(GOOD, "at"), "$", "the key `at` is missing", "T1"),
        (line(timer=1), "$.timer", "expected a string, got an integer", None),
        (line(timer=""), "$.timer", "empty", ""),
        (line(at=0), "$.at", "expected a string, got an integer", "T1"),
        (line(user=None), "$.user", "expected a string, got null", "T1"),
        (line(note=["x"]), "$.note", "expected a string, got an array", "T1"),
        (line(meta="x"), "$.meta", "expected an object, got a string", "T1"),
        (line(colour="red"), "$", "unknown key 'colour'", "T1"),
        (line()[:-1] + b', "event": "start"}', "$", "key given twice: 'event'", "T1"),
        (line()[:-1] + b', "ev\\u0065nt": "start"}', "$", "key given twice: 'event'", "T1"),
        (line()[:-1] + b', "note": "a: b", "note": "c"}', "$", "key given twice: 'note'", "T1"),
        (b'{"timer" :"T1", ' + line()[1:], "$", "key given twice: 'timer'", "T1"),
        (
            b'{"event": "stop", "timer": "T0", ' + line()[1:].replace(b"08:00:00", rb"08\u003a00\u003a00"),
            "$",
            "key given twice: 'timer'",
            "T1",
        ),
        (b'{"timer"\t:"T1", ' + line()[1:], "$", "key given twice: 'timer'", "T1"),
        (line()[:-1] + b', "meta": {"a": 1, "a": 1}}', "$", "key given twice: 'a'", "T1"),
        (line(**AMENDMENT)[:-1] + b', "since": "2026-03-02T08:00:00Z"}', "$", "key given twice: 'since'", "T1"),
        (line(**{"k" * 100_000: 1}), "$", r"^unknown key 'k{60}'… .100000 long.$", "T1"),
        (line()[:-1], "$", "not valid JSON", None),
        (line() + b"{}", "$", "not valid JSON", None),
        (b"{'timer': 'T1'}", "$", "not valid JSON", None),
        (b'["T1", "start"]', "$", "expected an object, got an array", None),
        (b"null", "$", "expected an object, got null", None),
        (b"", "$", "empty line", None),
        (b" \t\r\n", "$", "empty line", None),
        (b'{"timer": "T\xff"}', "$", "not UTF-8", None),
        (line()[:-1] + b', "note": "caf\xe9"}', "$", "not UTF-8", "T1"),
        (line()[:-1] + b', "meta": {"caf\xe9": 1}}', "$", "not UTF-8", "T1"),
        (line().decode().encode("utf-16"), "$", "not UTF-8", None),
        (line()[:-1] + b', "note": "\\ud800"}', "$", "does not match the expected form", None),
        (line()[:-1] + b', "meta": {"a": NaN}}', "$", "not valid JSON", None),
        (line()[:-1] + b', "meta": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}", "$", "nested too deeply", None),
        (line(at="2026-03-02T08:00:00"), "$.at", "no UTC offset", "T1"),
        (line(at="2026-03-02 08:00Z"), "$.at", "not RFC 3339", "T1"),
        (line(at="2026-02-29T08:00:00Z"), "$.at", "no such date or time", "T1"),
        (line(at="0000-03-02T08:00:00Z"), "$.at", "no such date or time", "T1"),
        (line(at="10000-03-02T08:00:00Z"), "$.at", "not RFC 3339", "T1"),
        (line(at="0001-01-01T00:00:00+01:00"), "$.at", "outside the years 1 to 9999", "T1"),
        (line(worked_seconds=1), "$.worked_seconds", "only amend has this key, not start", "T1"),
        (line(event="discard", since=GOOD["at"]), "$.since", "only amend has this key, not discard", "T1"),
        (without(AMENDMENT, "since"), "$", "amend is missing `since`", "T1"),
        (without(AMENDMENT, "worked_seconds"), "$", "amend is missing `worked_seconds`", "T1"),
        (line(**AMENDMENT | {"since": 1}), "$.since", "expected a string, got an integer", "T1"),
        (line(**AMENDMENT | {"since": "2026-03-02T08:00:00"}), "$.since", "no UTC offset", "T1"),
        (line(**AMENDMENT | {"worked_seconds": "60"}), "$.worked_seconds", "not a number of seconds", "T1"),
        (line(**AMENDMENT | {"worked_seconds": None}), "$.worked_seconds", "not a number of seconds", "T1"),
        (line(**AMENDMENT | {"worked_seconds": [60]}), "$.worked_seconds", "not a number of seconds", "T1"),
        (line(**AMENDMENT | {"worked_seconds": -0.5}), "$.worked_seconds", "is not in 0 to", "T1"),
        (line(**AMENDMENT | {"worked_seconds": 10**13}), "$.worked_seconds", "is not in 0 to", "T1"),
        (
            line(**AMENDMENT).replace(b"60,", b"1000000000000.000001,"),
            "$.worked_seconds",
            "is not in 0 to 10{12} ",
            "T1",
        ),
        (line(**AMENDMENT | {"worked_seconds": 1e-7}), "$.worked_seconds", "finer than a microsecond", "T1"),
        (line(**AMENDMENT).replace(b"60,", b"1e999,"), "$.worked_seconds", "is not in 0 to", "T1"),
        (line(**AMENDMENT).replace(b"60,", b"1e-999,"), "$.worked_seconds", "finer than a microsecond", "T1"),
        (line(**AMENDMENT).replace(b"60,", b"1e99999999999999999999,"), "$.worked_seconds", "not a number", "T1"),
        (line(note="x" * MAX_LINE), "$", "longer than 1048576 bytes", None),
    ],
    ids=lambda value: ascii(value)[:60] if isinstance(value, bytes) else "",
)
def test_a_malformed_line_is_rejected(bad: bytes, path: str, reason: str, timer: str | None) -> None:
    """The error contains the place in the line, the reason and, if it is readable, the timer."""
    with pytest.raises(MalformedLine, match=reason) as caught:
        parse_line(bad)
    error = caught.value
    assert (error.path, error.timer, error.code) == (path, timer, "malformed-line")
    assert str(error) == (error.reason if path == "$" else f"{path}: {error.reason}")


def test_the_error_of_an_instant_is_the_cause() -> None:
    """A program can read the error of `punchclock.instant`."""
    for bad in (line(at="2026-03-02T08:00:00"), line(**AMENDMENT | {"since": "2026-03-02T08:00:00"})):
        with pytest.raises(MalformedLine) as caught:
            parse_line(bad)
        assert isinstance(caught.value.__cause__, NaiveDatetime)


def test_the_maximum_length_of_a_line_is_inclusive() -> None:
    """A line with one byte more is rejected."""
    full = line(note="x" * (MAX_LINE - len(line(note=""))))
    assert len(full) == MAX_LINE
    assert parse_line(full).timer == "T1"
    with pytest.raises(MalformedLine, match="longer than"):
        parse_line(full + b"\n")


def test_a_value_of_an_error_fits_a_line() -> None:
    """Also for a very long text from a hostile sender."""
    for bad in (line(event="x" * 100_000), line(at="9" * 100_000), line(**AMENDMENT | {"worked_seconds": 10**4000})):
        with pytest.raises(MalformedLine) as caught:
            parse_line(bad)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("written", "microseconds"),
    [
        ("0", 0),
        ("60", MINUTE),
        ("0.1", 100_000),
        ("1e3", 1_000_000_000),
        ("0.000001", 1),
        ("1.50000000", 1_500_000),
        ("999999999999.999999", 10**18 - 1),
        ("1000000000000", 10**18),
    ],
)
def test_seconds_are_read_exactly(written: str, microseconds: int) -> None:
    """In every notation of JSON numbers, without a float in between."""
    amendment = json.dumps(AMENDMENT).replace("60,", f"{written},")
    assert parse_line(amendment.encode()).worked == microseconds


def test_seconds_do_not_depend_on_the_thread_s_decimals() -> None:
    """A decimal context of three digits has no effect."""
    amendment = json.dumps(AMENDMENT).replace("60,", "1234567.890123,").encode()
    with decimal.localcontext(decimal.Context(prec=3, traps=[])):
        entry = parse_line(amendment)
        assert entry.worked == 1_234_567_890_123
        assert b'"worked_seconds":1234567.890123,' in format_line(entry)
        with pytest.raises(MalformedLine, match="not a number"):
            parse_line(amendment.replace(b"1234567.890123", b'"NaN"'))


@given(st.integers(0, 10**18))
def test_seconds_are_written_exactly(duration: int) -> None:
    """As an int if they are whole, otherwise as a decimal with at most six places."""
    written = seconds(duration)
    assert Fraction(written) == Fraction(duration, 1_000_000)
    assert isinstance(written, int) == (duration % 1_000_000 == 0)
    assert isinstance(written, int) or len(str(written).partition(".")[2].rstrip("0")) == len(
        str(written).partition(".")[2]
    )


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
labels = st.builds(Labels, **{name: texts | st.just(UNSET) for name in LABELS})
entries = st.builds(
    Entry, st.text('ab\u00e4\n"', min_size=1), st.sampled_from([*Event, Correction.DISCARD]), instants, labels
) | st.builds(Entry, st.text(min_size=1), st.just(Correction.AMEND), instants, labels, gaps, instants)


@given(entries)
def test_a_written_line_is_read_back(entry: Entry) -> None:
    """The line contains the whole entry, is one line, and has one form."""
    written = format_line(entry)
    assert written.count(b"\n") == 1
    back = parse_line(written)
    assert (back.timer, back.event, back.at, back.worked, back.since) == (
        entry.timer,
        entry.event,
        entry.at,
        entry.worked,
        entry.since,
    )
    assert labels_of(back.labels) == labels_of(entry.labels)
    assert format_line(back) == written


def test_an_entry_that_cannot_be_written_is_rejected() -> None:
    """Its instant is out of range."""
    with pytest.raises(InstantOutOfRange):
        format_line(Entry("T1", Event.START, 10**18, Labels()))


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode) | entries.map(format_line).map(lambda b: b[1:]))
def test_any_bytes_are_an_entry_or_a_named_error(data: bytes) -> None:
    """No other exception is raised."""
    try:
        entry = parse_line(data)
    except MalformedLine:
        return
    assert parse_line(format_line(entry)).at == entry.at


# Timers


class Observer:
    """A timeline observer that records its notifications."""

    def __init__(self, started_at: int) -> None:
        self.calls: list[object] = [started_at]

    def moved(self, before: Timer, at: int) -> None:
        """Record the call."""
        self.calls.append((before, at))

    def amended(self, timer: Timer) -> None:
        """Record the call."""
        self.calls.append(timer)

    def discarded(self) -> None:
        """Record the call."""
        self.calls.append("discarded")


def apply(log: TimerLog[None], timer: str, event: Event | Correction, at: int, **values: object) -> None:
    """Apply an entry with labels and numbers."""
    numbers = {name: values.pop(name) for name in ("worked", "since") if name in values}
    log.apply(Entry(timer, event, at, Labels(**values), **numbers))  # type: ignore[arg-type]


def snapshot(log: TimerLog[None]) -> object:
    """Return the complete state of a log."""
    records = [(name, each.name, each.timer, labels_of(each)) for name, each in log.records.items()]
    return records, log.last


def test_timers_are_in_order_of_first_appearance() -> None:
    """Interleaved events change only their own timers."""
    log = TimerLog()
    apply(log, "B", Event.START, EIGHT)
    apply(log, "A", Event.START, EIGHT - MINUTE)
    apply(log, "B", Event.PAUSE, EIGHT + MINUTE)
    assert list(log.records) == ["B", "A"]
    assert log.records["B"].timer == Timer(State.PAUSED, EIGHT, EIGHT + MINUTE, MINUTE)
    assert log.records["A"].timer == Timer(State.RUNNING, EIGHT - MINUTE, EIGHT - MINUTE, 0)
    assert log.last == EIGHT + MINUTE


def test_the_last_given_label_is_valid() -> None:
    """A later line replaces a label; a line without the label keeps it."""
    log = TimerLog()
    apply(log, "T1", Event.START, EIGHT, **dict.fromkeys(LABELS, "first"))
    apply(log, "T1", Event.PAUSE, EIGHT, **dict.fromkeys(LABELS, "last"))
    apply(log, "T1", Event.RESUME, EIGHT)
    assert labels_of(log.records["T1"]) == dict.fromkeys(LABELS, "last")
    apply(log, "T1", Correction.AMEND, EIGHT, worked=0, since=EIGHT, note="")
    assert labels_of(log.records["T1"]) == dict.fromkeys(LABELS, "last") | {"note": ""}


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda log: apply(log, "T1", Event.RESUME, EIGHT + MINUTE, user="x"), IllegalTransition),
        (lambda log: apply(log, "T1", Event.START, EIGHT + MINUTE, user="x"), IllegalTransition),
        (lambda log: apply(log, "T1", Event.PAUSE, EIGHT - 1, user="x"), ClockWentBackwards),
        (lambda log: apply(log, "T2", Event.PAUSE, EIGHT + MINUTE, user="x"), IllegalTransition),
        (lambda log: apply(log, "T2", Correction.AMEND, EIGHT + MINUTE, worked=0, since=0), UnknownTimer),
        (lambda log: apply(log, "T2", Correction.DISCARD, EIGHT + MINUTE), UnknownTimer),
        (
            lambda log: apply(log, "T1", Correction.AMEND, EIGHT, worked=10**17, since=EIGHT, user="x"),
            InstantOutOfRange,
        ),
    ],
)
def test_what_is_rejected_changes_nothing(act: Callable[[TimerLog[None]], None], error: type[PunchclockError]) -> None:
    """Not the timers, not the labels, not the last instant."""
    log = TimerLog()
    apply(log, "T1", Event.START, EIGHT, user="anna")
    before = snapshot(log)
    with pytest.raises(error):
        act(log)
    assert snapshot(log) == before


def test_the_correction_of_an_unknown_timer_is_a_named_error() -> None:
    """The error contains the timer, the correction and the instant."""
    with pytest.raises(UnknownTimer, match="cannot discard timer 'T9'") as caught:
        apply(TimerLog(), "T9", Correction.DISCARD, EIGHT)
    assert (caught.value.timer, caught.value.event, caught.value.at) == ("T9", "discard", EIGHT)


def test_an_amendment_replaces_what_was_recorded() -> None:
    """The state does not change, and the instant of the correction has no effect on the timer."""
    log = TimerLog()
    apply(log, "T1", Event.START, EIGHT)
    apply(log, "T1", Event.STOP, EIGHT + 900 * MINUTE)
    apply(log, "T1", Correction.AMEND, EIGHT + MINUTE, worked=30 * MINUTE, since=EIGHT + 60 * MINUTE, user="anna")
    assert log.records["T1"].timer == Timer(State.STOPPED, EIGHT, EIGHT + 60 * MINUTE, 30 * MINUTE)
    assert labels_of(log.records["T1"]) == {"user": "anna"}
    assert log.last == EIGHT + 900 * MINUTE


def test_the_name_of_a_discarded_timer_is_free() -> None:
    """The next start with this name begins a new timer without labels, at the end of the order."""
    log = TimerLog()
    apply(log, "T1", Event.START, EIGHT, user="anna")
    apply(log, "T2", Event.START, EIGHT)
    apply(log, "T1", Correction.DISCARD, EIGHT - MINUTE)
    assert list(log.records) == ["T2"]
    apply(log, "T1", Event.START, EIGHT + MINUTE)
    assert list(log.records) == ["T2", "T1"]
    assert log.records["T1"].timer == Timer(State.RUNNING, EIGHT + MINUTE, EIGHT + MINUTE, 0)
    assert labels_of(log.records["T1"]) == {}


def test_an_empty_log_has_no_last_instant() -> None:
    """It has no timers either."""
    assert snapshot(TimerLog()) == ([], None)


def test_an_observer_is_notified_of_each_step() -> None:
    """Of the start, of the timer before each event, of the corrected timer, and of its removal."""
    log = TimerLog(new_observer=Observer)
    for event, at in ((Event.START, EIGHT), (Event.PAUSE, EIGHT + MINUTE)):
        log.apply(Entry("T1", event, at, Labels()))
    observer = log.records["T1"].observer
    with pytest.raises(IllegalTransition):
        log.apply(Entry("T1", Event.PAUSE, EIGHT + MINUTE, Labels()))
    log.apply(Entry("T1", Correction.AMEND, EIGHT, Labels(), 0, EIGHT))
    log.apply(Entry("T1", Correction.DISCARD, EIGHT, Labels()))
    running = Timer(State.RUNNING, EIGHT, EIGHT, 0)
    assert observer.calls == [EIGHT, (running, EIGHT + MINUTE), Timer(State.PAUSED, EIGHT, EIGHT, 0), "discarded"]


steps = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from([*Event, *Event, *Correction]), gaps, texts), max_size=30
)


def follow(timer: Timer | None, event: Event | Correction, at: int, worked: int) -> Timer | None:
    """Return the next timer by the pure functions alone; ``None`` is a timer that does not exist."""
    if isinstance(event, Event):
        return transition(IDLE if timer is None else timer, event, at)
    if timer is None:
        raise UnknownTimer("", event=event, at=at)
    return amend(timer, worked=worked, since=at) if event is Correction.AMEND else None


@given(steps)
def test_a_log_replays_each_timer_independently(steps: list[tuple[str, Event | Correction, int, str]]) -> None:
    """Each timer has the state that its own accepted events lead to, in any order of legal and illegal events."""
    log = TimerLog()
    wanted: dict[str, tuple[Timer, str]] = {}
    at = EIGHT
    for name, event, gap, user in steps:
        at += gap - MINUTE  # so that a clock goes back now and then
        entry = Entry(name, event, at, Labels(user=user), gap, at)
        before = snapshot(log)
        try:
            after = follow(wanted[name][0] if name in wanted else None, event, at, gap)
        except PunchclockError as rejection:
            with pytest.raises(type(rejection)):
                log.apply(entry)
            assert snapshot(log) == before
            continue
        log.apply(entry)
        if after is None:
            del wanted[name]
        else:
            wanted[name] = after, user
    assert {name: (each.timer, each.user) for name, each in log.records.items()} == wanted
    assert list(log.records) == list(wanted)


def test_a_record_has_timer_labels_and_observer() -> None:
    """By default, ``observer`` is ``None``."""
    log = TimerLog()
    apply(log, "T1", Event.START, EIGHT, project="P")
    record = log.records["T1"]
    assert isinstance(record, LogTimer)
    assert (record.name, record.project, record.observer) == ("T1", "P", None)
    assert seconds(1_500_000) == Decimal("1.5")


def test_equal_labels_of_timers_are_one_object() -> None:
    """Many timers have the same project; long texts are rarely repeated and are not shared."""
    log = TimerLog()
    for project in ("Project 006", "x" * 200, "x" * 201):
        for timer in ("first", "second"):
            log.apply(parse_line(line(timer=f"{timer} of {len(project)}", project=project)))
        first, second = (log.records[f"{timer} of {len(project)}"].project for timer in ("first", "second"))
        assert first == second == project
        assert (first is second) == (len(project) <= 200)


def test_labels_are_keyword_arguments() -> None:
    """Five positional texts are easily confused."""
    kinds: list[Any] = [Labels, LogTimer]
    for kind in kinds:
        with pytest.raises(TypeError, match="positional"):
            kind("T1", IDLE, None)


LABEL_TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
    st.sampled_from([*Event, *Correction]),
    instants,
    st.fixed_dictionaries(dict.fromkeys(LABELS, LABEL_TEXTS)),
    gaps,
    instants,
)
def test_a_written_entry_is_read_as_an_equal_one(
    timer: str, event: Event | Correction, at: int, texts: dict[str, str | None], worked: int, since: int
) -> None:
    """Labels included: they have the public type."""
    labels = Labels(**{name: text for name, text in texts.items() if text is not None})
    entry = Entry(timer, event, at, labels)
    if event is Correction.AMEND:
        entry.worked, entry.since = worked, since
    assert parse_line(format_line(entry)) == entry
