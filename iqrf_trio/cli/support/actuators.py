"""What the commands that switch something have in common."""

import argparse
from collections.abc import Callable
from typing import Any

from iqrf_trio.cli.support.access import gateway
from protocol.dpa.packet import MAX_NODE


async def ask(
    arguments: argparse.Namespace, mtype: str, req: object, said: Callable[[Any], str]
) -> bool:
    """Send one request and print what `said` makes of the result; whether it succeeded.

    With `--json` the answer is printed as it comes, whatever it is. Raises Failure.
    """
    async with gateway(arguments) as connected:
        answer = await connected.last(mtype, req)
    if arguments.json:
        print(answer.text)
        return answer.good
    answer.check()
    print(said(answer.rsp["result"]))
    return True


def node(text: str) -> int:
    """The address of a node."""
    if not text.isdecimal() or not 1 <= int(text) <= MAX_NODE:
        raise argparse.ArgumentTypeError(f"it is none of 1..{MAX_NODE}")
    return int(text)
