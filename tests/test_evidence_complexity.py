"""Complexity: parsers and handlers hold, and a quadratic one is refuted, in time and in memory.

The evidence is not part of the package: tests of the built wheel skip this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from punchclock.errors import InvalidDuration
from punchclock.vendors import wire
from punchclock.vendors.rules import Rule, RuleViolation
from punchclock.vendors.zoho import calls

pytest.importorskip("evidence")

from evidence import clients, complexity
from evidence.claims import SHORT, Refuted

pytestmark = pytest.mark.slow

MOST = 1 << 16
MARK = b"\xef\xbb\xbf"


def quadratic(data: bytes) -> None:
    """Count what follows each of many places, as a naive scanner does: some nanoseconds for each byte."""
    for place in range(0, len(data), 16):
        data.count(b"a", place)


def hoarder(data: bytes) -> None:
    """Keep every prefix, as tomllib does with the parts of a dotted key."""
    kept = [data[:end] for end in range(0, len(data), 8)]
    raise InvalidDuration(len(kept), "always")


def linear(data: bytes) -> None:
    """Read every byte, and reject them."""
    raise InvalidDuration(sum(data), "always")


def slow_start(data: bytes) -> None:
    """Take a constant time, however little there is to read."""
    sum(range(200_000))


def subject(read: Callable[[bytes], object]) -> complexity.Subject:
    """Return a subject with one form."""
    return complexity.Subject("planted", read, ("HOLE",))


ONE = {"a": complexity.SHAPES["b'a' repeated"]}


@pytest.mark.parametrize("read", [linear, slow_start])
def test_a_linear_parser_holds(read: Callable[[bytes], object]) -> None:
    """Whether it accepts its input or not, and however long it takes before it reads the first byte."""
    assert complexity.check(subject(read), 1 << 20, ONE) == 5


@pytest.mark.parametrize(("read", "unit"), [(quadratic, "ns"), (hoarder, "bytes of memory")])
def test_a_quadratic_parser_is_refuted(read: Callable[[bytes], object], unit: str) -> None:
    """The message has the shape, the cost of a byte and that of a byte of a smaller input."""
    with pytest.raises(Refuted, match=rf"'HOLE' with a: \d+ {unit} for each of \d+ bytes, but \d+ for fewer"):
        complexity.check(subject(read), 1 << 18, ONE)


def by_mail(content_type: str, body: bytes) -> dict[str, object]:
    """Count the parameters before many separators, as the e-mail parser does before each."""
    separators = [place for place, each in enumerate(content_type) if each == ";"][::8]
    before = [content_type.count(";", 0, place) for place in separators]
    raise RuleViolation(Rule.MALFORMED, detail=str(len(before)))


def test_a_quadratic_handler_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that reads the content type of a form again for each of its parameters."""
    monkeypatch.setattr(calls, "read_multipart", by_mail)
    found = next(each for each in complexity.subjects() if each.claim == "a call to Zoho People with content-type")
    separators = {"separators": complexity.SHAPES["b';' repeated"]}
    with pytest.raises(Refuted, match=r"multipart/form-data.* with separators"):
        complexity.check(found, MOST, separators)


def test_a_recursive_decoder_is_refuted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that calls itself for every byte order mark: its error is not a named one, so the claim fails."""

    def unmarked(payload: bytes) -> bytes:
        return unmarked(payload.removeprefix(MARK)) if payload.startswith(MARK) else payload

    monkeypatch.setattr(wire, "_without_mark", unmarked)
    found = next(each for each in complexity.subjects() if each.claim == "a payload of TimeTrack")
    with pytest.raises(RecursionError):
        complexity.check(found, MOST, {"marks": complexity.SHAPES["b'\\xef\\xbb\\xbf' repeated"]})


def test_every_part_of_a_call_is_a_subject() -> None:
    """Each vendor has its payloads, its responses, every body and every header; each form has one hole."""
    found = list(complexity.subjects())
    for client in clients.every():
        claims = [each.claim for each in found if client.vendor.title in each.claim]
        assert len(claims) == len(set(claims)) == 15
    assert all(form.count("HOLE") == 1 for each in found for form in each.forms)
    assert [claim.text for claim in complexity.CLAIMS] == [
        f"{each.claim} costs time and memory in proportion to its length" for each in found
    ]


def test_a_claim_reports_what_it_tried() -> None:
    """The number of inputs and the largest of them; a part of a request's head is smaller than a body."""
    short = next(claim for claim in complexity.CLAIMS if claim.text.startswith("a duration"))
    assert re.fullmatch(r"\d+ inputs of up to 256 KB in \d+ hostile shapes", short.check(SHORT))
    head = next(claim for claim in complexity.CLAIMS if claim.text.startswith("the path of a call to Zoho"))
    assert re.fullmatch(r"\d+ inputs of up to 64 KB in \d+ hostile shapes", head.check(SHORT))
