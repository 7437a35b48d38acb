"""The frame of the evidence: a claim that fails is said, in the table and in the exit status, and the rows are kept.

The evidence is the project's, not the package's: where the built wheel is tested it is absent, and nothing here runs.
"""

from __future__ import annotations

import importlib
import platform
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("evidence")

from benchmarks.machine import machine

from evidence import __main__ as command
from evidence import results
from evidence.claims import LONG, SHORT, Budget, Claim, Refuted, Row, checked

pytestmark = pytest.mark.slow


def holding(budget: Budget) -> str:
    """A check that goes through."""
    return f"one case, within the {budget.name} budget"


def failing(budget: Budget) -> str:
    """A check that finds something."""
    raise Refuted("1 + 1 | 3")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the results of this test are kept."""
    path = tmp_path / "results.json"
    monkeypatch.setattr(command, "RESULTS", path)
    return path


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let every means have these claims."""

    def put(*these: Claim) -> None:
        monkeypatch.setattr(importlib, "import_module", lambda _: types.SimpleNamespace(CLAIMS=these))

    return put


def test_every_means_has_claims() -> None:
    """Each means that the command knows is a file with claims, each of them a sentence that no other has."""
    texts = [claim.text for means in command.MEANS for claim in importlib.import_module(f"evidence.{means}").CLAIMS]
    assert len(texts) == len(set(texts)) > 20
    for means in command.MEANS:
        assert importlib.import_module(f"evidence.{means}").CLAIMS, means


def test_the_long_budget_is_longer() -> None:
    """In everything that a run can spend, the long budget is more."""
    for name in ("crosshair_seconds", "word_length", "model_examples", "simulation_seeds"):
        assert getattr(LONG, name) > getattr(SHORT, name)
    assert LONG.zone_hours < SHORT.zone_hours
    assert (SHORT.fuzz_runs > 0, SHORT.fuzz_seconds, LONG.fuzz_runs, LONG.fuzz_seconds > 60) == (True, 0, 0, True)


def test_a_claim_that_fails_is_a_row_that_says_so() -> None:
    """A check that raises anything has not shown its claim; the others are checked all the same."""
    claims = (Claim("a", failing), Claim("b", holding), Claim("c", lambda _: str(1 // 0)))
    first, second, third = checked("proof", claims, SHORT)
    assert (first.holds, first.finding, first.size) == (False, "Refuted: 1 + 1 | 3", "")
    assert (second.holds, second.finding, second.size) == (True, "", "one case, within the short budget")
    assert not third.holds
    assert "ZeroDivisionError" in third.finding


def test_a_finding_has_its_notes() -> None:
    """What is noted of an error, as Hypothesis notes the commands that lead to it, stands in the row."""

    def noted(budget: Budget) -> str:
        error = Refuted("1 + 1 = 3")
        error.add_note("after add(1, 1)")
        raise error

    (row,) = checked("model", (Claim("a", noted),), SHORT)
    assert row.finding == "Refuted: 1 + 1 = 3; after add(1, 1)"


def test_a_check_that_ends_the_run_or_tried_nothing_has_shown_nothing() -> None:
    """A check that leaves with status 0, and one that has nothing to say for itself, do not hold."""
    ended, silent = checked("proof", (Claim("a", lambda _: sys.exit(0)), Claim("b", lambda _: "")), SHORT)
    assert (ended.holds, ended.finding) == (False, "SystemExit: 0")
    assert (silent.holds, silent.finding) == (False, "it does not say what it tried")


@pytest.mark.parametrize(
    ("check", "status", "said"), [(holding, 0, "holds"), (failing, 1, r"**fails**: Refuted: 1 + 1 \| 3")]
)
def test_the_command_s_status(
    check: Callable[[Budget], str],
    status: int,
    said: str,
    claims: Callable[..., None],
    kept: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The status is 0 where every claim holds, else 1; the table says which does not. Nothing is kept unasked."""
    claims(Claim("a claim", check), Claim("another", holding))
    assert command.main(["proof"]) == status
    printed = capsys.readouterr().out
    assert "| a claim | `python -m evidence proof` | " in printed
    assert said in printed
    assert not kept.exists()


def test_a_means_that_is_none_is_a_mistake_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said which there are; the status is 2."""
    with pytest.raises(SystemExit) as ended:
        command.main(["nonsense"])
    assert ended.value.code == 2
    assert "no such means: nonsense; there are proof, exhaustion" in capsys.readouterr().err


def test_a_run_of_nothing_is_no_success(claims: Callable[..., None], kept: Path) -> None:
    """Where there is no claim, nothing was shown."""
    claims()
    assert command.main([]) == 1


def test_rows_are_kept_by_means(claims: Callable[..., None], kept: Path) -> None:
    """A run of some means replaces their rows and leaves the others, whatever the budget; in the order of the means."""
    claims(Claim("first", holding))
    command.main(["zones", "--save"])
    command.main(["proof", "--long", "--save"])
    claims(Claim("second", holding))
    command.main(["zones", "--save"])
    rows = msgspec.json.decode(kept.read_bytes(), type=results.Results).rows
    assert [(row.means, row.claim, row.budget) for row in rows] == [
        ("proof", "first", "long"),
        ("zones", "second", "short"),
    ]
    assert [results.command(row) for row in rows] == ["python -m evidence proof --long", "python -m evidence zones"]


def test_a_run_that_is_ended_keeps_what_it_was_through_with(
    claims: Callable[..., None], kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are kept as soon as their means is through, since the long run takes hours."""
    claims(Claim("first", holding))
    command.main(["proof", "--save"])

    def ended(means: str, claims: tuple[Claim, ...], budget: Budget) -> Iterator[Row]:
        if means == "zones":
            raise KeyboardInterrupt
        return checked(means, claims, budget)

    monkeypatch.setattr(command, "checked", ended)
    with pytest.raises(KeyboardInterrupt):
        command.main(["proof", "exhaustion", "zones", "--long", "--save"])
    rows = msgspec.json.decode(kept.read_bytes(), type=results.Results).rows
    assert [(row.means, row.budget) for row in rows] == [("proof", "long"), ("exhaustion", "long")]


def test_times_are_told_in_the_unit_that_suits() -> None:
    """Seconds, minutes, hours."""
    rows = [
        Row("a", "proof", "short", "all", holds=True, finding="", seconds=seconds) for seconds in (1.25, 240.0, 9000.0)
    ]
    told = results.text(results.Results("1", "a machine", rows))
    for time in ("| 1.2 s |", "| 4.0 min |", "| 2.5 h |", "3 claims, 3 of them hold; 2.6 h in all."):
        assert time in told


def test_the_machine_is_described_and_not_named() -> None:
    """The processor and Python, but neither the host's name nor a path."""
    told = machine()
    assert platform.python_version() in told
    assert platform.node() not in told
    assert "/" not in told


def test_a_pitfall_that_is_fallen_into_is_noticed(tmp_path: Path) -> None:
    """A file with a test that fails refutes the claim; so does one without tests, or without a mistake."""
    pitfalls = importlib.import_module("evidence.pitfalls")
    tests = tmp_path / "test_wrong.py"
    tests.write_text("def test_wrong():\n    '''It fails.'''\n    assert 1 + 1 == 3\n", encoding="utf-8")
    with pytest.raises(Refuted, match="1 failed"):
        pitfalls.reported_mistakes(SHORT, tests)
    tests.write_text("def test_alone():\n    '''It has no mistake.'''\n    assert 1 + 1 == 2\n", encoding="utf-8")
    with pytest.raises(Refuted, match="test_alone has no mistake beside it"):
        pitfalls.reported_mistakes(SHORT, tests)
    tests.write_text("", encoding="utf-8")
    with pytest.raises(Refuted, match="no tests ran"):
        pitfalls.reported_mistakes(SHORT, tests)


def test_the_kept_results_hold() -> None:
    """What the docs show is of a run in which every claim held, of every means."""
    kept = msgspec.json.decode(results.RESULTS.read_bytes(), type=results.Results)
    assert [row.claim for row in kept.rows if not row.holds] == []
    assert {row.means for row in kept.rows} == set(command.MEANS)
