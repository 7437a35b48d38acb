"""The generated parts of the vendors' pages: calls, machine and coverage of each, and all of them side by side.

Nothing here knows a vendor. The calls come from its ``OPERATIONS``, the machine from its ``DIALECT``, the coverage
from the tests that quote its page. Which field of a payload tells of which part of a record is found by changing
that part and looking at what changes with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec.structs import replace

from diagram import svg
from pages import quotes, sentences
from punchclock import vendors
from punchclock.machine import Correction, Event, State
from punchclock.timer import Timer
from punchclock.vendors.calls import Operation
from punchclock.vendors.records import UPDATE, VendorTimer
from punchclock.workspaces import demo_workspace

__all__ = ["vendor_pages"]

PAGES = Path(__file__).parents[2] / "docs" / "vendors"

WORKSPACE = demo_workspace()
HOUR = 3_600_000_000
NOW = 1_772_438_400_000_000  # 2026-03-02T08:00:00Z
LONGEST = 400  # characters of a sentence; samples of payloads are cut


def vendor_pages() -> dict[str, str]:
    """The name and the content of each generated file."""
    found = {name: vendors.load(name) for name in vendors.names()}
    files = {"vendor-events.md": _events(found), "vendor-fields.md": _fields(found)}
    for name, vendor in found.items():
        files[f"{name}.svg"] = svg(
            vendor.DIALECT.transitions, f"The states of a timer at {_title(name)}, and its calls"
        )
        files[f"{name}.md"] = "\n".join(
            [
                "## Its calls\n",
                _operations(vendor),
                "## Its machine\n",
                f"![The states of a timer at {_title(name)}](../generated/{name}.svg)\n",
                _moves(vendor),
                "## What holds it to its page\n",
                "Each sentence of the vendor's page, and the tests that quote it.\n",
                _coverage(name),
            ]
        )
    return files


def _title(name: str) -> str:
    """A vendor's name as its own page in these docs writes it."""
    page = PAGES / f"{name}.md"
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") if page.exists() else name


# ---- one vendor ----------------------------------------------------------------------------------


def _operations(vendor: ModuleType) -> str:
    """The table of its calls; required parameters are bold."""
    return _table(
        ("call", "methods", "path", "parameters"),
        [(_code(row.name), ", ".join(row.methods), _path(row), _parameters(row)) for row in vendor.OPERATIONS],
    )


def _path(row: Operation) -> str:
    paths = " or ".join(_code(path) for path in (row.path, *row.aliases))
    chosen = [f"{_code(name)} {_code(value) if value else 'absent'}" for name, value in row.discriminator.items()]
    return f"{paths}, {', '.join(chosen)}" if chosen else paths


def _parameters(row: Operation) -> str:
    fields = [
        f"**{_code(field.encode_name)}**" if field.required else _code(field.encode_name)
        for field in msgspec.structs.fields(row.request)
    ]
    return ", ".join(fields) or "none"


def _moves(vendor: ModuleType) -> str:
    """The table of what its calls do to a timer."""
    return _table(
        ("call", "when", "is"),
        [(_code(move.operation), _cell(move.flag), _verb(move.action)) for move in vendor.DIALECT.bindings],
    )


def _verb(action: str) -> str:
    return f"**{action}**" if action in set(Event) else str(action)


def _coverage(name: str) -> str:
    """The table of its page's sentences; a heading stands at its first one."""
    quoted: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for quote in quotes():
        if quote.vendor == name:
            quoted.setdefault((quote.heading, quote.text), []).append((quote.file, quote.test))
    lines = []
    said = [each for each in sentences(name) if not each.aside]
    for heading, below in groupby(said, key=lambda each: each.heading):
        for place, each in enumerate(below):
            tests = groupby(dict.fromkeys(quoted[heading, each.text]), key=lambda found: found[0])
            cited = [f"{file}: {', '.join(_code(test) for _, test in found)}" for file, found in tests]
            lines.append((_cell(heading) if place == 0 else "", _cell(each.text), "<br>".join(cited)))
    return _table(("heading", "sentence", "tests"), lines)


# ---- side by side --------------------------------------------------------------------------------


def _events(found: Mapping[str, ModuleType]) -> str:
    """Which call of each vendor is which event, or which correction."""
    lines = []
    for action in (*Event, *Correction, UPDATE):
        cells = []
        for vendor in found.values():
            moves = [move for move in vendor.DIALECT.bindings if move.action == action]
            cells.append(
                "<br>".join(_code(move.operation) + (f" ({_cell(move.flag)})" if move.flag else "") for move in moves)
            )
        lines.append((_verb(action), *cells))
    return _table(("", *(_title(name) for name in found)), lines)


def _fields(found: Mapping[str, ModuleType]) -> str:
    """Which fields of each vendor's payload tell of which part of a record."""
    kinds = [(name, vendor, of) for name, vendor in found.items() for of in vendor.RECORDS]
    columns = []
    for name, vendor, of in kinds:
        told = _told(vendor, of)
        container = next(iter(told["id"]), "").rpartition(".")[0]
        heads = f"{_title(name)}, {of.kind}" if len(vendor.RECORDS) > 1 else _title(name)
        columns.append(
            (
                heads + (f", in {_code(container)}" if container else ""),
                {part: [field.removeprefix(f"{container}.") for field in fields] for part, fields in told.items()},
            )
        )
    lines = [
        (_code(part) if part in CHANGES else part, *(", ".join(map(_code, told[part])) for _, told in columns))
        for part in (*CHANGES, "its own")
    ]
    return _table(("part of the record", *(head for head, _ in columns)), lines)


def _told(vendor: ModuleType, of: type[VendorTimer]) -> dict[str, list[str]]:
    """Part of the record → the fields of the payload that change with it; what changes with none is its own."""
    told: dict[str, list[str]] = {}
    for part, change in CHANGES.items():
        changed: dict[str, None] = {}
        for state in (State.RUNNING, State.PAUSED, State.STOPPED):
            before = _record(of, state)
            # Right after a change of state nothing has elapsed in the new one, so that only the flags differ.
            at = before.timer.since if part == "timer.state" else NOW
            changed |= dict.fromkeys(_changed(_payload(vendor, before, at), _payload(vendor, change(before), at)))
        told[part] = list(changed)
    accounted = {field for fields in told.values() for field in fields}
    every = _payload(vendor, _record(of, State.RUNNING), NOW)
    return told | {"its own": [field for field in every if field not in accounted]}


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """The fields that differ; where a whole object is there once only, the object."""
    for field, value in before.items():
        if field in after:
            if after[field] != value:
                yield field
        else:
            shown = {name for other in after for name in _above(other)}
            yield next(name for name in _above(field) if name not in shown)


def _above(field: str) -> list[str]:
    """A field's path from the outermost object on."""
    parts = field.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _record(of: type[VendorTimer], state: State) -> VendorTimer:
    """A timer that was begun five hours ago, worked three of them, and was last touched an hour ago."""
    return of(
        id="7",
        timer=Timer(state, NOW - 5 * HOUR, NOW - HOUR, 3 * HOUR),
        person=WORKSPACE.people["3"],
        client=WORKSPACE.clients["11"],
        project=WORKSPACE.projects["21"],
        task=WORKSPACE.tasks["31"],
        job=WORKSPACE.jobs["41"],
        note="a note",
        work_date=dt.date(2026, 3, 2),
        updated_on=dt.date(2026, 3, 2),
    )


def _state_changed(record: VendorTimer) -> VendorTimer:
    after = State.RUNNING if record.timer.state is State.PAUSED else State.PAUSED
    return replace(record, timer=replace(record.timer, state=after))


def _project_changed(record: VendorTimer) -> VendorTimer:
    return _within(record, replace(WORKSPACE.projects["22"], client=record.client))


def _client_changed(record: VendorTimer) -> VendorTimer:
    client = WORKSPACE.clients["12"]
    return replace(_within(record, replace(WORKSPACE.projects["21"], client=client)), client=client)


def _within(record: VendorTimer, project: Any) -> VendorTimer:  # noqa: ANN401 - a project
    """The record with its task and job in another project."""
    return replace(
        record,
        project=project,
        task=replace(WORKSPACE.tasks["31"], project=project),
        job=replace(WORKSPACE.jobs["41"], project=project),
    )


#: Part of a record → the same record with another of it.
CHANGES: Mapping[str, Callable[[VendorTimer], VendorTimer]] = {
    "id": lambda record: replace(record, id="8"),
    "timer.state": _state_changed,
    "timer.started_at": lambda record: replace(record, timer=replace(record.timer, started_at=NOW - 6 * HOUR)),
    "timer.since": lambda record: replace(record, timer=replace(record.timer, since=NOW - HOUR // 2)),
    "timer.worked": lambda record: replace(record, timer=replace(record.timer, worked=2 * HOUR)),
    "person": lambda record: replace(record, person=WORKSPACE.people["5"]),
    "client": _client_changed,
    "project": _project_changed,
    "task": lambda record: replace(record, task=WORKSPACE.tasks["32"]),
    "job": lambda record: replace(record, job=replace(WORKSPACE.jobs["42"], project=record.project)),
    "note": lambda record: replace(record, note="another note"),
    "work_date": lambda record: replace(record, work_date=dt.date(2026, 3, 3)),
    "updated_on": lambda record: replace(record, updated_on=dt.date(2026, 3, 3)),
}


def _payload(vendor: ModuleType, record: VendorTimer, at: int) -> dict[str, object]:
    """The fields of a record's payload by their paths; keys that are numbers are no fields."""
    return dict(_leaves(msgspec.json.decode(vendor.serialize(record, at, WORKSPACE.zone)), ""))


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value and not all(key.isdecimal() for key in value):
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _leaves(inner, f"{path}[]")
    else:
        yield path, value


# ---- Markdown ------------------------------------------------------------------------------------


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [heads, ("---",) * len(heads), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def _cell(text: str) -> str:
    """A text as it stands, whatever Markdown or HTML would make of it."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"
    return "".join(f"&#{ord(each)};" if each in MARKUP else each for each in cut)


MARKUP = frozenset("\\`*_{}[]<>#|~^&=$")
