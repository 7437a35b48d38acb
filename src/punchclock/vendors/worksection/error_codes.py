"""What Worksection answers to a broken rule: its status code and message, mostly with HTTP status 200.

Sources: pages "Getting Started" (codes 0 to 10) and the vendor's saved responses of the timer calls (6, 7). What
stands nowhere is marked as ours; docs/vendors/worksection.md lists it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from punchclock.vendors.calls import Operation
from punchclock.vendors.errors import Rejection
from punchclock.vendors.rules import Rule, RuleViolation

__all__ = ["REJECTIONS", "reject"]

_ACTION: Final = (200, 0, "Action is invalid")
_TASK: Final = (200, 5, "Task is invalid")
_NO_TIMER: Final = (200, 7, "Timer not found")

#: Rule and, where they differ, parameter or call → (HTTP status, status code, message).
REJECTIONS: Final[Mapping[tuple[Rule, str], tuple[int, int, str]]] = MappingProxyType(
    {
        (Rule.PATH, ""): _ACTION,
        (Rule.METHOD, ""): _ACTION,
        (Rule.REQUIRED, "action"): (200, 1, "Action is required"),
        (Rule.CREDENTIALS, "hash"): (200, 2, "Action hash is missed or invalid"),
        (Rule.CREDENTIALS, ""): (401, 401, "Access token is invalid"),  # code and message are ours
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
        (Rule.TOO_LARGE, ""): (413, 413, "Request is too large"),  # ours, as the three below
        (Rule.TOO_FAST, ""): (429, 429, "Too many requests"),
        (Rule.QUOTA, ""): (429, 429, "Too many requests"),
        (Rule.UNAVAILABLE, ""): (503, 503, "Service is not available"),
    }
)
_FIELD: Final = (200, 10, "Field is invalid")  # ours: the page has no code for a parameter that cannot be read


def reject(broken: RuleViolation, operation: Operation | None) -> Rejection:
    """Worksection's answer to a broken rule; ``message_details`` "contains field name", or what is wrong with it."""
    places = (operation.name if operation else broken.field, broken.field, "")
    answers = (REJECTIONS.get((broken.rule, place)) for place in places)
    status, code, message = next((each for each in answers if each), _FIELD)
    detail = ""
    if code == 10:
        detail = broken.field if broken.rule is Rule.REQUIRED else str(broken)
    elif code == 0:
        detail = broken.detail
    return Rejection("worksection", status, code, message, broken.field, detail)
