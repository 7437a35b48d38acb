"""Secrets: one function compares them in constant time, and nothing else does; digests have the documented values."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import punchclock
from punchclock.sandbox import control
from punchclock.vendors import worksection
from punchclock.vendors.rules import person_of_token, secrets_equal
from punchclock.vendors.timetrack import calls as timetrack_calls
from punchclock.vendors.worksection import GetTimers, Signature, signing
from punchclock.vendors.workspace import Credential
from punchclock.workspaces import demo_workspace

SOURCE = Path(punchclock.__file__).parent

#: What a name of a secret contains.
SECRET = re.compile(r"secret|token|credential|api_?key|password|hash|digest|signature|hmac")

#: Comparisons that a name makes look like one of secrets, by file: fields by name, and how a call is signed.
HARMLESS = {
    "sandbox/control.py": {"name != 'credentials'"},
    "sandbox/database.py": {"'password' in name.lower()"},  # the name of an option in a URL
    "sandbox/journal.py": {"secret in text", "len(secret) >= _SHORTEST"},  # redacts the workspace's own secrets
    "vendors/worksection/calls.py": {"signature is Signature.HEADER", "signature is Signature.QUERY"},
    "vendors/worksection/signing.py": {"name != 'hash'"},
}


def compared_secrets(source: str) -> Iterator[str]:
    """Yield the comparisons in which an operand is named like a secret, or is the field ``key`` of a credential."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            names = [ast.unparse(each) for each in operands if not isinstance(each, ast.Constant | ast.Tuple)]
            texts = [str(each.value) for each in operands if isinstance(each, ast.Constant)]
            none = all(isinstance(each, ast.Constant) and each.value in (None, "") for each in node.comparators)
            if not none and any(SECRET.search(name.lower()) for name in (*names, *texts)):
                yield ast.unparse(node)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("if token == known: pass", ["token == known"]),
        ("given == credential.key", ["given == credential.key"]),
        ("given in credential.tokens", ["given in credential.tokens"]),
        ("sent['hash'] != page_hash('', action, key)", ["sent['hash'] != page_hash('', action, key)"]),
        ("token is None or token == ''", []),
        ("secrets_equal(given, credential.key)", []),
        ("name == 'anna'", []),
    ],
)
def test_a_comparison_of_a_secret_is_found(source: str, found: list[str]) -> None:
    """By the names of its operands; whether a secret is there at all may be compared."""
    assert list(compared_secrets(source)) == found


@pytest.mark.parametrize("folder", ["vendors", "sandbox"])
def test_no_operator_compares_a_secret(folder: str) -> None:
    """Neither ``==`` nor ``in``, whose time depends on where two texts differ."""
    for path in sorted((SOURCE / folder).rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        found = set(compared_secrets(path.read_text(encoding="utf-8")))
        assert found <= HARMLESS.get(name, set()), name


def test_one_function_compares_in_constant_time() -> None:
    """``hmac.compare_digest`` is called in `secrets_equal` alone, which every check of a credential calls."""
    files = {path: path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    callers = [path.relative_to(SOURCE).as_posix() for path, text in files.items() if "compare_digest" in text]
    assert callers == ["vendors/rules.py"]
    assert "return hmac.compare_digest(" in inspect.getsource(secrets_equal)
    for function, count in (
        (person_of_token, 1),
        (signing.is_signed, 2),
        (timetrack_calls._authenticate, 2),  # noqa: SLF001 - the check itself
        (control.control, 1),
    ):
        assert inspect.getsource(function).count("secrets_equal(") == count, function.__name__


@pytest.mark.parametrize(
    ("given", "expected", "equal"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", "", False),
        ("", "", True),
        ("ü\ud800", "ü\ud800", True),
        ("ü", "u", False),
    ],
)
def test_secrets_are_equal_or_not(given: str, expected: str, *, equal: bool) -> None:
    """Whatever characters they contain, half of a surrogate pair included."""
    assert secrets_equal(given, expected) is equal


def test_every_token_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search goes on after a match, so its time does not tell which token matched."""
    compared = []

    def counted(given: str, expected: str) -> bool:
        compared.append(expected)
        return given == expected

    monkeypatch.setattr("punchclock.vendors.rules.secrets_equal", counted)
    workspace = demo_workspace()
    person = person_of_token("a", Credential(tokens={"a": "1", "b": "2", "c": "3"}), workspace)
    assert person.id == "1"
    assert compared == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("at", "unix", "digest"),
    [
        (0, "0", "3da5f1106abda251c4707134e958c00af2454268571a621d51f6b7c2c02aa899"),
        (999_999, "0", "3da5f1106abda251c4707134e958c00af2454268571a621d51f6b7c2c02aa899"),
        (1_000_000, "1", "8899d37b8afa6febadde5150df5fdfd4df239622e6a2d3db99d4d65140c1558a"),
        (253_402_300_799_999_999, "253402300799", "05ba0293ec4cb4b837038f0405243327d5df2beb33eb1594f4e95e7f0b6e6e39"),
    ],
)
def test_the_header_signs_any_time(at: int, unix: str, digest: str) -> None:
    """The digest at the epoch, a microsecond before the next second, and at the last instant, as literals."""
    request = worksection.request("get_timers", GetTimers(), key="k", signature=Signature.HEADER, at=at)
    assert request.headers["authorization"] == f"Admin {unix}_{digest}"
    assert signing.is_signed(request, {}, "get_timers", "k")
    assert not signing.is_signed(request, {}, "get_timers", "K")
    assert not signing.is_signed(request, {}, "stop_timer", "k")


@pytest.mark.parametrize(
    ("hashed", "digest"),
    [
        (signing.page_hash("", "get_timers", "k"), "c8c1ede8c5992ac6c64adbeb614032ae"),
        (signing.page_hash("/project/1/", "", ""), "cb03b9a544ce6d7a21224b34772a0c58"),
        (signing.query_hash("", "k"), "8ce4b16b22b58894aa86c421e8759df3"),
        (signing.query_hash("", ""), "d41d8cd98f00b204e9800998ecf8427e"),
    ],
)
def test_the_hash_of_edge_values(hashed: str, digest: str) -> None:
    """An empty page, an empty query and an empty key are hashed as they are."""
    assert hashed == digest
