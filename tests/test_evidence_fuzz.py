"""Fuzz: every target copes with its corpus and random changes of it, and the fuzzer finds a planted mistake.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import importlib.util
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from punchclock.errors import InvalidDuration
from punchclock.vendors.calls import Request

pytest.importorskip("evidence")

from evidence import fuzz
from evidence.claims import Refuted

pytestmark = pytest.mark.slow


def _planted(data: bytes) -> None:
    """Crash at one word, letter by letter, so that coverage leads there and chance does not."""
    if data[:1] == b"P" and data[1:2] == b"U" and data[2:3] == b"N":
        raise ZeroDivisionError("planted")


def _rejects(data: bytes) -> None:
    raise InvalidDuration(data, "never one")


def _many_lines(data: bytes) -> None:
    raise InvalidDuration(data, "one\ntwo")


def _uneven(data: bytes) -> None:
    """Take a random time, and a few branches."""
    time.sleep(os.urandom(1)[0] / 50_000)
    for expected, found in zip(b"PUNCHCLOCK", data, strict=False):
        if expected != found:
            raise InvalidDuration(data, "never one")


def _responses_of(vendor: str) -> list[bytes]:
    return fuzz.TARGETS[f"responses of {vendor}"].corpus()


#: The fuzzer's own process finds its target here.
TARGETS = {
    "planted": fuzz.Target("it copes", _planted, lambda: [b"x"]),
    "uneven": fuzz.Target("it copes", _uneven, lambda: [b"x", b"PU", b"P", b"C", b"PUX"], pace=2),
}


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_every_target_copes_with_its_corpus(name: str) -> None:
    """Each target reads its corpus, and random changes of it, as values or named errors."""
    target = fuzz.TARGETS[name]
    assert fuzz.replayed(target, 150) == len(target.corpus()) + 150
    assert any(fuzz.attack(target, data) for data in target.corpus()), "every input is rejected"


@pytest.mark.parametrize("name", [name for name in fuzz.TARGETS if not name.startswith("responses of")])
def test_every_target_rejects(name: str) -> None:
    """Bytes in no format are rejected; a call is answered, if only with a rejection."""
    assert fuzz.attack(fuzz.TARGETS[name], b"\xff\xfe<{") == name.startswith("calls of")


def test_a_named_error_is_allowed() -> None:
    """A named error is one of the two allowed results."""
    assert not fuzz.attack(fuzz.Target("it is rejected", _rejects, list), b"x")


@pytest.mark.parametrize(
    ("parse", "message"), [(_planted, "ZeroDivisionError: planted"), (_many_lines, "not one line")]
)
def test_any_other_result_is_found(parse: Callable[[bytes], object], message: str) -> None:
    """Any other exception is a counter-example, and so is an error message of several lines."""
    with pytest.raises(Refuted, match=message):
        fuzz.attack(fuzz.Target("it copes", parse, list), b"PUN")


@pytest.fixture
def found_by_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fuzzer's own process import this file."""
    pytest.importorskip("atheris")
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)


@pytest.mark.usefixtures("found_by_the_child")
@pytest.mark.parametrize(("runs", "seconds"), [(50_000, 0), (0, 30)])
def test_the_fuzzer_finds_what_is_planted(runs: int, seconds: int) -> None:
    """Coverage leads the fuzzer to a word that chance would not find, and the counter-example is reported."""
    with pytest.raises(Refuted, match=r"PUN.*planted"):
        fuzz.fuzzed("planted", runs, seconds, __name__)


@pytest.mark.usefixtures("found_by_the_child")
def test_a_number_of_inputs_are_the_same_inputs_each_time() -> None:
    """Two runs try the same inputs, in the given number, however long each input takes."""
    one, other = (fuzz.fuzzed("uneven", 250, 0, __name__) for _ in range(2))
    assert one == other
    assert re.match(r"500 inputs, the same in every run \(SHA-256 [0-9a-f]{12}\); [1-9]", one)


@pytest.mark.usefixtures("found_by_the_child")
def test_a_time_is_filled_from_another_seed_each_time() -> None:
    """A run by time reports its seed, and the next run has another."""
    reports = [fuzz.fuzzed("uneven", 0, 1, __name__) for _ in range(2)]
    seeds = [re.search(r"inputs, in 1 s from seed (\d+); ", each) for each in reports]
    assert all(seeds)
    assert len({seed and seed[1] for seed in seeds}) == 2


@pytest.mark.parametrize("vendor", ["timetrack", "worksection", "zoho"])
def test_the_corpora_have_the_samples_of_the_pages(vendor: str) -> None:
    """The corpora contain the requests and responses on the vendors' pages.

    The page of Intervals shows no complete request or response.
    """
    calls = fuzz.TARGETS[f"calls of {vendor}"].corpus()
    shown = {"timetrack": b"date=2020-10-23", "worksection": b"action=get_timers", "zoho": b"user=charles@"}
    assert any(shown[vendor] in call for call in calls)
    if vendor != "timetrack":
        assert any(b'"status": "ok"' in each or b"Timer Paused" in each for each in _responses_of(vendor))


def test_without_atheris(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without atheris the inputs are random only, and the result says so."""
    monkeypatch.setattr(importlib.util, "find_spec", {}.get)
    assert fuzz.fuzzed("durations", 1) == "2,003 inputs, random only: atheris is not installed"


def test_requests_as_bytes() -> None:
    """A request that is written reads back as it was."""
    request = Request(method="POST", path="/timer/1", query="a=b&c", headers={"accept": "a: b"}, body=b"x\n\ny")
    assert fuzz.read_request(fuzz.written_request(request)) == request
    assert fuzz.read_request(b"") == Request(method="", path="")
