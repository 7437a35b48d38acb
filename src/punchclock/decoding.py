"""Why a document cannot be read, in this project's own words.

The decoders (msgspec, and json of the standard library) word their errors differently from version to version, and
change the base classes of their exceptions. Only this module and `punchclock.documents` (TOML, XML) read a decoder's
message or depend on such a base class. Other modules write ``except DECODE_ERRORS`` and then call
`decode_error_location`, which compares the document with the type it should have had and ignores the error itself.

What a document means is not decided here.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, NoReturn, Union, get_args, get_origin

import msgspec

from punchclock.errors import safe_repr, truncate

__all__ = [
    "DECODE_ERRORS",
    "DecodeErrorLocation",
    "Undecodable",
    "decode_error_location",
    "doubled_key",
    "not_utf8",
]

#: Everything that a decoder or ``convert`` of msgspec raises for a document, in every supported version.
DECODE_ERRORS: Final[tuple[type[Exception], ...]] = (msgspec.MsgspecError, UnicodeError, RecursionError)


class DecodeErrorLocation(NamedTuple):
    """Where and why a document does not have its type.

    Attributes:
        path: where, as ``$.people[2].name``; ``$`` is the whole document.
        reason: what is wrong there; it fits a line.
        value: what is there; the document as given, if it cannot be decoded.
    """

    path: str
    reason: str
    value: object


class Undecodable(Exception):
    """A document that is not of its format; the text says why and fits a line."""


# ---- documents and their types -------------------------------------------------------------------


def decode_error_location(document: object, of: Any, *, strict: bool = True) -> DecodeErrorLocation:  # noqa: ANN401 any type
    """Return where and why a document that a decoder rejected does not have the type ``of``.

    Args:
        document: JSON as bytes or text, or plain values.
        of: the type that it should have had.
        strict: as the decoder was: without it, numbers and such may be texts.
    """
    try:
        plain = _plain(document) if isinstance(document, (str, bytes, bytearray, memoryview)) else document
        found = _locate(plain, of, "$", strict=strict)
    except Undecodable as error:
        return DecodeErrorLocation("$", str(error), document)
    except RecursionError:
        return DecodeErrorLocation("$", "nested too deeply", document)
    return found or DecodeErrorLocation("$", _OTHER, document)


_OTHER: Final = "does not match the expected form"


class _OutOfRange:
    """Stands for a number that no decoder takes."""


def _integer(digits: str) -> int | _OutOfRange:
    return int(digits) if len(digits) <= 1_000 else _OutOfRange()


def _float(digits: str) -> float | _OutOfRange:
    return _OutOfRange() if math.isinf(number := float(digits)) else number


def _no_constant(name: str) -> NoReturn:
    raise Undecodable(f"not valid JSON: {name}")


def _plain(document: str | bytes | bytearray | memoryview) -> object:
    """JSON as plain values; the standard library reports the position of an error as a number."""
    import json  # noqa: PLC0415 - only errors need it, and `import punchclock` stays light

    try:
        text = document if isinstance(document, str) else bytes(document).decode()
        text.encode()
    except UnicodeError as error:
        raise Undecodable(not_utf8(error)) from None
    try:
        return json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Undecodable(f"not valid JSON (byte {len(text[: error.pos].encode())})") from None


def not_utf8(error: UnicodeError) -> str:
    """Return why bytes are not UTF-8, with the first byte at fault."""
    return f"not UTF-8 (byte {error.start})" if isinstance(error, UnicodeDecodeError) else "not UTF-8"


def _locate(value: object, of: Any, path: str, *, strict: bool) -> DecodeErrorLocation | None:  # noqa: ANN401
    """The first part of a value that does not convert, or ``None`` if all of it does."""
    members = _members(of)
    if any(member is msgspec.Raw for member, _ in members) or _converts(value, of, strict=strict):
        return None  # Raw is any JSON, but nothing converts to it
    for member, _ in members:
        parts = _parts(value, member)
        if parts is None:
            continue
        for step, part, inner in parts:
            if inner is None:
                return DecodeErrorLocation(path, step, value)
            if (found := _locate(part, inner, path + step, strict=strict)) is not None:
                return found
        return DecodeErrorLocation(path, _OTHER, value)
    kind = _kind(value)
    fits = any(kind in _forms(member)[0] for member, _ in members)
    expected = " or ".join(dict.fromkeys(f"{_forms(member)[1]}{_bounds(meta)}" for member, meta in members))
    return DecodeErrorLocation(path, truncate(f"expected {expected}, got {safe_repr(value) if fits else kind}"), value)


def _converts(value: object, of: Any, *, strict: bool) -> bool:  # noqa: ANN401
    try:
        msgspec.convert(value, of, strict=strict)
    except msgspec.MsgspecError:
        return False
    return True


def _parts(value: object, of: Any) -> Iterator[tuple[str, object, Any]] | None:  # noqa: ANN401
    """The parts of an object or an array: step of the path, part, and its type; without a type, the step is a reason.

    ``None`` where the value is not such a thing as ``of`` is.
    """
    origin = get_origin(of) or of
    arguments = get_args(of)
    if isinstance(value, Mapping):
        if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
            return _fields(value, of, closed=origin.__struct_config__.forbid_unknown_fields)
        if origin is dict:
            return (("[...]", part, arguments[1] if arguments else Any) for part in value.values())
    if isinstance(value, _ARRAYS) and origin in (list, tuple):
        return ((f"[{index}]", part, arguments[0] if arguments else Any) for index, part in enumerate(value))
    return None


def _fields(value: Mapping[Any, object], of: Any, *, closed: bool) -> Iterator[tuple[str, object, Any]]:  # noqa: ANN401
    known = _known_fields(of)
    for key, part in value.items():
        if key in known:
            yield f".{key}", part, known[key][0]
        elif closed:
            yield f"unknown key {safe_repr(key)}", None, None
    for key, (_, required) in known.items():
        if required and key not in value:
            yield f"the key `{key}` is missing", None, None


@cache
def _known_fields(of: Any) -> dict[str, tuple[Any, bool]]:  # noqa: ANN401
    return {each.encode_name: (each.type, each.required) for each in msgspec.structs.fields(of)}


def _members(of: Any) -> list[tuple[Any, tuple[msgspec.Meta, ...]]]:  # noqa: ANN401
    """The types that a type is a union of, each with its bounds; without absence, which no document can show."""
    if get_origin(of) is Annotated:
        inner, *notes = get_args(of)
        metas = tuple(note for note in notes if isinstance(note, msgspec.Meta))
        return [(member, metas + more) for member, more in _members(inner)]
    if get_origin(of) in (Union, types.UnionType):
        return [each for member in get_args(of) for each in _members(member)]
    return [] if of is msgspec.UnsetType else [(of, ())]


_FORMS: Final[dict[object, tuple[tuple[str, ...], str]]] = {
    str: (("a string",), "a string"),
    int: (("an integer",), "an integer"),
    float: (("an integer", "a float"), "a number"),
    bool: (("a boolean",), "a boolean"),
    types.NoneType: (("null",), "null"),
    dt.datetime: (("a string",), "a date and time"),
    dt.date: (("a string",), "a date"),
    dict: (("an object",), "an object"),
    list: (("an array",), "an array"),
    tuple: (("an array",), "an array"),
}


def _forms(of: Any) -> tuple[tuple[str, ...], str]:  # noqa: ANN401
    """The kinds of values that a type can be written as, and its description."""
    origin = get_origin(of) or of
    if origin is Literal or (isinstance(of, type) and issubclass(of, enum.Enum)):
        choices = get_args(of) if origin is Literal else [each.value for each in of]
        listed = ", ".join(map(repr, choices))
        return tuple(map(_kind, choices)), listed if len(choices) == 1 else f"one of {listed}"
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        return _FORMS[dict]
    return _FORMS.get(origin, ((), "another value"))


def _bounds(metas: tuple[msgspec.Meta, ...]) -> str:
    words = [
        f"{word} {bound}"
        for meta in metas
        for word, bound in (
            (">=", meta.ge),
            (">", meta.gt),
            ("<=", meta.le),
            ("<", meta.lt),
            ("length >=", meta.min_length),
            ("length <=", meta.max_length),
            ("matching the regex", meta.pattern),
        )
        if bound is not None
    ]
    return f" {' and '.join(words)}" if words else ""


def _kind(value: object) -> str:
    """What a value is called in JSON."""
    for of, name in _KINDS:
        if isinstance(value, of):
            return name
    return f"a value of type {truncate(type(value).__name__)}"


_ARRAYS: Final = (list, tuple, set, frozenset)
_KINDS: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (types.NoneType, "null"),
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a float"),
    (str, "a string"),
    (Mapping, "an object"),
    (_ARRAYS, "an array"),
    (_OutOfRange, "a number out of range"),
)


# ---- keys given twice ----------------------------------------------------------------------------


class _DoubledKey(Exception):
    """Leaves a parser at the first key that is given twice."""


def doubled_key(document: str | bytes, distinct: int) -> str | None:
    """Return a key that an object in a JSON document gives twice, or ``None``.

    msgspec takes the last value of such a key and reports nothing. The standard library shows every pair, but takes
    several times as long as msgspec. So the keys are counted first: where no space is before a colon, ``":`` ends each
    key, and inside a text it needs an escape. If there are as many as distinct keys, no key is given twice.

    Args:
        document: an object in JSON that msgspec has decoded.
        distinct: how many different keys its objects are known to have, counted for each object.
    """
    data = document.encode() if isinstance(document, str) else document
    if data.count(b'":') == distinct and not (
        b" :" in data or b"\t:" in data or b"\n:" in data or b"\r:" in data  # a loop would take twice as long
    ):
        return None
    import json  # noqa: PLC0415 - as above

    try:
        json.loads(data, object_pairs_hook=_without_doubles, parse_int=str, parse_float=str)
    except _DoubledKey as error:
        return str(error)
    except (ValueError, RecursionError):
        return None
    return None


def _without_doubles(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        seen: set[str] = set()
        raise _DoubledKey(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
