"""The search for the place at which a document differs from its expected type, for error texts.

Used only for documents that a decoder has rejected. It imports json, so ``import punchclock`` does without it.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import math
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, NoReturn, Union, get_args, get_origin

import msgspec

from punchclock.decoding import Undecodable, not_utf8
from punchclock.errors import safe_repr, truncate


class DecodeErrorLocation(NamedTuple):
    """Where and why a document does not have the expected type.

    Attributes:
        path: the place, such as ``$.people[2].name``; ``$`` is the whole document.
        reason: what is wrong there, in one line.
        value: the value there; the document as given, if it cannot be decoded.
    """

    path: str
    reason: str
    value: object


def decode_error_location(document: object, of: Any, *, strict: bool = True) -> DecodeErrorLocation:  # noqa: ANN401 any type
    """Return where and why a document that a decoder rejected does not have the type ``of``.

    Args:
        document: JSON as bytes or text, or plain values.
        of: the expected type.
        strict: the decoder's setting; if false, a string is accepted for a number, a boolean or null.
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
    """The placeholder for a number that no decoder accepts."""


def _integer(digits: str) -> int | _OutOfRange:
    return int(digits) if len(digits) <= 1_000 else _OutOfRange()


def _float(digits: str) -> float | _OutOfRange:
    return _OutOfRange() if math.isinf(number := float(digits)) else number


def _no_constant(name: str) -> NoReturn:
    raise Undecodable(f"not valid JSON: {name}")


def _plain(document: str | bytes | bytearray | memoryview) -> object:
    """Return JSON as plain values. The standard library reports the position of an error as a number."""
    try:
        text = document if isinstance(document, str) else bytes(document).decode()
        text.encode()
    except UnicodeError as error:
        raise Undecodable(not_utf8(error)) from None
    try:
        return json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Undecodable(f"not valid JSON (byte {len(text[: error.pos].encode())})") from None


def _locate(value: object, of: Any, path: str, *, strict: bool) -> DecodeErrorLocation | None:  # noqa: ANN401
    """Return the first part of a value that does not convert; ``None`` if the whole value does."""
    members = _members(of)
    if any(member is msgspec.Raw for member, _ in members) or _converts(value, of, strict=strict):
        return None  # every value is a valid Raw, but `convert` rejects them all
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
    except (msgspec.MsgspecError, UnicodeError):  # a key, a date or the like with half of a surrogate pair
        return False
    return True


def _parts(value: object, of: Any) -> Iterator[tuple[str, object, Any]] | None:  # noqa: ANN401
    """Return the parts of an object or an array, each as path step, value and expected type.

    An unknown or missing key has the type ``None``, and the reason as its step. Returns ``None`` if the value is not
    the kind of container that ``of`` is.
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
    """Return the members of a union, each with its bounds, without ``UnsetType``, which no document contains."""
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
    """Return the JSON kinds that represent a type, and the type's description."""
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
    """Return the name of a value's JSON kind."""
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
