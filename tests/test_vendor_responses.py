"""The client's side of a call: the instant at which a response is read, where the caller gives none."""

from __future__ import annotations

import pytest

import punchclock as pc
from punchclock.vendors import MalformedPayload, intervals, timetrack

PAUSED = b'{"timer": {"id": 7, "personid": 5, "starttime": null, "time": 90}}'


@pytest.mark.parametrize("name", ["date", "Date"])
def test_a_response_is_read_at_its_date(name: str) -> None:
    """Without ``now``, the ``Date`` header that every HTTP response carries is the instant of the answer."""
    headers = {"age": "0", "etag": "x", name: "Mon, 02 Mar 2026 08:00:00 GMT", "vary": "accept"}
    record = intervals.read_response("get_timer", 200, headers, PAUSED)
    assert isinstance(record, intervals.IntervalsTimer)
    assert record.timer.since == pc.instant("2026-03-02T08:00:00Z")


def test_an_instant_given_goes_before_the_date() -> None:
    """``now`` is taken where it is given, whatever the header says."""
    record = intervals.read_response(
        "get_timer", 200, {"date": "Mon, 02 Mar 2026 08:00:00 GMT"}, PAUSED, now=90_000_000
    )
    assert isinstance(record, intervals.IntervalsTimer)
    assert record.timer == pc.Timer(pc.State.PAUSED, 0, 90_000_000, 90_000_000)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": "Mon, 02 Mar 2026 08:00:00 -0000"}])
def test_without_any_instant_nothing_is_guessed(headers: dict[str, str]) -> None:
    """No ``now``, and no ``Date`` that names one instant: the response is rejected, and the error says what to give."""
    with pytest.raises(MalformedPayload, match="pass now="):
        intervals.read_response("get_timer", 200, headers, PAUSED)


def test_timetrack_tells_all_by_itself() -> None:
    """A TimeTrack response needs no instant: its flags and seconds say where the timer stands."""
    body = (
        b'{"username": "test", "startedAt": "2020-10-23T15:00:00.000Z", "workedSeconds": 60, "breakSeconds": 0,'
        b'"playing": true, "stopped": false, "paused": false, "clientName": "", "projectName": "", "taskName": null,'
        b'"note": ""}'
    )
    record = timetrack.read_response("read_project_timer", 200, {}, body)
    assert record.timer.worked == 60_000_000
