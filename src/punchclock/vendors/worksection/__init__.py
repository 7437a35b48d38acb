"""Worksection: a timer runs on a task until it is stopped and saved. One API for the account, one for its users.

wire.py       the timer row, read and written             dialect.py   its calls as events of the machine
handlers.py   what each call decides                      error_codes.py  its status codes and messages
calls.py      the calls in and out, the table of them     signing.py   how a call to the admin API is signed
"""

from punchclock.vendors.worksection.calls import OPERATIONS, VENDOR, example, handle, read_response, request, validate
from punchclock.vendors.worksection.dialect import DIALECT
from punchclock.vendors.worksection.handlers import (
    DeleteMyTimer,
    GetMyTimer,
    GetTimers,
    StartMyTimer,
    StopMyTimer,
    StopTimer,
)
from punchclock.vendors.worksection.signing import Signature
from punchclock.vendors.worksection.wire import WorksectionTimer, parse, serialize

__all__ = [
    "DIALECT",
    "OPERATIONS",
    "VENDOR",
    "DeleteMyTimer",
    "GetMyTimer",
    "GetTimers",
    "Signature",
    "StartMyTimer",
    "StopMyTimer",
    "StopTimer",
    "WorksectionTimer",
    "example",
    "handle",
    "parse",
    "read_response",
    "request",
    "serialize",
    "validate",
]
