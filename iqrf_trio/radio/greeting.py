"""How the coordinator introduces itself: asked on a new link, and by itself after a reset."""

import logging
from collections.abc import Awaitable, Callable

from protocol.dpa.errors import BadResponseError, DpaError
from protocol.dpa.packet import COORDINATOR, Request, Response
from protocol.dpa.peripherals.coordinator import addr_info, bonded_devices, discovered_devices
from protocol.dpa.peripherals.exploration import ENUMERATE, enumerate_peripherals
from protocol.dpa.peripherals.os import os_read
from protocol.dpa.requests import observe_reset
from protocol.dpa.timing import Timing
from protocol.dpa.transaction import Outcome

log = logging.getLogger("iqrf_trio.transceiver")

Ask = Callable[[Request], Awaitable[Outcome]]
"""Does one transaction; whoever hands it over learns from the outcome."""


async def greet(ask: Ask, attempts: int) -> bool:
    """Ask for all that the timing needs; False if nothing answers the first question.

    Errors do not matter: the timing then reckons with the worst. What can only be read by setting
    it, as the response time of FRCs, is not asked for: should the link be lost in between, the
    coordinator would be left with another value (see `Parameters`).
    """
    for _ in range(attempts):
        outcome = await ask(os_read(COORDINATOR).request)
        if outcome.response is not None:
            break
    else:
        return False
    for call in (
        enumerate_peripherals(COORDINATOR),
        addr_info(),
        bonded_devices(),
        discovered_devices(),
    ):
        await ask(call.request)
    return True


def mid_in(outcome: Outcome) -> int | None:
    """The MID of the coordinator, if that is what this transaction brought."""
    if outcome.request != os_read(COORDINATOR).request:
        return None
    try:
        return outcome.value(os_read(COORDINATOR)).mid
    except DpaError:
        return None


def is_reset_message(packet: Request | Response) -> bool:
    """Whether a frame that came unasked is what the coordinator says when it has started."""
    return packet.nadr == COORDINATOR and (packet.pnum, packet.pcmd) == ENUMERATE.key


def after_reset(timing: Timing, frame: bytes) -> Timing:
    """`timing` as far as a reset message leaves it true."""
    try:
        # It is built like a response, even if its PCMD is that of a request.
        enumeration = ENUMERATE.decode(frame[8:])
    except BadResponseError as error:
        log.warning("reset message %s: %s", frame.hex("."), error)
        return timing
    log.info("the coordinator was reset: %s", enumeration)
    return observe_reset(timing, enumeration)
