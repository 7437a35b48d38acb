"""What the fuzzer found, each as a test: the input that had another answer than a value or a named error."""

from __future__ import annotations

import msgspec
import pytest

from punchclock import log
from punchclock.errors import MalformedLine
from punchclock.worlds import MalformedWorld, parse_world


def test_work_that_is_not_utf8() -> None:
    """A ``worked_seconds`` that is a text, and not in UTF-8 at that, is a malformed line of its timer."""
    amended = b'{"timer":"T1","event":"amend","at":"2026-03-02T08:05:00Z","since":"2026-03-02T08:05:00Z"'
    line = amended + b',"worked_seconds":"\xca0"}'
    with pytest.raises(MalformedLine) as caught:
        log.parse_line(line)
    assert caught.value.path == "$.worked_seconds"
    assert caught.value.timer == "T1"
    assert "not a number of seconds" in str(caught.value)


def test_a_token_that_breaks_lines() -> None:
    """A world whose token holds an end of line, or goes on and on, is refused in one line of bounded length."""
    for token in ("two\nlines", "x" * 10_000):
        world = {"name": "w", "people": [], "credentials": {"zoho": {"tokens": {token: 3}}}}
        with pytest.raises(MalformedWorld, match="3 is not the id of anything in the file") as refused:
            parse_world(msgspec.json.encode(world), "json")
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 300
        assert refused.value.path == f"$.credentials.zoho.tokens.{token}"
