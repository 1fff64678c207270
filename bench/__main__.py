"""Runs the figures one after the other and prints their table: `python -m bench [--out FILE]`."""

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    air_time,
    buses,
    commands,
    counting,
    cycle,
    enumeration,
    fan_out,
    management,
    outward,
    overhead,
    pages,
    scale,
    services,
    simulated,
    start,
)
from bench.alive import alive
from bench.report import Machine, as_json, replaced, table, verdict
from bench.rows import Row, line

FIGURES = {
    "overhead": overhead.FIGURE,
    "counting": counting.FIGURE,
    "commands": commands.FIGURE,
    "management": management.FIGURE,
    "air_time": air_time.FIGURE,
    "buses": buses.FIGURE,
    "simulated": simulated.FIGURE,
    "services": services.FIGURE,
    "enumeration": enumeration.FIGURE,
    "cycle": cycle.FIGURE,
    "fan_out": fan_out.FIGURE,
    "scale": scale.FIGURE,
    "outward": outward.FIGURE,
    "pages": pages.FIGURE,
    "start": start.FIGURE,
}


def main() -> int:
    """Exit code 0 also where a figure falls short: this measures, it does not judge."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--out", type=Path, help="write the figures to this file, as JSON")
    parser.add_argument("--page", type=Path, help="replace the table of this page, of all figures")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.figures if name not in FIGURES]
    if unknown:
        parser.error(f"no such figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
    if arguments.page and arguments.figures:
        parser.error("a page has the table of all figures")
    if arguments.page:
        try:
            replaced(arguments.page.read_text("utf-8"), "")  # before minutes are spent on it
        except (OSError, ValueError) as error:
            parser.error(str(error))

    logging.disable()  # what runs in this process says nothing that is not measured
    began = time.monotonic()
    results = _measure(arguments.figures or list(FIGURES))
    took = time.monotonic() - began
    print(f"\n{took:.0f} s. {verdict(results)}")
    if arguments.out:
        report = as_json(results, Machine.here(), took)
        arguments.out.write_text(json.dumps(report, indent=1), "utf-8")
    if arguments.page:
        titled = {FIGURES[name].title: rows for name, rows in results.items()}
        text = table(titled, Machine.here(), took, datetime.now(UTC).date())
        page = arguments.page.read_text("utf-8")
        arguments.page.write_text(replaced(page, text), "utf-8")
    return 0


def _measure(names: Sequence[str]) -> dict[str, list[Row]]:
    results: dict[str, list[Row]] = {}
    for place, name in enumerate(names, 1):
        began = time.monotonic()
        results[name] = []
        with alive(name) as seen:
            print(f"{place}/{len(names)} {FIGURES[name].title}", flush=True)
            for row in FIGURES[name].measure():
                print(line(row), flush=True)
                results[name].append(row)
                seen()
        print(f"  ({time.monotonic() - began:.0f} s)", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
