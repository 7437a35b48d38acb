"""HTML in the name of a timer at Intervals: what stays, and what is stripped out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages import covers
from punchclock.vendors.intervals.html import STRIPPED, without_active_elements


@covers("intervals", "Allowed Filters", "2 This field accepts HTML, but certain HTML elements may be stripped out.")
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("plain, a < b > c & d &amp; e", None),
        ("<b class='x'>bold</b><br/><BR>", None),
        ("<metal> <formal> <scripture>", None),
        ("<3 you", None),
        ("a<script>x</script>b", "ab"),
        ("a<SCRIPT src='x' >x</script\n>b", "ab"),
        ("a<script>if (a < b) '<b>'</script>b", "ab"),
        ("a<script>never closed <b>at all</b>", "anever closed <b>at all</b>"),
        ("a<script", "a"),
        ("a</script>b</style >c", "abc"),
        ('a<iframe src="//x"></iframe>b', "ab"),
        ("a<link rel=x><meta y>b<base href=z>c", "abc"),
        ("a<object><object>x</object></object>b", "ab"),
        ("<scr<script></script>ipt>x</scr<script></script>ipt>y", "y"),
        ("<form><b>x</b></form><b>y</b>", "<b>y</b>"),
    ],
)
def test_active_elements_are_stripped_out(text: str, kept: str | None) -> None:
    """Elements that can run or fetch something are removed with their content; everything else is unchanged."""
    assert without_active_elements(text) == (text if kept is None else kept)


pieces = st.sampled_from([*STRIPPED, "<", ">", "</", "/>", " ", "=", '"', "b", "SCRIPT", "x", "\n"])


@given(text=st.lists(pieces, max_size=30).map("".join))
def test_no_active_element_is_left(text: str) -> None:
    """No active tag remains, however nested or broken; nothing is added, and a second pass changes nothing."""
    kept = without_active_elements(text)
    assert not re.search(rf"</?({'|'.join(STRIPPED)})\b", kept, re.IGNORECASE)
    assert len(kept) <= len(text)
    assert without_active_elements(kept) == kept
