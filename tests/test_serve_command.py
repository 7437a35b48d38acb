"""``punchclock serve``: its greeting, its server, its end, and its usage errors."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

import punchclock as pc
from punchclock import vendors
from punchclock.cli import run
from punchclock.cli.serve import greeting
from punchclock.vendors import intervals, timetrack
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.workspace import Credential, Person, Project, Role
from punchclock.workspaces import demo_workspace
from sandbox_calls import BASIC
from serving import served

DEMO = resources.files("punchclock").joinpath("demo.toml").read_text(encoding="utf-8")

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def start(url: str, personid: int = 3) -> httpx.Response:
    """Start a timer at Intervals."""
    return httpx.post(f"{url}/timer", json={"personid": personid}, headers=BASIC)


# ---- the greeting and the server ---------------------------------------------------------------------


@pytest.mark.slow
@needs_curl
def test_each_curl_line_works_as_printed(tmp_path: Path) -> None:
    """The greeting has a URL and a curl line for each vendor, and each line works in a shell."""
    with served(tmp_path, "--clock", "2026-03-02T08:00:00Z") as server:
        commands = [line for line in server.greeting.splitlines() if line.startswith("  curl ")]
        assert len(commands) == 5  # four vendors and the control plane
        answers = []
        for command in commands:
            ran = subprocess.run(
                ["bash", "-c", f"{command} -w '\n%{{http_code}}'"],
                capture_output=True,
                timeout=30,
                check=True,
                text=True,
            )
            body, _, status = ran.stdout.rpartition("\n")
            answers.append((int(status), json.loads(body)))
        assert [status for status, _ in answers] == [201, 200, 200, 200, 200]
        assert answers[2][1]["status"] == "ok"
        assert answers[4][1] == {"now": "2026-03-02T08:00:00Z", "frozen": True}
        for base in ("/timer", "/api/v2/ext", "/api/admin/v2", "/api/oauth2", "/people/api/timetracker"):
            assert f"  {server.url}{base}\n" in server.greeting
        for credential in ("intervals-token-5 (test)", "timetrack-key", "timetrack-secret", "worksection-admin-key"):
            assert credential in server.greeting
        assert server.end(signal.SIGTERM)[0] == 0


def test_it_keeps_timers_in_a_file_by_default(tmp_path: Path) -> None:
    """Without ``--database`` the timers are in a SQLite file in the current folder, also after a restart."""
    with served(tmp_path) as server:
        id = start(server.url).json()["timer"]["id"]
        assert server.end(signal.SIGINT)[0] == 0
    assert (tmp_path / "punchclock.sqlite3").exists()
    with served(tmp_path) as server:
        assert httpx.get(f"{server.url}/timer/{id}", headers=BASIC).status_code == 200
        assert start(server.url).json()["timer"]["id"] == id + 1
        journal = httpx.get(f"{server.url}/_punchclock/journal").text.splitlines()
        assert [json.loads(line)["operation"] for line in journal] == ["create_timer", "get_timer", "create_timer"]


def test_a_stop_answers_the_requests_in_progress(tmp_path: Path) -> None:
    """After a signal during a request, the server answers it, logs it, and exits with 0."""
    with served(tmp_path, "--database", "memory:") as server:
        fault = {"effect": "latency", "seconds": 1, "vendor": "intervals"}
        assert httpx.post(f"{server.url}/_punchclock/faults", json=fault).status_code == 201
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(start(server.url)))
        thread.start()
        while not httpx.get(f"{server.url}/_punchclock/faults").json()[0]["fired"]:
            time.sleep(0.02)
        status, _, err = server.end(signal.SIGTERM)
        thread.join()
        assert [answer.status_code for answer in answers] == [201]
        assert status == 0
        assert re.search(r'127\.0\.0\.1 "POST /timer" 201 \d+\.\dms\n', err)
        assert "Traceback" not in err
        assert "intervals-token" not in err


def test_another_workspaces_credentials_are_not_printed(tmp_path: Path) -> None:
    """The greeting for a ``--workspace`` has no credential and no call that contains one."""
    workspace = tmp_path / "workspace.toml"
    workspace.write_text(DEMO.replace("-token-", "-hush-").replace('"demo"', '"acme"'), encoding="utf-8")
    with served(tmp_path, "--workspace", str(workspace), "--database", "memory:") as server:
        assert "the account acme" in server.greeting
        assert "in memory" in server.greeting
        for secret in ("hush", "timetrack-secret", "worksection-admin-key"):
            assert secret not in server.greeting
        assert start(server.url).status_code == 401


def test_the_control_plane_can_require_a_token(tmp_path: Path) -> None:
    """With a control token the control plane requires it, also from other hosts."""
    options = ("--database", "memory:", "--control-token", "hush-hush", "--control-from-anywhere")
    with served(tmp_path, *options) as server:
        address = f"{server.url}/_punchclock/clock"
        assert httpx.get(address).status_code == 401
        assert httpx.get(address, headers={"authorization": "Bearer hush-hush", "host": "a.example"}).status_code == 200
        assert "hush" not in server.greeting
        assert "hush" not in "".join(server.end(signal.SIGTERM)[1:])


# ---- in this process -----------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def serve_for(asking: Callable[[str], None], port: int, *options: str) -> int:
    """Run the command in this process, call its server, stop it with a signal, and return the exit status."""

    def ask() -> None:
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(200):
                try:
                    httpx.get(f"{url}/healthz")
                    break
                except httpx.TransportError:
                    time.sleep(0.02)
            asking(url)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=ask)
    thread.start()
    status = run(["serve", "--port", str(port), *options])
    thread.join()
    return status


def free_port() -> int:
    """Return a free port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def test_the_clock_starts_frozen(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``--clock`` freezes the clock; afterwards the old signal handlers are back."""
    before = signal.getsignal(signal.SIGTERM)
    shown = []

    def ask(url: str) -> None:
        shown.append(httpx.get(f"{url}/_punchclock/clock").json())
        assert start(url).status_code == 201

    database = f"sqlite:///{here / 'other.sqlite3'}"
    assert serve_for(ask, free_port(), "--clock", "2026-03-02T09:00:00+01:00", "--database", database) == 0
    assert shown == [{"now": "2026-03-02T08:00:00Z", "frozen": True}]
    assert signal.getsignal(signal.SIGTERM) == before
    assert "other.sqlite3" in capsys.readouterr().out
    assert (here / "other.sqlite3").exists()


def test_the_clock_runs_otherwise(here: Path) -> None:
    """Without ``--clock`` the clock is in real time."""
    shown = []

    def ask(url: str) -> None:
        shown.append(httpx.get(f"{url}/_punchclock/clock").json())

    assert serve_for(ask, free_port(), "--database", "memory:") == 0
    assert shown[0]["frozen"] is False
    assert abs(pc.instant(shown[0]["now"]) - pc.now()) < 60_000_000


# ---- examples ------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", vendors.names())
def test_an_example_is_answered(vendor: str) -> None:
    """Each vendor's example succeeds in the demo workspace; without credentials there is none."""
    workspace, now = demo_workspace(), pc.instant("2026-03-02T08:00:00Z")
    module = vendors.load(vendor)
    example = module.example(workspace, now)
    assert example is not None
    assert module.validate(example, MemoryAccount(workspace), now) is None
    assert module.example(replace(workspace, credentials={}), now) is None
    greeted = greeting("http://x", replace(workspace, credentials={}), now, is_demo=True, store="memory")
    assert (greeted.count("curl"), vendors.load(vendor).title in greeted) == (1, True)


def test_an_example_needs_a_person_with_permission() -> None:
    """Intervals needs a person with access and a numeric id; TimeTrack a person and a project of a client."""
    workspace, now = demo_workspace(), pc.instant("2026-03-02T08:00:00Z")
    tokens = {"intervals": Credential(tokens={"of-an-executive": "4", "of-a-manager": "2"})}
    example = intervals.example(replace(workspace, credentials=tokens), now)
    assert example is not None
    assert example.body == b'{"personid":2}'
    people = {"anna": Person(id="anna", name="anna", role=Role.MANAGER)}
    named = {"intervals": Credential(tokens={"of-anna": "anna"})}
    assert intervals.example(replace(workspace, people=people, credentials=named), now) is None
    assert timetrack.example(replace(workspace, people={}), now) is None
    assert timetrack.example(replace(workspace, projects={"1": Project(id="1", name="of nobody")}), now) is None


# ---- usage errors -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--clock", "noon"], "noon"),
        (["--clock", "2026-03-02T08:00:00"], "offset"),
        (["--clock", "9999-06-01T00:00:00Z"], "years"),
        (["--port", "70000"], "70000"),
        (["--port", "x"], "x"),
        (["--host", "203.0.113.7"], "cannot listen on 203.0.113.7"),
        (["--workspace", "nowhere.toml"], "nowhere.toml"),
        (["--workspace", "broken.toml"], "broken.toml: $.people"),
        (["--workspace", "broken.json"], "broken.json: $"),
        (["--database", "mysql://root:hush@db/x"], "'--database': mysql"),
        (["--database", "nonsense"], "not a database URL"),
        (["--database", "sqlite:///no/such/folder/x.sqlite3"], "'--database': unable to open database file"),
        (["--database", "sqlite:///broken.json"], "not a database"),
        (["--database", "postgresql://u:hush@127.0.0.1:1/x"], "connection"),
        (["--control-from-anywhere"], "--control-token"),
        (["--control"], "--control"),
        (["surplus"], "surplus"),
    ],
    ids=" ".join,
)
def test_a_bad_option_is_a_usage_error(
    here: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard error names the bad value and the reason, and the exit status is 2."""
    (here / "broken.toml").write_text('name = "x"\npeople = 5\n', encoding="utf-8")
    (here / "broken.json").write_text('{"name": ' * 500, encoding="utf-8")
    assert run(["serve", "--port", "0", *options]) == 2
    out, err = capsys.readouterr()
    assert message in err
    assert (out, "Traceback" in err, "hush" in err) == ("", False, False)


def test_an_invalid_clock_opens_no_database(here: Path) -> None:
    """A clock out of range is rejected before the database is opened, so no file is created."""
    assert run(["serve", "--port", "0", "--clock", "9999-06-01T00:00:00Z"]) == 2
    assert list(here.iterdir()) == []


def test_a_port_in_use_is_a_usage_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error names a port that is in use, and there is no greeting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["serve", "--port", str(taken.getsockname()[1]), "--database", "memory:"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "cannot listen on 127.0.0.1:" in err
    assert "in use" in err


@pytest.mark.parametrize("missing", ["starlette", "sqlalchemy", "uvicorn", "httpx", "alembic"])
def test_a_missing_extra_is_named(
    here: Path, missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """If a library of the extra is missing, one line says what to install, and the exit status is 2."""
    forget(monkeypatch, missing)
    assert run(["serve", "--port", "0"]) == 2
    assert capsys.readouterr() == ("", "punchclock: the sandbox needs an extra: pip install 'punchclock[sandbox]'\n")


@pytest.mark.parametrize("broken", ["punchclock.sandbox.server", "punchclock.sandbox.sql"])
def test_a_broken_installation_is_not_a_missing_extra(here: Path, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing module of the package itself is not reported as an extra."""
    forget(monkeypatch, broken)
    with pytest.raises(ModuleNotFoundError, match=broken):
        run(["serve", "--port", "0"])


def forget(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Make a module missing, and import the sandbox again."""
    for name in list(sys.modules):
        if name.startswith(("punchclock.sandbox", f"{missing}.")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
