"""Which sentences of a vendor's page each test covers; the docs' coverage tables are generated from it.

``tests/pages/VENDOR.toml`` lists the page's sentences, verbatim and in order. The decorator `covers` marks the tests
that cover them; the marks are read from the tests' source, without running it.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

__all__ = ["Quote", "Sentence", "covers", "quotes", "sentences"]

TESTS = Path(__file__).parent

F = TypeVar("F", bound=Callable[..., object])


def covers(vendor: str, heading: str, sentence: str) -> Callable[[F], F]:
    """Mark a test as covering a sentence of a vendor's page, quoted verbatim under its heading.

    The decorator itself does nothing.
    """
    del vendor, heading, sentence

    def unchanged(test: F) -> F:
        return test

    return unchanged


class Sentence(NamedTuple):
    """A sentence of a page. An aside (navigation, the head of a table) contains nothing that a test could check."""

    heading: str
    text: str
    aside: bool


class Quote(NamedTuple):
    """A sentence that a test quotes, and the test."""

    vendor: str
    heading: str
    text: str
    file: str
    test: str


def sentences(vendor: str) -> list[Sentence]:
    """Return the sentences of a vendor's page, in order."""
    listed = tomllib.loads((TESTS / "pages" / f"{vendor}.toml").read_text(encoding="utf-8"))["sentence"]
    return [Sentence(each["heading"], each["text"], each.get("aside", False)) for each in listed]


def quotes() -> list[Quote]:
    """Return all quotes in the tests, by file and in order."""
    return [quote for path in sorted(TESTS.glob("test_*.py")) for quote in _quotes_in(path)]


def _quotes_in(path: Path) -> Iterator[Quote]:
    source = path.read_text(encoding="utf-8")
    if "@covers(" not in source:
        return
    tree = ast.parse(source)
    names = {
        target.id: text
        for node in tree.body
        if isinstance(node, ast.Assign) and (text := _text(node.value, {})) is not None
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for test in tree.body:
        if isinstance(test, ast.FunctionDef):
            for call in test.decorator_list:
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "covers":
                    vendor, heading, sentence = (_text(argument, names) for argument in call.args)
                    if vendor is None or heading is None or sentence is None:
                        raise ValueError(f"{path.name}:{call.lineno}: a quote must be a text or the name of one")
                    yield Quote(vendor, heading, sentence, path.name, test.name)


def _text(node: ast.expr, names: Mapping[str, str]) -> str | None:
    """Return the text of an expression: a literal, the name of one, or a concatenation of these."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return names.get(name)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = _text(left, names), _text(right, names)
            return None if parts[0] is None or parts[1] is None else parts[0] + parts[1]
        case _:
            return None
