"""Findings of the fuzzer: inputs that raised an unexpected exception."""

from __future__ import annotations

import msgspec
import pytest

from punchclock import eventlog
from punchclock.errors import MalformedLine
from punchclock.workspaces import MalformedWorkspace, parse_workspace


def test_work_that_is_not_utf8() -> None:
    """A ``worked_seconds`` that is a text, and not in UTF-8 at that, is a malformed line of its timer."""
    amended = b'{"timer":"T1","event":"amend","at":"2026-03-02T08:05:00Z","since":"2026-03-02T08:05:00Z"'
    line = amended + b',"worked_seconds":"\xca0"}'
    with pytest.raises(MalformedLine) as caught:
        eventlog.parse_line(line)
    assert caught.value.path == "$.worked_seconds"
    assert caught.value.timer == "T1"
    assert "not a number of seconds" in str(caught.value)


def test_a_token_that_breaks_lines() -> None:
    """A workspace whose token holds an end of line, or goes on and on, is rejected in one line of bounded length."""
    for token in ("two\nlines", "x" * 10_000):
        workspace = {"name": "w", "people": [], "credentials": {"zoho": {"tokens": {token: 3}}}}
        with pytest.raises(MalformedWorkspace, match="no entry of the file has the id 3") as rejected:
            parse_workspace(msgspec.json.encode(workspace), "json")
        assert str(rejected.value).isprintable()
        assert len(str(rejected.value)) < 300
        assert rejected.value.path == f"$.credentials.zoho.tokens.{token}"
