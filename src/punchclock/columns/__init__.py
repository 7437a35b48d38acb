"""Timers as columns: the same machine for a million timers at once, on Arrow tables.

`replay` folds a log of events; `transition` moves many timers by one event each; `worked_at`, `break_at` and
`elapsed_at` read them. The results are bit for bit those of the functions of the same names in `punchclock`; the rules
are its table, as lookup arrays. What needs no file is pure.

This package belongs to the extra ``columns``: NumPy, pyarrow, and matplotlib for the plot.
"""

from __future__ import annotations

from punchclock.errors import MissingExtra

try:
    from punchclock.columns.files import FileReplayed, read, read_batches, replay_file, write
    from punchclock.columns.readings import break_at, elapsed_at, not_before, worked_at
    from punchclock.columns.replay import Replayed, replay, stream, transition
    from punchclock.columns.segments import segments
except ModuleNotFoundError as error:
    if error.name not in {"numpy", "pyarrow"}:
        raise
    raise MissingExtra("punchclock.columns", "columns") from error

__all__ = [
    "FileReplayed",
    "Replayed",
    "break_at",
    "elapsed_at",
    "not_before",
    "read",
    "read_batches",
    "replay",
    "replay_file",
    "segments",
    "stream",
    "transition",
    "worked_at",
    "write",
]
