"""The generated parts of the vendors' pages: calls, machine and coverage of each, and a comparison of all.

Nothing here depends on a particular vendor. The calls come from its operations, the machine from its dialect, the
coverage from the tests that quote its page. Which payload fields show a part of a record is found by changing that part
and comparing the payloads.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from diagram import svg
from pages import quotes, sentences
from punchclock import vendors
from punchclock.machine import Correction, Event, State
from punchclock.timer import Timer
from punchclock.units import HOUR
from punchclock.vendors.calls import Vendor
from punchclock.vendors.operations import Operation
from punchclock.vendors.records import UPDATE, VendorTimer
from punchclock.workspaces import demo_workspace

PAGES = Path(__file__).parents[2] / "docs" / "vendors"

WORKSPACE = demo_workspace()
NOW = 1_772_438_400_000_000  # 2026-03-02T08:00:00Z
LONGEST = 400  # characters of a sentence; longer ones, samples of payloads, are cut


def vendor_pages() -> dict[str, str]:
    """Return the content of each generated file, by its name."""
    found = {name: vendors.load(name) for name in vendors.names()}
    files = {"vendor-events.md": _events(found), "vendor-fields.md": _fields(found)}
    for name, vendor in found.items():
        files[f"{name}.svg"] = svg(
            vendor.dialect.transitions, f"The states of a timer at {_title(name)}, and its calls"
        )
        files[f"{name}.md"] = "\n".join(
            [
                "## Its calls\n",
                _operations(vendor),
                "## Its machine\n",
                f"![The states of a timer at {_title(name)}](../generated/{name}.svg)\n",
                _bindings(vendor),
                "## What holds it to its page\n",
                "Each sentence of the vendor's page, and the tests that quote it.\n",
                _coverage(name),
            ]
        )
    return files


def _title(name: str) -> str:
    """Return a vendor's name as its page in the docs writes it."""
    page = PAGES / f"{name}.md"
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") if page.exists() else name


# ---- one vendor ----------------------------------------------------------------------------------


def _operations(vendor: Vendor[Any]) -> str:
    """Return the table of its calls; required parameters are bold."""
    return _table(
        ("call", "methods", "path", "parameters"),
        [(_code(row.name), ", ".join(row.methods), _path(row), _parameters(row)) for row in vendor.operations],
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


def _bindings(vendor: Vendor[Any]) -> str:
    """Return the table of what its calls do to a timer."""
    return _table(
        ("call", "when", "is"),
        [
            (_code(binding.operation), _cell(binding.flag), _action(binding.action))
            for binding in vendor.dialect.bindings
        ],
    )


def _action(action: str) -> str:
    return f"**{action}**" if action in set(Event) else str(action)


def _coverage(name: str) -> str:
    """Return the table of its page's sentences; the first sentence of each heading shows the heading."""
    quoted: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for quote in quotes():
        if quote.vendor == name:
            quoted.setdefault((quote.heading, quote.text), []).append((quote.file, quote.test))
    lines = []
    stated = [each for each in sentences(name) if not each.aside]
    for heading, below in groupby(stated, key=lambda each: each.heading):
        for place, each in enumerate(below):
            tests = groupby(dict.fromkeys(quoted[heading, each.text]), key=lambda found: found[0])
            cited = [f"{file}: {', '.join(_code(test) for _, test in found)}" for file, found in tests]
            lines.append((_cell(heading) if place == 0 else "", _cell(each.text), "<br>".join(cited)))
    return _table(("heading", "sentence", "tests"), lines)


# ---- side by side --------------------------------------------------------------------------------


def _events(found: Mapping[str, Vendor[Any]]) -> str:
    """Return the table of the calls of each vendor, by event and correction."""
    lines = []
    for action in (*Event, *Correction, UPDATE):
        cells = []
        for vendor in found.values():
            bindings = [binding for binding in vendor.dialect.bindings if binding.action == action]
            cells.append(
                "<br>".join(
                    _code(binding.operation) + (f" ({_cell(binding.flag)})" if binding.flag else "")
                    for binding in bindings
                )
            )
        lines.append((_action(action), *cells))
    return _table(("", *(_title(name) for name in found)), lines)


def _fields(found: Mapping[str, Vendor[Any]]) -> str:
    """Return the table of the fields of each vendor's payload, by the part of a record that they show."""
    kinds = [(name, vendor, of) for name, vendor in found.items() for of in vendor.timer_types]
    columns = []
    for name, vendor, of in kinds:
        shown_by = _fields_by_part(vendor, of)
        container = next(iter(shown_by["id"]), "").rpartition(".")[0]
        heads = f"{_title(name)}, {of.kind}" if len(vendor.timer_types) > 1 else _title(name)
        columns.append(
            (
                heads + (f", in {_code(container)}" if container else ""),
                {part: [field.removeprefix(f"{container}.") for field in fields] for part, fields in shown_by.items()},
            )
        )
    lines = [
        (_code(part) if part in CHANGES else part, *(", ".join(map(_code, shown_by[part])) for _, shown_by in columns))
        for part in (*CHANGES, "its own")
    ]
    return _table(("part of the record", *(head for head, _ in columns)), lines)


def _fields_by_part(vendor: Vendor[Any], of: type[VendorTimer]) -> dict[str, list[str]]:
    """Return the payload fields that change with each part of a record; the others are the vendor's own."""
    shown_by: dict[str, list[str]] = {}
    for part, change in CHANGES.items():
        changed: dict[str, None] = {}
        for state in (State.RUNNING, State.PAUSED, State.STOPPED):
            before = _record(of, state)
            # Right after a change of state nothing has elapsed in the new one, so that only the flags differ.
            at = before.timer.since if part == "timer.state" else NOW
            changed |= dict.fromkeys(_changed(_payload(vendor, before, at), _payload(vendor, change(before), at)))
        shown_by[part] = list(changed)
    accounted = {field for fields in shown_by.values() for field in fields}
    every = _payload(vendor, _record(of, State.RUNNING), NOW)
    return shown_by | {"its own": [field for field in every if field not in accounted]}


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    """Yield the fields that differ; if only one payload has an object, yield the object."""
    for field, value in before.items():
        if field in after:
            if after[field] != value:
                yield field
        else:
            present = {name for other in after for name in _above(other)}
            yield next(name for name in _above(field) if name not in present)


def _above(field: str) -> list[str]:
    """Return the paths of a field's objects, the outermost first, and its own."""
    parts = field.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _record(of: type[VendorTimer], state: State) -> VendorTimer:
    """Return a timer that started five hours ago, has three hours of work, and changed an hour ago."""
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
    """Return the record with its task and job in a project."""
    return replace(
        record,
        project=project,
        task=replace(WORKSPACE.tasks["31"], project=project),
        job=replace(WORKSPACE.jobs["41"], project=project),
    )


#: For each part of a record: a function that changes it.
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


def _payload(vendor: Vendor[Any], record: VendorTimer, at: int) -> dict[str, object]:
    """Return the fields of a record's payload by their paths; numeric keys are not part of a path."""
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
    """Escape a text for a table cell, so that Markdown and HTML show it unchanged."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()} …"
    return "".join(f"&#{ord(each)};" if each in MARKUP else each for each in cut)


MARKUP = frozenset("\\`*_{}[]<>#|~^&=$")
