"""The vendors: one folder each, found by being there. What they share is in the files beside the folders.

workspace.py      what an account is set up with          account.py   a workspace and its timers
records.py    a timer as a vendor keeps it, changes   dialect.py   a vendor's calls as events of the machine
rules.py      the rules that vendors share            calls.py     from request to response, the same for all
wire.py       bytes, parameters, payloads             errors.py    malformed payloads, rejections
conversion.py one vendor's payload as another's       from_log.py  a logged timer as a vendor's payload
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING

from punchclock.vendors.errors import MalformedPayload, Rejection, UnknownVendor

if TYPE_CHECKING:
    from punchclock.vendors.conversion import convert

__all__ = ["MalformedPayload", "Rejection", "UnknownVendor", "convert", "load", "names"]


def names() -> tuple[str, ...]:
    """The vendors that are served, in alphabetical order: the folders here."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))


def load(vendor: str) -> ModuleType:
    """A vendor's module, with the names that every vendor has.

    Raises:
        UnknownVendor: no such folder.
    """
    if vendor not in names():
        raise UnknownVendor(vendor, names())
    return importlib.import_module(f"punchclock.vendors.{vendor}")


def __getattr__(name: str) -> object:
    """Load conversion when it is used: it needs zones, which a vendor may do without."""
    if name == "convert":
        return importlib.import_module("punchclock.vendors.conversion").convert
    raise AttributeError(f"module 'punchclock.vendors' has no attribute {name!r}")
