"""Lazy modules: one load, by the first use, in any thread, and again after an error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

from punchclock.lazy import lazy_module

NAME = "lazy_example"


@pytest.fixture
def lazy(tmp_path: Path) -> Iterator[Callable[[str], ModuleType]]:
    """Return a function that makes a lazy module of source code."""

    def make(source: str) -> ModuleType:
        (tmp_path / f"{NAME}.py").write_text(source)
        return lazy_module(NAME, [str(tmp_path)])

    yield make
    sys.modules.pop(NAME, None)


def test_the_first_use_loads_a_module(lazy: Callable[[str], ModuleType]) -> None:
    """Its metadata do not; after the load, it is an ordinary module and the one that ``import`` finds."""
    module = lazy("import lazy_example\nlazy_example.early = 1\nvalue = 2")
    assert (module.__name__, Path(str(module.__file__)).name) == (NAME, f"{NAME}.py")
    assert type(module) is not ModuleType
    assert (module.value, module.early) == (2, 1)
    assert type(module) is ModuleType
    assert sys.modules[NAME] is module


def test_a_finder_of_the_old_kind_is_skipped(
    lazy: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the import system does with a finder that has no ``find_spec``."""
    monkeypatch.setattr(sys, "meta_path", [object(), *sys.meta_path])
    assert lazy("value = 2").value == 2


def test_threads_wait_for_the_end_of_a_load(lazy: Callable[[str], ModuleType]) -> None:
    """No thread sees a module without its names, and its code runs once."""
    module = lazy("import time\nruns = [1]\ntime.sleep(0.1)\nvalue = 2")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: module.value, range(8))) == [2] * 8
    assert module.runs == [1]


def test_a_load_is_repeated_after_an_error(lazy: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a dependency that is not installed yet."""
    module = lazy("import sys\nvalue = sys.lazy_dependency")
    with pytest.raises(AttributeError, match="lazy_dependency"):
        _ = module.value
    monkeypatch.setattr(sys, "lazy_dependency", 2, raising=False)
    assert module.value == 2
