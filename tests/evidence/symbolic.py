"""The prover: Python functions run on symbolic integers, and what holds of them shown for all integers by z3.

Nothing here knows a timer. The function under proof is called as it is, with `Integer` objects in the place of
integers. Sums and products build terms. Where the function asks a question about them (``if now < since``), the run
takes one answer and remembers the other, and the function is called again until every answer that is possible has
been taken: so each *path* through the code is walked once, for all the integers that lead along it. On each path
the claim is handed to z3, which looks for integers that break it, and proves that there are none, or finds some.

Python's integers have no bounds and z3's neither, so nothing is lost in between. Floor division and its remainder are
written out as what they are, ``a = q·b + r`` with ``r`` between 0 and ``b``, of the sign of ``b``. A product of two
unknowns is an unknown itself, of which z3 is told its sign and that it is no smaller than its factors: so every
question is one of linear arithmetic, which z3 decides. That says less of products than is true. So what is proved
holds, and only a counter-example with a product in it would have to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

import z3

from evidence.claims import Refuted

__all__ = ["Integer", "Prover", "Truth", "integer", "standing_in", "type_of"]

_TIMEOUT: Final = 60_000  # milliseconds for one question to z3
_MOST_PATHS: Final = 20_000


_Product = tuple[str, ...]  # the names of its unknowns, sorted


class _Infeasible(BaseException):
    """No integers lead along this path; not an ``Exception``, so that no code under proof can catch it."""


class _Path:
    """One walk through the code: the answers given so far, and what they say of the integers."""

    def __init__(self, answers: list[bool]) -> None:
        self.answers = answers
        self.alternatives: list[list[bool]] = []
        self.taken = 0
        self.fresh = 0
        self.products: set[_Product] = set()
        self.solver = z3.Solver()
        self.solver.set("timeout", _TIMEOUT)

    def assume(self, condition: z3.BoolRef) -> None:
        self.solver.add(condition)

    def possible(self, condition: z3.BoolRef) -> bool:
        """Whether some integers of this path meet a condition; what z3 cannot tell counts as possible."""
        return bool(self.solver.check(condition) != z3.unsat)

    def answer(self, condition: z3.BoolRef) -> bool:
        if self.taken < len(self.answers):
            given = self.answers[self.taken]
        else:
            given = self.possible(condition)
            if given and self.possible(z3.Not(condition)):
                self.alternatives.append([*self.answers, False])
            self.answers.append(given)
        self.taken += 1
        self.assume(condition if given else z3.Not(condition))
        return given

    def new(self, name: str) -> str:
        self.fresh += 1
        return f"{name}#{self.fresh}"


_paths: list[_Path] = []  # the walk that is under way, if one is


def _path() -> _Path:
    return _paths[-1]


class Truth:
    """A statement about symbolic integers; to ask whether it is true is to take a path."""

    def __init__(self, term: z3.BoolRef) -> None:
        self.term = term

    def __bool__(self) -> bool:
        return _path().answer(self.term)

    __hash__ = None  # type: ignore[assignment]  # nothing that is under proof puts one into a set


class Integer:
    """Any integer at all, or a polynomial of some: what each product of unknowns is taken times, and then summed."""

    def __init__(self, form: Mapping[_Product, int]) -> None:
        self.form = {product: factor for product, factor in form.items() if factor}

    @property
    def term(self) -> z3.ArithRef:
        """The sum as z3 knows it."""
        return z3.Sum([z3.IntVal(0), *(factor * _unknown(product) for product, factor in self.form.items())])

    def __repr__(self) -> str:
        return " + ".join(f"{factor}·{'·'.join(product)}" for product, factor in self.form.items()) or "0"

    __hash__ = None  # type: ignore[assignment]

    def __index__(self) -> int:
        raise TypeError(f"{self} is any integer, and no one of them")

    def __bool__(self) -> bool:
        return _path().answer(self.term != 0)

    def __add__(self, other: Integer | int) -> Integer:
        form = dict(self.form)
        for product, factor in _form(other).items():
            form[product] = form.get(product, 0) + factor
        return Integer(form)

    __radd__ = __add__

    def __sub__(self, other: Integer | int) -> Integer:
        return self + -1 * Integer(_form(other))

    def __rsub__(self, other: int) -> Integer:
        return Integer(_form(other)) - self

    def __mul__(self, other: Integer | int) -> Integer:
        form: dict[_Product, int] = {}
        for mine, factor in self.form.items():
            for its, by in _form(other).items():
                product = tuple(sorted((*mine, *its)))
                form[product] = form.get(product, 0) + factor * by
        return Integer(form)

    __rmul__ = __mul__

    def __neg__(self) -> Integer:
        return -1 * self

    def __divmod__(self, other: Integer | int) -> tuple[Integer, Integer]:
        path = _path()
        divisor = Integer(_form(other))
        if path.answer(divisor.term == 0):
            raise ZeroDivisionError
        multiple, rest = self._multiple_of(divisor)
        if not rest.form:
            return multiple, rest
        quotient = Integer({(path.new("quotient"),): 1})
        remainder = rest - quotient * divisor
        if path.answer(divisor.term > 0):
            path.assume(z3.And(remainder.term >= 0, remainder.term < divisor.term))
        else:
            path.assume(z3.And(remainder.term <= 0, remainder.term > divisor.term))
        return multiple + quotient, remainder

    def _multiple_of(self, divisor: Integer) -> tuple[Integer, Integer]:
        """``(k, rest)`` with ``self = k·divisor + rest``: what can be seen to be a multiple is taken out."""
        if len(divisor.form) != 1:
            return Integer({}), self
        ((unknowns, by),) = divisor.form.items()
        multiple: dict[_Product, int] = {}
        rest: dict[_Product, int] = {}
        for product, factor in self.form.items():
            left = list(product)
            try:
                for unknown in unknowns:
                    left.remove(unknown)
            except ValueError:
                rest[product] = factor
                continue
            multiple[tuple(left)], rest[product] = divmod(factor, by)
        return Integer(multiple), Integer(rest)

    def __floordiv__(self, other: Integer | int) -> Integer:
        return divmod(self, other)[0]

    def __mod__(self, other: Integer | int) -> Integer:
        return divmod(self, other)[1]

    def __truediv__(self, other: int) -> Ratio:
        return Ratio(z3.ToReal(self.term) / other)

    def __lt__(self, other: Integer | int) -> Truth:
        return Truth(self.term < _term(other))

    def __le__(self, other: Integer | int) -> Truth:
        return Truth(self.term <= _term(other))

    def __gt__(self, other: Integer | int) -> Truth:
        return Truth(self.term > _term(other))

    def __ge__(self, other: Integer | int) -> Truth:
        return Truth(self.term >= _term(other))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(self.term == _term(other)) if isinstance(other, (Integer, int)) else Truth(z3.BoolVal(False))

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(self.term != _term(other)) if isinstance(other, (Integer, int)) else Truth(z3.BoolVal(True))


class Ratio:
    """An exact quotient, where the code under proof has a float: what a float makes of it is not under proof."""

    def __init__(self, term: z3.ArithRef) -> None:
        self.term = term

    def __add__(self, other: Ratio) -> Ratio:
        return Ratio(self.term + other.term)

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return Truth(self.term == other.term) if isinstance(other, Ratio) else Truth(z3.BoolVal(False))

    __hash__ = None  # type: ignore[assignment]


def _form(value: Integer | int) -> Mapping[_Product, int]:
    return value.form if isinstance(value, Integer) else {(): value}


def _term(value: Integer | int) -> z3.ArithRef:
    if not isinstance(value, (Integer, int)):
        raise TypeError(f"an integer does not compare with {value!r}")
    return value.term if isinstance(value, Integer) else z3.IntVal(value)


def _unknown(product: _Product) -> z3.ArithRef:
    """A product of unknowns, as one unknown more, of which z3 is told what products have in common."""
    if not product:
        return z3.IntVal(1)
    term = z3.Int("·".join(product))
    if len(product) == 2 and product not in _path().products:
        _path().products.add(product)
        one, other = (z3.Int(name) for name in product)
        for x, y in ((one, other), (other, one)):
            _path().assume(
                z3.And(
                    z3.Implies(x == 0, term == 0),
                    z3.Implies(z3.And(x > 0, y >= 1), term >= x),
                    z3.Implies(z3.And(x > 0, y <= -1), term <= -x),
                    z3.Implies(z3.And(x < 0, y <= -1), term >= -x),
                )
            )
    return term


def integer(name: str) -> Integer:
    """Any integer; of one name it is the same."""
    return Integer({(name,): 1})


def type_of(value: object) -> type:
    """Return what ``type`` returns where an unknown is exactly an ``int``; of every other value, its own type.

    Code under proof that asks ``type(now) is not int`` is answered by this in the place of the builtin. So the check
    runs as it is, and the proof holds under the precondition that this is true of each unknown.
    """
    return int if isinstance(value, Integer) else type(value)


class Prover:
    """Proofs, and how much went into them.

    Attributes:
        obligations: how many statements were proved.
        paths: how many paths were walked.
    """

    def __init__(self) -> None:
        self.obligations = 0
        self.paths = 0

    def prove(self, what: str, body: Callable[[Prover], None]) -> None:
        """Walk every path through ``body``, which calls `assume` and `holds`.

        Raises:
            Refuted: some integers break a statement, or z3 cannot tell; or no path was walked to its end.
        """
        pending: list[list[bool]] = [[]]
        ended = 0
        while pending:
            path = _Path(pending.pop())
            _paths.append(path)
            try:
                body(self)
                ended += 1
            except _Infeasible:
                pass
            except RecursionError:
                raise
            except Refuted as error:
                raise Refuted(f"{what}: {error}") from error
            except Exception as error:
                raise Refuted(f"{what}: {type(error).__name__}: {error}, for {_example(path)}") from error
            finally:
                _paths.pop()
            self.paths += 1
            pending.extend(path.alternatives)
            if self.paths > _MOST_PATHS:
                raise Refuted(f"{what}: more than {_MOST_PATHS} paths")
        if not ended:
            raise Refuted(f"{what}: no integers meet what is assumed, so that nothing is proved")

    def assume(self, *conditions: Truth | bool) -> None:
        """Go on with integers of which this is true."""
        path = _path()
        for condition in conditions:
            path.assume(_statement(condition))
        if path.solver.check() == z3.unsat:
            raise _Infeasible

    def holds(self, statement: str, *conditions: Truth | bool) -> None:
        """Each of these is true of every integer on this path.

        Raises:
            Refuted: it is not, and for which; or z3 cannot tell.
        """
        path = _path()
        for condition in conditions:
            self.obligations += 1
            denied = z3.Not(_statement(condition))
            path.solver.push()
            path.solver.add(denied)
            found = path.solver.check()
            example = _example(path) if found == z3.sat else "(z3 cannot tell)"
            path.solver.pop()
            if found != z3.unsat:
                raise Refuted(f"{statement}: not for {example}")


def _statement(condition: Truth | bool) -> z3.BoolRef:
    return condition.term if isinstance(condition, Truth) else z3.BoolVal(bool(condition))


def _example(path: _Path) -> str:
    if path.solver.check() != z3.sat:
        return "(no example)"
    model = path.solver.model()
    return ", ".join(sorted(f"{each.name()} = {model[each]}" for each in model if "#" not in each.name()))


@contextmanager
def standing_in(module: ModuleType, **substitutes: Any) -> Iterator[None]:  # noqa: ANN401 - whatever stood there
    """Other values for names of a module, for as long as this lasts: what a proof leaves out, named where it does.

    A name that the module does not have is a builtin's, which the substitute hides.
    """
    names = vars(module)
    before = {name: names[name] for name in substitutes if name in names}
    try:
        names.update(substitutes)
        yield
    finally:
        for name in substitutes:
            del names[name]
        names.update(before)
