"""The sandbox: the vendors' own HTTP APIs on one port, with a clock that you hold.

sandbox.py    one sandbox, in this process     backend.py    a call: decided, stored, written down
store.py      who keeps the timers             sql.py        a database that does
tables.py     what is in it and asked of it    migrations/   versions of its schema
clock.py      the clock that you hold          faults.py     what goes wrong on purpose
journal.py    what was called, what changed    control.py    the control plane
openapi.py    the same, described              server.py     over HTTP
transport.py  behind httpx
"""

from punchclock.errors import MissingExtra

try:
    from punchclock.sandbox.sandbox import Sandbox
except ModuleNotFoundError as error:
    if error.name is None or error.name.startswith("punchclock"):
        raise
    raise MissingExtra("the sandbox", "sandbox") from error

from punchclock.sandbox.clock import Clock
from punchclock.sandbox.faults import ConnectionDropped, Effect, Fault, FaultReport

__all__ = ["Clock", "ConnectionDropped", "Effect", "Fault", "FaultReport", "Sandbox"]
