"""Workspace files: the configuration of an account in TOML or JSON, parsed and validated, and the demo workspace.

A file refers to people, clients, projects and tasks by id; a `Workspace` contains the objects themselves. This module
reads files, so no vendor imports it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from punchclock.calendar import find_zone
from punchclock.decoding import DECODE_ERRORS, Undecodable
from punchclock.documents import parse_toml
from punchclock.errors import PunchclockError, safe_repr, truncate
from punchclock.instants import instant
from punchclock.mismatch import decode_error_location
from punchclock.vendors import names
from punchclock.vendors.workspace import (
    Client,
    Credential,
    Job,
    Leave,
    Person,
    Project,
    Role,
    Settings,
    Task,
    Workspace,
)

__all__ = ["MalformedWorkspace", "demo_workspace", "load_workspace", "parse_workspace"]


class MalformedWorkspace(PunchclockError):
    """An invalid workspace file.

    Attributes:
        path: the place in the file, such as ``$.tasks[2].project``; ``$`` is the whole file.
        reason: what is wrong there.
    """

    code = "malformed-workspace"

    def __init__(self, path: str, reason: str) -> None:
        # The path may contain a key of the file, and a key may be any text.
        line = "".join(each if each.isprintable() else repr(each)[1:-1] for each in path)
        super().__init__(f"{truncate(line)}: {reason}")
        self.path = path
        self.reason = reason


#: An id is a text; a number is read as the text of its digits. `_text` checks what msgspec cannot.
_Id = Annotated[int, Meta(ge=1)] | Annotated[str, Meta(min_length=1, max_length=200)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Amount = Annotated[float, Meta(ge=0, lt=10**15)]
_TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]


class _Named(msgspec.Struct, forbid_unknown_fields=True):
    id: _Id
    name: _Name


class _Person(_Named):
    role: Role
    email: str = ""
    employee_id: str | int = ""


class _Project(_Named):
    client: _Id | None = None


class _Task(_Named):
    project: _Id | None = None
    closed: bool = False
    priority: Annotated[int, Meta(ge=0, lt=10**9)] | None = None
    author: _Id | None = None
    assignee: _Id | None = None
    text: str = ""
    added_at: datetime | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    ends_at: _TimeOfDay = ""
    max_time: _Amount | None = None
    max_money: _Amount | None = None
    tags: dict[str, str] = {}


class _Job(_Named):
    project: _Id | None = None
    active: bool = True
    completed: bool = False
    estimate: Annotated[float, Meta(gt=0)] | None = None


class _Credential(msgspec.Struct, forbid_unknown_fields=True):
    key: str = ""
    secret: str = ""
    tokens: dict[str, _Id] = {}


class _Leave(msgspec.Struct, forbid_unknown_fields=True):
    person: _Id
    first: date
    last: date


class _Settings(Settings, frozen=True, forbid_unknown_fields=True):
    leaves: tuple[_Leave, ...] = ()  # type: ignore[assignment]  # a file names people by id


class _File(msgspec.Struct, forbid_unknown_fields=True):
    name: _Name
    people: list[_Person]
    zone: str = "UTC"
    settings: _Settings = _Settings()
    clients: list[_Named] = []
    projects: list[_Project] = []
    tasks: list[_Task] = []
    jobs: list[_Job] = []
    credentials: dict[str, _Credential] = {}


def demo_workspace() -> Workspace:
    """Return the demo workspace, which is part of the package."""
    return parse_workspace(resources.files("punchclock").joinpath("demo.toml").read_bytes(), "toml")


def load_workspace(path: Path | str) -> Workspace:
    """Return the workspace in a file: JSON if its suffix is ``.json``, otherwise TOML.

    Raises:
        MalformedWorkspace: the file cannot be read, or its content is invalid.
    """
    source = Path(path)
    try:
        text = source.read_bytes()
    except OSError as error:
        raise MalformedWorkspace("$", f"cannot read {path}: {error.strerror or error}") from None
    return parse_workspace(text, "json" if source.suffix == ".json" else "toml")


def parse_workspace(text: bytes, form: Literal["json", "toml"]) -> Workspace:
    """Return the workspace that a ``toml`` or ``json`` document describes.

    Raises:
        MalformedWorkspace: the document is invalid.
    """
    document: object = text
    try:
        document = msgspec.json.decode(text) if form == "json" else parse_toml(text)
        file = msgspec.convert(document, _File)
    except Undecodable as error:
        raise MalformedWorkspace("$", str(error)) from None
    except DECODE_ERRORS:
        path, reason, _ = decode_error_location(document, _File)
        raise MalformedWorkspace(path, reason) from None
    return _resolve(file)


def _resolve(file: _File) -> Workspace:
    try:
        find_zone(file.zone)
    except PunchclockError as error:
        raise MalformedWorkspace("$.zone", str(error)) from None
    people = {
        str(each.id): Person(
            id=str(each.id), name=each.name, email=each.email, employee_id=str(each.employee_id), role=each.role
        )
        for each in _unique("people", file.people)
    }
    clients = {str(each.id): Client(id=str(each.id), name=each.name) for each in _unique("clients", file.clients)}
    projects = {
        str(each.id): Project(
            id=str(each.id), name=each.name, client=_find(clients, each.client, f"$.projects[{index}].client")
        )
        for index, each in enumerate(_unique("projects", file.projects))
    }
    tasks = {
        str(each.id): Task(
            id=str(each.id),
            name=each.name,
            project=_find(projects, each.project, f"$.tasks[{index}].project"),
            closed=each.closed,
            priority=each.priority,
            author=_find(people, each.author, f"$.tasks[{index}].author"),
            assignee=_find(people, each.assignee, f"$.tasks[{index}].assignee"),
            text=each.text,
            added_at=_instant(each.added_at, f"$.tasks[{index}].added_at"),
            starts_on=each.starts_on,
            ends_on=each.ends_on,
            ends_at=each.ends_at,
            max_time=each.max_time,
            max_money=each.max_money,
            tags=each.tags,
        )
        for index, each in enumerate(_unique("tasks", file.tasks))
    }
    jobs = {
        str(each.id): Job(
            id=str(each.id),
            name=each.name,
            project=_find(projects, each.project, f"$.jobs[{index}].project"),
            active=each.active,
            completed=each.completed,
            estimate=each.estimate,
        )
        for index, each in enumerate(_unique("jobs", file.jobs))
    }
    credentials, vendors = {}, names()
    for vendor, each in file.credentials.items():
        if vendor not in vendors:  # with a misspelt name, no credentials would be valid at that vendor
            raise MalformedWorkspace(f"$.credentials.{vendor}", f"not a vendor; the vendors are {', '.join(vendors)}")
        owners = {}
        for token, owner in each.tokens.items():
            _find(people, owner, f"$.credentials.{vendor}.tokens.{token}")
            owners[token] = str(owner)
        credentials[vendor] = Credential(key=each.key, secret=each.secret, tokens=owners)
    leaves = []
    for index, leave in enumerate(file.settings.leaves):
        _find(people, leave.person, f"$.settings.leaves[{index}].person")
        if leave.last < leave.first:
            raise MalformedWorkspace(f"$.settings.leaves[{index}].last", f"it is before the first day, {leave.first}")
        leaves.append(Leave(person=str(leave.person), first=leave.first, last=leave.last))
    return Workspace(
        name=file.name,
        zone=file.zone,
        people=people,
        clients=clients,
        projects=projects,
        tasks=tasks,
        jobs=jobs,
        settings=Settings(**msgspec.structs.asdict(file.settings) | {"leaves": tuple(leaves)}),
        credentials=credentials,
    )


_N = TypeVar("_N", bound=_Named)
_E = TypeVar("_E")


def _unique(what: str, entities: Sequence[_N]) -> Sequence[_N]:
    """Return the entities after checking that their ids differ."""
    seen = set()
    for index, each in enumerate(entities):
        path = f"$.{what}[{index}].id"
        each.id = _text(each.id, path)
        if each.id in seen:
            raise MalformedWorkspace(path, f"another entry of {what} has the id {each.id}")
        seen.add(each.id)
    return entities


def _text(id: _Id, path: str) -> str:
    """Return an id as a text."""
    if isinstance(id, int):
        if id >= 2**53:  # many programs that write JSON round such a number
            raise MalformedWorkspace(path, f"{safe_repr(id)} is too large for a number; write the id as a text")
        return str(id)
    if not id.isprintable():
        raise MalformedWorkspace(path, f"the id {safe_repr(id)} has characters that are not printable")
    return id


def _find(among: Mapping[str, _E], id: _Id | None, path: str) -> _E | None:
    if id is None:
        return None
    found = among.get(_text(id, path))
    if found is None:
        raise MalformedWorkspace(path, f"no entry of the file has the id {id}")
    return found


def _instant(value: datetime | None, path: str) -> int | None:
    try:
        return None if value is None else instant(value)
    except PunchclockError as error:
        raise MalformedWorkspace(path, str(error)) from None
