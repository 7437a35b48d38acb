"""What every vendor has: the same names, the same files, calls and dialects that fit together."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import msgspec
import pytest

from punchclock import TRANSITIONS, Event, vendors
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.errors import UnknownVendor
from punchclock.vendors.records import VendorTimer
from toy_vendor import NOW, WORKSPACE

FOLDER = Path(vendors.__file__).parent

#: The names in each vendor's package.
NAMES = {
    "DIALECT",
    "OPERATIONS",
    "VENDOR",
    "example",
    "handle",
    "parse",
    "read_response",
    "request",
    "serialize",
    "validate",
}
#: The files in each vendor's folder; it may have more.
FILES = {"__init__.py", "calls.py", "dialect.py", "handlers.py", "error_codes.py", "wire.py"}


def test_the_vendors_are_the_folders() -> None:
    """Each folder is a vendor; nothing else is."""
    folders = sorted(path.parent.name for path in FOLDER.glob("*/__init__.py"))
    assert vendors.names() == (*folders,)
    assert set(vendors.names()) >= {"intervals", "timetrack", "worksection", "zoho"}
    with pytest.raises(UnknownVendor) as caught:
        vendors.load("nonsense")
    assert (caught.value.vendor, caught.value.known) == ("nonsense", vendors.names())
    with pytest.raises(UnknownVendor):
        vendors.load("wire")
    for name in ("nonsense", "a_name_before_convert"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(vendors, name)


@pytest.mark.parametrize("name", vendors.names())
def test_every_vendor_has_the_same_names_and_files(name: str) -> None:
    """The same names in the package, all of them bindings of its vendor, and the same files in the folder."""
    vendor, package = vendors.load(name), import_module(f"punchclock.vendors.{name}")
    assert vendor is vendors.load(name) is package.VENDOR
    assert set(package.__all__) >= NAMES
    assert all(hasattr(package, each) for each in package.__all__)
    assert {path.name for path in (FOLDER / name).glob("*.py")} >= FILES
    assert (vendor.name, vendor.dialect.vendor) == (name, name)
    for each in NAMES - {"VENDOR"}:
        assert getattr(package, each) == getattr(vendor, each.lower())
    for of in vendor.timer_types:
        assert issubclass(of, VendorTimer)
        assert of.vendor == name
    assert len({of.kind for of in vendor.timer_types}) == len(vendor.timer_types)


@pytest.mark.parametrize("name", vendors.names())
def test_every_dialect_binds_its_own_operations(name: str) -> None:
    """Each binding is of an operation, each transition one of the machine, and no operation has two rows."""
    vendor = vendors.load(name)
    operations = [operation.name for operation in vendor.operations]
    bindings = vendor.dialect.bindings
    assert len(operations) == len(set(operations))
    assert {each.operation for each in bindings} == {row.name for row in vendor.operations if row.may_change}
    for (source, label), target in vendor.dialect.transitions.items():
        actions = [each.action for each in bindings if label in {each.operation, f"{each.operation} ({each.flag})"}]
        assert any(isinstance(action, Event) and TRANSITIONS.get((source, action)) is target for action in actions)


@pytest.mark.parametrize("name", vendors.names())
def test_every_path_belongs_to_one_vendor(name: str) -> None:
    """An operation's path matches its own vendor longer than any other."""
    for operation in vendors.load(name).operations:
        for path in (operation.path, *operation.aliases):
            longest = max(vendors.names(), key=lambda each: vendors.load(each).match_length(path))
            assert longest == name, path
    assert vendors.load(name).match_length("/healthz") == 0


@pytest.mark.parametrize("name", vendors.names())
def test_every_vendor_has_an_example_that_works(name: str) -> None:
    """The example call succeeds in the demo workspace; without credentials there is no example."""
    vendor = vendors.load(name)
    account = MemoryAccount(WORKSPACE)
    example = vendor.example(WORKSPACE, NOW)
    assert example is not None
    route = vendor.route(example)
    assert route.operation is not None
    result = vendor.decide(route, account, NOW)
    assert (result.rejection, result.operation) == (None, route.operation.name), result.response
    assert {change.action for change in result.changes} <= {Event.START}
    assert vendor.validate(example, account, NOW) is None
    assert vendor.example(msgspec.structs.replace(WORKSPACE, credentials={}), NOW) is None
