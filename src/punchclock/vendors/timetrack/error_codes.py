"""TimeTrack's error objects: HTTP status, code and title for each violated rule.

Source: the vendor's API page shows the shape and one example, code 15020 with status 404 for a missing time entry. The
codes here are our choice, between 15000 and that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from punchclock.vendors.calls import Operation
from punchclock.vendors.errors import Rejection
from punchclock.vendors.rules import Rule, RuleViolation

#: Rule → (HTTP status, code, title).
REJECTIONS: Final[Mapping[Rule, tuple[int, int, str]]] = MappingProxyType(
    {
        Rule.MALFORMED: (400, 15000, "Request cannot be read"),
        Rule.CREDENTIALS: (401, 15001, "API key or API secret is missing or wrong"),
        Rule.PATH: (404, 15002, "Resource does not exist"),
        Rule.METHOD: (405, 15003, "Method not allowed"),
        Rule.REQUIRED: (400, 15004, "Required parameter is missing"),
        Rule.DUPLICATE: (400, 15005, "Parameter is given twice"),
        Rule.NOT_FOUND: (404, 15007, "User, client, project or task does not exist"),
        Rule.ONE_RUNNING: (409, 15009, "Timer is already started"),
        Rule.STATE: (409, 15010, "Timer is in another state"),
        Rule.CLOSED: (409, 15011, "Task is closed"),
        Rule.TOO_LARGE: (413, 15012, "Request is too large"),
        Rule.TOO_FAST: (429, 15013, "Too many requests"),
        Rule.QUOTA: (429, 15014, "Quota is used up"),
        Rule.UNAVAILABLE: (503, 15015, "Service is not available"),
    }
)
#: For every rule without a code of its own.
INVALID: Final = (400, 15006, "Parameter is invalid")
#: For `Rule.NOT_FOUND` without a parameter: the user has no timer of this kind.
NO_TIMER: Final = (404, 15008, "Timer does not exist")


def reject(violation: RuleViolation, operation: Operation | None) -> Rejection:
    """Return TimeTrack's error object for a violated rule."""
    no_timer = violation.rule is Rule.NOT_FOUND and not violation.field
    status, code, title = NO_TIMER if no_timer else REJECTIONS.get(violation.rule, INVALID)
    return Rejection("timetrack", status, code, title, violation.field, str(violation))
