"""One request of a command, with its progress on the terminal and its answers as they come."""

import argparse
import sys
from collections.abc import Callable
from math import inf
from typing import Any

import trio

from iqrf_trio.cli.support.access import gateway
from iqrf_trio.cli.support.rendering import render
from iqrf_trio.cli.support.terminal import ProgressLine, red
from protocol.api.family import Extra
from protocol.api.registry import REGISTRY

_GOES_ON = """the gateway goes on with it; to end it:
  iqrf-trio call iqrfTrio_Cancel '{{"msgId": "{}"}}'"""
"""For whoever interrupts the command of a long work, which ends the command only."""


async def converse(
    arguments: argparse.Namespace,
    mtype: str,
    req: object,
    *,
    raw: bool,
    timeout_s: float = inf,
    dry_run: bool = False,
    in_part: Callable[[Any], bool] = lambda _rsp: False,
) -> bool:
    """Send the request and print each answer, with `raw` as it comes; whether all succeeded.

    `in_part` tells of the `rsp` of an answer whether it was done for a part of the nodes only.
    Raises Failure.
    """
    failed, line = False, ProgressLine()
    row = REGISTRY.get(mtype)
    progress = line.wanted and row is not None and Extra.PROGRESS in row.extras
    async with gateway(arguments) as connected:
        answers = await connected.request(
            mtype, req, timeout_s=timeout_s, progress=progress, dry_run=dry_run
        )
        try:
            async for answer in answers:
                if progress and answer.progress:
                    line.show(answer.progress)
                    continue
                line.clear()
                failed |= not answer.good or in_part(answer.rsp)
                shown = answer.text if raw else render(answer)
                if not (answer.good or raw):
                    print(red(shown, sys.stderr), file=sys.stderr, flush=True)
                else:
                    print(shown, flush=True)
        except trio.Cancelled:
            line.clear()
            if row is not None and Extra.PROGRESS in row.extras:
                print(_GOES_ON.format(answers.msg_id), file=sys.stderr, flush=True)
            raise
    return not failed
