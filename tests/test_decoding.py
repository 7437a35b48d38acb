"""Errors of malformed documents: place and reason, independent of the decoder's message."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
import tracemalloc
from collections.abc import Callable, Iterator
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, Literal, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

import punchclock as pc
from punchclock import eventlog, mismatch, serialization, workspaces
from punchclock.decoding import Undecodable, duplicate_key
from punchclock.documents import MOST_KEY_PARTS, parse_toml, parse_xml
from punchclock.eventlog import format as line_format
from punchclock.mismatch import decode_error_location
from punchclock.sandbox import Fault, Sandbox, control, faults, tables
from punchclock.vendors import wire
from punchclock.vendors.rules import RuleViolation


class Color(Enum):
    """The color of a document."""

    RED = "red"
    BLUE = "blue"


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """A document with one of each that can be wrong."""

    size: int = 0
    color: Color = Color.RED
    inner: list[Document] = []
    by_name: dict[str, Annotated[int, Meta(ge=1, lt=9)]] = {}
    version: Literal[1] = 1
    name: Annotated[str, Meta(min_length=1)] | None = None
    on: dt.date | None = None


class Named(msgspec.Struct):
    """A document with a key that must be there."""

    name: str


SPOOF = "x` - at `$.size"
LONG = "k\n" * 10_000


@pytest.mark.parametrize(
    ("document", "path", "reason"),
    [
        ({"size": "x"}, "$.size", "expected an integer, got a string"),
        ({"size": 1.5}, "$.size", "expected an integer, got a float"),
        ({"size": True}, "$.size", "expected an integer, got a boolean"),
        ({"inner": [{}, {"inner": 1}]}, "$.inner[1].inner", "expected an array, got an integer"),
        ([], "$", "expected an object, got an array"),
        ({"colour": 1}, "$", "unknown key 'colour'"),
        ({"a` - at `b": 1}, "$", "unknown key 'a` - at `b'"),
        ({"inner": [{SPOOF: 1}]}, "$.inner[0]", f"unknown key {SPOOF!r}"),
        ({"inner": [{LONG: 1}]}, "$.inner[0]", f"unknown key {LONG[:60]!r}… (20000 long)"),
        ({"color": SPOOF}, "$.color", f"expected one of 'red', 'blue', got {SPOOF!r}"),
        ({"color": 1}, "$.color", "expected one of 'red', 'blue', got an integer"),
        ({"color": LONG}, "$.color", f"expected one of 'red', 'blue', got {LONG[:60]!r}… (20000 long)"[:200]),
        ({"by_name": {"a": 1, "b": 9}}, "$.by_name[...]", "expected an integer >= 1 and < 9, got 9"),
        ({"version": 2}, "$.version", "expected 1, got 2"),
        ({"name": ""}, "$.name", "expected a string length >= 1 or null, got ''"),
        ({"size": 10**20_000}, "$.size", "expected an integer, got a number out of range"),
        ({"color": "\ud800"}, "$.color", r"expected one of 'red', 'blue', got '\ud800'"),
        ({"inner": [{"\ud800": 1}]}, "$.inner[0]", r"unknown key '\ud800'"),
        ({"on": "2026\ud800"}, "$.on", r"expected a date or null, got '2026\ud800'"),
    ],
    ids=lambda value: ascii(value)[:40] if isinstance(value, str) else "",
)
def test_the_location_is_where_and_why(document: object, path: str, reason: str) -> None:
    """Also for a misleading text, which is truncated. JSON and plain values give the same result."""
    if "out of range" not in reason:
        found = decode_error_location(document, Document)
        assert (found.path, found.reason) == (path, reason)
        written: str = json.dumps(document)
    else:
        written = f'{{"size": {"9" * 20_000}}}'
    for form in (written, written.encode(), memoryview(written.encode())):
        located = decode_error_location(form, Document)
        assert (located.path, located.reason) == (path, reason)


@pytest.mark.parametrize(
    ("digits", "reason"),
    [(1_000, "does not match the expected form"), (1_001, "expected an integer, got a number out of range")],
)
def test_an_integer_of_more_than_a_thousand_digits_is_out_of_range(digits: int, reason: str) -> None:
    """The limit is a number of digits; a shorter integer is compared with the type."""
    assert decode_error_location(f'{{"size": {"9" * digits}}}', Document).reason == reason


def test_a_missing_key_is_named() -> None:
    """The value is the object without the key."""
    assert decode_error_location([{"name": "a"}, {"x": 1}], list[Named]) == (
        "$[1]",
        "the key `name` is missing",
        {"x": 1},
    )


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not valid JSON (byte 0)"),
        ("\u00e9", "not valid JSON (byte 0)"),
        ('{"\u00e9": oops}', "not valid JSON (byte 7)"),
        (b'{"size": NaN}', "not valid JSON: NaN"),
        (b'{"size": "\xff"}', "not UTF-8 (byte 10)"),
        ('"\ud800"', "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (rb'{"name": "\ud800"}', "does not match the expected form"),
    ],
)
def test_invalid_json_is_located_as_a_whole(document: str | bytes, reason: str) -> None:
    """The position is counted in bytes; the value is the document."""
    assert decode_error_location(document, Document) == ("$", reason, document)


def test_a_doubled_key_beside_a_deep_value() -> None:
    """The line and the body are rejected at every depth; msgspec and the standard library count levels differently."""
    for depth in range(900, 1010):
        deep = '{"a":' + "[" * depth + "]" * depth + "}"
        line = f'{{"timer":"T","event":"start","at":"2026-03-02T08:00:00Z","note":"a","note":"b","meta":{deep}}}'
        with pytest.raises(pc.MalformedLine, match=r"key given twice: 'note'|nested too deeply"):
            eventlog.parse_line(line.encode())
        with pytest.raises(RuleViolation, match=r"note|nested too deeply"):
            wire.read_json(line.encode())


def test_toml_and_xml() -> None:
    """The position comes with the reason where the library gives it; a document type is rejected."""
    assert parse_toml(b"a = 1") == {"a": 1}
    assert parse_xml(b"<a>b</a>").text == "b"
    for document, reason in (
        (b"a = 1\nb = ?", "not valid TOML (line 2, column 5)"),
        (b"\xff", "not UTF-8 (byte 0)"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"a." * 20_000 + b"a = 1", "a dotted key has more than 32 parts"),
    ):
        with pytest.raises(Undecodable, match=f"^{reason.replace('(', '[(]').replace(')', '[)]')}$"):
            parse_toml(document)
    for text, reason in (
        ("<a>\n<b></a>", "not valid XML [(]line 2, column "),
        (b"<?xml version='1.0' encoding='what'?><a/>", "not valid XML"),
        ("<!DOCTYPE a><a/>", "document type is not allowed"),
    ):
        with pytest.raises(Undecodable, match=reason):
            parse_xml(text)


@pytest.mark.parametrize("form", ['<a xmlns="%s">%s</a>', '<a xmlns:p="%s"><b %s/></a>'])
def test_a_long_namespace_does_not_lengthen_each_name(form: str) -> None:
    """A document of 64 KB takes less than 16 MB: no tag and no attribute contains the name of its namespace."""
    names = (f'p:b{number}=""' if "xmlns:p" in form else f"<b{number}/>" for number in range(2_000))
    document = (form % ("u" * 40_000, " ".join(names))).encode()
    tracemalloc.start()
    root = parse_xml(document)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20
    assert {root[0].tag, *root[0].attrib} & {"b0", "p:b0"}


@pytest.mark.parametrize(
    ("document", "accepted"),
    [
        ("%s = 1", True),
        ("[%s]", True),
        ("[[ %s ]]", True),
        ("a = {%s = 1}", True),
        ('a = """\\""""""\n%s = 1', True),
        ("a = 'x\\'\n%s = 1", True),
        ('a = "\\\\" # "\n%s = 1', True),
        ("a = '''x'''''\n%s = 1", True),
        ('a = "%s"', False),
        ("a = '%s'", False),
        ("# %s", False),
        ('a = """\n""%s\\"\n"""', False),
        ("a = '''\n''%s\n'''", False),
    ],
)
@pytest.mark.parametrize("part", ["k", '"k.k"', "'k k'", '"\\"k"', " k\t"])
def test_the_parts_of_a_dotted_key_are_bounded(document: str, accepted: bool, part: str) -> None:
    """Wherever a key may be, 33 parts are too many and 32 are not; texts and comments contain no keys."""
    for count in (MOST_KEY_PARTS, MOST_KEY_PARTS + 1):
        key = ".".join([part if accepted else "k"] * count)
        if accepted and count > MOST_KEY_PARTS:
            with pytest.raises(Undecodable, match="more than 32 parts"):
                parse_toml((document % key).encode())
        else:
            assert isinstance(parse_toml((document % key).encode()), dict)


def test_a_list_of_numbers_is_not_a_dotted_key() -> None:
    """Neither are decimals in a row, nor dates with fractions of a second."""
    assert parse_toml(b"a = [" + b"1.5, " * 100 + b"1.5]")["a"] == [1.5] * 101
    assert len(parse_toml(b"a = [" + b"2026-03-02T08:00:00.5Z, " * 100 + b"]")["a"]) == 100


KEYS = st.sampled_from(["a", "b", '"', '":', " :", "\\", "\u00e9"])


@given(st.lists(st.tuples(KEYS, KEYS)), st.sampled_from([":", " :", "\t: ", "\n:"]), st.booleans())
def test_a_doubled_key_is_found(pairs: list[tuple[str, str]], colon: str, ascii_only: bool) -> None:
    """In every notation of keys, texts and colons, and without false results."""
    dump = json.JSONEncoder(ensure_ascii=ascii_only).encode
    document = "{" + ", ".join(f"{dump(key)}{colon}{dump(value)}" for key, value in pairs) + "}"
    names = [key for key, _ in pairs]
    for form in (document, document.encode()):
        found = duplicate_key(form, len(set(names)))
        assert (found is None) == (len(set(names)) == len(names))
        assert found is None or names.count(found) > 1


def test_a_doubled_key_is_found_wherever_the_white_space_is() -> None:
    """One of the two keys is written with white space before the colon, at any place; the other one is counted."""
    for length in range(20):
        key = "k" * length
        assert duplicate_key(f'{{"{key}" :1,"{key}":2}}', 1) == key


@pytest.mark.parametrize("document", [b'{"a" :]}', b'{"a" : "\xff"}'])
def test_keys_are_not_searched_beyond_what_json_reads(document: bytes) -> None:
    """A malformed document causes no error here; its decoder rejects it."""
    assert duplicate_key(document, 0) is None


def test_keys_nested_too_deeply_are_an_error() -> None:
    """A document whose keys cannot be compared is rejected, since a key in it may be given twice."""
    with pytest.raises(Undecodable, match="nested too deeply"):
        duplicate_key(b'{"a" :' + b"[" * 100_000, 0)


# ---- reworded decoders ---------------------------------------------------------------------------


class Stranger(msgspec.DecodeError):
    """What a later version may raise."""


def reworded(decode: Callable[..., object]) -> Callable[..., object]:
    """Return the decoder with errors of another class, another text and a wrong path."""

    def call(*given: object, **named: object) -> object:
        try:
            return decode(*given, **named)
        except (msgspec.MsgspecError, UnicodeError):
            raise Stranger("Gosh - at `$.nowhere`") from None

    return call


class Reworded:
    """A decoder of msgspec whose errors are reworded."""

    def __init__(self, decoder: msgspec.json.Decoder[Any]) -> None:
        self.type, self.strict = decoder.type, decoder.strict
        self.decode = reworded(decoder.decode)


@pytest.fixture
def rewording(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that changes the errors of all decoders."""

    def reword() -> None:
        parts = vars(msgspec) | {"convert": reworded(msgspec.convert)}
        parts["json"] = SimpleNamespace(**vars(msgspec.json) | {"decode": reworded(msgspec.json.decode)})
        other = SimpleNamespace(**parts)
        for module in (mismatch, workspaces, faults, control, wire):
            monkeypatch.setattr(module, "msgspec", other)
        for module, name in ((line_format, "_decode"), (line_format, "_decode_name"), (serialization, "_decode")):
            monkeypatch.setattr(module, name, reworded(getattr(module, name)))

    return reword


BAD = (
    b"",
    b"{",
    b"oops",
    b"[1]",
    b"null",
    b"\xff",
    b'{"x": "\xff"}',
    rb'{"name": "\ud800"}',
    b'{"timer": 1, "event": "start", "at": "2026-03-02T08:00:00Z"}',
    b'{"timer": "T1", "event": "start"}',
    b'{"version": 2, "state": "running", "started_at": 0, "since": 0, "worked": 0}',
    b'{"version": 1, "state": "running", "started_at": 0.5, "since": 0, "worked": 0}',
    b'{"name": "W", "people": [{"id": 1, "name": "P", "role": "king"}]}',
    b'{"effect": "latency", "seconds": "late", "nth": 0}',
    b'{"real": "yes", "shoe": 43}',
    b'{"name": 3, "limit": "x"}',
    b"[" * 100_000,
)


class Parameters(msgspec.Struct, forbid_unknown_fields=True):
    """What a call takes."""

    name: str = ""
    limit: Annotated[int, Meta(ge=1)] = 1


def texts(decoder: msgspec.json.Decoder[Parameters]) -> Iterator[tuple[str, str]]:
    """The kind and the text of the error that each reader raises for each bad document."""
    sandbox = Sandbox()
    plain = {"name": [], "limit": "many"}
    readers: dict[str, Callable[[bytes], object]] = {
        "log": eventlog.parse_line,
        "saved": pc.loads,
        "workspace": lambda data: workspaces.parse_workspace(data, "json"),
        "toml": lambda data: workspaces.parse_workspace(data, "toml"),
        "body": wire.read_json,
        "parameters": lambda data: wire.convert_parameters({**plain, data.decode("latin-1"): 1}, Parameters),
        "type": lambda _: wire.convert_parameters(plain, Parameters),
        "payload": lambda data: wire.decode_payload("toy", data, decoder),
        "plain payload": lambda data: wire.decode_payload("toy", {"limit": data}, decoder),
        "xml": lambda data: wire.xml_payload("toy", data),
        "store": lambda data: tables._decode(decoder, data.decode("latin-1")),  # noqa: SLF001
        "fault": lambda _: sandbox.faults.add(Fault(effect="latency", nth=0)),  # type: ignore[arg-type]
    }
    for bad in BAD:
        for name, read in readers.items():
            try:
                yield name, repr(read(bad))
            except pc.PunchclockError as error:
                yield type(error).__name__, str(error)
        for path, method in (("clock", "PUT"), ("faults", "POST")):
            status, _, body = sandbox.handle(method, f"/_punchclock/{path}", body=bad)
            yield path, f"{status} {body!r}"


def test_a_reworded_decoder_changes_nothing(rewording: Callable[[], None]) -> None:
    """Every parser raises the same error, with the same text, if the decoders' errors have other texts and classes."""
    decoder = msgspec.json.Decoder(Parameters)
    before = list(texts(decoder))
    rewording()
    with pytest.raises(Stranger):
        serialization._decode(b"oops")  # noqa: SLF001 the patch holds
    assert list(texts(cast("msgspec.json.Decoder[Parameters]", Reworded(decoder)))) == before
    assert not any("Gosh" in text for _, text in before)
    assert len({text for _, text in before}) > 50


def test_a_toml_error_without_a_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another message of the library, only the position is missing."""

    def loads(_: str) -> None:
        raise ValueError("Gosh")

    monkeypatch.setattr(tomllib, "loads", loads)
    with pytest.raises(workspaces.MalformedWorkspace, match=r"^\$: not valid TOML$"):
        workspaces.parse_workspace(b"a = ?", "toml")
