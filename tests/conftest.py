"""What holds of every test. Shared strategies are in `strategies`; a fixture lives with the tests that use it."""

from __future__ import annotations

import signal

from hypothesis import settings

pytest_plugins = ["punchclock.pytest_plugin"]

# No deadline: a busy machine is no failure, and how fast things are is measured in benchmarks/, not here.
# `make test` takes the profile "fast", `make test-all` and pytest by itself the full one.
settings.register_profile("fast", deadline=None, max_examples=25)
settings.register_profile("full", deadline=None)
settings.load_profile("full")

# A shell starts background jobs with Ctrl-C ignored, and so would be every command that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
