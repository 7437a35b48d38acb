"""What holds of every test. Shared strategies are in `strategies`; a fixture lives with the tests that use it."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["punchclock.pytest_plugin"]

# No deadline: a busy machine is no failure, and how fast things are is measured in benchmarks/, not here.
settings.register_profile("punchclock", deadline=None)
settings.load_profile("punchclock")
