"""The frame of a vendor's rows: three ways to read and write the same payloads, with the targets.

All three check the same things and make the same record, or the same bytes of it. The payloads differ from one
another, so that nothing is served from what was remembered of the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from benchmarks.pairs import Case, Row, against

__all__ = ["EXAMPLES", "Way", "rows_of"]

#: How many different payloads one turn reads.
EXAMPLES = 60

R = TypeVar("R")
T = TypeVar("T")


class Way(NamedTuple, Generic[R]):
    """A way to read a payload and to write one."""

    parse: Callable[[bytes], object]
    serialize: Callable[[R], bytes]


def rows_of(vendor: str, records: list[R], ours: Way[R], by_hand: Way[R], pydantic: Way[R]) -> list[Row]:
    """A vendor's four rows."""
    payloads = [ours.serialize(record) for record in records]
    hand, model = "json and code by hand", "pydantic"
    return [
        _row(f"{vendor} parse", hand, payloads, ours.parse, by_hand.parse, 3),
        _row(f"{vendor} parse", model, payloads, ours.parse, pydantic.parse, 2),
        _row(f"{vendor} serialize", hand, records, ours.serialize, by_hand.serialize, 2),
        _row(f"{vendor} serialize", model, records, ours.serialize, pydantic.serialize, 2),
    ]


def _row(
    case: str, rival: str, examples: list[T], ours: Callable[[T], object], theirs: Callable[[T], object], target: float
) -> Row:
    return against(
        case, rival, _over(examples, ours), _over(examples, theirs), target=target, faster=True, calls=len(examples)
    )


def _over(examples: list[T], function: Callable[[T], object]) -> Case:
    """One turn is a call for each example; what the last turn made is what is compared."""

    def case(repeat: int) -> list[object]:
        made: list[object] = []
        for _ in range(repeat):
            made = [function(example) for example in examples]
        return made

    return case
