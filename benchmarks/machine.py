"""What figures depend on: the machine, Python and msgspec, for whoever writes figures down."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import msgspec

__all__ = ["machine"]


def machine() -> str:
    """What the figures depend on, and nothing that names the machine itself."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}, msgspec {msgspec.__version__}"
    )


def _processor() -> str:
    """The processor's model; Linux tells it in a file only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
