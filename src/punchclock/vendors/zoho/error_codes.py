"""Zoho People's error responses: for each violated rule a code, the code's message and the call's own message.

Source: the tables "Messages" and "Error Codes & Messages" of each call on the page "Timer API". The page does not say
which code goes with which message and states no HTTP status; both are our choice (see docs/vendors/zoho.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from punchclock.vendors.calls import Operation
from punchclock.vendors.errors import Rejection
from punchclock.vendors.rules import Rule, RuleViolation

#: Call → rule → the call's own message; ``None`` is for all other rules.
MESSAGES: Final[Mapping[str, Mapping[Rule | None, str]]] = MappingProxyType(
    {
        "start_timer": {
            None: "Error in adding timelog",
            Rule.ATTENDANCE_HOURS: "Cannot log time beyond attendance hours",
            Rule.FOREIGN: "Logged-in user alone can start timer",
            Rule.BILLABLE_HOURS: (
                "Error in adding/modifying Timelog.Logged Hours is greater than maximum billable hours allowed per day"
            ),
            Rule.ESTIMATE: "Error in adding/modifying Timelog.Logged Hours is greater than Estimated hours",
        },
        "pause_timer": {
            None: "Error in pausing the timer",
            Rule.ATTENDANCE_HOURS: "Cannot log time beyond attendance hours",
            Rule.FOREIGN: "Error in pausing timer.Logged-in user alone can start timer",
            Rule.BILLABLE_HOURS: (
                "Error in pausing the Timer.Logged Hours is greater than maximum billable hours allowed per day"
            ),
            Rule.ESTIMATE: "Error in pausing the Timer.Logged Hours is greater than Estimated hours",
        },
        "resume_timer": {
            None: "Error in restarting the timer",
            Rule.ATTENDANCE_HOURS: "Cannot log time beyond attendance hours",
            Rule.FOREIGN: "Error in starting timer.Logged-in user alone can start timer",
            Rule.BILLABLE_HOURS: (
                "Error in restarting the Timer.Logged Hours is greater than maximum billable hours allowed per day"
            ),
            Rule.ESTIMATE: "Error in restarting the Timer.Logged Hours is greater than Estimated hours",
        },
        "get_running_timer": {None: "Error in fetching Running Timer information"},
        "get_comments": {None: "Error in getting comments"},
        "add_comment": {None: "Error in adding comments"},
        "delete_comment": {None: "Error in deleting comment"},
    }
)

_NO_PARAMETER: Final = (8000, "No parameter specified")
_WRONG_VALUE: Final = (8001, "Wrong value for parameter")
_DENIED: Final = (7038, "Permission denied")

_OF_TIMERS: Final[Mapping[Rule | None, tuple[int, str]]] = {
    None: _WRONG_VALUE,
    Rule.REQUIRED: _NO_PARAMETER,
    Rule.DISABLED: (8005, "Timer is disabled in Settings. Contact your Administrator"),
    Rule.DAY_OFF: (8008, "Cannot log time during Weekend/Holidays/Leave"),
}
_OF_COMMENTS: Final[Mapping[Rule | None, tuple[int, str]]] = {
    None: (8001, "Wrong value for {}"),
    Rule.REQUIRED: (8000, "No {} specified"),
}

#: Call → rule → error code and message in the call's table; ``None`` is for all other rules.
ERRORS: Final[Mapping[str, Mapping[Rule | None, tuple[int, str]]]] = MappingProxyType(
    {
        "start_timer": {
            **_OF_TIMERS,
            Rule.TYPE: (8002, "Wrong format for parameter"),
            Rule.FOREIGN: _DENIED,
            Rule.CLOSED: _DENIED,
        },
        "pause_timer": _OF_TIMERS,
        "resume_timer": _OF_TIMERS,
        "get_running_timer": _OF_TIMERS,
        "get_comments": _OF_COMMENTS,
        "add_comment": {**_OF_COMMENTS, Rule.STATE: (8005, "Comments can be added only when the timer is running")},
        "delete_comment": _OF_COMMENTS,
    }
)

#: The calls whose errors are a list of one error.
LISTED: Final = frozenset({"get_comments", "add_comment", "delete_comment"})

#: Rejections before the call is known: rule → HTTP status, error code, message. The page does not state them.
_BEFOREHAND: Final = {
    Rule.CREDENTIALS: (401, 7202, "Invalid Authtoken"),
    Rule.PATH: (404, 404, "The call does not exist"),
    Rule.METHOD: (405, 405, "The call does not accept this method"),
    Rule.TOO_LARGE: (413, 413, "The request is too large"),
    Rule.TOO_FAST: (429, 429, "Too many requests"),
    Rule.QUOTA: (429, 429, "The daily quota is used up"),
    Rule.UNAVAILABLE: (503, 503, "The service is not available"),
}


def reject(violation: RuleViolation, operation: Operation | None) -> Rejection:
    """Return Zoho People's error response: ``message`` is the error code's message, ``detail`` the call's own."""
    call = operation.name if operation else ""
    if violation.rule in _BEFOREHAND:
        status, code, message = _BEFOREHAND[violation.rule]
    else:
        errors = ERRORS.get(call, _OF_TIMERS)
        status, (code, message) = 400, errors.get(violation.rule, errors[None])
        # Only parameters of the call are named; any other name came from the sender.
        known = operation is not None and violation.field in operation.request.__struct_encode_fields__
        message = message.format(violation.field if known else "parameter")
    messages = MESSAGES.get(call, {})
    detail = messages.get(violation.rule, messages.get(None, message))
    return Rejection("zoho", status, code, message, violation.field, detail)
