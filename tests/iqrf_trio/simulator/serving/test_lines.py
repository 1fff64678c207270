"""The simulated sides of serial lines, and the SPI slave's temper."""

from math import inf
from typing import Any

import pytest
import trio
import trio.testing

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.serving.bus_faults import BusFault, BusFaults
from iqrf_trio.simulator.serving.lines import (
    Action,
    BareLine,
    CdcLine,
    Deliver,
    Reply,
    Reset,
    UartLine,
)
from iqrf_trio.simulator.serving.spi import SpiModule, Transfer
from iqrf_trio.simulator.serving.spi_slave import SpiSlave
from protocol.link import cdc, hdlc, spi

FRAME = bytes.fromhex("00000200ffff")
INFO = bytes(range(32))


@pytest.mark.parametrize(
    ("command", "actions"),
    [
        (cdc.TEST, [Reply(b"<OK\r")]),
        (cdc.STATUS, [Reply(b"<S:\x80\r")]),
        (cdc.RESET_MODULE, [Reset(), Reply(b"<RT:OK\r")]),
        (cdc.MODULE_INFO, [Reply(b"<IT:" + INFO + b"\r")]),
        (cdc.send_data(FRAME), [Reply(b"<DS:OK\r"), Deliver(FRAME)]),
        (cdc.send_data(b"\r" * 6), [Reply(b"<DS:OK\r"), Deliver(b"\r" * 6)]),
        (b">WHAT\r", [Reply(b"<ERR\r")]),
    ],
)
def test_a_usb_device_does_as_it_is_told(command: bytes, actions: list[Action]) -> None:
    line = CdcLine(BusFaults(), lambda: INFO)
    assert [each for byte in command for each in line.heard(bytes((byte,)))] == actions


def test_a_busy_usb_device_says_so() -> None:
    faults = BusFaults()
    faults.set(BusFault.BUSY)
    assert list(CdcLine(faults).heard(cdc.send_data(FRAME))) == [Reply(b"<DS:BUSY\r")]


def test_what_lines_carry_is_understood_at_the_other_end() -> None:
    assert hdlc.Decoder().feed(UartLine(BusFaults()).framed(FRAME)) == [FRAME]
    assert cdc.Decoder().feed(CdcLine(BusFaults()).framed(FRAME)) == [cdc.Received(FRAME)]
    assert list(UartLine(BusFaults()).heard(hdlc.encode(FRAME))) == [Deliver(FRAME)]
    assert list(BareLine().heard(BareLine().framed(FRAME))) == [Deliver(FRAME)]


def test_a_garbled_uart_garbles_in_both_directions() -> None:
    faults = BusFaults()
    faults.set(BusFault.GARBLED, every=2)
    line, decoder = UartLine(faults), hdlc.Decoder()
    assert len(list(line.heard(hdlc.encode(FRAME) * 4))) == 2
    assert [len(decoder.feed(line.framed(FRAME))) for _ in range(4)] == [1, 0, 1, 0]


def shift(
    slave: SpiSlave, packet: bytes, gap_us: float = spi.FAST_GAP_US, now: float = 0.0
) -> bytes:
    slave.select()
    return bytes(slave.shift(byte, gap_us, now) for byte in packet)


def test_the_slave_answers_byte_by_byte() -> None:
    delivered: list[bytes] = []
    slave = SpiSlave(lambda frame, _: delivered.append(frame))
    assert shift(slave, spi.CHECK) == bytes((spi.READY,))
    received = shift(slave, spi.write_packet(FRAME))
    assert received[:2] == bytes((spi.READY,)) * 2
    assert spi.status_behind(received) == spi.ACCEPTED
    assert delivered == [FRAME]


def test_a_packet_in_a_hurry_is_torn() -> None:
    delivered: list[bytes] = []
    slave = SpiSlave(lambda frame, _: delivered.append(frame))
    received = shift(slave, spi.write_packet(FRAME), gap_us=30)
    assert spi.status_behind(received) != spi.ACCEPTED
    assert slave.hurried == 9
    assert delivered == []


def test_only_the_whole_message_is_taken_from_the_slave() -> None:
    slave = SpiSlave(lambda *_: None)
    slave.offer(FRAME)
    assert slave.status(0) == 0x46
    shift(slave, spi.read_packet(5))
    assert slave.status(1) == 0x46
    assert spi.fetched(shift(slave, spi.read_packet(6), now=1)) == FRAME
    assert slave.status(2) == spi.READY


def test_module_information_is_read_like_data() -> None:
    slave = SpiSlave(lambda *_: None, info=lambda: INFO)
    assert spi.fetched(shift(slave, spi.info_packet(32))) == INFO


def transfers(packet: bytes, **changes: Any) -> list[Transfer]:
    each: dict[str, Any] = {
        "speed_hz": spi.SPEED_HZ,
        "delay_us": spi.FAST_GAP_US,
        "cs_change": False,
    } | changes
    return [Transfer(bytes((byte,)), **each) for byte in packet]


async def test_a_packet_may_come_in_several_messages_if_chip_select_stays(
    autojump_clock: trio.testing.MockClock,
) -> None:
    module = SpiModule(generate(1, 1))
    packet = spi.write_packet(FRAME)
    first, last = transfers(packet[:4]), transfers(packet[4:])
    first[-1] = Transfer(first[-1].data, spi.SPEED_HZ, spi.FAST_GAP_US, cs_change=True)
    module.message(first)
    assert module.message(last)[-1] == spi.ACCEPTED
    await trio.sleep(1)
    # Without that the module takes the second half for something else.
    module.message(transfers(packet[:4]))
    module.message(last)
    assert module.mesh.counters.received == 1


@pytest.mark.parametrize(("delay_us", "speed_hz"), [(149, 250_000), (150, 500_000)])
async def test_a_bus_too_fast_is_noticed(
    delay_us: int, speed_hz: int, autojump_clock: trio.testing.MockClock
) -> None:
    module = SpiModule(generate(1, 1))
    module.message(transfers(spi.write_packet(FRAME), delay_us=delay_us, speed_hz=speed_hz))
    assert module.slave.hurried == 9
    assert module._gap_us < inf
