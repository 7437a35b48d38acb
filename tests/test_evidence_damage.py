"""Damage: planted mistakes of readers are found, whatever they do to the process.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from punchclock.columns import arrow, binary_formats, files, validation

pytest.importorskip("evidence")

from evidence import damage
from evidence.claims import Refuted
from punchclock.errors import InvalidColumns

pytestmark = pytest.mark.slow


def _write(folder: Path) -> list[Path]:
    path = folder / "sample"
    path.write_bytes(bytes(range(32)))
    return [path]


def _reader(read: object) -> damage.Reader:
    return damage.Reader("it copes", "bin", _write, read)  # type: ignore[arg-type]


def _crash(path: Path) -> None:
    if len(path.read_bytes()) < 20:
        os.kill(os.getpid(), signal.SIGSEGV)


def _hang(path: Path) -> None:
    if len(path.read_bytes()) < 20:
        time.sleep(60)


def _grow(path: Path) -> None:
    if len(path.read_bytes()) < 8:
        bytearray(700_000_000)[::4096] = b"x" * len(range(0, 700_000_000, 4096))


def _escape(path: Path) -> None:
    path.read_bytes().decode("ascii")


def _many_lines(path: Path) -> None:
    raise InvalidColumns(None, "one\ntwo")


def _unchecked(path: Path) -> None:
    """Read a log with validation left out."""
    for module in (validation, files, arrow):
        module.check_column = lambda _: None  # type: ignore[attr-defined]
    damage.READERS["arrow"].read(path)


def _unwrapped(path: Path) -> None:
    """Read a log with the errors of Arrow's readers not wrapped."""
    list(binary_formats.read_arrow(path, ()))


#: The child process finds its reader here.
READERS = {
    "crash": _reader(_crash),
    "hang": _reader(_hang),
    "grow": _reader(_grow),
    "escape": _reader(_escape),
    "many lines": _reader(_many_lines),
    "unchecked": damage.READERS["arrow"]._replace(read=_unchecked),
    "unwrapped": damage.READERS["arrow"]._replace(read=_unwrapped),
    "copes": _reader(Path.read_bytes),
}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("crash", "ended with SIGSEGV"),
        ("hang", "ended with the time limit"),
        ("grow", "bytes of memory"),
        ("escape", "UnicodeDecodeError"),
        ("many lines", "not one line"),
        ("unchecked", "Error|SIG"),
        ("unwrapped", "OSError"),
    ],
)
def test_a_planted_mistake_is_found(name: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash, a hang, a growth of memory and an exception without a name refute the claim."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    with pytest.raises(Refuted, match=message):
        damage.damaged(name, 60, __name__, seconds=1 if name == "hang" else 20)


def test_a_reader_that_copes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The result counts the files and those that are accepted; the mutations are the same each time."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    assert damage.damaged("copes", 50, __name__) == "50 damaged files, of which 50 are accepted"
    first, again = damage.mutations([b"a" * 99]), damage.mutations([b"a" * 99])
    assert [next(first) for _ in range(50)] == [next(again) for _ in range(50)]
