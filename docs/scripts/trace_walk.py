"""The walks through the code that docs/architecture.md draws, traced while they run.

``python docs/scripts/trace_walk.py`` prints each walk and the number of its file switches.
``python docs/scripts/trace_walk.py --write`` writes the walks into the page, between their markers.

A file switch is a call of a function in another file than that of the call before it. Only files of punchclock count.
Comprehensions, generator expressions and lambdas are not counted: not every Python version calls them as functions.
Each walk runs once before it is traced, so that imports and caches are not counted either.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache
from io import BytesIO, TextIOWrapper
from itertools import groupby, pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import FrameType
from typing import NamedTuple

import punchclock as pc
from punchclock.cli import run
from punchclock.sandbox import Sandbox
from punchclock.vendors import convert, worksection
from punchclock.workspaces import demo_workspace

SOURCE = Path(pc.__file__).parent
PAGE = Path(__file__).parents[1] / "architecture.md"
START = pc.instant("2026-03-02T08:00:00Z")
LATER = pc.instant("2026-03-02T09:30:00Z")


class Step(NamedTuple):
    """A call of one function of punchclock: its file, relative to the package, and its qualified name."""

    file: str
    function: str


def traced(walk: Callable[[], object]) -> list[Step]:
    """Run a walk and return its calls in order."""
    steps: list[Step] = []

    def record(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        path = Path(code.co_filename)
        if event == "call" and not code.co_name.startswith("<") and path.is_relative_to(SOURCE):
            steps.append(Step(path.relative_to(SOURCE).as_posix(), code.co_qualname.partition(".<locals>")[0]))

    sys.setprofile(record)
    try:
        walk()
    finally:
        sys.setprofile(None)
    return steps


def switches(steps: list[Step]) -> int:
    """Count the changes of file from one call to the next."""
    return sum(before.file != after.file for before, after in pairwise(steps))


def drawn(steps: list[Step]) -> str:
    """Return a walk as a Markdown table with a row for each stay in a file.

    A row names the first function of the stay that has a docstring, or else the first function.
    """
    lines = [f"This walk has {switches(steps)} file switches.", "", "| | step | what it does |", "|---:|---|---|"]
    for number, (file, stay) in enumerate(groupby(steps, key=lambda step: step.file), 1):
        texts = {step.function: summaries(file).get(step.function, "") for step in stay}
        function = next((name for name, text in texts.items() if text), next(iter(texts)))
        lines.append(f"| {number} | `{file}:{function}` | {texts[function]} |")
    return "\n".join(lines)


@cache
def summaries(file: str) -> dict[str, str]:
    """Return the first line of the docstring of each function of a file, by qualified name."""
    found: dict[str, str] = {}

    def collect(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                collect(node.body, f"{prefix}{node.name}.")
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                text = (ast.get_docstring(node) or "").partition("\n\n")[0]
                found[prefix + node.name] = " ".join(text.replace("|", r"\|").split()).replace("``", "`")

    collect(ast.parse((SOURCE / file).read_text(encoding="utf-8")).body, "")
    return found


def zoho_pause() -> list[Step]:
    """Trace a pause of a running Zoho People timer through the sandbox, in process."""
    sandbox = Sandbox(clock=START)

    def call(query: str) -> int:
        headers = {"authorization": "Zoho-oauthtoken zoho-token-3"}
        return sandbox.handle("POST", "/people/api/timetracker/timer", query, headers, b"")[0]

    start = "user=resource@demo.test&jobId=41&workDate=2026-03-02&billingStatus=Billable&timer=start"
    pause, resume = "timeLogId=1001&timer=stop", "timeLogId=1001&timer=start"
    statuses = [call(start), call(pause), call(resume)]
    steps = traced(lambda: statuses.append(call(pause)))
    if statuses != [200] * 4:
        raise RuntimeError(f"the sandbox answers {statuses}; each call should answer 200")
    return steps


def worksection_to_intervals() -> list[Step]:
    """Trace the conversion of a Worksection payload to Intervals."""
    sandbox, workspace = Sandbox(clock=START), demo_workspace()
    sandbox.handle("GET", "/api/oauth2", "action=start_my_timer&id_task=31&access_token=worksection-token-3", {}, b"")
    sandbox.clock.freeze(LATER)
    request = worksection.request("get_timers", worksection.GetTimers(), key="worksection-admin-key")
    _, _, payload = sandbox.handle(request.method, request.path, request.query, request.headers, request.body)

    def walk() -> object:
        return convert(payload, source="worksection", target="intervals", now=LATER, workspace=workspace)

    walk()
    return traced(walk)


def log_line() -> list[Step]:
    """Trace `punchclock replay --json` over a log of one line."""
    with NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as log:
        log.write('{"timer": "T1", "event": "start", "at": "2026-03-02T08:00:00Z"}\n')
        log.flush()

        def walk() -> int:
            with redirect_stdout(TextIOWrapper(BytesIO())):
                return run(["replay", log.name, "--json"])

        if status := walk():
            raise RuntimeError(f"punchclock replay ends with status {status}; 0 is expected")
        return traced(walk)


WALKS = {
    "log-line": log_line,
    "zoho-pause": zoho_pause,
    "worksection-to-intervals": worksection_to_intervals,
}


def main() -> None:
    """Print the walks, or write them into the page."""
    page = PAGE.read_text(encoding="utf-8")
    for name, walk in WALKS.items():
        table = drawn(walk())
        if "--write" in sys.argv[1:]:
            before, begin, rest = page.partition(f"<!-- walk: {name} -->\n")
            _, end, after = rest.partition("<!-- end of walk -->")
            if not end:
                raise SystemExit(f"{PAGE.name} has no markers for the walk {name}")
            page = f"{before}{begin}\n{table}\n\n{end}{after}"
        else:
            print(f"{name}: {table}\n")
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
