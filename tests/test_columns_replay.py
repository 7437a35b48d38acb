"""Whole logs folded at once give exactly the result of stepping, for any order, types and batches."""

from __future__ import annotations

import importlib
import itertools
import sys
from random import Random

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given

import punchclock as pc
from columns_logs import Row, logs, rejections, stepped, table, timer_rows
from punchclock import columns
from punchclock.columns.codes import target_states
from punchclock.machine import build_table
from punchclock.units import HOUR

# The modules, by name: the package's attribute "replay" is the function.
engine = importlib.import_module("punchclock.columns.replay")
folding = importlib.import_module("punchclock.columns.folding")
grouping = importlib.import_module("punchclock.columns.grouping")

T0 = 1_772_438_400_000_000

#: Three timers, one after another; in blocks of two rows, all blocks but the first begin inside a timer.
ROWS: list[Row] = [
    (1, "start", 0),
    (1, "pause", 5),
    (1, "resume", 7),
    (1, "stop", 20),
    (2, "start", 3),
    (2, "pause", 4),
    (2, "pause", 5),
    (3, "start", 9),
    (3, "resume", 10),
    (3, "stop", 8),
]


@given(
    logs(),
    st.sampled_from([1, 2, 7, 1 << 16]),
    st.sampled_from([1, 5, 1 << 27]),
    st.sampled_from([1, 2, 128]),
    st.sampled_from([1, 3, 256]),
)
@example(ROWS, 1, 1 << 27, 128, 256)
@example(ROWS, 2, 1 << 27, 1, 1)
@example(ROWS, 3, 5, 2, 3)
def test_replay_is_stepping(rows: list[Row], block: int, most: int, parallel: int, stride: int) -> None:
    """The timers and the rejected rows are those of the scalar core, however large the engine's blocks are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grouping, "_BLOCK", block)
        patch.setattr(folding, "_BLOCK", block)
        patch.setattr(folding, "_MIN_PARALLEL", parallel)
        patch.setattr(folding, "_STRIDE", stride)
        patch.setattr(engine, "_MAX_ROWS", most)
        result = columns.replay(table(rows))
    assert (timer_rows(result.timers), rejections(result.rejected)) == stepped(rows)


@given(logs(), st.randoms(use_true_random=False))
def test_interleaving_timers_does_not_change_them(rows: list[Row], random: Random) -> None:
    """Each timer is the same however the timers' rows are interleaved, if its own rows stay in order."""
    queues: dict[int, list[Row]] = {}
    for row in rows:
        queues.setdefault(row[0], []).append(row)
    waiting = [queue[::-1] for queue in queues.values()]
    mixed = []
    while waiting:
        queue = random.choice(waiting)
        mixed.append(queue.pop())
        waiting = [each for each in waiting if each]
    assert sorted(timer_rows(columns.replay(table(mixed)).timers)) == sorted(
        timer_rows(columns.replay(table(rows)).timers)
    )


@given(logs(), st.lists(st.integers(0, 40)))
@example(ROWS, list(range(1, 10)))
def test_replay_continues_from_known_timers(rows: list[Row], cuts: list[int]) -> None:
    """A log replayed in parts, each part from the timers of the previous one, gives the same as in one go."""
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    timers = columns.replay(table([])).timers
    rejected = []
    for start, stop in itertools.pairwise(bounds):
        timers, here = columns.replay(table(rows[start:stop]), timers)
        rejected += [(row + start, reason) for row, reason in rejections(here)]
    assert (timer_rows(timers), rejected) == stepped(rows)


@given(logs(), st.lists(st.integers(0, 40)), st.sampled_from([1, 5, 1 << 27]))
def test_a_stream_returns_each_timer_when_it_stops(rows: list[Row], cuts: list[int], most: int) -> None:
    """A stream returns each timer once, as in one go, and rejects later events of the timers that it has returned."""
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_MAX_ROWS", most)
        results = list(columns.stream(table(rows[start:stop]) for start, stop in itertools.pairwise(bounds)))
    timers, rejected = stepped(rows)
    assert sorted(row for each in results for row in timer_rows(each.timers)) == sorted(timers)
    assert [row for each in results for row in rejections(each.rejected)] == rejected
    assert all(state == "stopped" for each in results[:-1] for state in each.timers["state"].to_pylist())
    assert "stopped" not in results[-1].timers["state"].to_pylist()


@pytest.mark.parametrize("most_bytes", [0, 100, 1 << 27])
def test_a_stream_of_small_batches_remembers_stopped_timers(most_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that stopped in any of many batches cannot start again, however the ids of such timers are stored."""
    monkeypatch.setattr(engine, "_MAX_ID_BYTES", most_bytes)
    once: list[Row] = [(each, event, each) for each in range(60) for event in ("start", "stop")]
    log = table([*once, *once])
    results = list(columns.stream(log.slice(row, 1) for row in range(log.num_rows)))
    assert [each for result in results for each in result.timers["timer"].to_pylist()] == list(range(60))
    rejected = [row for result in results for row in result.rejected["row"].to_pylist()]
    assert rejected == list(range(120, 240))


def test_a_stream_of_nothing_yields_nothing() -> None:
    """A stream without batches yields nothing: it has no types for a table."""
    assert list(columns.stream([])) == []


def test_all_batches_of_a_stream_have_the_same_types() -> None:
    """A batch is rejected if its ids or instants have a different type than in earlier batches."""
    first = table([(1, "start", 0)])
    texts = first.set_column(0, "timer", pa.array(["1"]))
    with pytest.raises(pc.InvalidColumns, match="column timer: string in this batch, but int64"):
        list(columns.stream([first, texts]))


def test_the_example_of_a_day() -> None:
    """Two interleaved timers: one paused for an hour and then stopped, one running. The second stop is rejected."""
    log = table(
        [
            (7, "start", T0),
            (3, "start", T0 + HOUR),
            (7, "pause", T0 + 2 * HOUR),
            (7, "resume", T0 + 3 * HOUR),
            (7, "stop", T0 + 4 * HOUR),
            (7, "stop", T0 + 5 * HOUR),
        ]
    )
    timers, rejected = columns.replay(log)
    assert timers.column_names == ["timer", "state", "started_at", "since", "worked"]
    assert timer_rows(timers) == [(7, "stopped", T0, T0 + 4 * HOUR, 3 * HOUR), (3, "running", T0 + HOUR, T0 + HOUR, 0)]
    assert rejected.to_pylist() == [{"row": 5, "reason": "illegal-transition"}]


@pytest.mark.parametrize("interleaved", [False, True])
@pytest.mark.parametrize(
    "id_type",
    [
        pa.int8(),
        pa.uint64(),
        pa.int64(),
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.uint16(), pa.large_string()),
        pa.dictionary(pa.int32(), pa.int64()),
    ],
    ids=str,
)
def test_ids_keep_their_type(id_type: pa.DataType, *, interleaved: bool) -> None:
    """Ids may be integers, strings, or dictionaries of either; results have the same type."""
    rows: list[Row] = [(9, "start", 0), (2, "start", 0), (9, "stop", 5), (2, "stop", 5), (1, "stop", 6)]
    rows = rows if interleaved else sorted(rows, key=lambda row: (9, 2, 1).index(row[0]))
    value_type = id_type.value_type if pa.types.is_dictionary(id_type) else id_type
    ids = pa.array([row[0] for row in rows])
    ids = ids.cast(pa.string()).cast(value_type) if "string" in str(value_type) else ids.cast(value_type)
    if pa.types.is_dictionary(id_type):
        ids = ids.dictionary_encode().cast(id_type)
    log = table(rows).set_column(0, "timer", ids)
    for chunks in (log, pa.concat_tables([log.slice(0, 2), log.slice(2)])):
        timers, rejected = columns.replay(chunks)
        assert timers["timer"].type == id_type
        assert [str(each) for each in timers["timer"].to_pylist()] == ["9", "2", "1"]
        assert timers["worked"].to_pylist() == [5, 5, 0]
        assert rejections(rejected) == [(4, "illegal-transition")]
        again, _ = columns.replay(log.slice(0, 0), timers)
        assert again.equals(timers)
    streamed = list(columns.stream([log.slice(0, 3), log.slice(3)]))
    assert [each.timers["timer"].type for each in streamed] == [id_type] * 3


@pytest.mark.parametrize("low", [-(2**63), 0, 2**63])
def test_ids_may_be_any_integers(low: int) -> None:
    """Ids that are too far apart to be packed with their rows are replaced by numbers."""
    ids = pa.array([low + 2**62, low + 5, low + 2**62, low + 5], pa.uint64() if low > 0 else pa.int64())
    log = table([(0, "start", 1), (0, "start", 2), (0, "stop", 3), (0, "stop", 5)]).set_column(0, "timer", ids)
    timers, _ = columns.replay(log)
    assert timers["timer"].to_pylist() == ids[:2].to_pylist()
    assert timers["worked"].to_pylist() == [2, 3]


def test_a_dictionary_may_repeat_values() -> None:
    """Arrow allows a dictionary to repeat a value or to hold a null: values identify timers, indices do not."""
    words = pa.array(["a", "a", None, "b"])
    ids = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, None], pa.int8()), words)
    events = pa.DictionaryArray.from_arrays(
        pa.array([0, 2, 0, 1, 0], pa.int8()), pa.array(["start", "start", "stop", None])
    )
    log = pa.table({"timer": ids, "event": events, "at": [1, 2, 3, 4, 5]})
    timers, rejected = columns.replay(log)
    assert timer_rows(timers) == [("a", "stopped", 1, 2, 1), ("b", "running", 4, 4, 0)]
    assert rejections(rejected) == [(2, "null-value"), (4, "null-value")]
    assert timers["timer"].type == ids.type


def test_instants_may_be_timestamps() -> None:
    """Instants may be timestamps with a zone; results have the same type and the same numbers."""
    rows: list[Row] = [(1, "start", T0), (1, "pause", T0 + 5)]
    numbers = table(rows)
    for zone in ("UTC", "Europe/Berlin"):
        kind = pa.timestamp("us", tz=zone)
        stamped = numbers.set_column(2, "at", numbers["at"].cast(kind))
        timers, _ = columns.replay(stamped)
        assert timers.schema.field("since").type == timers.schema.field("started_at").type == kind
        assert timer_rows(timers) == timer_rows(columns.replay(numbers).timers)


def test_events_may_be_dictionary_encoded() -> None:
    """A dictionary of events may be in any order and hold words that are not events."""
    events = pa.DictionaryArray.from_arrays(
        pa.array([1, 2, 0, None], pa.uint8()), pa.array(["break", "start", "stop", "pause"]).cast(pa.string_view())
    )
    log = table([(1, "start", 0)] * 4).set_column(1, "event", events)
    timers, rejected = columns.replay(log)
    assert timer_rows(timers) == [(1, "stopped", 0, 0, 0)]
    assert rejections(rejected) == [(2, "unknown-event"), (3, "null-value")]


def test_rows_without_a_valid_event_are_rejected() -> None:
    """Rows with nulls, unknown words and instants out of range are rejected; the other rows are applied."""
    log = pa.table(
        {
            "timer": pa.array([1, None, 1, 1, 1, 1, 2, 1], pa.int64()),
            "event": pa.array(["start", "start", None, "begin", "pause", "pause", None, "pause"]),
            "at": pa.array([0, 0, 1, 1, 2**61, None, 9, 3], pa.int64()),
        }
    )
    timers, rejected = columns.replay(log)
    assert timer_rows(timers) == [(1, "paused", 0, 3, 3), (2, "idle", 0, 0, 0)]
    assert rejections(rejected) == [
        (1, "null-value"),
        (2, "null-value"),
        (3, "unknown-event"),
        (4, "instant-out-of-range"),
        (5, "null-value"),
        (6, "null-value"),
    ]


def test_a_log_without_any_id() -> None:
    """Rows without an id are rejected and create no timer."""
    log = table([(1, "start", 0)]).set_column(0, "timer", pa.array([None], pa.int64()))
    timers, rejected = columns.replay(log)
    assert (timers.num_rows, rejections(rejected)) == (0, [(0, "null-value")])


def test_rows_without_an_id_among_others() -> None:
    """Rows without an id do not affect the other rows or the numbers of rejected rows."""
    log = table([(5, "start", 0), (1, "start", 0), (5, "stop", 1), (5, "stop", 2), (1, "stop", 4)])
    log = log.set_column(0, "timer", pa.array([5, 1, None, 5, 1]))
    timers, rejected = columns.replay(log)
    assert [record[:2] for record in timer_rows(timers)] == [(5, "stopped"), (1, "stopped")]
    assert rejections(rejected) == [(2, "null-value")]


def test_extreme_instants_do_not_overflow() -> None:
    """At the ends of the range the sums are exact: 2**62 - 1 microseconds of work."""
    rows: list[Row] = [(1, "start", -(2**61)), (1, "pause", 2**61 - 1)]
    timers, rejected = columns.replay(table(rows))
    assert (timer_rows(timers), rejections(rejected)) == stepped(rows)
    assert timers["worked"].to_pylist() == [2**62 - 1]


@pytest.mark.parametrize("count", [1000, 1])
def test_a_log_full_of_rejected_events(count: int) -> None:
    """The result is that of stepping if most events are rejected, for many timers and for one."""
    rng = np.random.default_rng(7)
    events = rng.choice(["start", "pause", "resume", "stop"], 4000).tolist()
    instants = (np.arange(4000) + rng.integers(-50, 50, 4000)).tolist()
    rows: list[Row] = list(zip((np.arange(4000) % count).tolist(), events, instants, strict=True))
    result = columns.replay(table(rows))
    assert (timer_rows(result.timers), rejections(result.rejected)) == stepped(rows)
    assert result.rejected.num_rows > 2000


def test_after_an_event_far_in_the_future_earlier_ones_are_rejected() -> None:
    """Any number of events before the timer's last instant is rejected."""
    rows: list[Row] = [(1, "start", 0), (1, "pause", 10**15)]
    rows += [(1, "resume", at) for at in range(600)] + [(1, "resume", 10**15 + 1), (1, "stop", 10**15 + 3)]
    timers, rejected = columns.replay(table(rows))
    assert (timer_rows(timers), rejections(rejected)) == stepped(rows)
    assert rejected.num_rows == 600


def test_an_empty_log_has_no_timers() -> None:
    """A log without rows, with or without chunks, has no timers and no rejections, but all columns."""
    for log in (table([]), table([]).cast(table([]).schema), pa.table(table([]).schema.empty_table())):
        timers, rejected = columns.replay(log)
        assert (timers.num_rows, rejected.num_rows) == (0, 0)
        assert timers.column_names == ["timer", "state", "started_at", "since", "worked"]
    assert columns.replay(pa.Table.from_batches([], table([]).schema)).timers.num_rows == 0


def test_as_many_timers_as_events() -> None:
    """A log with one event for each timer gives them all, in order."""
    rows: list[Row] = [(each, "start", each) for each in range(50, 0, -1)]
    timers, rejected = columns.replay(table(rows))
    assert (timer_rows(timers), rejections(rejected)) == stepped(rows)


def test_any_object_that_exports_a_table_is_accepted() -> None:
    """A record batch is accepted as a table, and so is any object that exports an Arrow stream, as data frames do."""

    class Frame:
        def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
            return log.__arrow_c_stream__(requested_schema)

    log = table([(1, "start", 0), (1, "stop", 2)])
    expected = columns.replay(log).timers
    assert columns.replay(Frame()).timers.equals(expected)
    assert columns.replay(log.to_batches()[0]).timers.equals(expected)


@pytest.mark.parametrize(
    ("column", "values", "reason"),
    [
        ("timer", pa.array([1.5]), "double cannot be an id"),
        ("timer", pa.array([None]), "null cannot be an id"),
        ("timer", pa.array([True]), "bool cannot be an id"),
        ("event", pa.array([1]), "int64 does not hold strings"),
        ("event", pa.array([b"start"]), "binary does not hold strings"),
        ("at", pa.array([1.5]), "double is neither int64"),
        ("at", pa.array(["2026-03-02T08:00:00Z"]), "string is neither int64"),
        ("at", pa.array([1], pa.int32()), "int32 is neither int64"),
        ("at", pa.array([1], pa.timestamp("us")), "a timestamp without a zone is not an instant"),
        ("at", pa.array([1], pa.timestamp("ns", tz="UTC")), r"timestamp\[ns, tz=UTC\] is neither"),
    ],
)
def test_a_column_of_the_wrong_type_is_rejected(column: str, values: pa.Array, reason: str) -> None:
    """A column of the wrong type is rejected as a whole, by name."""
    log = table([(1, "start", 0)])
    log = log.set_column(log.column_names.index(column), column, values)
    with pytest.raises(pc.InvalidColumns, match=reason) as caught:
        columns.replay(log)
    assert (caught.value.column, caught.value.code) == (column, "invalid-columns")


@pytest.mark.parametrize("column", ["timer", "event", "at"])
def test_a_missing_or_repeated_column_is_rejected(column: str) -> None:
    """The error for a missing column lists the columns; a column that occurs twice is rejected too."""
    log = table([(1, "start", 0)])
    with pytest.raises(pc.InvalidColumns, match=f"column {column}: missing; the columns are: "):
        columns.replay(log.drop_columns([column]))
    with pytest.raises(pc.InvalidColumns, match=f"column {column}: occurs twice"):
        columns.replay(log.append_column(column, log[column]))


def test_an_object_that_is_not_a_table_is_rejected() -> None:
    """A list, a dict and None raise `InvalidColumns`."""
    for thing in ([(1, "start", 0)], {"timer": [1]}, None):
        with pytest.raises(pc.InvalidColumns, match="is not an Arrow table"):
            columns.replay(thing)


def test_too_many_rows_to_sort_at_once_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sort has room for 2**30 rows; more raise an error and are never mixed up."""
    monkeypatch.setattr(grouping, "_MAX_ROW_BITS", 1)
    with pytest.raises(pc.InvalidColumns, match="rows to sort at once"):
        columns.replay(table([(2, "start", 0), (1, "start", 0), (1, "stop", 0)]))


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (pa.array([1, 1]), "an id is null or occurs twice"),
        (pa.array([1, None]), "an id is null or occurs twice"),
        (pa.array(["a", "b"]), "string in the timers, but int64 in the log"),
        (pa.array([1, 2**63], pa.uint64()), "does not fit int64"),
    ],
)
def test_known_timers_need_ids_like_the_logs(ids: pa.Array, reason: str) -> None:
    """Each known timer needs one row, with an id that fits the type of the log's ids."""
    log = table([(1, "start", 0), (2, "start", 0)])
    timers = columns.replay(log).timers
    with pytest.raises(pc.InvalidColumns, match=reason):
        columns.replay(log, timers.set_column(0, "timer", ids))


@given(logs(), st.sampled_from(pc.Event), st.integers(-5, 200))
def test_transition_applies_one_event_to_each_timer(rows: list[Row], event: pc.Event, now: int) -> None:
    """The result for each timer is that of the scalar core; timers that reject the event are unchanged."""
    before = columns.replay(table(rows)).timers
    after, rejected = columns.transition(before, event, now)
    changed, expected = [], []
    for row, (name, state, started_at, since, worked) in enumerate(timer_rows(before)):
        timer = pc.Timer(pc.State(state), started_at, since, worked)
        try:
            timer = pc.transition(timer, event, now)
        except pc.PunchclockError as error:
            expected.append((row, error.code))
        changed.append((name, str(timer.state), timer.started_at, timer.since, timer.worked))
    assert (timer_rows(after), rejections(rejected)) == (changed, expected)


def test_transition_accepts_an_event_and_an_instant_for_each_timer() -> None:
    """Events and instants may be columns; the table keeps its other columns, their order and their types."""
    rows: list[Row] = [(1, "start", 0), (2, "start", 0), (3, "start", 0)]
    timers = columns.replay(table(rows)).timers.append_column("user", pa.array(["a", "b", "c"]))
    kind = pa.timestamp("us", tz="UTC")
    for name in ("started_at", "since"):
        timers = timers.set_column(timers.column_names.index(name), name, timers[name].cast(kind))
    events = pa.array(["pause", "stop", "resume"])
    for column in (events, pa.chunked_array([events[:1], events[1:]])):
        after, rejected = columns.transition(timers, column, pa.array([5, 6, 7], pa.int64()))
        assert after.schema.names == timers.schema.names
        assert after["since"].type == kind
        assert after["state"].to_pylist() == ["paused", "stopped", "running"]
        assert after["worked"].to_pylist() == [5, 6, 0]
        assert rejections(rejected) == [(2, "illegal-transition")]


def test_transition_rejects_columns_of_another_length() -> None:
    """A column of events or instants must have one value for each timer."""
    timers = columns.replay(table([(1, "start", 0)])).timers
    with pytest.raises(pc.InvalidColumns, match="column event: 2 values for 1 timers"):
        columns.transition(timers, pa.array(["pause", "stop"]), 1)
    with pytest.raises(pc.InvalidColumns, match="column now: 2 values for 1 timers"):
        columns.transition(timers, "pause", np.array([1, 2]))


def test_columns_need_one_target_for_each_event() -> None:
    """A transition table in which an event leads to two states is rejected, although the machine allows it."""
    rows = [(*key, target) for key, target in pc.TRANSITIONS.items()]
    assert target_states(pc.TRANSITIONS)[pc.Event.STOP] is pc.State.STOPPED
    forked = build_table([*rows, (pc.State.STOPPED, pc.Event.RESUME, pc.State.PAUSED)])
    with pytest.raises(pc.InvalidTransitionTable, match="resume leads to running too"):
        target_states(forked)


@pytest.mark.parametrize(
    ("module", "error"), [("pyarrow", pc.MissingExtra), ("numpy", pc.MissingExtra), ("msgspec", ModuleNotFoundError)]
)
def test_a_missing_extra_is_named(module: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without NumPy or pyarrow, the error names the extra to install; other missing modules are reported as such."""
    for name in [name for name in sys.modules if name.startswith("punchclock.columns")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(error) as caught:
        importlib.import_module("punchclock.columns")
    assert type(caught.value) is error
