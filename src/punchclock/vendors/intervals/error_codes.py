"""Intervals' error responses: HTTP status, error code and message for each violated rule.

Source: "Intervals API Errors" for codes and statuses. Errors that the page only describes have messages of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from punchclock.vendors.calls import Operation
from punchclock.vendors.errors import Rejection
from punchclock.vendors.rules import Rule, RuleViolation

#: Rule → (HTTP status, error code, message).
REJECTIONS: Final[Mapping[Rule, tuple[int, int, str]]] = MappingProxyType(
    {
        Rule.CREDENTIALS: (401, 9, "Invalid auth"),
        Rule.ROLE: (403, 10, "Permissions error"),
        Rule.FOREIGN: (403, 10, "Permissions error"),
        Rule.PATH: (400, 13, "Resource type requested does not exist"),
        Rule.NOT_FOUND: (404, 14, "Resource requested does not exist"),
        Rule.METHOD: (400, 16, "HTTP method not available"),
        Rule.UNKNOWN: (400, 17, "Parameter not recognized"),
        Rule.QUOTA: (400, 11, "Maximum number of daily API requests exceeded"),
        Rule.TOO_FAST: (400, 12, "Requests too fast"),
        Rule.UNAVAILABLE: (502, 20, "Service offline"),
    }
)
_VALIDATION: Final = (400, 18, "Validation error")


def reject(violation: RuleViolation, operation: Operation | None) -> Rejection:
    """Return Intervals' error response; a rule without a code of its own is a validation error."""
    status, code, message = REJECTIONS.get(violation.rule, _VALIDATION)
    return Rejection("intervals", status, code, message, violation.field, str(violation))
