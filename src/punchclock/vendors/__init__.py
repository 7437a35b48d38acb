"""The vendors: each folder here is one vendor. The files beside the folders are shared by all vendors.

workspace.py  what an account is set up with          account.py     a workspace and its timers
records.py    a vendor's timer, and changes           dialect.py     a vendor's calls as events of the machine
rules.py      the rules that vendors share            operations.py  a documented call, its input and its result
wire.py       bytes, parameters, payloads             calls.py       `Vendor`, from request to response
errors.py     malformed payloads, rejections          conversion.py  one vendor's payload as another's
from_log.py   a logged timer as a vendor's payload      differences.py  what a conversion does not carry
entities.py   people, projects and tasks in a workspace field_values.py values for what a payload lacks
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from punchclock.vendors.errors import MalformedPayload, Rejection, UnknownVendor

if TYPE_CHECKING:
    from punchclock.vendors.calls import Vendor
    from punchclock.vendors.conversion import convert, convert_all

__all__ = ["MalformedPayload", "Rejection", "UnknownVendor", "convert", "convert_all", "load", "names"]


@cache
def names() -> tuple[str, ...]:
    """Return the names of the vendors, in alphabetical order. Each folder here is a vendor."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def load(name: str) -> Vendor[Any]:
    """Return a vendor; only the first call imports it.

    Raises:
        UnknownVendor: there is no vendor of this name.
    """
    return _load(name)


@cache
def _load(name: str) -> Vendor[Any]:
    if name not in names():
        raise UnknownVendor(name, names())
    vendor: Vendor[Any] = importlib.import_module(f"punchclock.vendors.{name}").VENDOR
    return vendor


def __getattr__(name: str) -> object:
    """Import the conversion on first use, because it loads the time-zone code, which not every vendor needs."""
    if name in ("convert", "convert_all"):
        return getattr(importlib.import_module("punchclock.vendors.conversion"), name)
    raise AttributeError(f"module 'punchclock.vendors' has no attribute {name!r}")
