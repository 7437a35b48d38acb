"""The saved form of a timer: one versioned, vendor-neutral JSON object, checked on reading.

    {"version":1,"state":"running","started_at":1772438400000000,"since":1772438400000000,"worked":0}

Instants and durations are integers of microseconds. The text fits a database column; its keys are
written in this order and read in any.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from punchclock.errors import InconsistentTimer, MalformedTimer
from punchclock.timer import Timer, restore

__all__ = ["dumps", "loads"]


class _Saved(msgspec.Struct, forbid_unknown_fields=True):
    version: Literal[1]
    state: str
    started_at: int
    since: int
    worked: int


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Saved).decode


def dumps(timer: Timer) -> str:
    """The saved form of a timer, as text.

    Raises:
        InconsistentTimer: a field that does not fit in 64 bits, which `loads` would not read back.
    """
    for field in ("started_at", "since", "worked"):
        value = getattr(timer, field)
        if not -(2**63) <= value < 2**63:
            raise InconsistentTimer(field, value, "it does not fit in 64 bits")
    return _encode(_Saved(1, timer.state.value, timer.started_at, timer.since, timer.worked)).decode()


def loads(data: str | bytes) -> Timer:
    """The timer that ``dumps`` saved.

    Raises:
        MalformedTimer: not JSON, not UTF-8, an unknown version, a key missing, too many or of the wrong type.
        InconsistentTimer: well-formed, but no timer has such values.
    """
    try:
        saved = _decode(data)
    except (msgspec.MsgspecError, UnicodeError) as error:
        reason, _, path = str(error).partition(" - at `")
        raise MalformedTimer(path.rstrip("`") or "$", reason) from None
    return restore(state=saved.state, started_at=saved.started_at, since=saved.since, worked=saved.worked)
