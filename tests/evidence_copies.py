"""Copies of functions with one mistake, for the tests of the evidence."""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from punchclock import vendors


def broken(function: Callable[..., Any], old: str, new: str) -> Callable[..., Any]:
    """Return the function with ``old`` replaced by ``new``, which must occur exactly once in its source."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} occurs {source.count(old)} times in {function.__qualname__}"
    module = inspect.getmodule(function)
    assert module is not None
    code = compile(source.replace(old, new), "<broken>", "exec", flags=annotations.compiler_flag)
    names: dict[str, Any] = {}
    exec(code, vars(module), names)  # noqa: S102 - our own source
    copy: Callable[..., Any] = names[function.__name__]
    return copy


def breaks(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, old: str, new: str) -> None:
    """Replace a function by a broken copy."""
    monkeypatch.setattr(owner, name, broken(getattr(owner, name), old, new))


def breaks_handler(monkeypatch: pytest.MonkeyPatch, vendor: str, operation: str, old: str, new: str) -> None:
    """Replace the handler of a vendor's operation by a broken copy."""
    handlers = importlib.import_module(f"punchclock.vendors.{vendor}.handlers")
    breaks(monkeypatch, handlers, operation, old, new)
    handler = getattr(handlers, operation)
    rows = vendors.load(vendor).operations
    changed = (msgspec.structs.replace(row, handler=handler) if row.name == operation else row for row in rows)
    replaces(monkeypatch, vendor, operations=tuple(changed))


def replaces(monkeypatch: pytest.MonkeyPatch, vendor: str, **fields: Any) -> None:  # noqa: ANN401 - of any type
    """Let a vendor have other fields."""
    changed, load = msgspec.structs.replace(vendors.load(vendor), **fields), vendors.load
    monkeypatch.setattr(vendors, "load", lambda name: changed if name == vendor else load(name))
