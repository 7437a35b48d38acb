"""``punchclock serve`` in a process of its own, for tests that need a real server."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = [sys.executable, "-m", "punchclock", "serve", "--port", "0"]


class Served:
    """A server in its own process: its URL, its greeting, and the process."""

    def __init__(self, process: subprocess.Popen[str], greeting: str) -> None:
        found = re.search(r"at (http://\S+),", greeting)
        assert found is not None, greeting
        self.url = found[1]
        self.greeting = greeting
        self.process = process

    def end(self, how: signal.Signals) -> tuple[int, str, str]:
        """Send a signal, and return the exit status and the rest of the output."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """Run the command in a folder until the ``with`` block ends."""
    process = subprocess.Popen(
        [*COMMAND, *options],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=os.environ | {"PYTHONUNBUFFERED": "", "PYTHONWARNINGS": "error"},
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Press Ctrl-C"):
                break
        if not lines:
            raise AssertionError(process.communicate()[1])
        yield Served(process, "".join(lines))
    finally:
        process.kill()
        process.communicate()
