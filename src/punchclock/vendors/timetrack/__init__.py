"""TimeTrack: a project timer of work and break in seconds, and an attendance timer in minutes.

wire.py       the two timer objects, read and written     dialect.py   its calls as events of the machine
handlers.py   what each call decides                      error_codes.py  its errors
calls.py      the calls in and out, the table of them     local.py     local timestamps that end in ``Z``
"""

from punchclock.vendors.timetrack.calls import OPERATIONS, VENDOR, example, handle, read_response, request, validate
from punchclock.vendors.timetrack.dialect import DIALECT
from punchclock.vendors.timetrack.handlers import (
    GetAttendanceTimer,
    ProjectTimerOf,
    StartAttendanceTimer,
    StartProjectTimer,
    StopAttendanceTimer,
)
from punchclock.vendors.timetrack.wire import AttendanceTimer, ProjectTimer, parse, serialize

__all__ = [
    "DIALECT",
    "OPERATIONS",
    "VENDOR",
    "AttendanceTimer",
    "GetAttendanceTimer",
    "ProjectTimer",
    "ProjectTimerOf",
    "StartAttendanceTimer",
    "StartProjectTimer",
    "StopAttendanceTimer",
    "example",
    "handle",
    "parse",
    "read_response",
    "request",
    "serialize",
    "validate",
]
