"""The vendors: a payload read and written, against two rivals; and every call as a whole.

One file a vendor: its payloads, the same job by hand and by pydantic. What they share is in frame.py; the calls of
all of them in handling.py.
"""

from __future__ import annotations

from benchmarks.pairs import Row
from benchmarks.vendors import intervals, timetrack, worksection, zoho

__all__ = ["rows"]


def rows() -> list[Row]:
    """`parse` and `serialize` of each vendor against both rivals."""
    return [row for vendor in (intervals, timetrack, worksection, zoho) for row in vendor.rows()]
