"""Instants: what is read as one, exactly, and what is rejected."""

from __future__ import annotations

import datetime as dt
import re
import time
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st

from punchclock import (
    InstantOutOfRange,
    InvalidInstant,
    NaiveDatetime,
    PunchclockError,
    State,
    format_instant,
    instant,
    now,
    to_datetime,
)
from strategies import FIRST, LAST

SECOND = 1_000_000
HOUR = 3_600 * SECOND
EIGHT = 1_772_438_400 * SECOND
"""2026-03-02T08:00:00Z."""

BERLIN = ZoneInfo("Europe/Berlin")

#: Zones with summer time of an hour and of half an hour, with offsets of a quarter and (as local mean time, in the
#: days before standard time) of odd seconds, and with a day that was skipped.
ZONES = [
    "UTC",
    "Europe/Berlin",
    "Europe/Amsterdam",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Monrovia",
]


# Texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("2026-03-02T08:00:00Z", EIGHT),
        ("2026-03-02t08:00:00z", EIGHT),
        ("2026-03-02T08:00:00+00:00", EIGHT),
        ("2026-03-02T08:00:00-00:00", EIGHT),
        ("2026-03-02T09:00:00+01:00", EIGHT),
        ("2026-03-02T02:30:00-05:30", EIGHT),
        ("2026-03-03T07:59:00+23:59", EIGHT),
        ("2026-03-01T08:01:00-23:59", EIGHT),
        ("2026-03-02T08:00:00.5Z", EIGHT + 500_000),
        ("2026-03-02T08:00:00.05Z", EIGHT + 50_000),
        ("2026-03-02T08:00:00.000001Z", EIGHT + 1),
        ("2026-03-02T09:00:00.25+01:00", EIGHT + 250_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800 * SECOND),
        ("0001-01-01T00:00:00Z", FIRST),
        ("9999-12-31T23:59:59.999999Z", LAST),
        ("0001-01-01T01:00:00+01:00", FIRST),
        ("9999-12-31T22:59:59.999999-01:00", LAST),
    ],
)
def test_rfc_3339_is_read(text: str, expected: int) -> None:
    """A date, a time and ``Z`` or an offset, to the microsecond."""
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1772438400",
        "2026-03-02",
        "08:00:00Z",
        "2026-03-02T08:00Z",
        "2026-03-02T08Z",
        "2026-03-02 08:00:00Z",
        "20260302T080000Z",
        "2026-W10-1T08:00:00Z",
        "2026-061T08:00:00Z",
        "26-03-02T08:00:00Z",
        "10000-01-01T00:00:00Z",
        "+2026-03-02T08:00:00Z",
        "2026-3-2T8:00:00Z",
        "2026-03-02T08:00:00.Z",
        "2026-03-02T08:00:00,5Z",
        "2026-03-02T08:00:00.1234567Z",
        "2026-03-02T08:00:00+0100",
        "2026-03-02T08:00:00+01",
        "2026-03-02T08:00:00+24:00",
        "2026-03-02T08:00:00+01:60",
        "2026-03-02T08:00:00+01:00:00",
        "2026-03-02T08:00:00 Z",
        "2026-03-02T08:00:00UTC",
        "2026-03-02T08:00:00[Europe/Berlin]",
        "2026-03-02T24:00:00Z",
        "2026-03-02T08:00:00Z\n",
        " 2026-03-02T08:00:00Z",
        "2026-03-02T08:00:00Z\x00",
        "２０２６-03-02T08:00:00Z",
        "2026-03-02T08:00:0٣Z",
        "2026−03−02T08:00:00Z",
        "\ud800",
        "9" * 1_000_000,
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_other_texts_are_rejected(text: str) -> None:
    """Whatever other parsers make of it: what is not exactly RFC 3339 is not read."""
    with pytest.raises(InvalidInstant, match="not RFC 3339 with at most six decimals, as in 2026") as caught:
        instant(text)
    assert (type(caught.value), caught.value.value) == (InvalidInstant, text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T08:00:00Z",
        "2026-04-31T08:00:00Z",
        "2026-13-01T08:00:00Z",
        "2026-00-01T08:00:00Z",
        "2026-03-00T08:00:00Z",
        "2026-03-02T08:60:00Z",
        "2026-03-02T08:00:61Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_dates_and_times_that_do_not_exist_are_rejected(text: str) -> None:
    """The form is right, but no calendar and no clock shows it."""
    with pytest.raises(InvalidInstant, match="no such date or time"):
        instant(text)


def test_a_leap_second_is_rejected() -> None:
    """UTC as computers count it has no second 60, so it names no instant."""
    with pytest.raises(InvalidInstant, match="no such date or time"):
        instant("2016-12-31T23:59:60Z")


@pytest.mark.parametrize("text", ["2026-03-02T08:00:00", "2026-03-02t08:00:00.5"])
def test_a_text_without_offset_is_naive(text: str) -> None:
    """It is rejected by a name of its own: guessing the zone is how hours get lost."""
    with pytest.raises(NaiveDatetime) as caught:
        instant(text)
    assert caught.value.value == text


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"])
def test_a_text_may_name_an_instant_out_of_range(text: str) -> None:
    """The offset takes it out of the years that a ``datetime`` can show in UTC."""
    with pytest.raises(InstantOutOfRange):
        instant(text)


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", fullmatch=True))
def test_a_text_is_an_instant_or_rejected(text: str) -> None:
    """No text makes anything else escape."""
    try:
        assert FIRST <= instant(text) <= LAST
    except PunchclockError as error:
        assert isinstance(error, InvalidInstant)  # noqa: PT017 (either outcome is good)


#: The grammar of RFC 3339, section 5.6, to the microsecond, with and the offset is optional.
GRAMMAR = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt](?P<time>\d\d:\d\d:\d\d(\.\d{1,6})?)"
    r"(?P<offset>[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)?",
    re.ASCII,
)

#: Texts that are instants or nearly so.
nearly = st.from_regex(
    r"(20[0-9]{2}|0000|0001|9999)-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,7})?"
    r"([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?",
    fullmatch=True,
)


@given(nearly)
def test_the_grammar_and_the_calendar_decide(text: str) -> None:
    """A text is valid if the grammar of RFC 3339 and the calendar allow it; the offset is subtracted."""
    match = GRAMMAR.fullmatch(text)
    if match is None:
        expected: int | type[InvalidInstant] = InvalidInstant
    elif match["offset"] is None:
        expected = NaiveDatetime
    else:
        expected = by_the_calendar(match["date"], match["time"], match["offset"])
    if isinstance(expected, int):
        assert instant(text) == expected
    else:
        with pytest.raises(InvalidInstant) as caught:
            instant(text)
        assert type(caught.value) is expected


def by_the_calendar(date: str, time: str, offset: str) -> int | type[InvalidInstant]:
    """Return the instant, computed independently from dates of the standard library, or the expected error."""
    hours, minutes, seconds = time.split(":")
    try:
        days = dt.date.fromisoformat(date).toordinal() - dt.date(1970, 1, 1).toordinal()
    except ValueError:
        return InvalidInstant
    if int(hours) > 23 or int(minutes) > 59 or float(seconds) >= 60:
        return InvalidInstant
    whole, _, decimals = seconds.partition(".")
    at = days * 24 * HOUR + int(hours) * HOUR + int(minutes) * 60 * SECOND
    at += int(whole) * SECOND + int(decimals.ljust(6, "0"))
    if offset not in "Zz":
        ahead = int(offset[1:3]) * HOUR + int(offset[4:]) * 60 * SECOND
        at += ahead if offset[0] == "-" else -ahead
    return at if FIRST <= at <= LAST else InstantOutOfRange


class LoudText(str):
    """A text whose methods return something else."""

    __slots__ = ()

    def upper(self) -> str:
        """Lie."""
        return "2000-01-01T00:00:00Z"


def test_a_subclass_of_text_is_text() -> None:
    """Enumerations of texts and the like are read by their characters; what has none of an instant is rejected."""
    assert instant(LoudText("2026-03-02T08:00:00Z")) == EIGHT
    with pytest.raises(InvalidInstant, match="not RFC 3339"):
        instant(State.IDLE)


# Datetimes


@given(st.integers(FIRST, LAST))
def test_every_instant_survives_the_way_through_datetime(at: int) -> None:
    """An integer becomes a ``datetime`` in UTC, and that the same integer."""
    shown = to_datetime(at)
    assert shown.tzinfo is dt.UTC
    assert instant(shown) == at
    assert instant(shown.isoformat()) == at


@given(st.integers(FIRST, LAST))
def test_every_instant_survives_the_way_through_text(at: int) -> None:
    """Written as RFC 3339 and read again, it is the same integer."""
    assert instant(format_instant(at)) == at


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (EIGHT + 500_000, "2026-03-02T08:00:00.500000Z"),
        (FIRST, "0001-01-01T00:00:00Z"),
        (LAST, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_an_instant_is_written_in_utc(at: int, text: str) -> None:
    """With ``Z``, a year of four digits, and decimals where there are any."""
    assert format_instant(at) == text


#: Away from the first and the last two days, so that no offset leads out of the years 1 to 9999.
inside = st.integers(FIRST + 48 * HOUR, LAST - 48 * HOUR)


@given(inside, st.sampled_from(ZONES))
def test_zoneinfo_shows_the_same_instant(at: int, zone: str) -> None:
    """In any zone, on either side of a clock change (``fold``), in the days of local mean time: it is one instant."""
    assert instant(to_datetime(at).astimezone(ZoneInfo(zone))) == at


@given(inside, st.sampled_from(ZONES))
def test_pendulum_shows_the_same_instant(at: int, zone: str) -> None:
    """A pendulum ``DateTime`` is a ``datetime``, and its own arithmetic is not asked."""
    assert instant(pendulum.instance(to_datetime(at)).in_timezone(zone)) == at


@given(inside, st.integers(-24 * HOUR + 1, 24 * HOUR - 1))
def test_any_fixed_offset_shows_the_same_instant(at: int, offset: int) -> None:
    """Offsets with seconds and microseconds are exact."""
    zone = dt.timezone(dt.timedelta(microseconds=offset))
    assert instant(to_datetime(at).astimezone(zone)) == at


def test_fold_tells_the_two_half_past_twos_apart() -> None:
    """When summer time ends, a wall clock shows an hour twice; the second one is an hour later."""
    first = dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    second = first.replace(fold=1)
    assert instant(first) == instant("2026-10-25T00:30:00Z")
    assert instant(second) == instant("2026-10-25T01:30:00Z")


def test_a_skipped_time_has_the_offset_of_its_fold() -> None:
    """When summer time begins, 02:30 is skipped; ``fold`` selects the offset of the ``datetime``."""
    skipped = dt.datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN)
    assert instant(skipped) == instant("2026-03-29T01:30:00Z")
    assert instant(skipped.replace(fold=1)) == instant("2026-03-29T00:30:00Z")


def test_local_mean_time_is_exact() -> None:
    """Before there was standard time, Monrovia was 43 minutes and 8 seconds behind Greenwich, not 43 minutes."""
    shown = dt.datetime(1880, 1, 1, tzinfo=ZoneInfo("Africa/Monrovia"))
    assert shown.utcoffset() == -dt.timedelta(minutes=43, seconds=8)
    assert instant(shown) == instant("1880-01-01T00:43:08Z")


@pytest.mark.parametrize(
    "value",
    [dt.datetime(2026, 3, 2, 8), pendulum.naive(2026, 3, 2, 8)],  # noqa: DTZ001 (that is the case)
    ids=["datetime", "pendulum"],
)
def test_a_datetime_without_zone_is_naive(value: dt.datetime) -> None:
    """Not the machine's zone, not UTC: it is rejected."""
    with pytest.raises(NaiveDatetime) as caught:
        instant(value)
    assert caught.value.value is value


class Zone(dt.tzinfo):
    """A zone with a fixed answer."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def utcoffset(self, _: dt.datetime | None) -> dt.timedelta | None:
        """HandlerResult, or fail."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]

    def dst(self, _: dt.datetime | None) -> None:
        """Not called."""

    def tzname(self, _: dt.datetime | None) -> None:
        """Not called."""


def test_a_zone_without_an_offset_is_rejected() -> None:
    """A ``tzinfo`` that does not know its offset leaves the ``datetime`` naive."""
    with pytest.raises(NaiveDatetime):
        instant(dt.datetime(2026, 3, 2, tzinfo=Zone(None)))


def test_a_zone_may_count_microseconds() -> None:
    """The offset is used as it is."""
    assert instant(dt.datetime(2026, 3, 2, 8, tzinfo=Zone(dt.timedelta(microseconds=7)))) == EIGHT - 7


@pytest.mark.parametrize(
    "answer",
    [RuntimeError("no network"), KeyError("zone"), dt.timedelta(hours=24), dt.timedelta(days=-2), 3_600, "+01:00"],
    ids=repr,
)
def test_a_broken_zone_is_rejected(answer: object) -> None:
    """An exception in a foreign zone becomes `InvalidInstant`."""
    with pytest.raises(InvalidInstant, match="its zone gives no UTC offset") as caught:
        instant(dt.datetime(2026, 3, 2, tzinfo=Zone(answer)))
    assert caught.value.__cause__ is not None


class OddDatetime(dt.datetime):
    """A ``datetime`` with arithmetic of its own."""

    def __sub__(self, other: object) -> int:  # type: ignore[override]
        """Count something else."""
        return 0


def test_a_subclass_of_datetime_is_a_datetime() -> None:
    """It is read by what it shows, whatever its class makes of a subtraction."""
    assert instant(OddDatetime(2026, 3, 2, 8, tzinfo=dt.UTC)) == EIGHT


@pytest.mark.parametrize(
    "value",
    [
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))),
        dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-14))),
    ],
    ids=["first", "last"],
)
def test_a_datetime_may_name_an_instant_out_of_range(value: dt.datetime) -> None:
    """At the ends of the calendar an offset leads out of it."""
    with pytest.raises(InstantOutOfRange):
        instant(value)


# Integers and the rest


@given(st.integers(FIRST, LAST))
def test_an_integer_is_an_instant_already(at: int) -> None:
    """Microseconds since 1970 are not changed."""
    assert instant(at) == at


@pytest.mark.parametrize("convert", [instant, to_datetime, format_instant])
@pytest.mark.parametrize(
    "at", [FIRST - 1, LAST + 1, EIGHT * 1_000, 10**30, -(10**30), 10**5_000], ids=lambda at: f"{at.bit_length()} bits"
)
def test_an_integer_may_be_out_of_range(convert: type, at: int) -> None:
    """An instant that a ``datetime`` cannot represent is rejected, such as nanoseconds instead of microseconds."""
    with pytest.raises(InstantOutOfRange) as caught:
        convert(at)
    assert caught.value.value == at


@pytest.mark.parametrize(
    "value",
    [
        True,
        1.5,
        float("inf"),
        None,
        b"2026-03-02T08:00:00Z",
        dt.date(2026, 3, 2),
        dt.timedelta(0),
        dt.time(8, tzinfo=dt.UTC),
        time.gmtime(0),
        [],
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_types_are_rejected(value: object) -> None:
    """A float cannot hold every microsecond, a date is a day long, and a truth value is a mistake."""
    with pytest.raises(InvalidInstant) as caught:
        instant(value)
    assert caught.value.value is value


@pytest.mark.parametrize("value", [1.5, True, "0", None], ids=repr)
def test_only_integers_are_shown(value: int) -> None:
    """Anything else would have to be rounded or guessed."""
    for show in (to_datetime, format_instant):
        with pytest.raises(InvalidInstant, match="the type must be exactly int"):
            show(value)


def test_now_is_the_system_clock_in_microseconds() -> None:
    """The one function that reads a clock reads the system's."""
    before = time.time_ns() // 1_000
    at = now()
    assert before <= at <= time.time_ns() // 1_000


def test_a_text_of_a_strange_class_is_read_for_what_it_is() -> None:
    """Whatever the class of a text makes of its methods, the text itself is read."""

    class Odd(str):
        __slots__ = ()

        def __len__(self) -> int:
            return 0

        def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
            return b""

    assert instant(Odd("1970-01-01T00:00:01Z")) == 1_000_000


def test_an_hour_that_there_is_not() -> None:
    """25 hours have the shape of RFC 3339: it is the time that does not exist."""
    with pytest.raises(InvalidInstant, match="no such date or time"):
        instant("2026-03-02T25:00:00Z")
