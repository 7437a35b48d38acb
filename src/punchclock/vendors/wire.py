"""The wire formats that vendors share: bytes to parameters, payloads to bytes and back.

Reading is tolerant where real clients differ (a number as text, ``t`` for true, parameters in the query or in a body);
writing is exact. The meaning of parameters and the layout of payloads are in each vendor's folder.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.message import Message
from email.parser import BytesParser
from functools import cache
from typing import Annotated, Any, Final, TypeGuard, TypeVar
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import msgspec

from punchclock.decoding import DECODE_ERRORS, Undecodable, duplicate_key
from punchclock.documents import parse_xml
from punchclock.mismatch import decode_error_location
from punchclock.vendors.errors import MalformedPayload
from punchclock.vendors.rules import Rule, RuleViolation

T = TypeVar("T")

#: An id in a payload or a parameter: a text of any length, or a number. JSON numbers that are larger than a signed
#: 64-bit integer are rejected, because few programs read them exactly.
Id = str | Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

_MOST_PARAMETERS: Final = 100

# Control characters except tab and line ends, unpaired surrogates, and the two code points that XML excludes.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")

#: The spellings of true and false that clients send; a parameter without a value is true.
BOOLEANS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("", "t", "true", "1", "y", "yes"), True),
    **dict.fromkeys(("f", "false", "0", "n", "no"), False),
}


# ---- parameters ----------------------------------------------------------------------------------


def read_form(text: str | bytes) -> dict[str, object]:
    """Return the parameters of a query string or a form body; unencoded characters are taken literally.

    Raises:
        RuleViolation: ``MALFORMED`` (not UTF-8, too many parameters), ``DUPLICATE``.
    """
    if not text:
        return {}
    try:
        decoded = text if isinstance(text, str) else text.decode()
        pairs = parse_qsl(decoded, keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeError:
        raise RuleViolation(Rule.MALFORMED, detail="the parameters are not UTF-8") from None
    except ValueError:
        raise RuleViolation(Rule.MALFORMED, detail=f"more than {_MOST_PARAMETERS} parameters") from None
    return _without_duplicates(pairs)


def read_multipart(content_type: str, body: bytes) -> dict[str, object]:
    """Return the parameters of a ``multipart/form-data`` body; an empty body has none.

    PHP's curl sends such a body if it is given the parameters as an array.

    Raises:
        RuleViolation: ``MALFORMED`` (not such a body, not UTF-8, too many parameters), ``DUPLICATE``.
    """
    if not body:
        return {}
    try:
        return _without_duplicates(_parts(content_type, body))
    except UnicodeError:
        raise RuleViolation(Rule.MALFORMED, detail="the parameters are not UTF-8") from None
    except ValueError:  # for example, a header contains a number with too many digits
        raise RuleViolation(Rule.MALFORMED, detail="a header of the multipart form cannot be read") from None


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, str]]:
    """Yield name and value of each part. A mail parser would also look for nested parts, which a form does not have."""
    boundary = _headers(f"Content-Type: {content_type}".encode("utf-8", "replace")).get_boundary("").encode()
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if not boundary or not pieces[-1].startswith(b"--") or len(pieces) > _MOST_PARAMETERS + 2:
        raise RuleViolation(Rule.MALFORMED, detail="the body is not a multipart form, or has too many parts")
    for part in pieces[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _headers(head.removeprefix(b"\r\n")).get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise RuleViolation(Rule.MALFORMED, detail="a part of the form has no name")
        yield name, value.decode()


def _headers(head: bytes) -> Message:
    return BytesParser().parsebytes(head, headersonly=True)


def read_json(body: bytes) -> dict[str, object]:
    """Return the parameters of a JSON body; an empty body has none. A leading byte order mark is skipped.

    Raises:
        RuleViolation: ``MALFORMED``, not a JSON object in UTF-8; ``DUPLICATE``.
    """
    body = body.removeprefix(BOM_UTF8)
    if not body.strip():
        return {}
    try:
        found = msgspec.json.decode(body, type=dict[str, object])
    except DECODE_ERRORS:
        reason = decode_error_location(body, dict[str, object]).reason
        raise RuleViolation(Rule.MALFORMED, detail=f"the body is not a JSON object: {reason}") from None
    try:
        key = duplicate_key(body, len(found))
    except Undecodable as error:
        raise RuleViolation(Rule.MALFORMED, detail=f"the body is not a JSON object: {error}") from None
    if key is not None:
        raise RuleViolation(Rule.DUPLICATE, key)
    return found


def read_xml(body: bytes) -> dict[str, object]:
    """Return the parameters of an XML body: the texts of the root's children. An empty body has none.

    Raises:
        RuleViolation: ``MALFORMED``, not XML, or XML with a document type; ``DUPLICATE``; ``TYPE``, an element inside a
            parameter.
    """
    if not body.strip():
        return {}
    try:
        root = parse_xml(body)
    except Undecodable as error:
        raise RuleViolation(Rule.MALFORMED, detail=f"the body cannot be read: {error}") from None
    for child in root:
        if len(child):
            raise RuleViolation(Rule.TYPE, child.tag, "it has child elements; a text is expected")
    return _without_duplicates((child.tag, child.text or "") for child in root)


def _without_duplicates(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise RuleViolation(Rule.DUPLICATE, name)
        found[name] = value
    return found


def merged(*parts: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters of query and body together.

    Raises:
        RuleViolation: ``DUPLICATE``, a parameter is in both.
    """
    found: dict[str, object] = {}
    for part in parts:
        for name, value in part.items():
            if name in found:
                raise RuleViolation(Rule.DUPLICATE, name)
            found[name] = value
    return found


def convert_parameters(sent: Mapping[str, object], into: type[T]) -> T:
    """Return the parameters as an operation's request type.

    Raises:
        RuleViolation: ``REQUIRED``, ``UNKNOWN`` (if the type forbids unknown fields), ``TYPE``, or ``VALUE`` for a text
            with control characters, each with the parameter's name.
    """
    required, known, ignored, closed = _shape(into)  # type: ignore[arg-type]  # mypy: a type variable is not hashable
    for field in required:
        if field not in sent:
            raise RuleViolation(Rule.REQUIRED, field)
    for field, value in sent.items():
        if field not in known and field not in ignored:
            if closed:
                raise RuleViolation(Rule.UNKNOWN, field)
        elif isinstance(value, str) and _UNPRINTABLE.search(value):
            raise RuleViolation(Rule.VALUE, field, "it holds control characters")
    if ignored:
        sent = {field: value for field, value in sent.items() if field not in ignored}
    try:
        return msgspec.convert(sent, into, strict=False)
    except DECODE_ERRORS:
        path, reason, _ = decode_error_location(sent, into, strict=False)
        raise RuleViolation(Rule.TYPE, path.removeprefix("$").removeprefix("."), reason) from None


@cache
def _shape(of: type) -> tuple[tuple[str, ...], frozenset[str], frozenset[str], bool]:
    """Return a request type's required, known and ignored parameters, and whether it forbids all others."""
    fields = msgspec.structs.fields(of)
    known = frozenset(field.encode_name for field in fields)
    return (
        tuple(field.encode_name for field in fields if field.required),
        known,
        getattr(of, "ignored", frozenset()) - known,
        of.__struct_config__.forbid_unknown_fields,  # type: ignore[attr-defined]  # every request type is a Struct
    )


def read_boolean(field: str, value: object) -> bool:
    """Return a boolean, in any spelling that clients use.

    Raises:
        RuleViolation: ``TYPE``.
    """
    known = BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise RuleViolation(Rule.TYPE, field, "neither true nor false")
    return known


# ---- payloads ------------------------------------------------------------------------------------


def decode_payload(vendor: str, payload: object, decoder: msgspec.json.Decoder[T], *, blanks: bool = False) -> T:
    """Return a vendor's payload, which is bytes or already decoded, as the type of ``decoder``.

    With ``blanks``, a payload that does not have that type is read again with every blank text as null.

    Raises:
        MalformedPayload: the payload does not have that type.
    """
    try:
        if isinstance(payload, (bytes, str)):
            return decoder.decode(payload)
        converted: T = msgspec.convert(payload, decoder.type, strict=decoder.strict)
    except DECODE_ERRORS:
        if isinstance(payload, (bytes, str)) and (unmarked := _without_mark(payload)) != payload:  # rare, so last
            return decode_payload(vendor, unmarked, decoder, blanks=blanks)
        if blanks:  # also rare
            return decode_payload(vendor, without_blanks(payload), decoder)
        path, reason, value = decode_error_location(payload, decoder.type, strict=decoder.strict)
        raise MalformedPayload(vendor, path, value, reason) from None
    return converted


def _without_mark(payload: bytes | str) -> bytes | str:
    """Return a payload without a leading byte order mark."""
    return payload.removeprefix(BOM_UTF8) if isinstance(payload, bytes) else payload.removeprefix(_MARK)


_MARK: Final = BOM_UTF8.decode()


def without_blanks(payload: object) -> object:
    """Return a payload as plain values with every blank text as null, or unchanged if it cannot be decoded."""
    try:
        return _unblanked(msgspec.json.decode(payload) if isinstance(payload, (bytes, str)) else payload)
    except DECODE_ERRORS:
        return payload


def _unblanked(value: object) -> object:
    if isinstance(value, dict):
        return {key: _unblanked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unblanked(inner) for inner in value]
    return None if value == "" else value


def is_xml(payload: object) -> TypeGuard[bytes | str]:
    """Return whether a payload is an XML document; otherwise it is JSON or already decoded."""
    if not isinstance(payload, (bytes, str)) or payload.lstrip()[:1] not in _FIRST_OF_XML:
        return False
    return _without_mark(payload).lstrip()[:1] in (b"<", "<")


_FIRST_OF_XML: Final = frozenset((b"<", "<", BOM_UTF8[:1], _MARK))


def xml_payload(vendor: str, payload: bytes | str) -> dict[str, object]:
    """Return an XML payload as plain values: an element's children by tag, or its text if it has no children.

    Several children with the same tag become a list.

    Raises:
        MalformedPayload: not XML, or XML with a document type.
    """
    try:
        plain = _plain(parse_xml(payload))
    except Undecodable as error:
        raise MalformedPayload(vendor, "$", payload, str(error)) from None
    except RecursionError:
        raise MalformedPayload(vendor, "$", payload, "nested too deeply") from None
    return plain if isinstance(plain, dict) else {}


def _plain(element: ET.Element) -> object:
    children = [*element]
    if not children:
        return element.text or ""
    found: dict[str, Any] = {}
    for child in children:
        value = _plain(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def wants_xml(headers: Mapping[str, str]) -> bool:
    """Return whether the response should be XML: according to ``accept``, or else to ``content-type``."""
    for header in ("accept", "content-type"):
        named = _FORM(headers.get(header, "").lower())
        if named:
            return named[0] == "xml"
    return False


_FORM: Final = re.compile("json|xml").search


_encode_json: Final[Callable[[Any], bytes]] = msgspec.json.Encoder().encode


def write_json(payload: object) -> bytes:
    """Return a payload as JSON, with its fields in the order of its type."""
    return _encode_json(payload)


def write_xml(root: ET.Element) -> bytes:
    """Return a tree as a UTF-8 document with an XML declaration."""
    written: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def xml_element(tag: str, content: object) -> ET.Element:
    """Return a payload as a tree: an object as elements in the order of its fields, a list as one element per item."""
    holder = ET.Element("holder")
    _add(holder, tag, msgspec.to_builtins(content))
    [root] = holder
    return root


def _add(parent: ET.Element, tag: str, value: object) -> None:
    if isinstance(value, dict):
        child = ET.SubElement(parent, tag)
        for name, part in value.items():
            _add(child, name, part)
    elif isinstance(value, list):
        for item in value:
            _add(parent, tag, item)
    else:
        ET.SubElement(parent, tag).text = _xml_text(value)


def _xml_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))
