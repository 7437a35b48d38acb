"""Worksection's error responses: HTTP status (mostly 200), status code and message for each violated rule.

Sources: page "Getting Started" (codes 0 to 10) and the vendor's saved responses of the timer calls (6, 7). Comments
mark codes and messages that no source states; docs/vendors/worksection.md lists them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from punchclock.vendors.calls import Operation
from punchclock.vendors.errors import Rejection
from punchclock.vendors.rules import Rule, RuleViolation

_ACTION: Final = (200, 0, "Action is invalid")
_TASK: Final = (200, 5, "Task is invalid")
_NO_TIMER: Final = (200, 7, "Timer not found")

#: (Rule, parameter or call, or "" for all others) → (HTTP status, status code, message).
REJECTIONS: Final[Mapping[tuple[Rule, str], tuple[int, int, str]]] = MappingProxyType(
    {
        (Rule.PATH, ""): _ACTION,
        (Rule.METHOD, ""): _ACTION,
        (Rule.REQUIRED, "action"): (200, 1, "Action is required"),
        (Rule.CREDENTIALS, "hash"): (200, 2, "Action hash is missed or invalid"),
        (Rule.CREDENTIALS, ""): (401, 401, "Access token is invalid"),  # not stated: our code and message
        (Rule.NOT_FOUND, "project"): (200, 4, "Project is invalid"),
        (Rule.NOT_FOUND, "id_task"): _TASK,
        (Rule.TYPE, "id_task"): _TASK,
        (Rule.VALUE, "id_task"): _TASK,
        (Rule.ONE_RUNNING, ""): (200, 6, "Timer is already started"),
        (Rule.STATE, ""): (200, 7, "Timer is not started"),
        (Rule.STATE, "stop_timer"): _NO_TIMER,
        (Rule.NOT_FOUND, "timer"): _NO_TIMER,
        (Rule.TYPE, "timer"): _NO_TIMER,
        (Rule.VALUE, "timer"): _NO_TIMER,
        (Rule.CLOSED, ""): (200, 8, "Task is closed"),
        (Rule.REQUIRED, ""): (200, 10, "Field is required"),
        (Rule.TOO_LARGE, ""): (413, 413, "Request is too large"),  # not stated, as the three below
        (Rule.TOO_FAST, ""): (429, 429, "Too many requests"),
        (Rule.QUOTA, ""): (429, 429, "Too many requests"),
        (Rule.UNAVAILABLE, ""): (503, 503, "Service is not available"),
    }
)
_FIELD: Final = (200, 10, "Field is invalid")  # not stated: the page has no code for an invalid parameter


def reject(violation: RuleViolation, operation: Operation | None) -> Rejection:
    """Return Worksection's error response; ``message_details`` names the field or describes the error."""
    places = (operation.name if operation else violation.field, violation.field, "")
    found = (REJECTIONS.get((violation.rule, place)) for place in places)
    status, code, message = next((each for each in found if each), _FIELD)
    detail = ""
    if code == 10:
        detail = violation.field if violation.rule is Rule.REQUIRED else str(violation)
    elif code == 0:
        detail = violation.detail
    return Rejection("worksection", status, code, message, violation.field, detail)
