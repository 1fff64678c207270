"""`iqrf-trio switch`: a binary output of a node, on or off, or on for a time."""

import argparse
from functools import partial
from typing import Any

from iqrf_trio.cli import FAILED, USAGE, Failure
from iqrf_trio.cli.support import interruption
from iqrf_trio.cli.support.access import add_options
from iqrf_trio.cli.support.actuators import ask, node
from protocol.errors import LocalProtocolError
from protocol.standard.binary_output import MAX_OUTPUTS, State

HELP = """Switch a binary output of a node on or off, through a gateway that runs. It prints how the
output was before."""

MTYPE = "iqrfBinaryoutput_SetOutput"

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600}


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument("node", metavar="NODE", type=node, help="its address, 1 to 239")
    parser.add_argument("output", metavar="OUTPUT", type=_output, help="which output, from 0 on")
    parser.add_argument("state", choices=("on", "off"))
    parser.add_argument(
        "--for",
        dest="seconds",
        metavar="TIME",
        type=_time,
        help="then off again: 1s to 127s, or 2min to 127min",
    )
    parser.add_argument("--json", action="store_true", help="print the answer as it comes")
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    on = arguments.state == "on"
    try:
        State(on, arguments.seconds).encode()
    except LocalProtocolError as error:
        raise Failure(str(error), exit_code=USAGE) from None
    item: dict[str, Any] = {"index": arguments.output, "state": on}
    if arguments.seconds is not None:
        item["time"] = arguments.seconds
    req = {"nAdr": arguments.node, "param": {"binOuts": [item]}}
    work = partial(ask, arguments, MTYPE, req, partial(_said, arguments))
    return 0 if interruption.run(work) else FAILED


def _said(arguments: argparse.Namespace, result: Any) -> str:
    seconds = "" if arguments.seconds is None else f" for {arguments.seconds} s"
    before = "on" if result["prevVals"][arguments.output] else "off"
    what = f"output {arguments.output} of node {arguments.node}"
    return f"{what}: {arguments.state}{seconds} (before: {before})"


def _output(text: str) -> int:
    if not text.isdecimal() or int(text) >= MAX_OUTPUTS:
        raise argparse.ArgumentTypeError(f"it is none of 0..{MAX_OUTPUTS - 1}")
    return int(text)


def _time(text: str) -> int:
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    factor = _UNITS.get(text[len(digits) :] or "s")
    if factor is None or not digits.isdecimal() or not digits.isascii() or len(digits) > 6:
        raise argparse.ArgumentTypeError("it is no time such as 60s, 5min or 1h")
    return int(digits) * factor
