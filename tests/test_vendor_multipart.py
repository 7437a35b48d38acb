"""Multipart forms cost what they are worth: the parser is loaded with the first one, and says nothing on its own."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from punchclock.vendors.rules import Rule
from punchclock.vendors.wire import read_multipart
from toy_vendor import broken

TYPE = "multipart/form-data; boundary=X"

LOADED = """
import sys
import punchclock
from punchclock import vendors
from punchclock.vendors.account import MemoryAccount
from punchclock.vendors.wire import read_multipart
from punchclock.workspaces import demo_workspace
for name in vendors.names():
    vendor = vendors.load(name)
    request = vendor.example(demo_workspace(), 0)
    vendor.handle(request, MemoryAccount(demo_workspace()), 0)
assert read_multipart("multipart/form-data; boundary=X", b"") == {}
assert not {"python_multipart", "email.parser"} & set(sys.modules), "loaded"
try:
    read_multipart("multipart/form-data; boundary=X", b"--X oops")
except punchclock.PunchclockError:
    print("python_multipart" in sys.modules)
"""


def test_the_parser_is_loaded_with_the_first_form() -> None:
    """Calls in JSON and forms without a body do without it; a malformed form writes nothing to standard error."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (TYPE, b'--X\r\nContent-Disposition: form-data; name="' + b";" * 260_000 + b"\r\n\r\n1\r\n--X--"),
        (TYPE, b"--X\r\nContent-Disposition: form-data; " + b'a="' * 80_000 + b"\r\n\r\n1\r\n--X--"),
        (TYPE, b"--X\r\n" + b"A" * 260_000 + b"\r\n\r\n1\r\n--X--"),
        (TYPE, b"--X\r\n" + b"A: 1\r\n" * 40_000 + b"\r\n1\r\n--X--"),
        (TYPE + '; a="' + ";" * 64_000, b"--X--"),
        (TYPE + ";" * 64_000, b"--X--"),
    ],
)
def test_a_form_of_separators_is_rejected_at_once(content_type: str, body: bytes) -> None:
    """The time does not grow with the square of a header's length: the e-mail parser took up to 75 s."""
    begun = time.thread_time()
    with broken(Rule.MALFORMED, ""):
        read_multipart(content_type, body)
    assert time.thread_time() - begun < 1
