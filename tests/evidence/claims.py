"""A claim, the budget of a run, and the check. The claims themselves are in the file of each means."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, NamedTuple

import msgspec


class Refuted(Exception):
    """A claim does not hold; the message is the counter-example."""


class NotShown(Exception):
    """Nothing contradicts a claim, but too little was tried to say that it holds; the message says what is missing."""


Status = Literal["holds", "not shown", "fails"]


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """How much a run tries: `SHORT`, which every change has to pass, or `LONG`.

    Attributes:
        name: the name in the results.
        crosshair_seconds: time for each contract that CrossHair searches.
        word_length: length of the words of events that are exhausted, with a clock that may go either way.
        zone_hours: distance of the instants at which the pieces of a split day are checked.
        model_examples: number of random runs of each state machine.
        simulation_seeds: number of deterministic simulations, of 400 steps each.
        every_message: whether PostgreSQL's connection fails at each message of its protocol, not only at each exchange.
        fuzz_runs: number of inputs for each fuzz target, times its pace; the same inputs in every run.
        fuzz_seconds: time for each fuzz target with random inputs, where ``fuzz_runs`` is 0.
        attack_rounds: number of attacks on a server that runs out of descriptors or threads.
        damaged_files: number of damaged files for each reader of files.
        mutants: number of mutants of each layer that are sampled, beside the last whole run.
        longest_input: the largest input in bytes whose cost is measured.
        one_shape_in: only one in so many hostile shapes is tried with each form of an input, others for each parser.
        kills: number of times that servers are killed, for each database.
    """

    name: str
    crosshair_seconds: float
    word_length: int
    zone_hours: float
    model_examples: int
    simulation_seeds: int
    every_message: bool
    fuzz_runs: int
    fuzz_seconds: int
    attack_rounds: int
    damaged_files: int
    mutants: int
    longest_input: int
    one_shape_in: int
    kills: int


SHORT: Final = Budget(
    name="short",
    crosshair_seconds=8,
    word_length=9,
    zone_hours=2,
    model_examples=240,
    simulation_seeds=300,
    every_message=False,
    fuzz_runs=2000,
    fuzz_seconds=0,
    attack_rounds=1,
    damaged_files=200,
    mutants=12,
    longest_input=1 << 18,
    one_shape_in=23,
    kills=3,
)

LONG: Final = Budget(
    name="long",
    crosshair_seconds=60,
    word_length=14,
    zone_hours=0.25,
    model_examples=4000,
    simulation_seeds=10_000,
    every_message=True,
    fuzz_runs=0,
    fuzz_seconds=180,
    attack_rounds=10,
    damaged_files=5000,
    mutants=240,
    longest_input=1 << 20,
    one_shape_in=1,
    kills=200,
)


class Claim(NamedTuple):
    """A sentence, and the function that tries to refute it.

    Attributes:
        text: the sentence.
        check: takes a budget and returns a description of what it tried; raises `NotShown` if that was too little, and
            any other error if the claim does not hold.
    """

    text: str
    check: Callable[[Budget], str]


class Row(msgspec.Struct, frozen=True):
    """The result of a claim.

    Attributes:
        claim: the text.
        means: the name of the file that checks it.
        budget: the name of the budget.
        size: what was tried.
        status: whether the claim holds.
        finding: the counter-example or error if it fails, or what is missing to show it.
        seconds: duration of the check.
    """

    claim: str
    means: str
    budget: str
    size: str
    status: Status
    finding: str
    seconds: float


def check(means: str, claims: Iterable[Claim], budget: Budget) -> Iterator[Row]:
    """Check claims one after another; an error in one fails only its own row."""
    for claim in claims:
        begun = time.perf_counter()
        size, finding = "", ""
        status: Status = "fails"
        try:
            size = claim.check(budget)
            finding = "" if size else "the check does not report what it tried"
            status = "holds" if size else "fails"
        except NotShown as error:
            status, finding = "not shown", str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a check that crashes or exits has shown nothing
            finding = "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
        yield Row(claim.text, means, budget.name, size, status, finding, time.perf_counter() - begun)
