"""Submodules that load when one of their names is first used.

A module-level ``__getattr__`` of the package would do the same, but would slow down every attribute access of the
package. ``importlib.util.LazyLoader`` is not safe in threads in early releases of Python 3.11 and 3.12.
"""

from __future__ import annotations

import sys
from _thread import RLock  # `threading` is slower to import
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.abc import Loader  # slow to import

#: Attributes that do not load the module: the import system and `inspect` read them from all of ``sys.modules``.
_METADATA: Final = frozenset(
    {"__class__", "__file__", "__loader__", "__name__", "__package__", "__spec__", "__warningregistry__"}
)
_lock: Final = RLock()
_loaders: Final[dict[ModuleType, Loader]] = {}


class _LazyModule(ModuleType):
    """A module that has not loaded yet; loading turns it into an ordinary module."""

    def __getattribute__(self, name: str) -> object:
        if name not in _METADATA:
            _load(self)
        return ModuleType.__getattribute__(self, name)


def lazy_module(name: str, path: list[str]) -> ModuleType:
    """Return a module that loads at first use, and register it, so that ``import`` statements find it too.

    Args:
        name: the full name of the module.
        path: the ``__path__`` of its package.
    """
    # `importlib.util` has functions for this, but its import takes as long as that of several modules of the core.
    specs = (finder.find_spec(name, path) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    spec, loader = next((spec, spec.loader) for spec in specs if spec is not None and spec.loader is not None)
    module = _LazyModule(name)
    module.__spec__ = spec
    module.__loader__ = loader
    module.__package__ = spec.parent
    module.__file__ = spec.origin
    _loaders[module] = loader
    sys.modules[name] = module
    return module


def _load(module: ModuleType) -> None:
    """Run the code of a module once; other threads wait until it has finished."""
    with _lock:
        loader = _loaders.pop(module, None)
        if loader is None:
            return  # it is loaded, or this thread is loading it
        try:
            loader.exec_module(module)
        except BaseException:
            _loaders[module] = loader
            raise
        module.__class__ = ModuleType
