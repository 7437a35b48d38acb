"""Payloads of all vendors, read and written."""

from __future__ import annotations

from benchmarks.pairs import Row
from benchmarks.vendors import intervals, timetrack, worksection, zoho

__all__ = ["rows"]


def rows() -> list[Row]:
    """`parse` and `serialize` of each vendor against both rivals."""
    return [row for vendor in (intervals, timetrack, worksection, zoho) for row in vendor.rows()]
