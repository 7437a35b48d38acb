"""Workspace files: the demo workspace, valid files, and the errors of invalid ones."""

from __future__ import annotations

import datetime as dt
import errno
import os
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

import punchclock as pc
from punchclock.vendors.workspace import Client, Credential, Holiday, Leave, Person, Project, Role, Settings, Workspace
from punchclock.workspaces import MalformedWorkspace, demo_workspace, load_workspace, parse_workspace

MINIMAL: dict[str, Any] = {"name": "small", "people": [{"id": 1, "name": "anna", "role": "manager"}]}


TOML = b"""
name = "small"

[[people]]
id = 1
name = "anna"
role = "manager"
"""


def workspace(**more: object) -> Workspace:
    """A workspace of the least that one needs, and more."""
    return parse_workspace(msgspec.json.encode(MINIMAL | more), "json")


# ---- the demo workspace ------------------------------------------------------------------------------


def test_the_people_of_the_demo_workspace() -> None:
    """Five people with roles; a token of each at each vendor that has tokens, and a key at the others."""
    demo = demo_workspace()
    assert (demo.name, demo.zone) == ("demo", "Europe/Berlin")
    assert [(person.id, person.name, person.email, person.role) for person in demo.people.values()] == [
        ("1", "admin", "admin@demo.test", Role.ADMINISTRATOR),
        ("2", "manager", "manager@demo.test", Role.MANAGER),
        ("3", "resource", "resource@demo.test", Role.RESOURCE),
        ("4", "executive", "executive@demo.test", Role.EXECUTIVE),
        ("5", "test", "test@demo.test", Role.RESOURCE),
    ]
    for vendor in ("worksection", "intervals", "zoho"):
        assert demo.credential(vendor).tokens == {f"{vendor}-token-{number}": str(number) for number in range(1, 6)}
    assert demo.credential("worksection").key == "worksection-admin-key"
    assert demo.credential("timetrack") == Credential(key="timetrack-key", secret="timetrack-secret")
    assert demo.credential("nonsense") == Credential()


def test_the_work_of_the_demo_workspace() -> None:
    """Clients, projects, tasks and jobs, each with what it belongs to."""
    demo = demo_workspace()
    six, seven = Client(id="11", name="Client 006"), Client(id="12", name="Client 007")
    first = Project(id="21", name="Project 006_1", client=six)
    second = Project(id="22", name="Project 007_1", client=seven)
    assert (demo.clients, demo.projects) == ({"11": six, "12": seven}, {"21": first, "22": second})
    assert [(task.id, task.name, task.project, task.closed) for task in demo.tasks.values()] == [
        ("31", "Design", first, False),
        ("32", "Build", first, False),
        ("33", "Review", second, False),
        ("34", "Archive", second, True),
    ]
    assert [(job.id, job.name, job.estimate) for job in demo.jobs.values()] == [
        ("41", "UI designing", None),
        ("42", "Testing", 8),
    ]
    settings = demo.settings
    assert (settings.date_format, settings.timer_enabled) == ("yyyy-MM-dd", True)
    assert (settings.attendance_hours, settings.max_billable_hours) == (None, None)
    assert settings.work_days == (1, 2, 3, 4, 5)
    assert [holiday.date for holiday in settings.holidays] == [dt.date(2026, 12, 25)]


def test_finding_by_name() -> None:
    """By name alone, or within what it belongs to."""
    demo = demo_workspace()
    first, second = demo.projects["21"], demo.projects["22"]
    assert demo.person_named("test") == demo.people["5"]
    assert demo.client_named("Client 007") == demo.clients["12"]
    assert demo.project_named("Project 006_1") == first
    assert demo.project_named("Project 006_1", demo.clients["11"]) == first
    assert demo.project_named("Project 006_1", demo.clients["12"]) is None
    assert demo.task_named("Design") == demo.tasks["31"]
    assert demo.task_named("Design", first) == demo.tasks["31"]
    assert demo.task_named("Design", second) is None
    assert demo.person_named("nobody") is None
    assert demo.client_named("nobody") is None


# ---- files ---------------------------------------------------------------------------------------


def test_the_least_that_a_workspace_needs() -> None:
    """A name and people; everything else has a default."""
    least = workspace()
    assert least.people == {"1": Person(id="1", name="anna", role=Role.MANAGER)}
    assert (least.zone, least.clients, least.tasks, least.credentials) == ("UTC", {}, {}, {})
    assert least.settings.work_days == (1, 2, 3, 4, 5)


def test_a_workspace_in_full() -> None:
    """Every reference is resolved; an id may be written as a number or as a text."""
    full = workspace(
        zone="Asia/Kathmandu",
        people=[
            {"id": "1", "name": "anna", "role": "manager", "employee_id": 7},
            {"id": 2, "name": "ben", "role": "resource", "employee_id": "E-8"},
        ],
        clients=[{"id": 11, "name": "C"}],
        projects=[{"id": 21, "name": "P", "client": "11"}, {"id": 22, "name": "Q"}],
        tasks=[
            {
                "id": 31,
                "name": "T",
                "project": 21,
                "author": "1",
                "assignee": 2,
                "added_at": "2026-03-02T08:00:00+01:00",
                "ends_at": "18:00",
                "tags": {"51": "x"},
            }
        ],
        jobs=[{"id": 41, "name": "J", "project": 22, "estimate": 2.5}],
        credentials={"intervals": {"tokens": {"t": 2}}, "timetrack": {"key": "k", "secret": "s"}},
        settings={
            "holidays": [{"date": "2026-12-25"}],
            "leaves": [
                {"person": "2", "first": "2026-03-02", "last": "2026-03-02"},
                {"person": 1, "first": "2026-03-03", "last": "2026-03-04"},
            ],
            "attendance_hours": 8,
        },
    )
    assert [person.employee_id for person in full.people.values()] == ["7", "E-8"]
    task = full.tasks["31"]
    assert (task.project, task.author, task.assignee) == (full.projects["21"], full.people["1"], full.people["2"])
    assert task.project is not None
    assert task.project.client == Client(id="11", name="C")
    assert task.added_at == pc.instant("2026-03-02T07:00:00Z")
    assert full.projects["22"].client is None
    assert full.jobs["41"].project == full.projects["22"]
    assert full.credential("intervals").tokens == {"t": "2"}
    assert full.settings.holidays == (Holiday(date=dt.date(2026, 12, 25)),)
    assert full.settings.attendance_hours == 8
    assert full.settings.leaves == (
        Leave(person="2", first=dt.date(2026, 3, 2), last=dt.date(2026, 3, 2)),
        Leave(person="1", first=dt.date(2026, 3, 3), last=dt.date(2026, 3, 4)),
    )
    assert type(full.settings) is Settings


def test_a_job_is_open_unless_the_file_says_otherwise() -> None:
    """It can be worked on, and is not done."""
    named = {"id": 41, "name": "J"}
    jobs = workspace(jobs=[named, named | {"id": 42, "active": False, "completed": True}]).jobs
    assert [(job.active, job.completed) for job in jobs.values()] == [(True, False), (False, True)]


def test_the_greatest_numbers_of_a_workspace() -> None:
    """The largest number and the longest text are accepted unchanged."""
    great = {"id": 2**53 - 1, "name": "T", "priority": 10**9 - 1, "max_time": 10**15 - 1, "max_money": 10**15 - 0.5}
    task = workspace(tasks=[great]).tasks[str(2**53 - 1)]
    assert (task.priority, task.max_time, task.max_money) == (10**9 - 1, 10**15 - 1, 10**15 - 0.5)
    long = {"id": "9" * 200, "name": "x" * 200}
    assert workspace(clients=[long]).clients == {"9" * 200: Client(id="9" * 200, name="x" * 200)}


PEOPLE = MINIMAL["people"]


@pytest.mark.parametrize(
    ("more", "path", "reason"),
    [
        ({"people": None}, "$.people", "expected an array"),
        ({"name": ""}, "$.name", "length >= 1"),
        ({"color": "red"}, "$", "unknown key 'color'"),
        ({"people": [PEOPLE[0] | {"shoe": 43}]}, "$.people[0]", "unknown key 'shoe'"),
        *(
            (
                {table: [{"id": 1, "name": "N"}, {"id": 2, "name": "N", "shoe": 43}]},
                f"$.{table}[1]",
                "unknown key 'shoe'",
            )
            for table in ("clients", "projects", "tasks", "jobs")
        ),
        ({"credentials": {"zoho": {"shoe": 43}}}, "$.credentials[...]", "unknown key 'shoe'"),
        ({"settings": {"shoe": 43}}, "$.settings", "unknown key 'shoe'"),
        ({"people": [PEOPLE[0] | {"role": "king"}]}, "$.people[0].role", "king"),
        ({"people": [PEOPLE[0] | {"id": 0}]}, "$.people[0].id", ">= 1"),
        ({"people": [PEOPLE[0] | {"id": 2**53}]}, "$.people[0].id", "too large for a number; write the id as a text"),
        ({"people": [PEOPLE[0] | {"id": 10**30}]}, "$.people[0].id", "too large for a number; write the id as a text"),
        ({"people": [PEOPLE[0] | {"id": True}]}, "$.people[0].id", "got a boolean"),
        ({"people": [PEOPLE[0] | {"id": ""}]}, "$.people[0].id", "length >= 1"),
        ({"people": [PEOPLE[0] | {"id": "1\n"}]}, "$.people[0].id", "characters that are not printable"),
        ({"people": [PEOPLE[0] | {"id": "x" * 201}]}, "$.people[0].id", "length <= 200"),
        (
            {"credentials": {"zoho": {"tokens": {"t": 413124000000070037}}}},
            "$.credentials.zoho.tokens.t",
            "413124000000070037 is too large for a number; write the id as a text",
        ),
        ({"people": [PEOPLE[0] | {"name": "x" * 201}]}, "$.people[0].name", "length <= 200"),
        ({"people": [PEOPLE[0], PEOPLE[0] | {"id": "1"}]}, "$.people[1].id", "another entry of people has the id 1"),
        ({"zone": "Mars/Olympus"}, "$.zone", "not a known time zone"),
        (
            {"projects": [{"id": 1, "name": "P", "client": 9}]},
            "$.projects[0].client",
            "no entry of the file has the id",
        ),
        ({"tasks": [{"id": 1, "name": "T", "project": 9}]}, "$.tasks[0].project", "no entry of the file has the id"),
        ({"tasks": [{"id": 1, "name": "T", "author": 9}]}, "$.tasks[0].author", "no entry of the file has the id"),
        ({"tasks": [{"id": 1, "name": "T", "assignee": 9}]}, "$.tasks[0].assignee", "no entry of the file has the id"),
        ({"tasks": [{"id": 1, "name": "T", "added_at": "2026-03-02T08:00:00"}]}, "$.tasks[0].added_at", "UTC offset"),
        ({"tasks": [{"id": 1, "name": "T", "ends_at": "24:00"}]}, "$.tasks[0].ends_at", "regex"),
        ({"tasks": [{"id": 1, "name": "T", "priority": -1}]}, "$.tasks[0].priority", ">= 0"),
        ({"tasks": [{"id": 1, "name": "T", "priority": 10**9}]}, "$.tasks[0].priority", "< 1000000000"),
        ({"tasks": [{"id": 1, "name": "T", "max_time": -0.5}]}, "$.tasks[0].max_time", ">= 0"),
        ({"tasks": [{"id": 1, "name": "T", "max_money": 1e15}]}, "$.tasks[0].max_money", "<"),
        ({"jobs": [{"id": 1, "name": "J", "project": 9}]}, "$.jobs[0].project", "no entry of the file has the id"),
        ({"jobs": [{"id": 1, "name": "J", "estimate": 0}]}, "$.jobs[0].estimate", "> 0"),
        (
            {"credentials": {"zoho": {"tokens": {"t": 9}}}},
            "$.credentials.zoho.tokens.t",
            "no entry of the file has the id",
        ),
        (
            {"credentials": {"zohopeople": {}}},
            "$.credentials.zohopeople",
            "not a vendor; the vendors are intervals, timetrack, wo",
        ),
        ({"settings": {"work_days": [8]}}, "$.settings.work_days[0]", "<= 7"),
        ({"settings": {"max_billable_hours": 25}}, "$.settings.max_billable_hours", "<= 24"),
        (
            {"settings": {"leaves": [{"person": "9", "first": "2026-03-02", "last": "2026-03-02"}]}},
            "$.settings.leaves[0].person",
            "no entry of the file has the id",
        ),
        (
            {"settings": {"leaves": [{"person": 1, "first": "2026-03-02", "last": "2026-03-02", "why": "ill"}]}},
            "$.settings.leaves[0]",
            "unknown key 'why'",
        ),
        (
            {"settings": {"leaves": [{"person": "1", "first": "2026-03-02", "last": "2026-03-01"}]}},
            "$.settings.leaves[0].last",
            "before the first day",
        ),
    ],
)
def test_a_wrong_workspace_says_where(more: dict[str, object], path: str, reason: str) -> None:
    """The error has the path in the file and what is wrong there."""
    with pytest.raises(MalformedWorkspace) as caught:
        workspace(**more)
    assert caught.value.path == path
    assert reason in caught.value.reason
    assert str(caught.value) == f"{path}: {caught.value.reason}"


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("t", "t"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31m\u2028é", r"\x1b[31m\u2028é"),
        ("x" * 174, "x" * 174),  # with what stands before it 200 characters
        ("x" * 175, "x" * 174 + "…"),
        ("\n" * 175, r"\n" * 87 + "…"),
    ],
)
def test_a_key_of_the_file_stays_on_its_line(token: str, shown: str) -> None:
    """In the text as far as it fits and can be printed; in the path as it is."""
    with pytest.raises(MalformedWorkspace) as caught:
        workspace(credentials={"zoho": {"tokens": {token: 9}}})
    assert str(caught.value) == f"$.credentials.zoho.tokens.{shown}: no entry of the file has the id 9"
    assert caught.value.path == f"$.credentials.zoho.tokens.{token}"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (b"{", "json"),
        (b"\xff", "json"),
        (b"[" * 100_000, "json"),
        (b"name = ", "toml"),
        (b"name = " + b"9" * 5_000, "toml"),
        (b"\xff", "toml"),
        (b"", "toml"),
    ],
)
def test_an_undecodable_file(text: bytes, form: Literal["json", "toml"]) -> None:
    """Neither JSON nor TOML, not UTF-8, empty, or with a number that Python reads from no text."""
    with pytest.raises(MalformedWorkspace) as caught:
        parse_workspace(text, form)
    assert caught.value.path == "$"


def test_reading_a_file(tmp_path: Path) -> None:
    """``.json`` is JSON, everything else is TOML; a file that cannot be read is named, with the system's reason."""
    as_json = tmp_path / "workspace.json"
    as_json.write_bytes(msgspec.json.encode(MINIMAL))
    assert load_workspace(as_json) == load_workspace(str(as_json)) == workspace()
    for name in ("workspace.toml", "workspace.conf", "workspace"):
        as_toml = tmp_path / name
        as_toml.write_bytes(TOML)
        assert load_workspace(as_toml) == workspace()
    missing = tmp_path / "missing.toml"
    for path, reason in ((missing, os.strerror(errno.ENOENT)), (tmp_path, "")):
        with pytest.raises(MalformedWorkspace) as caught:
            load_workspace(path)
        assert caught.value.reason.startswith(f"cannot read {path}: {reason}")


def test_a_file_that_fails_without_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a message of the operating system, the text of the exception is used."""

    def failing(_: Path) -> bytes:
        raise OSError("the tape is torn")

    monkeypatch.setattr(Path, "read_bytes", failing)
    with pytest.raises(MalformedWorkspace) as caught:
        load_workspace(tmp_path)
    assert caught.value.reason == f"cannot read {tmp_path}: the tape is torn"
