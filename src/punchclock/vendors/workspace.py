"""The workspace: the configuration of an account, which all vendors share and no call changes.

It has people with their roles, clients, projects, tasks, jobs, settings, holidays and credentials. Timers, which calls
do change, are in `punchclock.vendors.records`; workspace files are read by `punchclock.workspaces`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta


class Role(StrEnum):
    """A person's role: one of the four groups that Intervals has."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    RESOURCE = "resource"
    EXECUTIVE = "executive"


class _Entity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entity with an identity. A payload often has only part of it, so every field has a default."""

    id: str = ""
    name: str = ""


class Person(_Entity, frozen=True, kw_only=True):
    """A person, who owns timers. ``name`` is the user name; Zoho People also accepts ``employee_id``."""

    email: str = ""
    employee_id: str = ""
    role: Role | None = None


class Client(_Entity, frozen=True):
    """A client. A project belongs to at most one."""


class Project(_Entity, frozen=True, kw_only=True):
    """A project of one client."""

    client: Client | None = None


class Task(_Entity, frozen=True, kw_only=True):
    """A task of a project, with every field that Worksection shows (its page on ``get_timers``)."""

    project: Project | None = None
    closed: bool = False
    priority: int | None = None
    author: Person | None = None
    assignee: Person | None = None
    text: str = ""
    added_at: int | None = None  # instant
    starts_on: date | None = None
    ends_on: date | None = None
    ends_at: str = ""  # HH:MM, local
    max_time: float | None = None  # hours
    max_money: float | None = None
    tags: Mapping[str, str] = {}


class Job(_Entity, frozen=True, kw_only=True):
    """A Zoho People job. ``estimate`` is its planned number of hours."""

    project: Project | None = None
    active: bool = True
    completed: bool = False
    estimate: float | None = None


class Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day off for everybody."""

    date: date
    name: str = ""


class Leave(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days off of one person, first and last included."""

    person: str
    first: date
    last: date


_Hours = Annotated[float, Meta(gt=0, le=24)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of an account.

    Attributes:
        date_format: the company's date format (Zoho People).
        timer_enabled: whether timers can be used (Zoho People).
        attendance_hours: the highest number of hours that can be logged a day; ``None`` is no limit.
        max_billable_hours: the highest number of billable hours a day; ``None`` is no limit.
        work_days: ISO week days, 1 for Monday to 7 for Sunday.
    """

    date_format: str = "yyyy-MM-dd"
    timer_enabled: bool = True
    attendance_hours: _Hours | None = None
    max_billable_hours: _Hours | None = None
    work_days: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    holidays: tuple[Holiday, ...] = ()
    leaves: tuple[Leave, ...] = ()


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """The credentials that one vendor's calls accept.

    Attributes:
        key: the account's own key (Worksection's admin API, TimeTrack).
        secret: the secret that belongs to the key (TimeTrack).
        tokens: personal token → id of its person.
    """

    key: str = ""
    secret: str = ""
    tokens: Mapping[str, str] = {}


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of an account. Immutable; all references in it are resolved."""

    name: str
    zone: str
    people: Mapping[str, Person]
    clients: Mapping[str, Client]
    projects: Mapping[str, Project]
    tasks: Mapping[str, Task]
    jobs: Mapping[str, Job]
    settings: Settings
    credentials: Mapping[str, Credential]  # by vendor

    def person_named(self, name: str) -> Person | None:
        """Return the person with this user name."""
        return next((each for each in self.people.values() if each.name == name), None)

    def client_named(self, name: str) -> Client | None:
        """Return the client with this name."""
        return next((each for each in self.clients.values() if each.name == name), None)

    def project_named(self, name: str, client: Client | None = None) -> Project | None:
        """Return the project with this name, of this client if one is given."""
        named = (each for each in self.projects.values() if each.name == name)
        return next((each for each in named if client in (None, each.client)), None)

    def task_named(self, name: str, project: Project | None = None) -> Task | None:
        """Return the task with this name, of this project if one is given."""
        named = (each for each in self.tasks.values() if each.name == name)
        return next((each for each in named if project in (None, each.project)), None)

    def credential(self, vendor: str) -> Credential:
        """Return a vendor's credentials. If the workspace has none, they are empty, and every call is rejected."""
        return self.credentials.get(vendor, _CLOSED)


_CLOSED = Credential()
