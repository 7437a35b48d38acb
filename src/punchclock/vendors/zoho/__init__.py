"""Zoho People: timelogs whose timers start, pause and resume, the one that runs, and comments on them.

wire.py       the answers, written and read           dialect.py   its calls as events of the machine
handlers.py   what each call decides                  error_codes.py  its messages and error codes
calls.py      the calls in and out, the table of them rules.py     what an account's settings allow
dates.py      a company's date formats                envelope.py  what stands around every answer
"""

from punchclock.vendors.zoho.calls import OPERATIONS, VENDOR, example, handle, read_response, request, validate
from punchclock.vendors.zoho.dialect import DIALECT
from punchclock.vendors.zoho.handlers import (
    AddComment,
    DeleteComment,
    GetComments,
    GetRunningTimer,
    PauseTimer,
    ResumeTimer,
    StartTimer,
)
from punchclock.vendors.zoho.wire import BillingStatus, Comment, ZohoTimer, parse, serialize

__all__ = [
    "DIALECT",
    "OPERATIONS",
    "VENDOR",
    "AddComment",
    "BillingStatus",
    "Comment",
    "DeleteComment",
    "GetComments",
    "GetRunningTimer",
    "PauseTimer",
    "ResumeTimer",
    "StartTimer",
    "ZohoTimer",
    "example",
    "handle",
    "parse",
    "read_response",
    "request",
    "serialize",
    "validate",
]
