"""Intervals: one ``timer`` resource whose two fields, ``time`` and ``starttime``, say everything.

wire.py       the ``timer`` element, read and written     dialect.py   its calls as events of the machine
handlers.py   what each call decides                      error_codes.py  its error codes
calls.py      the calls in and out, the table of them     html.py      what is stripped out of a name
apply.py      a timer applied to a time entry
"""

from punchclock.vendors.intervals.apply import TimeEntry, apply
from punchclock.vendors.intervals.calls import OPERATIONS, VENDOR, example, handle, read_response, request, validate
from punchclock.vendors.intervals.dialect import DIALECT
from punchclock.vendors.intervals.handlers import DeleteTimer, GetTimer, ListTimers, WriteTimer
from punchclock.vendors.intervals.wire import IntervalsTimer, parse, serialize

__all__ = [
    "DIALECT",
    "OPERATIONS",
    "VENDOR",
    "DeleteTimer",
    "GetTimer",
    "IntervalsTimer",
    "ListTimers",
    "TimeEntry",
    "WriteTimer",
    "apply",
    "example",
    "handle",
    "parse",
    "read_response",
    "request",
    "serialize",
    "validate",
]
