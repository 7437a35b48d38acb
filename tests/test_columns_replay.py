"""Whole logs folded at once: bit for bit what stepping gives, whatever the order, the types and the cuts."""

from __future__ import annotations

import importlib
import itertools
import sys
from random import Random

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

import punchclock as pc
from columns_logs import Row, logs, records, rejections, stepped, table
from punchclock import columns
from punchclock.columns.codes import target_states
from punchclock.machine import build_table

# The module: the package's own name "replay" is the function.
engine = importlib.import_module("punchclock.columns.replay")

HOUR = 3_600_000_000
T0 = 1_772_438_400_000_000

#: Sizes of a block, a piece and a stride, and how few timers are stepped one by one: all ways through the engine.
sizes = st.fixed_dictionaries(
    {
        "_BLOCK": st.sampled_from([1, 2, 7, 1 << 16]),
        "_PIECE": st.sampled_from([1, 5, 1 << 27]),
        "_ABREAST": st.sampled_from([1, 2, 128]),
        "_STRIDE": st.sampled_from([1, 3, 256]),
    }
)


@given(logs(), sizes)
def test_replay_is_stepping(rows: list[Row], size: dict[str, int]) -> None:
    """The timers and the rejected rows are exactly those of the scalar core stepped through the log."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in size.items():
            patch.setattr(engine, name, value)
        result = columns.replay(table(rows))
    assert (records(result.timers), rejections(result.rejected)) == stepped(rows)


@given(logs(), st.randoms(use_true_random=False))
def test_the_mix_of_timers_makes_no_difference(rows: list[Row], random: Random) -> None:
    """However the timers' rows are mixed, each timer ends the same, if its own rows stay in order."""
    queues: dict[int, list[Row]] = {}
    for row in rows:
        queues.setdefault(row[0], []).append(row)
    waiting = [queue[::-1] for queue in queues.values()]
    mixed = []
    while waiting:
        queue = random.choice(waiting)
        mixed.append(queue.pop())
        waiting = [each for each in waiting if each]
    assert sorted(records(columns.replay(table(mixed)).timers)) == sorted(records(columns.replay(table(rows)).timers))


@given(logs(), st.lists(st.integers(0, 40)))
def test_replay_goes_on_from_where_it_was(rows: list[Row], cuts: list[int]) -> None:
    """A log cut anywhere and replayed piece by piece, each from the timers of the one ahead, gives the same."""
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    timers = columns.replay(table([])).timers
    rejected = []
    for start, stop in itertools.pairwise(bounds):
        timers, here = columns.replay(table(rows[start:stop]), timers)
        rejected += [(row + start, reason) for row, reason in rejections(here)]
    assert (records(timers), rejected) == stepped(rows)


@given(logs(), st.lists(st.integers(0, 40)), st.sampled_from([1, 5, 1 << 27]))
def test_a_stream_lets_go_of_what_has_stopped(rows: list[Row], cuts: list[int], piece: int) -> None:
    """Batch by batch, every timer comes out once, as in one go, and stopped ones stay stopped after they have left."""
    bounds = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_PIECE", piece)
        results = list(columns.stream(table(rows[start:stop]) for start, stop in itertools.pairwise(bounds)))
    timers, rejected = stepped(rows)
    assert sorted(record for each in results for record in records(each.timers)) == sorted(timers)
    assert [row for each in results for row in rejections(each.rejected)] == rejected
    assert all(state == "stopped" for each in results[:-1] for state in each.timers["state"].to_pylist())
    assert "stopped" not in results[-1].timers["state"].to_pylist()


@pytest.mark.parametrize("bytes_in_a_piece", [0, 100, 1 << 27])
def test_a_stream_of_tiny_batches_forgets_nobody(bytes_in_a_piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many batches the timers stopped in, and however their ids are held, none of them begins once more."""
    monkeypatch.setattr(engine, "_PIECE_OF_IDS", bytes_in_a_piece)
    once: list[Row] = [(each, event, each) for each in range(60) for event in ("start", "stop")]
    log = table([*once, *once])
    results = list(columns.stream(log.slice(row, 1) for row in range(log.num_rows)))
    assert [each for result in results for each in result.timers["timer"].to_pylist()] == list(range(60))
    rejected = [row for result in results for row in result.rejected["row"].to_pylist()]
    assert rejected == list(range(120, 240))


def test_a_stream_of_nothing_yields_nothing() -> None:
    """Without a batch there are no types, so there is no table."""
    assert list(columns.stream([])) == []


def test_a_stream_is_of_one_type() -> None:
    """A batch whose ids or instants have another type than those ahead is rejected."""
    first = table([(1, "start", 0)])
    texts = first.set_column(0, "timer", pa.array(["1"]))
    with pytest.raises(pc.InvalidColumns, match="column timer: string in this batch, but int64"):
        list(columns.stream([first, texts]))


def test_the_example_of_a_day() -> None:
    """Two timers, mixed: one paused for an hour and stopped, one still running; the second stop is rejected."""
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
    assert records(timers) == [(7, "stopped", T0, T0 + 4 * HOUR, 3 * HOUR), (3, "running", T0 + HOUR, T0 + HOUR, 0)]
    assert rejected.to_pylist() == [{"row": 5, "reason": "illegal-transition"}]


@pytest.mark.parametrize("mixed", [False, True])
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
def test_ids_of_every_type_come_back_as_they_were(id_type: pa.DataType, *, mixed: bool) -> None:
    """Integers, strings and dictionaries of either are ids; in the result they have the type that they had."""
    rows: list[Row] = [(9, "start", 0), (2, "start", 0), (9, "stop", 5), (2, "stop", 5), (1, "stop", 6)]
    rows = rows if mixed else sorted(rows, key=lambda row: (9, 2, 1).index(row[0]))
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
    """Ids too far apart to be packed with their rows are numbered first."""
    ids = pa.array([low + 2**62, low + 5, low + 2**62, low + 5], pa.uint64() if low > 0 else pa.int64())
    log = table([(0, "start", 1), (0, "start", 2), (0, "stop", 3), (0, "stop", 5)]).set_column(0, "timer", ids)
    timers, _ = columns.replay(log)
    assert timers["timer"].to_pylist() == ids[:2].to_pylist()
    assert timers["worked"].to_pylist() == [2, 3]


def test_a_dictionary_may_repeat_itself() -> None:
    """Arrow allows a dictionary that says a thing twice, or null: what counts are its words, not its indices."""
    words = pa.array(["a", "a", None, "b"])
    ids = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, None], pa.int8()), words)
    events = pa.DictionaryArray.from_arrays(
        pa.array([0, 2, 0, 1, 0], pa.int8()), pa.array(["start", "start", "stop", None])
    )
    log = pa.table({"timer": ids, "event": events, "at": [1, 2, 3, 4, 5]})
    timers, rejected = columns.replay(log)
    assert records(timers) == [("a", "stopped", 1, 2, 1), ("b", "running", 4, 4, 0)]
    assert rejections(rejected) == [(2, "null-value"), (4, "null-value")]
    assert timers["timer"].type == ids.type


def test_instants_may_be_timestamps() -> None:
    """A timestamp with a zone is an instant, and the result has its type; the numbers are the same."""
    rows: list[Row] = [(1, "start", T0), (1, "pause", T0 + 5)]
    numbers = table(rows)
    for zone in ("UTC", "Europe/Berlin"):
        kind = pa.timestamp("us", tz=zone)
        stamped = numbers.set_column(2, "at", numbers["at"].cast(kind))
        timers, _ = columns.replay(stamped)
        assert timers.schema.field("since").type == timers.schema.field("started_at").type == kind
        assert records(timers) == records(columns.replay(numbers).timers)


def test_events_may_be_encoded_in_any_order() -> None:
    """A dictionary of events has its own numbers, and more words than there are events."""
    events = pa.DictionaryArray.from_arrays(
        pa.array([1, 2, 0, None], pa.uint8()), pa.array(["break", "start", "stop", "pause"]).cast(pa.string_view())
    )
    log = table([(1, "start", 0)] * 4).set_column(1, "event", events)
    timers, rejected = columns.replay(log)
    assert records(timers) == [(1, "stopped", 0, 0, 0)]
    assert rejections(rejected) == [(2, "unknown-event"), (3, "null-value")]


def test_a_row_that_is_no_event_changes_nothing() -> None:
    """Nulls, unknown words and instants out of range are rejected row by row; the rest counts."""
    log = pa.table(
        {
            "timer": pa.array([1, None, 1, 1, 1, 1, 2, 1], pa.int64()),
            "event": pa.array(["start", "start", None, "begin", "pause", "pause", None, "pause"]),
            "at": pa.array([0, 0, 1, 1, 2**61, None, 9, 3], pa.int64()),
        }
    )
    timers, rejected = columns.replay(log)
    assert records(timers) == [(1, "paused", 0, 3, 3), (2, "idle", 0, 0, 0)]
    assert rejections(rejected) == [
        (1, "null-value"),
        (2, "null-value"),
        (3, "unknown-event"),
        (4, "instant-out-of-range"),
        (5, "null-value"),
        (6, "null-value"),
    ]


def test_a_log_without_any_id() -> None:
    """Rows of nobody are rejected, and make no timer."""
    log = table([(1, "start", 0)]).set_column(0, "timer", pa.array([None], pa.int64()))
    timers, rejected = columns.replay(log)
    assert (timers.num_rows, rejections(rejected)) == (0, [(0, "null-value")])


def test_nobodys_rows_among_mixed_ones() -> None:
    """Rows without an id do not disturb the order of the others, and rejected rows keep their numbers."""
    log = table([(5, "start", 0), (1, "start", 0), (5, "stop", 1), (5, "stop", 2), (1, "stop", 4)])
    log = log.set_column(0, "timer", pa.array([5, 1, None, 5, 1]))
    timers, rejected = columns.replay(log)
    assert [record[:2] for record in records(timers)] == [(5, "stopped"), (1, "stopped")]
    assert rejections(rejected) == [(2, "null-value")]


def test_the_widest_instants_do_not_overflow() -> None:
    """At the ends of the range the sums are exact: 2**62 - 1 microseconds of work."""
    rows: list[Row] = [(1, "start", -(2**61)), (1, "pause", 2**61 - 1)]
    timers, rejected = columns.replay(table(rows))
    assert (records(timers), rejections(rejected)) == stepped(rows)
    assert timers["worked"].to_pylist() == [2**62 - 1]


@pytest.mark.parametrize("count", [1000, 1])
def test_a_log_full_of_rejected_events(count: int) -> None:
    """Where hardly any event is accepted, for many timers or for one, the result is that of stepping."""
    rng = np.random.default_rng(7)
    events = rng.choice(["start", "pause", "resume", "stop"], 4000).tolist()
    instants = (np.arange(4000) + rng.integers(-50, 50, 4000)).tolist()
    rows: list[Row] = list(zip((np.arange(4000) % count).tolist(), events, instants, strict=True))
    result = columns.replay(table(rows))
    assert (records(result.timers), rejections(result.rejected)) == stepped(rows)
    assert result.rejected.num_rows > 2000


def test_one_clock_far_ahead_blocks_only_its_timer() -> None:
    """After an event from the future every earlier one is rejected, however many there are."""
    rows: list[Row] = [(1, "start", 0), (1, "pause", 10**15)]
    rows += [(1, "resume", at) for at in range(600)] + [(1, "resume", 10**15 + 1), (1, "stop", 10**15 + 3)]
    timers, rejected = columns.replay(table(rows))
    assert (records(timers), rejections(rejected)) == stepped(rows)
    assert rejected.num_rows == 600


def test_an_empty_log_has_no_timers() -> None:
    """No rows, with or without chunks: no timers, nothing rejected, the columns all there."""
    for log in (table([]), table([]).cast(table([]).schema), pa.table(table([]).schema.empty_table())):
        timers, rejected = columns.replay(log)
        assert (timers.num_rows, rejected.num_rows) == (0, 0)
        assert timers.column_names == ["timer", "state", "started_at", "since", "worked"]
    assert columns.replay(pa.Table.from_batches([], table([]).schema)).timers.num_rows == 0


def test_as_many_timers_as_events() -> None:
    """A timer for each event: all begin, in order."""
    rows: list[Row] = [(each, "start", each) for each in range(50, 0, -1)]
    timers, rejected = columns.replay(table(rows))
    assert (records(timers), rejections(rejected)) == stepped(rows)


def test_what_hands_over_a_table_is_taken() -> None:
    """A record batch is a table, and so is whatever exports a stream of Arrow, as data frames do."""

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
        ("timer", pa.array([1.5]), "double is no type of an id"),
        ("timer", pa.array([None]), "null is no type of an id"),
        ("timer", pa.array([True]), "bool is no type of an id"),
        ("event", pa.array([1]), "int64 holds no strings"),
        ("event", pa.array([b"start"]), "binary holds no strings"),
        ("at", pa.array([1.5]), "double is neither int64"),
        ("at", pa.array(["2026-03-02T08:00:00Z"]), "string is neither int64"),
        ("at", pa.array([1], pa.int32()), "int32 is neither int64"),
        ("at", pa.array([1], pa.timestamp("us")), "without a zone it names no instant"),
        ("at", pa.array([1], pa.timestamp("ns", tz="UTC")), r"timestamp\[ns, tz=UTC\] is neither"),
    ],
)
def test_a_column_of_the_wrong_type_is_rejected(column: str, values: pa.Array, reason: str) -> None:
    """A column that cannot be what it should is rejected as a whole, by name."""
    log = table([(1, "start", 0)])
    log = log.set_column(log.column_names.index(column), column, values)
    with pytest.raises(pc.InvalidColumns, match=reason) as caught:
        columns.replay(log)
    assert (caught.value.column, caught.value.code) == (column, "invalid-columns")


@pytest.mark.parametrize("column", ["timer", "event", "at"])
def test_a_column_that_is_not_there_once_is_rejected(column: str) -> None:
    """A missing column is named, with those that there are; and so is one that is there twice."""
    log = table([(1, "start", 0)])
    with pytest.raises(pc.InvalidColumns, match=f"column {column}: missing; the columns are: "):
        columns.replay(log.drop_columns([column]))
    with pytest.raises(pc.InvalidColumns, match=f"column {column}: there twice"):
        columns.replay(log.append_column(column, log[column]))


def test_what_is_no_table_is_rejected() -> None:
    """A list, a dict, None: a named error."""
    for thing in ([(1, "start", 0)], {"timer": [1]}, None):
        with pytest.raises(pc.InvalidColumns, match="is no Arrow table"):
            columns.replay(thing)


def test_too_many_rows_to_sort_at_once_are_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packing has room for 2**30 rows; more are rejected, and never mixed up."""
    monkeypatch.setattr(engine, "_MOST_BITS", 1)
    with pytest.raises(pc.InvalidColumns, match="rows to sort at once"):
        columns.replay(table([(2, "start", 0), (1, "start", 0), (1, "stop", 0)]))


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (pa.array([1, 1]), "there twice"),
        (pa.array([1, None]), "null"),
        (pa.array(["a", "b"]), "string in the timers, but int64 in the log"),
        (pa.array([1, 2**63], pa.uint64()), "does not fit int64"),
    ],
)
def test_timers_to_go_on_from_have_ids_like_the_logs(ids: pa.Array, reason: str) -> None:
    """Each timer has one row, and ids that can be those of the log."""
    log = table([(1, "start", 0), (2, "start", 0)])
    timers = columns.replay(log).timers
    with pytest.raises(pc.InvalidColumns, match=reason):
        columns.replay(log, timers.set_column(0, "timer", ids))


@given(logs(), st.sampled_from(pc.Event), st.integers(-5, 200))
def test_transition_moves_each_timer_by_itself(rows: list[Row], event: pc.Event, now: int) -> None:
    """One event for all timers is that event for each; who may not stays as it was, and is named."""
    before = columns.replay(table(rows)).timers
    after, rejected = columns.transition(before, event, now)
    moved, expected = [], []
    for row, (name, state, started_at, since, worked) in enumerate(records(before)):
        timer = pc.Timer(pc.State(state), started_at, since, worked)
        try:
            timer = pc.transition(timer, event, now)
        except pc.PunchclockError as error:
            expected.append((row, error.code))
        moved.append((name, str(timer.state), timer.started_at, timer.since, timer.worked))
    assert (records(after), rejections(rejected)) == (moved, expected)


def test_transition_takes_an_event_and_an_instant_for_each() -> None:
    """Events and instants may be columns; the table's other columns, their order and their types stay."""
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


def test_transition_wants_one_of_each() -> None:
    """Columns of another length than the table are rejected."""
    timers = columns.replay(table([(1, "start", 0)])).timers
    with pytest.raises(pc.InvalidColumns, match="column event: 2 values for 1 timers"):
        columns.transition(timers, pa.array(["pause", "stop"]), 1)
    with pytest.raises(pc.InvalidColumns, match="column now: 2 values for 1 timers"):
        columns.transition(timers, "pause", np.array([1, 2]))


def test_columns_need_one_target_for_an_event() -> None:
    """A table in which an event leads to two states is a machine, but not one for columns, and is rejected."""
    rows = [(*key, target) for key, target in pc.TRANSITIONS.items()]
    assert target_states(pc.TRANSITIONS)[pc.Event.STOP] is pc.State.STOPPED
    forked = build_table([*rows, (pc.State.STOPPED, pc.Event.RESUME, pc.State.PAUSED)])
    with pytest.raises(pc.InvalidTransitionTable, match="resume leads to running too"):
        target_states(forked)


@pytest.mark.parametrize(
    ("module", "error"), [("pyarrow", pc.MissingExtra), ("numpy", pc.MissingExtra), ("msgspec", ModuleNotFoundError)]
)
def test_a_missing_extra_is_named(module: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without NumPy or pyarrow the import says what to install; what else may be missing is not blamed on the extra."""
    for name in [name for name in sys.modules if name.startswith("punchclock.columns")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(error) as caught:
        importlib.import_module("punchclock.columns")
    assert type(caught.value) is error
