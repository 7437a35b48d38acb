"""What every vendor has: the same names, the same files, calls and dialects that fit together."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from punchclock import TRANSITIONS, Event, vendors
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.calls import match_length, operation_of, route_prefixes
from punchclock.vendors.errors import UnknownVendor
from punchclock.vendors.records import VendorTimer
from toy_vendor import NOW, WORKSPACE

FOLDER = Path(vendors.__file__).parent

#: What a program finds in each vendor's package.
NAMES = {
    "DIALECT",
    "OPERATIONS",
    "RECORDS",
    "VENDOR",
    "example",
    "handle",
    "parse",
    "read_response",
    "request",
    "serialize",
    "validate",
}
#: The chapters of each vendor; what one has beyond them is its own.
FILES = {"__init__.py", "calls.py", "dialect.py", "handlers.py", "error_codes.py", "wire.py"}


def test_the_vendors_are_the_folders() -> None:
    """A vendor is served because its folder is there."""
    assert vendors.names() == ("intervals", "timetrack", "worksection", "zoho")
    with pytest.raises(UnknownVendor) as caught:
        vendors.load("toggl")
    assert (caught.value.vendor, caught.value.known) == ("toggl", vendors.names())
    with pytest.raises(UnknownVendor):
        vendors.load("wire")
    for name in ("nonsense", "a_name_before_convert"):
        with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
            getattr(vendors, name)


@pytest.mark.parametrize("name", vendors.names())
def test_every_vendor_has_the_same_names_and_files(name: str) -> None:
    """Four chapters of one book: the same names in the package, the same files in the folder."""
    vendor = vendors.load(name)
    assert set(vendor.__all__) >= NAMES
    assert all(hasattr(vendor, each) for each in vendor.__all__)
    assert {path.name for path in (FOLDER / name).glob("*.py")} >= FILES
    assert (vendor.VENDOR.name, vendor.DIALECT.vendor) == (name, name)
    assert vendor.VENDOR.operations is vendor.OPERATIONS
    assert vendor.VENDOR.dialect is vendor.DIALECT
    assert vendor.VENDOR.record is vendor.RECORDS[0]
    for of in vendor.RECORDS:
        assert issubclass(of, VendorTimer)
        assert of.vendor == name
    assert len({of.kind for of in vendor.RECORDS}) == len(vendor.RECORDS)


@pytest.mark.parametrize("name", vendors.names())
def test_every_dialect_speaks_of_its_own_calls(name: str) -> None:
    """Each move is a call of the table, each transition one of the machine, and no call has two rows."""
    vendor = vendors.load(name)
    calls = [operation.name for operation in vendor.OPERATIONS]
    assert len(calls) == len(set(calls))
    assert {binding.operation for binding in vendor.DIALECT.bindings} <= set(calls)
    for (source, label), target in vendor.DIALECT.transitions.items():
        actions = [
            binding.action
            for binding in vendor.DIALECT.bindings
            if label in {binding.operation, f"{binding.operation} ({binding.flag})"}
        ]
        assert any(isinstance(action, Event) and TRANSITIONS.get((source, action)) is target for action in actions)


@pytest.mark.parametrize("name", vendors.names())
def test_every_call_is_found_by_its_own_request(name: str) -> None:
    """A row's path is this vendor's to answer, and no other vendor's."""
    for operation in vendors.load(name).OPERATIONS:
        for path in (operation.path, *operation.aliases):
            furthest = max(vendors.names(), key=lambda each: match_length(vendors.load(each).VENDOR, path))
            assert furthest == name, path
    assert match_length(vendors.load(name).VENDOR, "/healthz") == 0


@pytest.mark.parametrize("name", vendors.names())
def test_every_vendor_has_an_example_that_works(name: str) -> None:
    """The call to try succeeds in the demo workspace; where nothing opens the account, there is none to try."""
    vendor = vendors.load(name)
    account = MemoryAccount(WORKSPACE)
    asked = vendor.example(WORKSPACE, NOW)
    assert operation_of(vendor.VENDOR, asked)
    outcome = vendor.handle(asked, account, NOW)
    assert outcome.rejection is None, outcome.response
    assert {change.action for change in outcome.changes} <= {Event.START}
    assert vendor.example(msgspec.structs.replace(WORKSPACE, credentials={}), NOW) is None


@pytest.mark.parametrize("name", vendors.names())
def test_a_vendor_is_reached_from_its_roots_alone(name: str) -> None:
    """Whoever has many paths to tell apart asks for a path's first segment first."""
    vendor = vendors.load(name).VENDOR
    assert all(match_length(vendor, f"/{root}") == 1 for root in route_prefixes(vendor))
    assert {row.path.strip("/").partition("/")[0] for row in vendor.operations} <= route_prefixes(vendor)
