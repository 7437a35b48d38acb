"""The workspace that vendors share: look-ups by name, defaults, and settings."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from punchclock.vendors.workspace import (
    Client,
    Credential,
    Holiday,
    Job,
    Leave,
    Person,
    Project,
    Role,
    Settings,
    Task,
    Workspace,
)

#: Unsorted names, so that none is found because it is the first or the last.
NAMES = ("birch", "ash", "cedar")
PEOPLE = {name: Person(id=name, name=name) for name in NAMES}
CLIENTS = {name: Client(id=name, name=name) for name in NAMES}
PROJECTS = {
    f"{name} of {owner}": Project(id=f"{name} of {owner}", name=name, client=CLIENTS[owner])
    for owner in NAMES
    for name in NAMES
}
TASKS = {
    f"{name} in {project.id}": Task(id=f"{name} in {project.id}", name=name, project=project)
    for project in PROJECTS.values()
    for name in NAMES
}
WORKSPACE = Workspace(
    name="trees",
    zone="UTC",
    people=PEOPLE,
    clients=CLIENTS,
    projects=PROJECTS,
    tasks=TASKS,
    jobs={},
    settings=Settings(),
    credentials={"zoho": Credential(key="k")},
)


def test_finding_by_name() -> None:
    """Each entity is found by its name only; a name before, between or after the known ones finds nothing."""
    for name in NAMES:
        assert WORKSPACE.person_named(name) is PEOPLE[name]
        assert WORKSPACE.client_named(name) is CLIENTS[name]
        assert WORKSPACE.project_named(name) is PROJECTS[f"{name} of birch"]
        assert WORKSPACE.task_named(name) is TASKS[f"{name} in birch of birch"]
    for name in ("", "Ash", "b", "zebrano"):
        assert WORKSPACE.person_named(name) is None
        assert WORKSPACE.client_named(name) is None
        assert WORKSPACE.project_named(name) is None
        assert WORKSPACE.task_named(name) is None


def test_finding_within() -> None:
    """A project of one client and a task of one project are found among others of the same name."""
    for project in PROJECTS.values():
        assert WORKSPACE.project_named(project.name, project.client) is project
    for task in TASKS.values():
        assert WORKSPACE.task_named(task.name, task.project) is task
    assert WORKSPACE.project_named("ash", Client(id="ash")) is None
    assert WORKSPACE.task_named("ash", Project(id="ash of ash")) is None


def test_credentials() -> None:
    """A vendor without credentials has an empty one."""
    assert WORKSPACE.credential("zoho") == Credential(key="k")
    assert WORKSPACE.credential("intervals") == Credential()


def test_defaults() -> None:
    """A task is open, a job is active, timers are enabled, and the week has five work days without a limit."""
    task, job, settings = Task(), Job(), Settings()
    assert (task.closed, job.active, job.completed) == (False, True, False)
    assert (settings.timer_enabled, settings.work_days) == (True, (1, 2, 3, 4, 5))
    assert (settings.attendance_hours, settings.max_billable_hours) == (None, None)


def test_defaults_are_not_encoded() -> None:
    """A payload often has only part of an entity; the encoded entity has no more."""
    for entity in (Person(), Client(), Project(), Task(), Job()):
        assert msgspec.json.encode(entity) == b"{}"
    told = Task(name="Design", project=Project(id="21"))
    assert msgspec.json.encode(told) == b'{"name":"Design","project":{"id":"21"}}'


HOURS = ("attendance_hours", "max_billable_hours")
CHRISTMAS, SECOND_DAY = dt.date(2026, 12, 25), dt.date(2026, 12, 26)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        *(({name: hours}, hours) for name in HOURS for hours in (0.25, 1, 24, None)),
        ({"work_days": [1, 7]}, (1, 7)),
        ({"work_days": []}, ()),
        ({"holidays": [{"date": "2026-12-25"}]}, (Holiday(date=CHRISTMAS),)),
        (
            {"leaves": [{"person": "1", "first": "2026-12-25", "last": "2026-12-26"}]},
            (Leave(person="1", first=CHRISTMAS, last=SECOND_DAY),),
        ),
    ],
)
def test_valid_settings(given: dict[str, object], expected: object) -> None:
    """Hours above zero and up to a whole day, week days from 1 to 7, days off."""
    ((name, _),) = given.items()
    assert getattr(msgspec.convert(given, Settings), name) == expected


@pytest.mark.parametrize(
    "given",
    [
        *({name: hours} for name in HOURS for hours in (0, -1, 24.25)),
        {"work_days": [0]},
        {"work_days": [8]},
        {"weekend": [6, 7]},
        {"holidays": [{"date": "2026-12-25", "color": "red"}]},
        {"leaves": [{"person": "1", "first": "2026-12-25", "last": "2026-12-26", "half": True}]},
    ],
)
def test_invalid_settings(given: dict[str, object]) -> None:
    """Zero hours, more hours than a day has, an eighth week day and unknown settings are rejected."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, Settings)


PARTS: list[tuple[Any, str]] = [
    (Person(id="1", name="anna", role=Role.MANAGER), "role"),
    (Client(id="1", name="c"), "name"),
    (Project(id="1", name="p"), "client"),
    (Task(id="1", name="t"), "closed"),
    (Job(id="1", name="j"), "active"),
    (Holiday(date=CHRISTMAS), "date"),
    (Leave(person="1", first=CHRISTMAS, last=CHRISTMAS), "last"),
    (Settings(), "timer_enabled"),
    (Credential(key="k"), "key"),
    (WORKSPACE, "zone"),
]


@pytest.mark.parametrize(("part", "field"), PARTS, ids=[type(part).__name__ for part, _ in PARTS])
def test_a_workspace_is_immutable(part: Any, field: str) -> None:  # noqa: ANN401 - whatever a workspace has
    """No call changes a workspace; its parts have too many fields for positional arguments."""
    with pytest.raises(AttributeError):
        setattr(part, field, None)
    with pytest.raises(TypeError):
        type(part)(*msgspec.structs.astuple(part))
    with pytest.raises(TypeError):
        type(part)(getattr(part, field))
