"""Exhaustion and zones: they hold for the code as it is, and refute a copy with one mistake.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
import pytest

import punchclock.calendar
import punchclock.history
import punchclock.timer
import punchclock.vendors.timetrack.wire
from evidence_copies import breaks, breaks_handler, replaces
from punchclock import Event, vendors
from punchclock.vendors.dialect import Binding, Dialect

pytest.importorskip("evidence")

from evidence import clients, exhaustion, zones
from evidence.claims import SHORT, Budget, Claim, Refuted

pytestmark = pytest.mark.slow

TINY = msgspec.structs.replace(SHORT, word_length=4, zone_hours=6)

Check = Callable[[Budget], str]


@pytest.mark.parametrize("claim", exhaustion.CLAIMS, ids=lambda claim: claim.text)
def test_exhaustion_holds(claim: Claim) -> None:
    """Every claim by exhaustion holds for short words, and reports what was tried."""
    assert any(digit in claim.check(TINY) for digit in "123456789")


def test_every_word_is_counted() -> None:
    """The reported number of words is that of four events and three steps of the clock at each place."""
    assert exhaustion.every_word(5).words == sum(12**length for length in range(1, 6))


def test_the_oracle_counts_by_hand() -> None:
    """The oracle counts two milliseconds of work and one of rest, and rejects what is illegal."""
    count = exhaustion.Oracle()
    for event, at in (("start", 1), ("pause", 3), ("resume", 4), ("stop", 4)):
        after = count.after(event, at)
        assert after is not None
        count = after
    assert count == ("stopped", 4, 2, 1)
    assert count.after("stop", 5) is None
    assert exhaustion.Oracle("running", 4).after("pause", 3) is None


@pytest.mark.parametrize(
    ("check", "owner", "name", "old", "new"),
    [
        (exhaustion.words_of_any_events, punchclock.timer, "transition", "now < since", "now <= since"),
        (exhaustion.words_of_any_events, punchclock.timer, "transition", "+ (now - since)", "+ now"),
        (exhaustion.words_of_any_events, punchclock.timer, "resume", "now < timer.since", "False"),
        (exhaustion.words_of_any_events, punchclock.timer, "break_at", "return timer.since", "return now"),
        (exhaustion.legal_words_with_one_illegal_event, punchclock.timer, "stop", "target is None or ", ""),
        (exhaustion.histories_at_once, punchclock.history, "timeline", "_append(segments, timer, until)", "pass"),
        (exhaustion.histories_at_once, punchclock.history, "_append", "timer.since", "timer.started_at"),
        (exhaustion.histories_at_once, punchclock.history, "_append", "segments[-1].kind is kind", "False"),
        (
            exhaustion.histories_at_once,
            punchclock.history,
            "replay",
            "return timer",
            "return Timer(timer.state, 0, 0, 0)",
        ),
        (exhaustion.words_of_any_events, punchclock.timer, "transition", "+ (now - since)", "+ (now - since) * 1.0"),
    ],
)
def test_exhaustion_can_fail(
    check: Check, owner: object, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short words are enough to refute a function with one mistake, or to make it crash."""
    breaks(monkeypatch, owner, name, old, new)
    with pytest.raises((Refuted, TypeError, punchclock.PunchclockError)):
        check(TINY)


@pytest.mark.parametrize(
    ("vendor", "operation", "old", "new"),
    [
        ("worksection", "stop_my_timer", "Event.STOP", "Event.PAUSE"),
        ("worksection", "start_my_timer", "require_none_running(", "print("),
        ("timetrack", "pause_project_timer", "Event.PAUSE", "Event.STOP"),
        ("timetrack", "start_project_timer", "timer=start(now)", "timer=start(now + 1)"),
        ("zoho", "pause_timer", "(change,)", "()"),
        ("zoho", "add_comment", "!= State.RUNNING", "== State.RUNNING"),
        ("intervals", "delete_timer", "Correction.DISCARD", "UPDATE"),
        ("intervals", "update_timer", "Event.RESUME", "Event.STOP"),
        ("intervals", "update_timer", "microseconds(sent.time or 0)", "timer.worked + 1"),
        (
            "timetrack",
            "start_project_timer",
            "return _changed(Change(Event.START, now, record), now)",
            "return _changed(Change(Event.START, now, record), now + 7_000_000)",
        ),
        ("timetrack", "read_project_timer", "username), now)", "username), now - 7_000_000)"),
        ("worksection", "get_timers", "states=_RUNNING, ", ""),
    ],
)
def test_a_wrong_handler_is_noticed(
    vendor: str, operation: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every binding of a dialect goes through the vendor's own handler, so that a wrong one is refuted."""
    breaks_handler(monkeypatch, vendor, operation, old, new)
    with pytest.raises(Refuted):
        exhaustion.dialects(TINY)


def test_a_binding_without_a_client_call_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every binding that is added to a dialect has to be tried."""
    more = Dialect("zoho", 1, (*vendors.load("zoho").dialect.bindings, Binding("stop_timer", Event.STOP)))
    replaces(monkeypatch, "zoho", dialect=more)
    with pytest.raises(Refuted, match="stop_timer"):
        exhaustion.dialects(TINY)


def test_a_read_that_shows_another_time_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a read shows of a timer must be the core's reading."""
    breaks(monkeypatch, punchclock.vendors.timetrack.wire, "_counted", "return elapsed - rested", "return elapsed")
    with pytest.raises(Refuted, match=r"µs of work"):
        exhaustion.dialects(TINY)


def test_an_operation_that_no_client_calls_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every operation that is added has to be tried."""
    rows = vendors.load("zoho").operations
    more = msgspec.structs.replace(rows[0], name="get_all_timers")
    replaces(monkeypatch, "zoho", operations=(*rows, more))
    with pytest.raises(Refuted, match="get_all_timers"):
        exhaustion.dialects(TINY)


def test_a_vendor_without_a_client_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every vendor that is added has to be tried."""
    monkeypatch.setattr(vendors, "names", lambda: ("another",))
    with pytest.raises(Refuted, match="another"):
        clients.every.__wrapped__()


@pytest.fixture
def few_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use only zones with hard clock changes: at midnight, by half an hour, with a skipped or a repeated date."""
    names = ("America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Europe/Berlin")
    found = {name: ZoneInfo(name) for name in names}
    changes = {name: tuple(zones._changes_of(zone)) for name, zone in found.items()}  # noqa: SLF001
    monkeypatch.setattr(zones, "_zones", lambda: found)
    monkeypatch.setattr(zones, "_changes", lambda: changes)


@pytest.mark.usefixtures("few_zones")
@pytest.mark.parametrize("claim", zones.CLAIMS, ids=lambda claim: claim.text)
def test_zones_hold(claim: Claim) -> None:
    """The claims hold in the hard zones; the evidence itself tries all."""
    assert "in all 5 zones" in claim.check(TINY)


@pytest.mark.usefixtures("few_zones")
@pytest.mark.parametrize(
    ("check", "name", "old", "new"),
    [
        (zones.dates_and_times, "work_date", "_offset(at, found)", "_offset(at - 1, found)"),
        (zones.split_days, "_end", "if after == offset", "if True"),
        (zones.split_days, "split_by_day", "min(midnight, end)", "midnight"),
        (zones.local_times, "from_seconds_of_day", "wall - max(before, after)", "wall - before"),
        (zones.local_times, "from_seconds_of_day", "len(candidates) == 1", "candidates"),
    ],
)
def test_zones_can_fail(check: Check, name: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar with one mistake is refuted."""
    breaks(monkeypatch, punchclock.calendar, name, old, new)
    with pytest.raises((Refuted, TypeError)):
        check(TINY)
