"""The rivals: the same result from the same log, written as a user of each library would.

Each returns a row for each timer: id, last event, first and last instant, work. None of them checks whether an event is
legal or whether the clock goes back, as we do; and each may use all cores, where we use one. Conversion into the
library's own format is not measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import punchclock as pc

#: The function that is measured, and one that turns its result into ``(ids, work)``.
Prepared = tuple[Callable[[], object], Callable[[Any], tuple[np.ndarray, np.ndarray]]]

_RUNS = ["start", "resume"]


def polars(log: pa.Table, *, in_order: bool) -> Prepared:
    """Polars: gaps to the next row, summed by timer."""
    frame = pl.DataFrame(log)
    counts = pl.col("event").is_in(_RUNS) & (pl.col("timer") == pl.col("timer").shift(-1))
    gap = pl.when(counts).then(pl.col("at").shift(-1) - pl.col("at")).otherwise(0)
    lazy = frame.lazy() if in_order else frame.lazy().sort("timer", maintain_order=True)
    query = (
        lazy.with_columns(gap=gap)
        .group_by("timer")
        .agg(
            state=pl.col("event").last(),
            started_at=pl.col("at").first(),
            since=pl.col("at").last(),
            worked=pl.col("gap").sum(),
        )
    )
    return query.collect, lambda result: (result["timer"].to_numpy(), result["worked"].to_numpy())


def window(log: pa.Table, **_: bool) -> Prepared:
    """DuckDB: a window query, which orders a timer's events by instant."""
    connection = duckdb.connect()
    connection.register("arrow", log)
    connection.execute('create table log as select timer, event::varchar as event, "at" as instant from arrow')
    query = """
        select timer, arg_max(event, instant) as state, min(instant) as started_at, max(instant) as since,
               sum(case when event in ('start', 'resume') then coalesce(next - instant, 0) else 0 end)::bigint as worked
        from (select *, lead(instant) over (partition by timer order by instant) as next from log)
        group by timer
    """
    return (
        lambda: connection.sql(query).to_arrow_table(),
        lambda result: (result["timer"].to_numpy(), result["worked"].to_numpy()),
    )


def pandas(log: pa.Table, **_: bool) -> Prepared:
    """Pandas: gaps to the next row of the timer, summed by timer."""
    frame = log.to_pandas()

    def run() -> pd.DataFrame:
        following = frame.groupby("timer", sort=False)["at"].shift(-1, fill_value=0)
        counts = frame["event"].isin(_RUNS) & (following != 0)
        gap = (following - frame["at"]).where(counts, 0)
        groups = frame.assign(gap=gap).groupby("timer", sort=False)
        return groups.agg(
            state=("event", "last"), started_at=("at", "first"), since=("at", "last"), worked=("gap", "sum")
        )

    return run, lambda result: (result.index.to_numpy(), result["worked"].to_numpy())


def scalar(log: pa.Table, **_: bool) -> Prepared:
    """The scalar core, applied to rows that are Python objects already."""
    events = [pc.Event(word) for word in log["event"].to_pylist()]
    rows = list(zip(log["timer"].to_pylist(), events, log["at"].to_pylist(), strict=True))

    def run() -> dict[int, pc.Timer]:
        timers: dict[int, pc.Timer] = {}
        get, step, idle = timers.get, pc.transition, pc.IDLE
        for timer, event, at in rows:
            timers[timer] = step(get(timer, idle), event, at)
        return timers

    return run, lambda found: (np.array(list(found)), np.array([timer.worked for timer in found.values()]))


RIVALS: dict[str, Callable[..., Prepared]] = {"Polars": polars, "DuckDB": window, "pandas": pandas}


def by_timer_id(ids: np.ndarray, worked: np.ndarray) -> np.ndarray:
    """Return the work in order of the ids, to compare results."""
    return worked[np.argsort(ids, kind="stable")]
