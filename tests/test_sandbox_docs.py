"""The pages about the sandbox, followed step by step as a new user would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from punchclock import vendors
from punchclock.sandbox.backend import MAX_BODY, MAX_HEADERS, MAX_QUERY
from punchclock.sandbox.faults import Effect, published
from punchclock.sandbox.server import CONTROL_THREADS, HEALTH_THREADS
from serving import served

DOCS = Path(__file__).parents[1] / "docs" / "sandbox"


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the fenced blocks of a page, each with its language and text."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def typed(command: str, folder: Path) -> str:
    """Run a command in a shell with the package installed, and return its output."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))}
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=clean | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.slow
def test_the_five_minutes_with_pytest(tmp_path: Path) -> None:
    """The page's test file, run with the page's command, prints the page's output."""
    (_, install), (_, file), (_, command), (_, output), *_ = blocks("index.md")
    assert install == "pip install 'punchclock[sandbox]' pytest\n"
    (tmp_path / "test_timer.py").write_text(file, encoding="utf-8")
    assert output.strip() in typed(command, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_five_minutes_over_http(tmp_path: Path) -> None:
    """The page's commands, in order, print the page's responses; only the port differs."""
    serve, *steps = blocks("index.md")[4:]
    _, _, *options = serve[1].split()
    assert serve[1].startswith("punchclock serve ")
    with served(tmp_path, *options) as server:
        commands = [text for kind, text in steps if kind == "sh"]
        answers = [text for kind, text in steps if kind == "json"]
        assert [kind for kind, _ in steps] == ["sh", "json"] * len(commands)
        assert len(commands) == 5
        for command, answer in zip(commands, answers, strict=True):
            printed = typed(command.replace("http://127.0.0.1:8000", server.url), tmp_path)
            assert json.loads(printed) == json.loads(answer), command
        text = (DOCS / "index.md").read_text(encoding="utf-8")
        (reset,) = re.findall(r"`(curl -X POST http://127\.0\.0\.1:8000/_punchclock/reset)`", text)
        assert json.loads(typed(reset.replace("http://127.0.0.1:8000", server.url), tmp_path))["frozen"] is True
        assert typed(f"curl -s {server.url}/_punchclock/timers", tmp_path) == "[]"
    assert (tmp_path / "punchclock.sqlite3").exists()


def test_the_figures_are_those_of_the_code() -> None:
    """The bounds, effects and published limits in the pages are those of the code."""
    deploying = (DOCS / "deploying.md").read_text(encoding="utf-8")
    assert f"A body has at most {MAX_BODY >> 10} KiB, a query and a path {MAX_QUERY >> 10} KiB each" in deploying
    assert f"all headers together {MAX_HEADERS >> 10} KiB" in deploying
    threads = f"share 40 threads, the control plane has {CONTROL_THREADS} and the health check {HEALTH_THREADS}."
    assert threads in deploying
    faults = (DOCS / "faults.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", faults, flags=re.MULTILINE) == [effect.value for effect in Effect]
    units = {1: "second", 60: "minute", 86_400: "day"}
    rows = re.findall(r"^\| ([A-Z][\w ]+) \| `(\w+)` \| (\d+) a (\w+)", faults, flags=re.MULTILINE)
    assert [(title, effect, int(calls), unit) for title, effect, calls, unit in rows] == [
        (vendors.load(name).title, effect.value, limit.calls, units[limit.per_seconds])
        for name in vendors.names()
        for effect, limit in published(name).items()
    ]
