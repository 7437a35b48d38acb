"""Entities of a record: looked up in a workspace, and a job in a task's place or the reverse."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from punchclock import instant, start
from punchclock.vendors.entities import counterpart, place, resolve_entities
from punchclock.vendors.errors import UnknownEntity
from punchclock.vendors.timetrack import ProjectTimer
from punchclock.vendors.workspace import Client, Job, Person, Project, Task
from punchclock.workspaces import demo_workspace

WORKSPACE = demo_workspace()
START = instant("2026-03-02T08:00:00Z")


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({"person": Person(id="3", name="Renamed")}, {"person": WORKSPACE.people["3"]}),
        ({"person": Person(email="resource@demo.test")}, {"person": WORKSPACE.people["3"]}),
        ({"person": Person(name="resource", email="resource@demo.test")}, {"person": WORKSPACE.people["3"]}),
        ({"client": Client(name="Client 006")}, {"client": WORKSPACE.clients["11"]}),
        (
            {"project": Project(name="Project 006_1")},
            {"project": WORKSPACE.projects["21"], "client": WORKSPACE.clients["11"]},
        ),
        (
            {"project": Project(name="Project 006_1", client=Client(name="Client 006"))},
            {"project": WORKSPACE.projects["21"], "client": WORKSPACE.clients["11"]},
        ),
        (
            {"task": Task(name="Design", project=Project(id="21"))},
            {"task": WORKSPACE.tasks["31"], "project": WORKSPACE.projects["21"], "client": WORKSPACE.clients["11"]},
        ),
        ({"job": Job(name="Testing")}, {"project": WORKSPACE.projects["22"], "client": WORKSPACE.clients["12"]}),
    ],
)
def test_resolving_entities(reported: dict[str, Any], expected: dict[str, object]) -> None:
    """An id alone identifies an entity; without one, everything given must match; what follows from it is added."""
    found = resolve_entities(ProjectTimer(timer=start(START), **reported), WORKSPACE)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("reported", "kind", "name"),
    [
        ({"person": Person(id="9", name="resource")}, "person", "9"),
        ({"person": Person(name="resource", email="test@demo.test")}, "person", "test@demo.test"),
        ({"person": Person(name="Resource")}, "person", "Resource"),
        ({"client": Client(name="Client 008")}, "client", "Client 008"),
        ({"project": Project(name="Project 006_1", client=Client(id="12"))}, "project", "Project 006_1"),
        ({"task": Task(name="Design", project=Project(name="Project 007_1"))}, "task", "Design"),
        ({"job": Job(id="43")}, "job", "43"),
    ],
)
def test_entities_that_the_workspace_does_not_have(reported: dict[str, Any], kind: str, name: str) -> None:
    """An unknown name is a named error with the kind of entity."""
    with pytest.raises(UnknownEntity) as unknown:
        resolve_entities(ProjectTimer(timer=start(START), **reported), WORKSPACE)
    assert (unknown.value.kind, unknown.value.name, unknown.value.count) == (kind, name, 0)
    assert getattr(reported[kind], unknown.value.field) == name
    assert str(unknown.value) == f"there is no {kind} {name!r}"


def test_an_entity_that_the_workspace_has_twice() -> None:
    """An ambiguous name is rejected; with its project it is unique; a task without a project is in no project."""
    twice = replace(
        WORKSPACE,
        tasks={
            "1": Task(id="1", name="Same", project=WORKSPACE.projects["21"]),
            "2": Task(id="2", name="Same", project=WORKSPACE.projects["22"]),
            "3": Task(id="3", name="Same"),
        },
    )
    record = ProjectTimer(timer=start(START), task=Task(name="Same"))
    with pytest.raises(UnknownEntity, match="there are 3 tasks 'Same'"):
        resolve_entities(record, twice)
    in_one = replace(record, task=Task(name="Same", project=Project(name="Project 007_1")))
    assert resolve_entities(in_one, twice).task == twice.tasks["2"]


def test_an_unknown_entity_can_be_kept() -> None:
    """A function decides about it: if it returns, the entity stays as reported, and the others are resolved."""
    noted = []
    record = ProjectTimer(timer=start(START), person=Person(name="nobody"), task=Task(name="Design"))
    found = resolve_entities(record, WORKSPACE, lambda *unknown: noted.append(unknown))
    assert noted == [("person", Person(name="nobody"), 0)]
    assert (found.person, found.task) == (Person(name="nobody"), WORKSPACE.tasks["31"])


def test_a_job_that_is_reported() -> None:
    """It is kept, whatever other jobs its project has; a job without a project is not given to a timer without one."""
    project = WORKSPACE.projects["21"]
    jobs = {
        "41": WORKSPACE.jobs["41"],
        "43": Job(id="43", name="More", project=project),
        "44": Job(id="44", name="Alone"),
    }
    workspace = replace(WORKSPACE, jobs=jobs)
    for id, of in (("41", project), ("43", project), ("44", None)):
        found = resolve_entities(ProjectTimer(timer=start(START), job=Job(id=id)), workspace)
        assert (found.job, found.project) == (jobs[id], of)
        assert counterpart(found, workspace, "job") == found
    alone = ProjectTimer(timer=start(START))
    assert counterpart(alone, workspace, "job") == counterpart(alone, workspace, "task") == alone


def test_the_job_for_a_task() -> None:
    """It has the task's name and project; otherwise it is the only job of the project, or absent."""
    task = WORKSPACE.tasks["31"]
    record = ProjectTimer(timer=start(START), task=task, project=task.project)
    assert counterpart(record, WORKSPACE, "job").job == WORKSPACE.jobs["41"]
    jobs = {"41": WORKSPACE.jobs["41"], "43": Job(id="43", name="Design", project=task.project)}
    assert counterpart(record, replace(WORKSPACE, jobs=jobs), "job").job == jobs["43"]
    for name, of in (("Other", task.project), ("Design", WORKSPACE.projects["22"])):
        others = {"41": Job(id="41", name=name, project=of), "43": Job(id="43", name="B", project=of)}
        assert counterpart(record, replace(WORKSPACE, jobs=others), "job") == record
    assert counterpart(replace(record, task=None), WORKSPACE, "job").job == WORKSPACE.jobs["41"]


def test_the_task_for_a_job() -> None:
    """It has the job's name and project."""
    project = WORKSPACE.projects["21"]
    record = ProjectTimer(timer=start(START), job=Job(id="45", name="Design", project=project), project=project)
    assert counterpart(record, WORKSPACE, "task").task == WORKSPACE.tasks["31"]
    for other in (replace(record, project=None), replace(record, job=WORKSPACE.jobs["41"])):
        assert counterpart(other, WORKSPACE, "task") == other


def test_places() -> None:
    """A Zoho job and the others' task are each other's place; what the place has already is not replaced."""
    project = Project(id="21")
    job = Job(id="41", name="UI designing", project=project, completed=True)
    record = ProjectTimer(timer=start(START), job=job)
    placed, moved = place(record, "task")
    assert (placed.task, placed.job) == (Task(id="41", name="UI designing", project=project, closed=True), None)
    assert moved == {"job.id": "task.id", "job.name": "task.name", "job.completed": "task.closed"}
    assert place(placed, "job")[0] == record
    both, moved = place(replace(record, task=Task(id="5")), "task")
    assert both.task == Task(id="5", name="UI designing", closed=True)
    assert moved == {"job.name": "task.name", "job.completed": "task.closed"}
    for kind in ("job", "task"):
        none = ProjectTimer(timer=start(START), **{kind: getattr(both, kind)})
        assert place(none, kind) == (none, {})
