"""Contracts: what is about text, and so cannot pass through z3 as integers; CrossHair searches for what breaks them.

It runs a function on values of its own that stand for many at once, follows the code through them, and asks z3 for
values that lead elsewhere, for as long as it is given. What it finds is a counter-example; finding none is no proof,
unless it says that it has seen every path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from evidence.claims import Budget, Claim, Refuted
from punchclock.durations import format_duration, parse_duration
from punchclock.errors import InvalidDuration

__all__ = ["CLAIMS", "reading_back", "rejecting", "writing_back"]

_SECOND: Final = 1_000_000


def reading_back(duration: int) -> int:
    """What is written reads back, cut to the second.

    pre: 0 <= duration < 10**15 * 3_600_000_000
    post: __return__ == duration - duration % 1_000_000
    """
    return parse_duration(format_duration(duration))


def writing_back(hours: int, minutes: int, seconds: int) -> str:
    """What is read writes the same text, hours in two digits at least.

    pre: 0 <= hours < 10**15
    pre: 0 <= minutes < 60
    pre: 0 <= seconds < 60
    post: __return__ == f"{hours:02}:{minutes:02}:{seconds:02}"
    """
    return format_duration((hours * 3600 + minutes * 60 + seconds) * _SECOND)


def rejecting(text: str) -> bool:
    """Any text at all is a duration from 0 on, or rejected by name.

    post: __return__
    """
    try:
        return parse_duration(text) >= 0
    except InvalidDuration:
        return True


def searched(contract: Callable[..., Any], seconds: float) -> str:
    """Let CrossHair search for what breaks a contract.

    Raises:
        Refuted: it found something.
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
        raise Refuted("CrossHair sees no contract there")
    said = set()
    for message in run_checkables(checkables):
        if message.state not in (MessageType.CONFIRMED, MessageType.CANNOT_CONFIRM):
            raise Refuted(f"{message.state.name.lower()}: {message.message}")
        said.add(message.state)
    if MessageType.CONFIRMED in said and len(said) == 1:
        return "every path"
    return f"no counter-example in {seconds:g} s"


def _search(contract: Callable[..., Any]) -> Callable[[Budget], str]:
    def check(budget: Budget) -> str:
        return f"texts and integers as CrossHair finds them: {searched(contract, budget.crosshair_seconds)}"

    return check


CLAIMS: Final = (
    Claim("format_duration is read back by parse_duration, to the second", _search(reading_back)),
    Claim("a duration that was read is written as it was", _search(writing_back)),
    Claim("any text is a duration or rejected by name", _search(rejecting)),
)
