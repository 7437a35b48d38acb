"""The workspace: what an account is set up with, the same for all vendors, and never changed by a call.

People and their roles, clients, projects, tasks, jobs, settings, holidays, credentials. The timers, which
calls do change, are in `punchclock.vendors.records`; workspaces as files in `punchclock.workspaces`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = [
    "Client",
    "Credential",
    "Holiday",
    "Job",
    "Leave",
    "Person",
    "Project",
    "Role",
    "Settings",
    "Task",
    "Workspace",
]


class Role(StrEnum):
    """What a person may do; the four groups that Intervals names."""

    ADMINISTRATOR = "administrator"
    MANAGER = "manager"
    RESOURCE = "resource"
    EXECUTIVE = "executive"


class _Entity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What has an identity. A payload often tells only part of it, so every field may be left at its default."""

    id: str = ""
    name: str = ""


class Person(_Entity, frozen=True, kw_only=True):
    """Somebody who has timers. ``name`` is the user name; ``employee_id`` is Zoho People's third way in."""

    email: str = ""
    employee_id: str = ""
    role: Role | None = None


class Client(_Entity, frozen=True):
    """For whom a project is done."""


class Project(_Entity, frozen=True, kw_only=True):
    """A project, for one client."""

    client: Client | None = None


class Task(_Entity, frozen=True, kw_only=True):
    """A task of a project, with the whole dataset that Worksection shows (its page on ``get_timers``)."""

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
    """A Zoho People job. ``estimate`` is the hours it was planned to take."""

    project: Project | None = None
    active: bool = True
    completed: bool = False
    estimate: float | None = None


class Holiday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day on which nobody works."""

    date: date
    name: str = ""


class Leave(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days off of one person, both ends included."""

    person: str
    first: date
    last: date


_Hours = Annotated[float, Meta(gt=0, le=24)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an administrator can set.

    Attributes:
        date_format: the company's date format (Zoho People).
        timer_enabled: whether timers may be used at all (Zoho People).
        attendance_hours: the hours a day that a person attends, beyond which no time is logged; ``None`` is no limit.
        max_billable_hours: the billable hours a day at most; ``None`` is no limit.
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
    """What opens the account to one vendor's calls.

    Attributes:
        key: the account's own key (Worksection's admin API, TimeTrack).
        secret: what goes with the key (TimeTrack).
        tokens: personal token → id of the person it belongs to.
    """

    key: str = ""
    secret: str = ""
    tokens: Mapping[str, str] = {}


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is set up with. Immutable; every reference in it is resolved already."""

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
        """The person with this user name."""
        return next((each for each in self.people.values() if each.name == name), None)

    def client_named(self, name: str) -> Client | None:
        """The client with this name."""
        return next((each for each in self.clients.values() if each.name == name), None)

    def project_named(self, name: str, client: Client | None = None) -> Project | None:
        """The project with this name, of this client where one is given."""
        return next(
            (
                each
                for each in self.projects.values()
                if each.name == name and (client is None or each.client == client)
            ),
            None,
        )

    def task_named(self, name: str, project: Project | None = None) -> Task | None:
        """The task with this name, of this project where one is given."""
        return next(
            (
                each
                for each in self.tasks.values()
                if each.name == name and (project is None or each.project == project)
            ),
            None,
        )

    def credential(self, vendor: str) -> Credential:
        """What opens this account to a vendor's calls; nothing does where none is set."""
        return self.credentials.get(vendor, _CLOSED)


_CLOSED = Credential()
