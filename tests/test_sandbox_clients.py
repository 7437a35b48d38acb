"""Unmodified clients against the real server: a vendor's own client, and curl."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from worksection.client import Client
from worksection.exceptions.response_exception import ResponseException
from worksection.exceptions.unauthorized_exception import UnauthorizedException

from punchclock.sandbox import Effect, Fault, Sandbox

PAGE = tomllib.loads((Path(__file__).parent / "pages" / "timetrack.toml").read_text(encoding="utf-8"))["sentence"]
COMMANDS = [sentence["text"] for sentence in PAGE if sentence["text"].startswith("curl ")]
STRAIGHT = str.maketrans("“”‘’", "\"\"''")
HOST = "https://testaccount.timetrackenterprise.com"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox at noon in Berlin."""
    with Sandbox(clock="2026-03-02T11:00:00Z") as found:
        yield found


@pytest.fixture
def url(sandbox: Sandbox) -> Iterator[str]:
    """The URL of the sandbox."""
    with sandbox.serve() as server:
        yield server.url


# ---- Worksection's own client --------------------------------------------------------------------


def user(url: str, person: int) -> Client:
    """The vendor's client, logged in as a person."""
    return Client(url).set_access_token(f"worksection-token-{person}")


def test_worksections_client_starts_reads_and_stops(sandbox: Sandbox, url: str) -> None:
    """A person starts a timer, reads it, can't start another, and stops it with a comment."""
    client = user(url, 3)
    assert client.user.timer() is None
    client.user.start_timer(31)
    sandbox.clock.advance(90 * 60 * 1_000_000)
    timer = client.user.timer()
    assert timer is not None
    assert (timer.time, timer.date_started) == (5400, "2026-03-02 12:00")
    assert timer.task is not None
    assert timer.task.name == "Design"
    with pytest.raises(ResponseException, match="Timer is already started"):
        client.user.start_timer(32)
    client.user.stop_timer("the screens are drawn")
    assert client.user.timer() is None
    with pytest.raises(ResponseException, match="Timer is not started"):
        client.user.stop_timer()
    (view,) = sandbox.timers()
    assert (view.state, view.worked_seconds) == ("stopped", 5400)
    (stop,) = [change for entry in sandbox.journal() for change in entry.changes if change.action == "stop"]
    assert stop.note == "the screens are drawn"


def test_worksections_client_discards(sandbox: Sandbox, url: str) -> None:
    """A discarded timer is gone, and nothing was saved."""
    client = user(url, 5)
    client.user.start_timer(33)
    client.user.discard_timer()
    assert (client.user.timer(), sandbox.timers()) == (None, [])


def test_worksections_client_lists_and_stops_all(sandbox: Sandbox, url: str) -> None:
    """The admin key lists everyone's running timers and stops one; a stopped one isn't found again."""
    user(url, 3).user.start_timer(31)
    user(url, 5).user.start_timer(33)
    admin = Client(url).set_api_key("worksection-admin-key")
    timers = admin.timers.all()
    assert sorted(timer.task.name for timer in timers if timer.task) == ["Design", "Review"]
    assert sorted(timer.user_from.email for timer in timers if timer.user_from) == [
        "resource@demo.test",
        "test@demo.test",
    ]
    admin.timers.stop(timers[0].id)
    assert [timer.id for timer in admin.timers.all()] == [timers[1].id]
    with pytest.raises(ResponseException, match="Timer not found"):
        admin.timers.stop(timers[0].id)


def test_worksections_client_is_rejected(url: str) -> None:
    """A wrong key, a wrong token and a forbidden call raise the client's own errors."""
    with pytest.raises(ResponseException, match="hash is missed or invalid"):
        Client(url).set_api_key("wrong").timers.all()
    with pytest.raises(UnauthorizedException):
        Client(url).set_access_token("wrong").user.timer()
    with pytest.raises(ResponseException, match="Task is invalid"):
        user(url, 3).user.start_timer(999)
    with pytest.raises(ResponseException, match="Task is closed"):
        user(url, 3).user.start_timer(34)


def test_worksections_client_meets_faults(sandbox: Sandbox, url: str) -> None:
    """A limit, a failing server and a truncated body raise the client's own errors; a drop the socket's."""
    client = user(url, 3)
    for fault, error in (
        (Fault(effect=Effect.RATE_LIMIT, calls=1, per_seconds=9, vendor="worksection"), ResponseException),
        (Fault(effect=Effect.REJECT, status=503), ResponseException),
        (Fault(effect=Effect.MALFORMED), ResponseException),
        (Fault(effect=Effect.DROP), ConnectionError),
    ):
        sandbox.faults.add(fault)
        if fault.effect is Effect.RATE_LIMIT:
            client.user.timer()
        with pytest.raises(error):
            client.user.timer()
        sandbox.faults.clear()
    assert client.user.timer() is None


# ---- curl, and the commands of TimeTrack's page --------------------------------------------------


def run(command: str, url: str) -> dict[str, Any]:
    """Run a command of the page in a shell, with another host and other credentials, and return its output."""
    typed = (
        command.translate(STRAIGHT)
        .replace(HOST, url)
        .replace("<API_SECRET_TOKEN>", "timetrack-secret")
        .replace("<API_KEY>", "timetrack-key")
    )
    # The page shows no answers; all that is added here is that curl is silent but for the body.
    ran = subprocess.run(
        ["bash", "-c", typed.replace("curl ", "curl -sS ", 1)], capture_output=True, timeout=30, check=True, text=True
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@needs_curl
def test_the_commands_of_timetracks_page_run(sandbox: Sandbox, url: str) -> None:
    """All eight commands of the vendor's page run with curl and get the documented responses."""
    assert len(COMMANDS) == 8
    read, start, pause, resume, stop, get_attendance, start_attendance, stop_attendance = COMMANDS
    started = run(start, url)
    assert (started["username"], started["clientName"], started["projectName"]) == (
        "test",
        "Client 006",
        "Project 006_1",
    )
    assert started["playing"] is True
    assert started["startedAt"].startswith("2020-10-23T15:00:00")

    at_four = run(read, url)
    assert (at_four["workedSeconds"], at_four["breakSeconds"]) == (3600, 0)
    paused = run(pause, url)
    assert (paused["paused"], paused["workedSeconds"]) == (True, 1800)
    at_four = run(read, url)
    assert (at_four["workedSeconds"], at_four["breakSeconds"]) == (1800, 1800)
    assert run(resume, url)["playing"] is True
    stopped = run(stop, url)
    assert (stopped["stopped"], stopped["workedSeconds"], stopped["breakSeconds"]) == (True, 1800, 0)

    assert run(start_attendance, url)["to"] is None
    assert run(get_attendance, url)["workedMinutes"] == 60
    assert run(stop_attendance, url)["workedMinutes"] == 0
    assert {(view.kind, view.user, view.state) for view in sandbox.timers()} == {
        ("project_timer", "test", "stopped"),
        ("attendance_timer", "test", "stopped"),
    }


@needs_curl
def test_the_commands_are_rejected_with_other_credentials(url: str) -> None:
    """The same commands with placeholders as credentials get the documented error."""
    for command in COMMANDS:
        typed = shlex.split(command.translate(STRAIGHT).replace("$'", "'").replace(HOST, url))
        ran = subprocess.run([typed[0], "-sS", *typed[1:]], capture_output=True, timeout=30, check=True, text=True)
        assert json.loads(ran.stdout)["errors"][0]["status"] == 401
