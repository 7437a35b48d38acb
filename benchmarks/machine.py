"""A description of the machine, for saved results."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec


def machine() -> str:
    """Return what results depend on: processor, system, and the versions of Python and msgspec."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}, msgspec {msgspec.__version__}"
    )


def _processor() -> str:
    """Return the processor's model, which Linux shows only in a file."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
