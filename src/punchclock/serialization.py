"""The saved form of a timer: a versioned, vendor-neutral JSON object, validated when it is loaded.

    {"version":1,"state":"running","started_at":1772438400000000,"since":1772438400000000,"worked":0}

Instants and durations are integers of microseconds of at most 64 bits, which databases and most JSON parsers can hold.
`dumps` writes the keys in this order; `loads` accepts any order, and each key once.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from punchclock.decoding import DECODE_ERRORS, duplicate_key
from punchclock.errors import InconsistentTimer, MalformedTimer, safe_repr
from punchclock.timer import Timer, restore

__all__ = ["dumps", "loads"]

_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1
_Int64 = Annotated[int, msgspec.Meta(ge=_LEAST, le=_MOST)]


class _Saved(msgspec.Struct, forbid_unknown_fields=True):
    version: Literal[1]
    state: str
    started_at: _Int64
    since: _Int64
    worked: _Int64


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Saved).decode


def dumps(timer: Timer) -> str:
    """Return the saved form of a timer, as text.

    Raises:
        InconsistentTimer: a field does not fit in 64 bits, or the values violate the invariant, so `loads` would fail.
    """
    timer = restore(state=timer.state, started_at=timer.started_at, since=timer.since, worked=timer.worked)
    for field in ("started_at", "since", "worked"):
        value = getattr(timer, field)
        if not _LEAST <= value <= _MOST:
            raise InconsistentTimer(field, value, "it does not fit in 64 bits")
    return _encode(_Saved(1, timer.state.value, timer.started_at, timer.since, timer.worked)).decode()


def loads(data: str | bytes | bytearray | memoryview) -> Timer:
    """Return the timer of a saved form, given as text or as any bytes-like object.

    Raises:
        MalformedTimer: not JSON or not UTF-8; an unknown version; a key that is missing, unknown, given twice or of
            the wrong type.
        InconsistentTimer: well-formed, but no timer can have these values.
    """
    try:
        saved = _decode(data)
    except DECODE_ERRORS:
        from punchclock.mismatch import decode_error_location  # noqa: PLC0415 - it imports json

        path, reason, _ = decode_error_location(data, _Saved)
        raise MalformedTimer(path, reason) from None
    except TypeError:
        raise MalformedTimer("$", f"expected text or bytes, got {safe_repr(data)}") from None
    timer = restore(state=saved.state, started_at=saved.started_at, since=saved.since, worked=saved.worked)
    key = duplicate_key(data if isinstance(data, str) else bytes(data), len(_Saved.__struct_fields__))
    if key is not None:
        raise MalformedTimer("$", f"key given twice: {safe_repr(key)}")
    return timer
