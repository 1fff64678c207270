"""Fails when less of the lines or of the branches is covered by the tests than is promised.

The argument is the file that `coverage json` writes. Coverage's own floor counts lines and branches
together, so that many covered lines would hide uncovered branches.
"""

import json
import sys
from pathlib import Path

FLOORS = {"lines": 95.0, "branches": 90.0}
"""Percent that have to be covered."""


def main() -> int:
    """Print both figures; returns the exit code."""
    totals = json.loads(Path(sys.argv[1]).read_text("utf-8"))["totals"]
    covered = {
        "lines": 100 * totals["covered_lines"] / totals["num_statements"],
        "branches": 100 * totals["covered_branches"] / totals["num_branches"],
    }
    for name, percent in covered.items():
        sys.stdout.write(f"{name}: {percent:.1f} % covered, at least {FLOORS[name]:.0f} %\n")
    return int(any(percent < FLOORS[name] for name, percent in covered.items()))


if __name__ == "__main__":
    sys.exit(main())
