"""The wire: bytes into parameters, payloads into bytes, and the forms of text that vendors share."""

from __future__ import annotations

import msgspec
import pytest

from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.rules import Rule
from punchclock.vendors.wire import (
    Id,
    convert_parameters,
    decode_payload,
    is_xml,
    merged,
    read_boolean,
    read_form,
    read_json,
    read_multipart,
    read_xml,
    wants_xml,
    without_blanks,
    write_json,
    write_xml,
    xml_element,
    xml_payload,
)
from toy_vendor import broken


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        (b"", {}),
        ("a=1&b=&c", {"a": "1", "b": "", "c": ""}),
        (b"a=%C3%BC+x", {"a": "ü x"}),
        ("a=ü+x", {"a": "ü x"}),
        ("a=ü+x".encode(), {"a": "ü x"}),
        ("a=1&a=2", (Rule.DUPLICATE, "a")),
        ("a=%ff", (Rule.MALFORMED, "")),
        (b"a=\xff", (Rule.MALFORMED, "")),
        ("&".join(f"a{number}" for number in range(100)), {f"a{number}": "" for number in range(100)}),
        ("&".join(f"a{number}" for number in range(101)), (Rule.MALFORMED, "")),
    ],
)
def test_forms(text: str | bytes, expected: dict[str, str] | tuple[Rule, str]) -> None:
    """Parameters of a query or a form body: UTF-8, percent-encoded or not; each once, and not too many."""
    if isinstance(expected, dict):
        assert read_form(text) == expected
    else:
        with broken(*expected):
            read_form(text)


PART = b'--X\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("multipart/form-data; boundary=X", b"", {}),
        (
            "multipart/form-data; boundary=X",
            PART % (b"a", b"1") + PART % (b"b", "ü".encode()) + b"--X--",
            {"a": "1", "b": "ü"},
        ),
        ("multipart/form-data; boundary=X", PART % (b"a", b"1") * 2 + b"--X--", (Rule.DUPLICATE, "a")),
        ("multipart/form-data; boundary=X", PART % (b"a", b"\xff") + b"--X--", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X", b"--X\r\n\r\n1\r\n--X--", (Rule.MALFORMED, "")),
        (
            "multipart/form-data; boundary=X",
            b"".join(PART % (b"%d" % n, b"") for n in range(100)) + b"--X--",
            {f"{n}": "" for n in range(100)},
        ),
        (
            "multipart/form-data; boundary=X",
            b"".join(PART % (b"%d" % n, b"") for n in range(101)) + b"--X--",
            (Rule.MALFORMED, ""),
        ),
        ("multipart/form-data; boundary=X", PART % (b"a", b"1"), (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X", PART % (b"a", b"\r\n--Y\r\n--") + b"--X--", {"a": "\r\n--Y\r\n--"}),
        (
            "multipart/form-data; boundary=X0",
            b"".join(b"--X%d\r\nContent-Type: multipart/mixed; boundary=X%d\r\n\r\n" % (n, n + 1) for n in range(2000)),
            (Rule.MALFORMED, ""),
        ),
        (
            "multipart/form-data; boundary=X",
            b"--X\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5000 + b"\r\n--X--",
            (Rule.MALFORMED, ""),
        ),
        (
            "multipart/form-data; boundary=X",
            b"--X\r\n" + b"Content-Type: message/rfc822\n\n" * 5000 + b"\r\n--X--",
            (Rule.MALFORMED, ""),
        ),
        (
            "multipart/form-data; boundary=X",
            b"--X\r\nContent-Disposition: form-data; name*" + b"9" * 5000 + b"=a\r\n\r\n1\r\n--X--",
            (Rule.MALFORMED, ""),
        ),
        ("multipart/form-data", b"a=1", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=", PART % (b"a", b"1") + b"----", (Rule.MALFORMED, "")),
        ('multipart/form-data; charset=utf-8; Boundary="X"', PART % (b"a", b"") + b"--X--\r\nend", {"a": ""}),
        ("multipart/form-data; boundary=X", b"--X--", {}),
        ("multipart/form-data; boundary=X", b"\r\n" + PART % (b"", b"1\r\n") + b"--X--\r\n", {"": "1\r\n"}),
        (
            "multipart/form-data; boundary=X",
            b'--X\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION: form-data; x="a;b"; name=a\r\n\r\n1\r\n--X--',
            {"a": "1"},
        ),
        (
            "multipart/form-data; boundary=X",
            b"--X\r\nContent-Disposition: form-data; name*=utf-8''a\r\n\r\n1\r\n--X--",
            (Rule.MALFORMED, ""),
        ),
        ("multipart/form-data; boundary=X", PART % (b"\xff", b"1") + b"--X--", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X", PART % (b"a" * 900, b"1") + b"--X--", {"a" * 900: "1"}),
        ("multipart/form-data; boundary=X", PART % (b"a" * 1000, b"1") + b"--X--", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X", PART % (b";" * 260_000, b"1") + b"--X--", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X" + ";" * 65_000, PART % (b"a", b"1") + b"--X--", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=" + "X" * 257, b"", {}),
        ("multipart/form-data; boundary=" + "X" * 257, b"--X--", (Rule.MALFORMED, "")),
        ("multipart/form-data; boundary=X", b"--X\r\n" + b"A: 1\r\n" * 9 + b"\r\n--X--", (Rule.MALFORMED, "")),
        ("text/\ud800", b"a=1", (Rule.MALFORMED, "")),
    ],
)
def test_multipart_forms(content_type: str, body: bytes, expected: dict[str, str] | tuple[Rule, str]) -> None:
    """An array as PHP's curl sends it; what is nested, malformed or beyond a bound is rejected."""
    if isinstance(expected, dict):
        assert read_multipart(content_type, body) == expected
    else:
        with broken(*expected):
            read_multipart(content_type, body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b" \n", {}),
        (b'{"a": 1, "b": [{"c": null}]}', {"a": 1, "b": [{"c": None}]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b"\xef\xbb\xbf", {}),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"a": 1}', (Rule.MALFORMED, "")),
        (b'{"at": "08:00:00"}', {"at": "08:00:00"}),
        (b'{"at": "08:00:00", "at": 1}', (Rule.DUPLICATE, "at")),
        (b'{"a": {"b": 1, "b": 1}}', (Rule.DUPLICATE, "b")),
        (b'{"a": 1, "a": 1}', (Rule.DUPLICATE, "a")),
        (b"[1]", (Rule.MALFORMED, "")),
        (b"{", (Rule.MALFORMED, "")),
        (b'"\xff"', (Rule.MALFORMED, "")),
        (b'{"a":' * 100_000, (Rule.MALFORMED, "")),
    ],
)
def test_json_bodies(body: bytes, expected: dict[str, object] | tuple[Rule, str]) -> None:
    """An object with each key once; a leading byte order mark is skipped."""
    if isinstance(expected, dict):
        assert read_json(body) == expected
    else:
        with broken(*expected):
            read_json(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", {}),
        (b"<r/>", {}),
        (b"<r><a>1</a><b/>text</r>", {"a": "1", "b": ""}),
        (b"<r><a>1</a><a>2</a></r>", (Rule.DUPLICATE, "a")),
        (b"<r><a><b/></a></r>", (Rule.TYPE, "a")),
        (b" \n", {}),
        (b"<r><a>", (Rule.MALFORMED, "")),
        (b"<?xml version='1.0' encoding='nonsense'?><r/>", (Rule.MALFORMED, "")),
        (b"<!DOCTYPE r><r/>", (Rule.MALFORMED, "")),
    ],
)
def test_xml_bodies(body: bytes, expected: dict[str, object] | tuple[Rule, str]) -> None:
    """The texts of the root's children; a document type, and so entities, is rejected."""
    if isinstance(expected, dict):
        assert read_xml(body) == expected
    else:
        with broken(*expected):
            read_xml(body)


def test_query_and_body_together() -> None:
    """A parameter in both is a duplicate."""
    assert merged({"a": 1}, {}, {"b": 2}) == {"a": 1, "b": 2}
    with broken(Rule.DUPLICATE, "a"):
        merged({"a": 1}, {"a": 1})


class Open(msgspec.Struct, kw_only=True):
    """Parameters whose type allows others."""

    needed: int
    text: str = ""


def test_ids_that_are_numbers() -> None:
    """From 0 to the largest integer that databases store."""
    for number in (0, 1, 2**63 - 1):
        assert msgspec.convert(number, Id) == number
    for number in (-1, 2**63):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(number, Id)


class Closed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Parameters whose type forbids others."""

    needed: int


def test_typed_parameters() -> None:
    """Numbers may be texts; a missing, unknown, mistyped or unprintable parameter is named."""
    assert convert_parameters({"needed": "5", "other": "\x00"}, Open) == Open(needed=5)
    for sent, rule, field in (
        ({}, Rule.REQUIRED, "needed"),
        ({"needed": "five"}, Rule.TYPE, "needed"),
        ({"needed": None}, Rule.TYPE, "needed"),
        ({"needed": 5, "text": "\x00"}, Rule.VALUE, "text"),
        ({"needed": 5, "text": "\ud800"}, Rule.VALUE, "text"),
        ({"needed": "\x00"}, Rule.VALUE, "needed"),
    ):
        with broken(rule, field):
            convert_parameters(sent, Open)
    assert convert_parameters({"needed": 5}, Closed) == Closed(needed=5)
    with broken(Rule.UNKNOWN, "other"):
        convert_parameters({"needed": 5, "other": 1}, Closed)


def test_booleans() -> None:
    """In any spelling that clients use; a parameter without a value is true."""
    value: object
    for value in (True, "", "t", "TRUE", " yes ", "1", 1, "y"):
        assert read_boolean("flag", value) is True, value
    for value in (False, "f", "False", "no", "0", 0, "n"):
        assert read_boolean("flag", value) is False, value
    for value in ("maybe", 2, None, [], "tt"):
        with broken(Rule.TYPE, "flag"):
            read_boolean("flag", value)


class Inner(msgspec.Struct):
    """A payload with a number."""

    number: int


class Outer(msgspec.Struct):
    """A payload with several of those."""

    items: list[Inner] = []
    by_name: dict[str, Inner] = {}
    by_number: dict[int, int] = {}


@pytest.mark.parametrize(
    ("payload", "path", "value"),
    [
        ({"items": [{"number": 1}, {"number": "x"}]}, "$.items[1].number", "x"),
        ({"items": [{}]}, "$.items[0]", {}),
        ({"by_name": {"a": {"number": None}}}, "$.by_name[...].number", None),
        ({"by_number": {"x": 1}}, "$.by_number", {"x": 1}),
        ([], "$", []),
    ],
)
def test_a_malformed_payload_is_located(payload: object, path: str, value: object) -> None:
    """Decoded or as bytes, the error has the path and the value there."""
    decoder = msgspec.json.Decoder(Outer)
    for form in (payload, msgspec.json.encode(payload), msgspec.json.encode(payload).decode()):
        with pytest.raises(MalformedPayload) as caught:
            decode_payload("toy", form, decoder)
        assert caught.value.path == path
        assert caught.value.value == value
    assert decode_payload("toy", {"items": [{"number": 1}]}, decoder) == Outer([Inner(1)])


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (b"{", "$"),
        (b'"\xff"', "$"),
        ("\ud800", "$"),
        (b'{"more": ' + b"[" * 100_000, "$"),
        (b'{"items": ' + b"[" * 100_000, "$"),
    ],
)
def test_an_undecodable_payload_is_reported_whole(payload: object, path: str) -> None:
    """If nothing can be decoded, or no part is at fault, the reported value is the payload itself."""
    with pytest.raises(MalformedPayload) as caught:
        decode_payload("toy", payload, msgspec.json.Decoder(Outer))
    assert (caught.value.path, caught.value.value) == (path, payload)
    assert str(caught.value).startswith(f"toy: {path}: ")


def test_blanks_are_null() -> None:
    """At any depth, in bytes and in decoded values; nothing else changes, nor does an undecodable payload."""
    plain = {"a": "", "b": ["", "x", 0, {"c": ""}], "d": {"": None, "e": False}, "f": []}
    without = {"a": None, "b": [None, "x", 0, {"c": None}], "d": {"": None, "e": False}, "f": []}
    for payload in (plain, msgspec.json.encode(plain), msgspec.json.encode(plain).decode()):
        assert without_blanks(payload) == without
    assert without_blanks(b'""') is None
    for payload in (b"{", "", "\ud800", b'"\xff"', b"[" * 100_000):
        assert without_blanks(payload) is payload


class Blankable(msgspec.Struct):
    """A field that may be blank beside one that may not."""

    text: str | None
    number: int | None
    needed: int = 0


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_an_invalid_blank_is_null(mark: str) -> None:
    """Then every blank is null; valid blanks, and payloads that are wrong otherwise, are unchanged."""
    decoder = msgspec.json.Decoder(Blankable)
    for text, read in (
        ('{"text": "", "number": ""}', Blankable(None, None)),
        ('{"text": "", "number": 1}', Blankable("", 1)),
    ):
        payloads: list[object] = [mark + text, (mark + text).encode()]
        for payload in (*payloads, msgspec.json.decode(text)):
            assert decode_payload("toy", payload, decoder, blanks=True) == read
    with pytest.raises(MalformedPayload):  # unless asked for
        decode_payload("toy", mark + '{"text": "", "number": ""}', decoder)
    for payload in ('{"text": "", "number": "x"}', '{"text": "", "number": 1, "needed": ""}'):
        with pytest.raises(MalformedPayload):
            decode_payload("toy", mark + payload, decoder, blanks=True)


def test_a_byte_order_mark_is_skipped() -> None:
    """A leading one is skipped, in JSON and in XML, in bytes and in text; a second one is malformed."""
    decoder = msgspec.json.Decoder(Inner)
    for payload in ("\ufeff" + '{"number": 1}', b'\xef\xbb\xbf {"number": 1}'):
        assert not is_xml(payload)
        assert decode_payload("toy", payload, decoder) == Inner(1)
    for payload in ("\ufeff<r><a>1</a></r>", "<r><a>ü</a></r>".encode("utf-8-sig")):
        assert is_xml(payload)
        assert xml_payload("toy", payload)
    marks = (
        "\ufeff" * 2 + '{"number": 1}',
        "\ufeff" * 1000 + '{"number": 1}',
        b"\xef\xbb\xbf" * 1000 + b'{"number": 1}',
    )
    for payload in (
        *marks,
        "\ufeff\ufeff{}",
        b"\xef\xbb\xbf" * 2 + b"{}",
        b"\xef\xbb\xbf",
        "\ufeff",
        b'\xef\xbb{"number": 1}',
    ):
        assert not is_xml(payload)
        for blanks in (False, True):
            with pytest.raises(MalformedPayload):
                decode_payload("toy", payload, decoder, blanks=blanks)


def test_xml_and_back() -> None:
    """A payload as a tree, and a tree as plain values; several children with one tag become a list."""
    content = {"a": None, "b": True, "c": False, "d": [1, 2.5, "x<y"], "e": {"f": ""}, "g": []}
    written = write_xml(xml_element("r", content))
    assert written.endswith(b"<r><a /><b>true</b><c>false</c><d>1</d><d>2.5</d><d>x&lt;y</d><e><f /></e></r>")
    assert xml_payload("toy", written) == {"a": "", "b": "true", "c": "false", "d": ["1", "2.5", "x<y"], "e": {"f": ""}}
    assert xml_payload("toy", b"<r>text</r>") == {}
    assert written.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert xml_payload("toy", "<r><a>1</a><a/><a>3</a></r>") == {"a": ["1", "", "3"]}
    assert xml_payload("toy", b"<r/>") == {}


def test_text_that_xml_cannot_write() -> None:
    """Characters that XML cannot hold are replaced, so that every response can be read."""
    assert write_xml(xml_element("r", "a\x00b\ud800")).endswith("<r>a\ufffdb\ufffd</r>".encode())
    assert write_json({"b": 1, "a": "ü"}) == '{"b":1,"a":"ü"}'.encode()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"<r>",
        "<r>\ud800</r>",
        b"<!DOCTYPE r><r/>",
        b"<?xml version='1.0' encoding='nonsense'?><r/>",
        b"<r>" * 100_000 + b"</r>" * 100_000,
    ],
)
def test_a_payload_that_is_not_xml(payload: bytes | str) -> None:
    """It is truncated, has a document type or an unknown encoding, or is nested too deeply."""
    with pytest.raises(MalformedPayload) as caught:
        xml_payload("toy", payload)
    assert (caught.value.path, caught.value.value) == ("$", payload)


def test_what_is_xml() -> None:
    """An XML document begins with ``<``; the response format follows ``Accept``, or else the body's type."""
    assert is_xml(b" <r/>")
    assert is_xml("\n<r/>")
    assert is_xml("\ufeff\n<r/>")
    assert not is_xml("\N{FULLWIDTH LESS-THAN SIGN}<r/>".encode())
    assert not is_xml(b'{"a": "<"}')
    assert not is_xml({"a": "<"})
    assert not wants_xml({})
    for headers, wanted in (
        ({"accept": "text/html, text/xml", "content-type": "application/json"}, True),
        ({"accept": "application/json, text/xml", "content-type": "text/xml"}, False),
        ({"accept": "*/*", "content-type": "Application/XML; charset=utf-8"}, True),
        ({"accept": "*/*", "content-type": "application/json"}, False),
        ({"content-type": "text/xml"}, True),
        ({"accept": "*/*", "content-type": "text/plain"}, False),
    ):
        assert wants_xml(headers) is wanted, headers
