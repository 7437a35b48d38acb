"""Contracts: claims about text, which z3 cannot treat as integers; CrossHair searches for counter-examples.

CrossHair runs a function on symbolic values and asks z3 for values that take other paths, for as long as it is given.
Finding no counter-example is not a proof, unless CrossHair reports that it has seen every path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evidence.claims import Budget, Claim, Refuted
from punchclock.durations import format_duration, parse_duration
from punchclock.errors import InvalidDuration
from punchclock.units import SECOND


def reading_back(duration: int) -> int:
    """Return the duration that is read from the text of a duration: the same, cut to the second.

    pre: 0 <= duration < 10**15 * 3_600_000_000
    post: __return__ == duration - duration % 1_000_000
    """
    return parse_duration(format_duration(duration))


def writing_back(hours: int, minutes: int, seconds: int) -> str:
    """Return the text of a duration in hours, minutes and seconds; hours have at least two digits.

    pre: 0 <= hours < 10**15
    pre: 0 <= minutes < 60
    pre: 0 <= seconds < 60
    post: __return__ == f"{hours:02}:{minutes:02}:{seconds:02}"
    """
    return format_duration((hours * 3600 + minutes * 60 + seconds) * SECOND)


def rejecting(text: str) -> bool:
    """Return whether any text is a duration from 0 on, or rejected with `InvalidDuration`.

    post: __return__
    """
    try:
        return parse_duration(text) >= 0
    except InvalidDuration:
        return True


def searched(contract: Callable[..., Any], seconds: float) -> str:
    """Let CrossHair search for a counter-example of a contract.

    Raises:
        Refuted: it found one.
    """
    from crosshair.core_and_libs import MessageType, analyze_function, run_checkables
    from crosshair.options import AnalysisKind, AnalysisOptionSet

    options = AnalysisOptionSet(
        analysis_kind=[AnalysisKind.PEP316],
        per_condition_timeout=seconds,
        per_path_timeout=max(2.0, seconds / 4),
        report_all=True,
    )
    checkables = analyze_function(contract, options)
    if not checkables:
        raise Refuted("CrossHair finds no contract in the function")
    states = set()
    for message in run_checkables(checkables):
        if message.state not in (MessageType.CONFIRMED, MessageType.CANNOT_CONFIRM):
            raise Refuted(f"{message.state.name.lower()}: {message.message}")
        states.add(message.state)
    if states == {MessageType.CONFIRMED}:
        return "every path"
    return f"no counter-example in {seconds:g} s"


def _search(contract: Callable[..., Any]) -> Callable[[Budget], str]:
    return lambda budget: f"texts and integers that CrossHair picks: {searched(contract, budget.crosshair_seconds)}"


CLAIMS: Final = (
    Claim("parse_duration reads what format_duration writes, to the second", _search(reading_back)),
    Claim("format_duration writes the text that parse_duration has read", _search(writing_back)),
    Claim("any text is a duration, or a named error", _search(rejecting)),
)
