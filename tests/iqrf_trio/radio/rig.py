"""A transceiver on a fake port, and requests to give it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio

from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa.packet import Request
from protocol.dpa.peripherals.coordinator import addr_info
from tests.iqrf_trio.radio.fakes import FakePort

LED = Request(1, 0x06, 0x01)
OTHER_LED = Request(2, 0x06, 0x01)
LOCAL = addr_info().request
GREETING = 5
"""Requests with which the transceiver learns the timing."""


def make(port: FakePort, **options: Any) -> Transceiver:
    options.setdefault("on_async", lambda frame: None)
    return Transceiver(port, **options)


@asynccontextmanager
async def running(
    transceiver: Transceiver, *, connected: bool = True
) -> AsyncIterator[trio.Nursery]:
    """The transceiver runs until the end of the block."""
    async with trio.open_nursery() as nursery:
        await nursery.start(transceiver.run)
        if connected:
            await transceiver.wait_connected()
        yield nursery
        nursery.cancel_scope.cancel()
