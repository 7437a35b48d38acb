"""Many timers at once, as Arrow tables, by the rules of the scalar core.

`replay` folds a log of events into timers, `transition` applies one event to each timer, and `worked_at`, `break_at`
and `elapsed_at` read them. The results are exactly those of the functions of the same names in `punchclock`.

Where to look:

- `replay`: whole logs and streams of batches; `grouping` sorts a log by timer, `folding` computes the timers.
- `readings`: work, break and elapsed time. `segments`: work and break by local day.
- `files`: replay from file to file; `binary_formats` and `text_formats` know the formats.
- `ledger`: batches of a table into a `punchclock.eventlog.TimerLog`. `plot`: a picture of who worked when.
- `codes`: states and events as integers. `arrow`: Arrow columns as NumPy arrays. `tables`: logs and tables of timers.

This package needs the extra ``columns``: NumPy and pyarrow, and matplotlib for the plot.
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
