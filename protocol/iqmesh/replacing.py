"""A module takes the place of another one: the steps that leave one of the two, whatever happens.

The coordinator gives no address that it has given already, so that it has to forget the old module
first. From then on until the new one has answered, the way back is open: the coordinator is told
again that the old module has the address, and the new one is told to leave it.
"""

from protocol.dpa.attempts import nobody_can_be_asked
from protocol.dpa.errors import DpaError
from protocol.dpa.peripherals.coordinator import bonded_devices, remove_bond
from protocol.dpa.peripherals.node import validate_bonds
from protocol.dpa.peripherals.os import os_read
from protocol.iqmesh import mids, prebonding
from protocol.iqmesh.bond_changes import Replacing
from protocol.iqmesh.plan import Plan, ask

BROADCASTS = 3
"""How often modules are told to leave: nobody answers a broadcast, and one may be missed."""

QUESTIONS = 3
"""How often a device is asked who it is before it is taken for silent."""


def in_table(address: int) -> Plan[int]:
    """The MID that the coordinator has for an address, 0 where it is not bonded."""
    if address not in (yield from ask(bonded_devices())):
        return 0
    return (yield from mids.record(address))


def said_at(address: int) -> Plan[int]:
    """The MID that the device at an address says, 0 where none answers."""
    for _ in range(QUESTIONS):
        try:
            return (yield from ask(os_read(address))).mid
        except DpaError as error:
            if nobody_can_be_asked(error):
                raise
    return 0


def bar_others(address: int, mid: int) -> Plan[None]:
    """Let every module leave that listens to the address, but for the one with this MID."""
    for _ in range(BROADCASTS):
        yield from ask(validate_bonds((address, mid)))


def forget(address: int) -> Plan[None]:
    """Have the coordinator forget a node; it is no error if it has none there."""
    try:
        yield from ask(remove_bond(address))
    except DpaError:
        if address in (yield from ask(bonded_devices())):
            raise


def take_back(replacing: Replacing) -> Plan[None]:
    """Give the address back to the old module; the new one leaves it. Raises DpaError."""
    address, old = replacing.address, replacing.old
    known = yield from in_table(address)
    if known not in (0, old):
        yield from forget(address)
    if known != old:
        refused = (yield from prebonding.authorize({address: old}, ())).refused
        if address in refused:
            raise refused[address]
    yield from bar_others(address, old)


def settle(replacing: Replacing) -> Plan[bool]:
    """End a replacement that was cut off; whether the new module has taken the place."""
    address, new = replacing.address, replacing.new
    if (yield from in_table(address)) == new and (yield from said_at(address)) == new:
        yield from bar_others(address, new)
        return True
    yield from take_back(replacing)
    return False
