"""One reading by FRC: the selective request, and the extra result where one answer has no room."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa import commands, frc
from protocol.dpa.errors import BadResponseError, DpaError

log = logging.getLogger("iqrf_trio.frc")

_OFFLINE = 0x08
_RESPONSE_TIMES = range(0, 0x80, 0x10)
"""Bits of the FRC parameters (DPA guide, "FRC Set params"): offline FRC, and bits 4-6."""


async def read_frc(
    transceiver: Transceiver, command: int, nodes: Sequence[int], user_data: bytes
) -> dict[int, int]:
    """The raw FRC value of each of `nodes` (ascending); 0 where a node kept silent.

    The request and its extra result belong together: nothing may come between them, so this
    runs as one step of the scheduler. Raises DpaError.
    """
    answer = await transceiver.call(commands.frc_send_selective(command, nodes, user_data))
    if not answer.ok:
        raise BadResponseError(f"the FRC ended with status 0x{answer.status:02x}")
    data = answer.data
    width = frc.width_of(command)
    if frc.needs_extra(width, max(frc.slots(width, nodes).values())):
        data += await transceiver.call(commands.frc_extra_result())
    return frc.unpack(width, nodes, data)


async def read_offline_frc(
    transceiver: Transceiver, command: int, nodes: Sequence[int], user_data: bytes
) -> dict[int, int]:
    """As `read_frc`, of nodes that sleep: those that collect for them answer (offline FRC)."""
    async with _offline(transceiver):
        return await read_frc(transceiver, command, nodes, user_data)


@asynccontextmanager
async def _offline(transceiver: Transceiver) -> AsyncIterator[None]:
    """Within the block FRCs are offline ones; the response time stays what it was.

    The parameters can be read only by setting them, so what is believed of them is set first.
    """
    believed = next(
        params
        for params in _RESPONSE_TIMES
        if frc.response_time_ms(params) == transceiver.timing.frc_response_ms
    )
    before = await transceiver.call(commands.frc_set_params(believed | _OFFLINE)) & ~_OFFLINE
    try:
        if before != believed:
            await transceiver.call(commands.frc_set_params(before | _OFFLINE))
        yield
    finally:
        with trio.CancelScope(shield=True):
            await _restore(transceiver, before)


async def _restore(transceiver: Transceiver, params: int) -> None:
    try:
        await transceiver.call(commands.frc_set_params(params))
    except DpaError as error:
        # A coordinator that does not answer has most likely been reset, and forgot them anyway.
        log.warning("the FRC parameters 0x%02x were not restored: %s", params, error)
