"""The sandbox: the vendors' own HTTP APIs on one port, with a clock that the test controls.

sandbox.py    one sandbox in this process       backend.py    routes, decides, stores and records a call
store.py      the store, and the one in memory  sql.py        the store in a database
tables.py     the account in a database         migrations/   versions of the schema
clock.py      the clock                         faults.py     deliberate failures
journal.py    every call and its changes        control.py    the control plane
openapi.py    the control plane's description   server.py     the sandbox over HTTP
transport.py  the sandbox behind httpx          steps.py      calls that wait without a thread
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
