"""Errors of decoders, described in this project's own words.

The messages of msgspec and of the standard library's json, and the base classes of their exceptions, change from
version to version. Only this module, `punchclock.mismatch` (JSON) and `punchclock.documents` (TOML, XML) depend on
them. Other modules write ``except DECODE_ERRORS`` and then call `punchclock.mismatch.decode_error_location`, which
ignores the exception and compares the document with the expected type.
"""

from __future__ import annotations

from typing import Final

import msgspec

#: All exceptions that decoders and ``convert`` of msgspec raise for a document, in every supported version.
DECODE_ERRORS: Final[tuple[type[Exception], ...]] = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Undecodable(Exception):
    """A document that is not in its format; the text says why, in one line."""


def not_utf8(error: UnicodeError) -> str:
    """Return a text that says that bytes are not UTF-8, and at which byte."""
    return f"not UTF-8 (byte {error.start})" if isinstance(error, UnicodeDecodeError) else "not UTF-8"


class _DuplicateKey(Exception):
    """Raised at the first duplicate key, to end the parsing."""


def duplicate_key(document: str | bytes, distinct: int) -> str | None:
    """Return a key that an object in a JSON document has twice, or ``None``.

    msgspec keeps the last value of such a key and reports nothing. The standard library reports every pair, but takes
    several times as long. So the keys are counted first: if no whitespace precedes a colon, each key ends in ``":``.
    A string may contain these two characters too, which makes the count too high. So if the count is the number of
    distinct keys, no key is there twice.

    Args:
        document: an object in JSON that msgspec has decoded.
        distinct: the number of distinct keys in all its objects, counted for each object.

    Raises:
        Undecodable: the standard library does not accept the document's nesting, which msgspec accepted.
    """
    data = document.encode() if isinstance(document, str) else document
    # ``find`` is several times as fast as ``in``, which tries an integer first. -4: all four are absent.
    if (
        data.count(b'":') == distinct
        and data.find(b" :") + data.find(b"\t:") + data.find(b"\n:") + data.find(b"\r:") == -4
    ):
        return None
    import json  # noqa: PLC0415 - few documents need it

    try:
        json.loads(data, object_pairs_hook=_reject_duplicates, parse_int=str, parse_float=str)
    except _DuplicateKey as error:
        return str(error)
    except ValueError:
        return None
    except RecursionError:  # it counts a few levels more than msgspec does
        raise Undecodable("nested too deeply") from None
    return None


def _reject_duplicates(pairs: list[tuple[str, object]]) -> None:
    if len(dict(pairs)) < len(pairs):
        seen: set[str] = set()
        raise _DuplicateKey(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
