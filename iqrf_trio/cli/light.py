"""`iqrf-trio light`: how bright a light is."""

import argparse
from functools import partial
from typing import Any

from iqrf_trio.cli import FAILED
from iqrf_trio.cli.support import interruption
from iqrf_trio.cli.support.access import add_options
from iqrf_trio.cli.support.actuators import ask, node

HELP = """Set the brightness of a light, through a gateway that runs: by its analogue output, or
with --dali by a command to all lamps of the node."""

_FULL_VOLTS, _FULL_LEVEL = 10.0, 254
_ALL_LAMPS = 0xFE00
"""The DALI command that sets the level in its low byte, for all lamps."""
_ANSWER_ERROR = 0x02

_WORDS = {"on": 100.0, "off": 0.0}


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument("node", metavar="NODE", type=node, help="its address, 1 to 239")
    parser.add_argument(
        "percent", metavar="BRIGHTNESS", type=_percent, help="0%% to 100%%, or on, or off"
    )
    parser.add_argument("--dali", action="store_true", help="by DALI, not by the analogue output")
    parser.add_argument("--json", action="store_true", help="print the answer as it comes")
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    percent = arguments.percent
    param: dict[str, Any]
    if arguments.dali:
        level = round(_FULL_LEVEL * percent / 100) or int(percent > 0)
        mtype, param = "iqrfLight_SendLdiCommands", {"commands": [_ALL_LAMPS + level]}
    else:
        mtype, param = "iqrfLight_SetLai", {"voltage": round(_FULL_VOLTS * percent / 100, 3)}
    req = {"nAdr": arguments.node, "param": param}
    work = partial(ask, arguments, mtype, req, partial(_said, arguments))
    return 0 if interruption.run(work) else FAILED


def _said(arguments: argparse.Namespace, result: Any) -> str:
    said = f"light of node {arguments.node}: {arguments.percent:g} %"
    if "prevVoltage" in result:
        return f"{said} (before: {100 * result['prevVoltage'] / _FULL_VOLTS:g} %)"
    failed = any(answer["status"] & _ANSWER_ERROR for answer in result["answers"])
    return f"{said}; a lamp did not understand it" if failed else said


def _percent(text: str) -> float:
    if text in _WORDS:
        return _WORDS[text]
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError("it is none of 0% to 100%, on, off")
    return percent
