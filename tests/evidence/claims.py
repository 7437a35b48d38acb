"""A claim, what a run may spend on it, and the run itself. What there is to claim is in the file of each means."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

__all__ = ["LONG", "SHORT", "Budget", "Claim", "Refuted", "Row", "checked"]


class Refuted(Exception):
    """A claim does not hold; the text is the counter-example."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How much a run tries. Two are named: `SHORT`, which every change has to pass, and `LONG`.

    Attributes:
        name: what the table calls it.
        crosshair_seconds: for each contract that CrossHair searches.
        word_length: the words of events that are exhausted, with instants that may go any way at every step.
        zone_hours: how far apart the instants are at which the pieces of a split day are looked at.
        model_examples: how many random runs each state machine makes.
        simulation_seeds: how many deterministic simulations are run, of 400 steps each.
        fuzz_runs: how many inputs each target of the fuzzer is given, times its pace; the same ones in every run.
        fuzz_seconds: for how long each is given inputs of chance, where that is not counted.
        mutants: how many mutants of each layer are sampled, beside the last whole run.
    """

    name: str
    crosshair_seconds: float
    word_length: int
    zone_hours: float
    model_examples: int
    simulation_seeds: int
    fuzz_runs: int
    fuzz_seconds: int
    mutants: int


SHORT: Final = Budget(
    name="short",
    crosshair_seconds=8,
    word_length=9,
    zone_hours=2,
    model_examples=240,
    simulation_seeds=300,
    fuzz_runs=2000,
    fuzz_seconds=0,
    mutants=24,
)

LONG: Final = Budget(
    name="long",
    crosshair_seconds=60,
    word_length=14,
    zone_hours=0.25,
    model_examples=4000,
    simulation_seeds=10_000,
    fuzz_runs=0,
    fuzz_seconds=180,
    mutants=240,
)


class Claim(NamedTuple):
    """What is asserted, and what checks it.

    Attributes:
        text: one sentence.
        check: tries to refute it within a budget, and tells the size of what it tried; raises if it does not hold.
    """

    text: str
    check: Callable[[Budget], str]


class Row(msgspec.Struct, frozen=True):
    """What became of a claim.

    Attributes:
        claim: its text.
        means: the name of the file that checks it.
        budget: the name of what it was allowed.
        size: what was tried.
        holds: whether it stood.
        finding: why not, where it did not.
        seconds: how long it took.
    """

    claim: str
    means: str
    budget: str
    size: str
    holds: bool
    finding: str
    seconds: float


def checked(means: str, claims: Iterable[Claim], budget: Budget) -> Iterator[Row]:
    """Check claims one after another; whatever goes wrong with one is its own row's."""
    for claim in claims:
        begun = time.perf_counter()
        size, finding = "", ""
        try:
            size = claim.check(budget)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a check that breaks down or ends has shown nothing
            finding = "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
        if not size and not finding:
            finding = "it does not say what it tried"
        yield Row(claim.text, means, budget.name, size, not finding, finding, time.perf_counter() - begun)
