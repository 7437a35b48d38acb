"""Reading a response: the instant at which it is read if the caller gives none."""

from __future__ import annotations

import pytest

import punchclock as pc
from punchclock.vendors import MalformedPayload, intervals, timetrack

PAUSED = b'{"timer": {"id": 7, "personid": 5, "starttime": null, "time": 90}}'


@pytest.mark.parametrize("name", ["date", "Date"])
def test_a_response_is_read_at_its_date(name: str) -> None:
    """Without ``now``, the ``Date`` header that every HTTP response carries is the instant of the response."""
    headers = {"age": "0", "etag": "x", name: "Mon, 02 Mar 2026 08:00:00 GMT", "vary": "accept"}
    record = intervals.read_response("get_timer", 200, headers, PAUSED)
    assert isinstance(record, intervals.IntervalsTimer)
    assert record.timer.since == pc.instant("2026-03-02T08:00:00Z")


def test_a_given_instant_takes_precedence() -> None:
    """If ``now`` is given, the header is ignored."""
    record = intervals.read_response(
        "get_timer", 200, {"date": "Mon, 02 Mar 2026 08:00:00 GMT"}, PAUSED, now=90_000_000
    )
    assert isinstance(record, intervals.IntervalsTimer)
    assert record.timer == pc.Timer(pc.State.PAUSED, 0, 90_000_000, 90_000_000)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": "Mon, 02 Mar 2026 08:00:00 -0000"}])
def test_a_response_without_an_instant_is_rejected(headers: dict[str, str]) -> None:
    """Without ``now`` and without a ``Date`` that is an instant, the error names both."""
    with pytest.raises(MalformedPayload, match="pass now="):
        intervals.read_response("get_timer", 200, headers, PAUSED)


def test_timetrack_needs_no_instant() -> None:
    """A TimeTrack response is complete: its flags and seconds determine the timer."""
    body = (
        b'{"username": "test", "startedAt": "2020-10-23T15:00:00.000Z", "workedSeconds": 60, "breakSeconds": 0,'
        b'"playing": true, "stopped": false, "paused": false, "clientName": "", "projectName": "", "taskName": null,'
        b'"note": ""}'
    )
    record = timetrack.read_response("read_project_timer", 200, {}, body)
    assert record.timer.worked == 60_000_000
