"""The command of the evidence: it reports a claim that fails, by its status too, and saves the rows.

The evidence is not part of the package: tests of the built wheel skip this file.
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

from evidence import __main__ as command
from evidence.claims import LONG, SHORT, Budget, Claim, NotShown, Refuted, Row, check

pytestmark = pytest.mark.slow


def holding(budget: Budget) -> str:
    """Hold."""
    return f"one case, within the {budget.name} budget"


def failing(budget: Budget) -> str:
    """Find a counter-example."""
    raise Refuted("1 + 1 | 3")


def too_little(budget: Budget) -> str:
    """Neither hold nor fail."""
    raise NotShown("never run: timer.py")


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the results of this test are saved."""
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
    """Each means is a file with claims, and no two claims are the same sentence."""
    texts = [claim.text for means in command.MEANS for claim in importlib.import_module(f"evidence.{means}").CLAIMS]
    assert len(texts) == len(set(texts)) > 20
    for means in command.MEANS:
        assert importlib.import_module(f"evidence.{means}").CLAIMS, means


def test_the_long_budget_is_longer() -> None:
    """The long budget is larger in every field."""
    for name in ("crosshair_seconds", "word_length", "model_examples", "simulation_seeds", "damaged_files"):
        assert getattr(LONG, name) > getattr(SHORT, name)
    assert LONG.zone_hours < SHORT.zone_hours
    assert (SHORT.fuzz_runs > 0, SHORT.fuzz_seconds, LONG.fuzz_runs, LONG.fuzz_seconds > 60) == (True, 0, 0, True)


def test_a_claim_that_fails_is_a_row_that_says_so() -> None:
    """A check that raises anything fails its own claim; the others are still checked."""
    claims = (Claim("a", failing), Claim("b", holding), Claim("c", lambda _: str(1 // 0)))
    first, second, third = check("proof", claims, SHORT)
    assert (first.status, first.finding, first.size) == ("fails", "Refuted: 1 + 1 | 3", "")
    assert (second.status, second.finding, second.size) == ("holds", "", "one case, within the short budget")
    assert third.status == "fails"
    assert "ZeroDivisionError" in third.finding


def test_a_finding_has_its_notes() -> None:
    """The row contains the notes of an error, such as the commands that Hypothesis found."""

    def noted(budget: Budget) -> str:
        error = Refuted("1 + 1 = 3")
        error.add_note("after add(1, 1)")
        raise error

    (row,) = check("model", (Claim("a", noted),), SHORT)
    assert row.finding == "Refuted: 1 + 1 = 3; after add(1, 1)"


def test_a_check_that_ends_the_run_or_tried_nothing_has_shown_nothing() -> None:
    """A check that exits with status 0, or reports nothing, fails."""
    ended, silent = check("proof", (Claim("a", lambda _: sys.exit(0)), Claim("b", lambda _: "")), SHORT)
    assert (ended.status, ended.finding) == ("fails", "SystemExit: 0")
    assert (silent.status, silent.finding) == ("fails", "the check does not report what it tried")


@pytest.mark.parametrize(
    ("check", "options", "status", "line"),
    [
        (holding, [], 0, "2 claims, 0 failed, 0 not shown;"),
        (failing, [], 1, "2 claims, 1 failed, 0 not shown;"),
        (too_little, [], 0, "2 claims, 0 failed, 1 not shown;"),
        (too_little, ["--long"], 1, "2 claims, 0 failed, 1 not shown;"),
    ],
)
def test_the_command_s_status(
    check: Callable[[Budget], str],
    options: list[str],
    status: int,
    line: str,
    claims: Callable[..., None],
    saved: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The status is 1 if a claim fails, or is not shown in the long budget. Without ``--save`` nothing is saved."""
    claims(Claim("a claim", check), Claim("another", holding))
    assert command.main(["proof", *options]) == status
    printed = capsys.readouterr().out
    assert line in printed
    assert ("Refuted: 1 + 1 | 3" in printed) == (check is failing)
    assert ("never run: timer.py" in printed) == printed.startswith("not shown") == (check is too_little)
    assert not saved.exists()


def test_an_unknown_means_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """The message lists the known means; the status is 2."""
    with pytest.raises(SystemExit) as ended:
        command.main(["nonsense"])
    assert ended.value.code == 2
    assert "unknown means: nonsense; known: proof, exhaustion" in capsys.readouterr().err


def test_a_run_without_claims_fails(claims: Callable[..., None], saved: Path) -> None:
    """Without claims, nothing was shown."""
    claims()
    assert command.main([]) == 1


def test_rows_are_saved_by_means(claims: Callable[..., None], saved: Path) -> None:
    """A run of some means replaces their rows and keeps the others, in the order of the means."""
    claims(Claim("first", holding))
    command.main(["zones", "--save"])
    command.main(["proof", "--long", "--save"])
    claims(Claim("second", holding))
    command.main(["zones", "--save"])
    rows = msgspec.json.decode(saved.read_bytes(), type=command.Results).rows
    assert [(row.means, row.claim, row.budget) for row in rows] == [
        ("proof", "first", "long"),
        ("zones", "second", "short"),
    ]


def test_an_interrupted_run_has_saved_what_it_finished(
    claims: Callable[..., None], saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are saved as soon as their means is finished, since the long run takes hours."""
    claims(Claim("first", holding))
    command.main(["proof", "--save"])

    def ended(means: str, claims: tuple[Claim, ...], budget: Budget) -> Iterator[Row]:
        if means == "zones":
            raise KeyboardInterrupt
        return check(means, claims, budget)

    monkeypatch.setattr(command, "check", ended)
    with pytest.raises(KeyboardInterrupt):
        command.main(["proof", "exhaustion", "zones", "--long", "--save"])
    rows = msgspec.json.decode(saved.read_bytes(), type=command.Results).rows
    assert [(row.means, row.budget) for row in rows] == [("proof", "long"), ("exhaustion", "long")]


def test_the_machine_is_described_but_not_named() -> None:
    """The description has Python's version, but neither the host's name nor a path."""
    description = command.machine()
    assert platform.python_version() in description
    assert platform.node() not in description
    assert "/" not in description


def test_a_pitfall_that_fails_is_noticed(tmp_path: Path) -> None:
    """A failing test refutes the claim; so does a file without tests, or a test without a mistake."""
    pitfalls = importlib.import_module("evidence.pitfalls")
    tests = tmp_path / "test_wrong.py"
    tests.write_text("def test_wrong():\n    '''It fails.'''\n    assert 1 + 1 == 3\n", encoding="utf-8")
    with pytest.raises(Refuted, match="1 failed"):
        pitfalls.reported_mistakes(SHORT, tests)
    tests.write_text("def test_alone():\n    '''It has no mistake.'''\n    assert 1 + 1 == 2\n", encoding="utf-8")
    with pytest.raises(Refuted, match="test_alone does not check a mistake"):
        pitfalls.reported_mistakes(SHORT, tests)
    tests.write_text("", encoding="utf-8")
    with pytest.raises(Refuted, match="no tests ran"):
        pitfalls.reported_mistakes(SHORT, tests)


def test_the_saved_results_hold() -> None:
    """The results in the docs cover every means and every claim; each holds, or lacks a whole run of mutants."""
    saved = msgspec.json.decode(command.RESULTS.read_bytes(), type=command.Results)
    assert [row.claim for row in saved.rows if row.status != "holds" and row.means != "mutation"] == []
    assert [row.claim for row in saved.rows if row.status == "fails"] == []
    claims = [(means, one) for means in command.MEANS for one in importlib.import_module(f"evidence.{means}").CLAIMS]
    assert [(row.means, row.claim) for row in saved.rows] == [(means, claim.text) for means, claim in claims]
