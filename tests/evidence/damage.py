"""Damage: every reader of files on damaged files; the only results are a value or a named error.

A file of each kind is written by punchclock itself and then changed at random: a byte is set to 0x00 or 0xff or has a
bit flipped, the end is cut off, or blocks are doubled or swapped. A child process reads the files and is restarted
when it ends, so a crash, a file that takes too long and one that takes too much memory are counter-examples, as any
exception is that is not named. The inputs are the same in every run.
"""

from __future__ import annotations

import importlib
import random
import resource
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pyarrow as pa

from evidence.claims import Budget, Claim, Refuted
from evidence.clients import MORNING
from punchclock import columns
from punchclock.columns.ledger import apply_batch
from punchclock.errors import PunchclockError
from punchclock.eventlog import TimerLog
from punchclock.sandbox import Sandbox
from punchclock.sandbox.sql import SqlStore
from punchclock.units import HOUR
from punchclock.workspaces import demo_workspace, load_workspace

_SECONDS: Final = 10  # for one file; then the child ends
_MEMORY: Final = 1 << 29  # bytes that the child may hold beyond those at its start
_SPACE: Final = 1 << 33  # bytes that it may reserve
_FINDINGS: Final = 5  # after these, no further files are tried
_LABELS: Final = ("user", "note")


class Reader(NamedTuple):
    """A reader of files.

    Attributes:
        claim: what must hold, in a sentence.
        suffix: the suffix of the files' names.
        write: writes one or more valid files into a folder, and returns them.
        read: reads a file and uses everything in it; raises `PunchclockError` to reject it.
    """

    claim: str
    suffix: str
    write: Callable[[Path], list[Path]]
    read: Callable[[Path], object]


# ---- the readers ---------------------------------------------------------------------------------


def _logs() -> list[pa.Table]:
    """Return logs with ids of each type, in two batches, with labels."""
    count = 24
    rows = pa.table(
        {
            "timer": [f"T{number % 5}" for number in range(count)],
            "event": pa.array(["start", "pause", "resume", "stop"] * (count // 4)).dictionary_encode(),
            "at": pa.array([MORNING + number * HOUR for number in range(count)]).cast(pa.timestamp("us", tz="UTC")),
            "user": pa.array(["anna", None] * (count // 2)).dictionary_encode(),
            "note": [f"a longer note {number}" for number in range(count)],
        }
    )
    ids = rows["timer"].combine_chunks()
    others = [ids.dictionary_encode(), ids.cast(pa.string_view()), pa.array(range(count))]
    return [rows, *(rows.set_column(0, "timer", each) for each in others)]


def _write_logs(suffix: str, folder: Path) -> list[Path]:
    paths = []
    for number, log in enumerate(_logs()):
        plain = log.set_column(0, "timer", pa.array([str(each) for each in log["timer"].to_pylist()]))
        path = folder / f"log{number}.{suffix}"
        columns.write(plain if suffix in {"csv", "jsonl"} else log, path)
        paths.append(path)
    return paths


def _read_log(path: Path) -> None:
    log = columns.read(path)
    result = columns.replay(log)
    _use(result.timers)
    _use(result.rejected)
    _use(columns.segments(log, "Europe/Berlin", limit=10_000))
    timers: TimerLog[None] = TimerLog()
    for batch in columns.read_batches(path, _LABELS):
        for rejected in apply_batch(timers, batch):
            str(rejected.error)


def _use(table: pa.Table) -> None:
    for column in table.columns:
        # Columns have instants without a date.
        (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()


def _write_database(folder: Path) -> list[Path]:
    path = folder / "sandbox.db"
    store = SqlStore(f"sqlite:///{path}", demo_workspace())
    with Sandbox(store=store, clock=MORNING) as sandbox:
        path_of_call = "/api/admin/v2?action=start_my_timer&id_task=31"
        sandbox.handle("GET", path_of_call, headers={"authorization": "Bearer worksection-token-3"})
    return [path]


def _read_database(path: Path) -> None:
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    store = SqlStore(f"sqlite:///{path}", demo_workspace(), timeout=1)
    with Sandbox(store=store, clock=MORNING) as sandbox:
        status, _, body = sandbox.handle("GET", "/_punchclock/timers")
    if status not in {200, 503}:
        raise Refuted(f"{status}: {body[:200]!r}")


def _demo() -> bytes:
    return resources.files("punchclock").joinpath("demo.toml").read_bytes()


def _as_json() -> bytes:
    return msgspec.json.encode(tomllib.loads(_demo().decode()))


def _write_workspace(suffix: str, folder: Path) -> list[Path]:
    path = folder / f"workspace.{suffix}"
    path.write_bytes(_as_json() if suffix == "json" else _demo())
    return [path]


def _log_reader(name: str, suffix: str) -> Reader:
    claim = f"a damaged {name} is a log, or a named error; it never ends the process"
    return Reader(claim, suffix, partial(_write_logs, suffix), _read_log)


def _workspace_reader(suffix: str) -> Reader:
    claim = f"a damaged workspace file in {suffix.upper()} is a workspace, or a named error"
    return Reader(claim, suffix, partial(_write_workspace, suffix), load_workspace)


READERS: Final = {
    "arrow": _log_reader("Arrow file", "arrow"),
    "arrows": _log_reader("Arrow stream", "arrows"),
    "parquet": _log_reader("Parquet file", "parquet"),
    "csv": _log_reader("CSV file", "csv"),
    "jsonl": _log_reader("file of JSON Lines", "jsonl"),
    "database": Reader(
        "a damaged database of the sandbox serves its timers, or is unavailable by a named error",
        "db",
        _write_database,
        _read_database,
    ),
    "toml": _workspace_reader("toml"),
    "json": _workspace_reader("json"),
}


# ---- the damage ----------------------------------------------------------------------------------


def mutations(samples: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield damaged copies of files without end, each with a description; the same ones for the same files."""
    chance = random.Random(1)
    while True:
        number = chance.randrange(len(samples))
        data = samples[number]
        at, other = sorted(chance.randrange(len(data)) for _ in range(2))
        size = min(chance.choice((1, 4, 8, 64)), other - at)
        kind = chance.choice(("zero", "ones", "flip", "flip", "cut", "double", "swap"))
        if kind == "cut":
            damaged = data[:at]
        elif kind == "double":
            damaged = data[: at + size] + data[at:]
        elif kind == "swap":
            damaged = (data[:at] + data[other : other + size] + data[at + size : other] + data[at : at + size]) + data[
                other + size :
            ]
        else:
            byte = {"zero": 0, "ones": 255}.get(kind, data[at] ^ 1 << chance.randrange(8))
            damaged = data[:at] + bytes([byte]) + data[at + 1 :]
        yield f"file {number}, {kind} at {at} ({other}, {size})", damaged


def attack(reader: Reader, path: Path) -> bool:
    """Let a reader read a file; return whether it accepts it.

    Raises:
        Refuted: the result is neither a value nor a named error in one line.
    """
    try:
        reader.read(path)
    except Refuted:
        raise
    except PunchclockError as error:
        text = str(error)
        if not text or "\n" in text or not error.code:
            raise Refuted(f"the error is not one line: {text!r}") from error
        return False
    except Exception as error:
        raise Refuted(f"{type(error).__name__}: {error}") from error
    return True


class _Result(msgspec.Struct):
    """What the child reports about one file: whether it is accepted, or a finding."""

    number: int
    accepted: bool = False
    finding: str = ""


def damaged(name: str, count: int, module: str = __name__, seconds: int = _SECONDS) -> str:
    """Let a child process read damaged files; describe what was tried.

    Raises:
        Refuted: a file ended the child, took too long or too much memory, or gave neither a value nor a named error.
    """
    findings: list[str] = []
    accepted = done = 0
    while done < count and len(findings) < _FINDINGS:
        command = [sys.executable, "-c", f"from {__name__} import child; child()"]
        ran = subprocess.run(
            [*command, module, name, str(done), str(count), str(seconds)], capture_output=True, check=False
        )
        results = [msgspec.json.decode(line, type=_Result) for line in ran.stdout.splitlines()]
        if not results and ran.returncode > 0:
            raise Refuted(f"the child did not start: {ran.stderr[-500:].decode(errors='replace')}")
        for result in results:
            done, accepted = result.number + 1, accepted + result.accepted
            if result.finding:
                findings.append(result.finding)
        if done < count and ran.returncode:
            what = _inputs(name, module, done)[1]
            findings.append(f"{what}: the process ended with {_ending(ran.returncode)}")
            done += 1
    if findings:
        raise Refuted(f"{len(findings)} of {done:,} files: " + "; ".join(findings[:_FINDINGS]))
    return f"{count:,} damaged files, of which {accepted:,} are accepted"


def _ending(status: int) -> str:
    if status == -signal.SIGALRM:
        return "the time limit"
    return signal.Signals(-status).name if status < 0 else f"status {status}"


def _inputs(name: str, module: str, number: int) -> tuple[bytes, str]:
    """Return one damaged file and its description."""
    reader: Reader = importlib.import_module(module).READERS[name]
    with tempfile.TemporaryDirectory() as folder:
        samples = [path.read_bytes() for path in reader.write(Path(folder))]
    for at, (what, data) in enumerate(mutations(samples)):
        if at == number:
            return data, what
    raise AssertionError  # the mutations do not end


def child() -> None:
    """Read damaged files in this process, and print a result for each."""
    module, name, first, count, seconds = sys.argv[1:]
    reader: Reader = importlib.import_module(module).READERS[name]
    resource.setrlimit(resource.RLIMIT_AS, (_SPACE, _SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, also within a library
    with tempfile.TemporaryDirectory() as folder:
        samples = [path.read_bytes() for path in reader.write(Path(folder))]
        path = Path(folder) / f"damaged.{reader.suffix}"
        allowed = _resident() + _MEMORY
        for number, (what, data) in zip(range(int(count)), mutations(samples), strict=False):
            if number < int(first):
                continue
            path.write_bytes(data)
            result = _Result(number)
            signal.alarm(int(seconds))
            try:
                result.accepted = attack(reader, path)
            except Refuted as error:
                result.finding = f"{what}: {error}"
            signal.alarm(0)
            if _resident() > allowed:
                result.finding = f"{what}: {_resident():,} bytes of memory"
                allowed = _resident() + _MEMORY
            sys.stdout.buffer.write(msgspec.json.encode(result) + b"\n")
            sys.stdout.buffer.flush()


def _resident() -> int:
    """Return the largest memory of this process so far, in bytes.

    Linux begins ``ru_maxrss`` with the memory of the process that started this one, which may hide any growth.
    """
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _check(name: str, budget: Budget) -> str:
    return damaged(name, budget.damaged_files)


CLAIMS: Final = tuple(Claim(reader.claim, partial(_check, name)) for name, reader in READERS.items())
