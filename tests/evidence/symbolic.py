"""The prover: runs Python functions on symbolic integers, and lets z3 show what holds for all integers.

Nothing here knows a timer. The function under proof is called unchanged, with `Integer` objects instead of integers.
Sums and products build terms. At a branch (``if now < since``) the run takes one side and remembers the other, and the
function is called again until every possible side has been taken. So each *path* through the code is walked once, for
all the integers that lead along it. On each path z3 searches for integers that break the claim: it finds some, or
proves that there are none.

Neither Python's integers nor z3's have bounds, so the translation loses nothing. Floor division and remainder follow
their definition: ``a = q·b + r``, with ``r`` between 0 and ``b`` and of the sign of ``b``. A product of two unknowns is
an unknown itself; z3 knows its sign and that it is not smaller than its factors. So every question is one of linear
arithmetic, which z3 decides. z3 knows less about products than is true: what it proves holds, but a counter-example
that contains a product may be spurious.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any, Final

import z3

from evidence.claims import Refuted

_TIMEOUT: Final = 60_000  # milliseconds for one question to z3
_MOST_PATHS: Final = 20_000

_Product = tuple[str, ...]  # the names of the unknowns, sorted


class _Infeasible(BaseException):
    """No integers lead along this path; not an ``Exception``, so that no code under proof can catch it."""


class _Path:
    """One walk through the code: the branches taken so far, and what they imply for the integers."""

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
        """Return whether integers on this path can meet a condition; if z3 cannot decide, they can."""
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


_paths: list[_Path] = []  # the current walk


def _path() -> _Path:
    return _paths[-1]


class Truth:
    """A statement about symbolic integers; converting it to ``bool`` takes a branch."""

    def __init__(self, term: z3.BoolRef) -> None:
        self.term = term

    def __bool__(self) -> bool:
        return _path().answer(self.term)

    __hash__ = None  # type: ignore[assignment]  # no code under proof puts one into a set


class Integer:
    """A symbolic integer: a polynomial of unknowns, as the factor of each product of them."""

    def __init__(self, form: Mapping[_Product, int]) -> None:
        self.form = {product: factor for product, factor in form.items() if factor}

    @property
    def term(self) -> z3.ArithRef:
        """The polynomial as a term of z3."""
        return z3.Sum([z3.IntVal(0), *(factor * _unknown(product) for product, factor in self.form.items())])

    def __repr__(self) -> str:
        return " + ".join(f"{factor}·{'·'.join(product)}" for product, factor in self.form.items()) or "0"

    def __hash__(self) -> int:
        """Return the same for all unknowns, so that a dictionary finds a key by `==`, which takes a branch.

        It would not compare an unknown with a number. So all of its keys must be unknown, or none.
        """
        return 0

    def __format__(self, spec: str) -> str:
        """Return the polynomial, whatever the format: errors have it in their texts."""
        return repr(self)

    def __index__(self) -> int:
        raise TypeError(f"{self} is symbolic: it has no single value")

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
        """Return ``(k, rest)`` with ``self = k·divisor + rest``, where ``k`` takes every visible multiple."""
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
    """An exact quotient where the code under proof has a float: the float's rounding is not under proof."""

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
        raise TypeError(f"an integer cannot be compared with {value!r}")
    return value.term if isinstance(value, Integer) else z3.IntVal(value)


def _unknown(product: _Product) -> z3.ArithRef:
    """Return a product of unknowns as one more unknown, and assume what holds of every product."""
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


def any_integer(name: str) -> Any:  # noqa: ANN401 - it takes the place of an int
    """Return the unknown integer of a name."""
    return Integer({(name,): 1})


def type_of(value: object) -> type:
    """Return ``int`` for an unknown, and the type of any other value.

    This replaces the builtin ``type`` in code under proof that checks ``type(now) is not int``. So the check runs
    unchanged, and the proof holds if every unknown is exactly an ``int``.
    """
    return int if isinstance(value, Integer) else type(value)


class Prover:
    """Runs proofs, and counts what they consist of.

    Attributes:
        obligations: how many statements were proved.
        paths: how many paths were walked.
    """

    def __init__(self) -> None:
        self.obligations = 0
        self.paths = 0

    def prove(self, what: str) -> Callable[[Callable[[], None]], None]:
        """Walk at once every path through the decorated function, which calls `assume` and `holds`.

        Raises:
            Refuted: some integers break a statement, or z3 cannot decide it; or no path was walked to its end.
        """
        return lambda body: self._walk(what, body)

    def cases(self, what: str, cases: Iterable[object]) -> Callable[[Callable[..., None]], None]:
        """As `prove`, once for each case: ``what`` and the function take the case, or all parts of a tuple."""

        def prove(body: Callable[..., None]) -> None:
            for case in cases:
                parts = case if isinstance(case, tuple) else (case,)
                self._walk(what.format(*parts), partial(body, *parts))

        return prove

    def _walk(self, what: str, body: Callable[[], None]) -> None:
        pending: list[list[bool]] = [[]]
        ended = 0
        while pending:
            path = _Path(pending.pop())
            _paths.append(path)
            try:
                body()
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
            raise Refuted(f"{what}: no integers meet the assumptions, so nothing is proved")

    def assume(self, *conditions: Truth | bool) -> None:
        """Continue only with integers that meet these conditions."""
        path = _path()
        for condition in conditions:
            path.assume(_statement(condition))
        if path.solver.check() == z3.unsat:
            raise _Infeasible

    def holds(self, statement: str, *conditions: Truth | bool) -> None:
        """Prove that these conditions are true of all integers on this path.

        Raises:
            Refuted: one is not, with an example; or z3 cannot decide it.
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
def standing_in(module: ModuleType, **substitutes: Any) -> Iterator[None]:  # noqa: ANN401 - of any type
    """Replace names of a module for a while: this is how a proof excludes code.

    A name that the module does not define is a builtin; the substitute hides it.
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
