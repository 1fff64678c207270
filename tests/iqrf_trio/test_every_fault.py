"""Ten thousand transactions over every kind of bus, with every fault in turn.

Each request asks for something of its own, so that an answer to another one would be noticed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.serving.bus_faults import BusFault
from protocol.dpa.call import Call
from protocol.dpa.errors import DpaError
from protocol.dpa.peripherals.coordinator import addr_info
from protocol.dpa.peripherals.memory import eeeprom_read, eeprom_read, eeprom_write
from protocol.dpa.peripherals.os import os_read
from tests.iqrf_trio.virtual_buses import BUSES, MODES, Bus, bus

NODES = 6
TRANSACTIONS = {"tcp": 3400, "uart": 3400, "cdc": 3400, "spi": 200}

MESH_FAULTS = {
    Fault.SILENT: 0.0,
    Fault.NO_CONFIRMATION: 0.0,
    Fault.NO_RESPONSE: 0.0,
    Fault.TWO_RESPONSES: 0.0,
    Fault.LATE_RESPONSE: 0.4,
    Fault.GARBAGE: 5.0,
    Fault.CUT_RESPONSE: 1.0,
    Fault.REFUSAL: 1.0,
}


@frozen
class Question:
    """A call, the one right answer, and what of the value that is."""

    call: Call[Any]
    answer: object
    part: Callable[[Any], object] = lambda value: value


def questions(mesh: Mesh, random: Random) -> Iterator[Question]:
    """Questions without end, each like the one before in some way."""
    addresses = range(1, NODES + 1)
    while True:
        address = random.choice(addresses)
        mid = mesh.coordinator.bonds.mids[address]
        offset = 8 * random.randrange(3)
        mids = eeeprom_read(0, 0x4000 + 8 * address, 4)
        yield Question(mids, mid.to_bytes(4, "little"))
        yield Question(os_read(address), mid, lambda info: info.mid)
        yield Question(eeprom_read(address, offset, 8), pattern(address, offset))
        yield Question(addr_info(), NODES, lambda info: info.bonded)


def pattern(address: int, offset: int) -> bytes:
    """What stands in the EEPROM of a node."""
    return bytes((address, offset)) * 4


async def prepare(transceiver: Transceiver) -> None:
    for address in range(1, NODES + 1):
        for offset in (0, 8, 16):
            call = eeprom_write(address, offset, pattern(address, offset))
            await transceiver.call(call)


async def recover(transceiver: Transceiver) -> None:
    """All is well again some time after the last fault."""
    with trio.fail_after(200):
        while True:
            await trio.sleep(1)
            try:
                await transceiver.call(addr_info())
                return
            except DpaError:
                pass


def plagues(kind: str, it: Bus) -> Iterator[str]:
    """One fault after the other; each is over when the next one is asked for."""
    for mode in sorted(MODES[kind], key=lambda mode: mode.name):
        for every in (1, 3, 7):
            it.faults.set(mode, every)
            yield f"{mode.name} {every}"
        it.faults.clear()
    for fault, value in MESH_FAULTS.items():
        for rate in (1, 3):
            turn = Counter[str]()

            def strikes(_: object, turn: Counter[str] = turn, rate: int = rate) -> bool:
                turn["requests"] += 1
                return turn["requests"] % rate == 0

            it.mesh.faults.arm(fault, value, times=None, when=strikes)
            yield f"{fault.name} {rate}"
            it.mesh.faults.disarm()
    it.restart()
    yield "restart"
    it.unplug()
    yield "unplugged"
    yield "nothing"


@pytest.mark.slow
@pytest.mark.parametrize("kind", BUSES)
async def test_each_transaction_has_its_own_answer_or_an_error(
    kind: str, autojump_clock: MockClock
) -> None:
    mesh = generate(NODES, 1)
    random = Random(1)
    right, wrong = Counter[str](), list[str]()
    async with bus(kind, mesh) as it:
        transceiver = Transceiver(it, on_async=lambda _: None)
        async with trio.open_nursery() as nursery:
            await nursery.start(transceiver.run)
            await transceiver.wait_connected()
            await prepare(transceiver)
            count = sum(1 for _ in plagues(kind, it))
            with_it = TRANSACTIONS[kind] // count + 1
            it.plug()
            await recover(transceiver)
            for plague in plagues(kind, it):
                asked = questions(mesh, random)
                for _ in range(with_it):
                    question = next(asked)
                    with trio.fail_after(60):
                        try:
                            value = await transceiver.call(question.call)
                        except DpaError:
                            right[f"{plague} error"] += 1
                            continue
                    if question.part(value) == question.answer:
                        right[plague] += 1
                    else:
                        wrong.append(f"{plague}: {question.call.request} gave {value}")
                it.faults.clear()
                it.mesh.faults.disarm()
                it.plug()
                await recover(transceiver)
            assert not wrong, "\n".join(wrong)
            assert right.total() >= TRANSACTIONS[kind]
            # What does no harm at all, and what lets nothing through.
            for mode in (BusFault.SPLIT, BusFault.MERGED, BusFault.SLOW, BusFault.GLITCH):
                assert not right[f"{mode.name} 7 error"]
            assert not right["TWO_RESPONSES 1 error"]
            assert not right["SILENT 1"]
            assert not right["nothing error"]
            nursery.cancel_scope.cancel()
