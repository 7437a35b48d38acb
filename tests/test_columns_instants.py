"""Texts become instants in a column exactly where `punchclock.instant` takes them; any other text becomes null."""

from __future__ import annotations

import importlib

import pyarrow as pa
import pytest

import punchclock as pc

files = importlib.import_module("punchclock.columns.files")

GOOD = "2026-03-02T08:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "0000-12-31T23:59:59Z",  # Arrow has a year 0
        "2026-02-29T08:00:00Z",  # not a day
        "2026-03-02T24:00:00Z",
        "2026-03-02T08:00:00",
        "yesterday",
        "",
    ],
)
def test_one_text_that_is_not_an_instant_leaves_the_others(text: str) -> None:
    """An invalid text becomes null, wherever in the column it is, and its neighbours keep their instants."""
    with pytest.raises(pc.InvalidInstant):
        pc.instant(text)
    parsed = files.parse_instants(pa.array([GOOD, text, GOOD, None]))
    assert parsed.cast(pa.int64()).to_pylist() == [pc.instant(GOOD), None, pc.instant(GOOD), None]


def test_the_first_instant_of_all_is_one() -> None:
    """The first microsecond of the year 1 is read, also next to a fraction and an offset."""
    texts = ["0001-01-01T00:00:00Z", "2026-03-02T08:00:00.000001+01:00"]
    parsed = files.parse_instants(pa.array(texts)).cast(pa.int64()).to_pylist()
    assert parsed == [pc.instant(text) for text in texts]
