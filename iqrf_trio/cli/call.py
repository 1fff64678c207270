"""One request to a gateway, its answers as they come."""

import argparse
import sys
from difflib import get_close_matches
from functools import partial
from math import inf
from typing import Any

from iqrf_trio.cli import FAILED
from iqrf_trio.cli.support import interruption
from iqrf_trio.cli.support.access import add_options
from iqrf_trio.cli.support.conversation import converse
from iqrf_trio.cli.support.message_help import message_help
from protocol.api import document
from protocol.api.errors import NotJsonError
from protocol.api.published import PUBLISHED
from protocol.api.registry import REGISTRY, not_answered
from protocol.auth.rights import READ

HELP = """Send one request to a gateway and print each answer as it comes. Requests that take
several steps end with the last one. The exit code is 0 if all went well: the status of every
answer is 0, or 256, for a broadcast, which nobody answers."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.epilog = f"messages: {', '.join(sorted(REGISTRY))}"
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help="of a message: its parameters")
    parser.add_argument("mtype", metavar="MTYPE", help="the message, e.g. iqrfDb_GetDevices")
    parser.add_argument(
        "req",
        metavar="JSON",
        nargs="?",
        type=_json_object,
        help="""the request's parameters (data.req), e.g. '{"standards": true}'""",
    )
    add_options(parser)
    parser.add_argument(
        "--timeout",
        metavar="S",
        type=_seconds,
        default=inf,
        help="seconds to wait for each answer (default: as long as it takes)",
    )
    parser.add_argument(
        "--json",
        "--raw",
        dest="raw",
        action="store_true",
        help="print the messages as they come",
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    return interruption.run(partial(_call, arguments))


async def _call(arguments: argparse.Namespace) -> int:
    mtype, raw = arguments.mtype, arguments.raw
    req = _request(mtype, arguments.req)
    if await converse(arguments, mtype, req, raw=raw, timeout_s=arguments.timeout):
        return 0
    if not raw and mtype not in REGISTRY:
        print(_suggestion(mtype), file=sys.stderr)
    return FAILED


class _Help(argparse.Action):
    """The help of the command, or, behind the name of a message, that of the message."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        _values: object,
        _option: str | None = None,
    ) -> None:
        row = REGISTRY.get(getattr(namespace, "mtype", None) or "")
        if row is None:
            parser.print_help()
        else:
            print(message_help(row))
        parser.exit()


def _suggestion(mtype: str) -> str:
    """What a name may have meant that is none of a message, whatever the case of its letters.

    Nothing that changes anything is proposed, lest somebody sends it without looking.
    """
    if known := not_answered(mtype):
        return f"{mtype} is {known}"
    names = {name.lower(): name for name in PUBLISHED | REGISTRY.keys()}
    like = get_close_matches(mtype.lower(), names, n=1)
    row = REGISTRY.get(names[like[0]]) if like else None
    if row is not None and row.rights == READ:
        return f"did you mean {row.mtype}?"
    return "`iqrf-trio call --help` names the messages"


def _request(mtype: str, req: object) -> object:
    """What stands in `data.req`; a message that wants one gets an empty one if none was given."""
    row = REGISTRY.get(mtype)
    return {} if req is None and row and row.parameters else req


def _json_object(text: str) -> Any:
    try:
        read = document.read(text)
    except NotJsonError as error:
        where = f"byte {error.offset}"
        raise argparse.ArgumentTypeError(f"it is no JSON ({error}, {where})") from None
    if read.problem:
        raise argparse.ArgumentTypeError(f"it cannot be sent ({read.problem})")
    if not isinstance(read.value, dict):
        raise argparse.ArgumentTypeError("it is no JSON object, {...}")
    return read.value


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise argparse.ArgumentTypeError("it is no number of seconds above 0")
    return seconds
