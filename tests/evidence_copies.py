"""Deliberately broken copies of functions, by one small change in their source: for the tests of the evidence."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest


def broken(function: Callable[..., Any], old: str, new: str) -> Callable[..., Any]:
    """The function with ``new`` where its source says ``old``, once; in the same module, next to the same names."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {function.__qualname__}"
    module = inspect.getmodule(function)
    assert module is not None
    code = compile(source.replace(old, new), "<broken>", "exec", flags=annotations.compiler_flag)
    names: dict[str, Any] = {}
    exec(code, vars(module), names)  # noqa: S102 - our own source
    copy: Callable[..., Any] = names[function.__name__]
    return copy


def breaks(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, old: str, new: str) -> None:
    """Put a broken copy in a function's place."""
    monkeypatch.setattr(owner, name, broken(getattr(owner, name), old, new))
