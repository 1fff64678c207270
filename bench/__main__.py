"""Runs the figures one after the other and prints their table: `python -m bench [--out FILE]`."""

import argparse
import json
import platform
import sys
import time
from pathlib import Path

from bench import (
    air_time,
    buses,
    cycle,
    enumeration,
    fan_out,
    management,
    overhead,
    simulated,
    start,
)
from bench.rows import line, plain

FIGURES = {
    "overhead": overhead.FIGURE,
    "management": management.FIGURE,
    "air_time": air_time.FIGURE,
    "buses": buses.FIGURE,
    "simulated": simulated.FIGURE,
    "enumeration": enumeration.FIGURE,
    "cycle": cycle.FIGURE,
    "fan_out": fan_out.FIGURE,
    "start": start.FIGURE,
}


def main() -> int:
    """Exit code 0 also where a figure falls short: this measures, it does not judge."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--out", type=Path, help="write the figures to this file, as JSON")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.figures if name not in FIGURES]
    if unknown:
        parser.error(f"no such figure: {', '.join(unknown)}")
    began = time.monotonic()
    results = {}
    for name in arguments.figures or FIGURES:
        print(FIGURES[name].title, flush=True)
        rows = []
        for row in FIGURES[name].measure():
            print(line(row), flush=True)
            rows.append(row)
        results[name] = rows
    missed = [row.name for rows in results.values() for row in rows if row.missed]
    print(f"\n{time.monotonic() - began:.0f} s. " + _verdict(missed))
    if arguments.out:
        report = {name: [plain(row) for row in rows] for name, rows in results.items()}
        machine = {"machine": platform.machine(), "python": platform.python_version()}
        arguments.out.write_text(json.dumps(machine | report, indent=1), "utf-8")
    return 0


def _verdict(missed: list[str]) -> str:
    return f"Short of their mark: {'; '.join(missed)}." if missed else "All marks are met."


if __name__ == "__main__":
    sys.exit(main())
