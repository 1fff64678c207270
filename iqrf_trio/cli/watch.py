"""A live view of what a gateway sends unasked."""

import argparse
import sys
from datetime import datetime
from functools import partial
from typing import NoReturn

from iqrf_trio.cli.support import interruption
from iqrf_trio.cli.support.access import add_options, gateway
from iqrf_trio.cli.support.client import Received
from iqrf_trio.cli.support.rendering import line, render

HELP = """Print what a gateway sends unasked, as it comes: sensor reports as tables, other
asynchronous messages as lines. Ctrl-C ends it."""

_REPORT = "iqrfSensorData_ReportAsync"


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    add_options(parser)
    parser.add_argument(
        "--json",
        "--raw",
        dest="raw",
        action="store_true",
        help="print the messages as they come",
    )


def run(arguments: argparse.Namespace) -> int:
    """Runs until it is interrupted; raises Failure when the gateway leaves."""
    try:
        interruption.run(partial(_watch, arguments))
    except* KeyboardInterrupt:
        pass  # the way to end it
    return 0


async def _watch(arguments: argparse.Namespace) -> NoReturn:
    async with gateway(arguments) as connected:
        if not arguments.raw:
            print(f"Watching {arguments.url}; Ctrl-C ends it.", file=sys.stderr)
        while True:
            received = await connected.message()
            print(received.text if arguments.raw else _shown(received), flush=True)


def _shown(received: Received) -> str:
    now = f"{datetime.now().astimezone():%T}"
    if received.mtype != _REPORT:
        return f"{now} {line(received)}"
    shown = f"{now} {render(received)}"
    shortfall = received.explanation.removeprefix("ok").removeprefix("; ")
    return f"{shown}\n{shortfall}" if shortfall and not received.status else shown
