"""Killed servers keep every answered change, and no partial one, while eight clients call all vendors.

``PUNCHCLOCK_KILLS`` is the number of kills for each database. The evidence, which the package does not contain, has the
clients and the invariants: see tests/evidence/kills.py.
"""

from __future__ import annotations

import os

import pytest

from punchclock import vendors

pytest.importorskip("evidence")

from databases import DATABASES
from evidence import kills

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("PUNCHCLOCK_KILLS", "3"))


@pytest.mark.parametrize("kind", DATABASES)
def test_a_kill_loses_no_answered_change(kind: str) -> None:
    """After each of several kills of one of two servers or both, every invariant holds; every vendor changed something.

    A failure reports the seed; `python -m evidence.kills` runs it again.
    """
    happened = kills.run(kind, KILLS, seed=KILLS)
    assert happened["kills"] >= KILLS
    assert happened["answered changes"] > KILLS
    assert all(happened[f"changes by {vendor}"] for vendor in vendors.names())
