"""The command `punchclock`: runs the command line, or reports in one line that an extra is missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from punchclock.errors import MissingExtra


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return its exit status."""
    try:
        from punchclock.cli import run  # noqa: PLC0415 - click and rich belong to an extra

        return run(arguments)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"click", "rich"}:
            raise
        print(f"punchclock: {MissingExtra('the command line', 'cli')}", file=sys.stderr)  # noqa: T201 - click may be missing
        return 2


if __name__ == "__main__":
    sys.exit(main())
