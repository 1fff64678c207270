"""UART and CDC: real pseudo terminals for the devices, memory streams for what goes wrong."""

import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, memory_stream_pair

from iqrf_trio.edges.ports import Link, ModuleError, Port, PortError
from iqrf_trio.edges.ports import cdc as cdc_port
from iqrf_trio.edges.ports import uart as uart_port
from iqrf_trio.edges.ports.cdc import CdcLink, CdcPort
from iqrf_trio.edges.ports.serial import SerialStream
from iqrf_trio.edges.ports.uart import UartLink, UartPort
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.serving.bus_faults import BusFault
from iqrf_trio.simulator.serving.lines import LineKind
from iqrf_trio.simulator.serving.pty import SerialDevice
from protocol.dpa.peripherals.coordinator import bonded_devices
from protocol.dpa.peripherals.memory import eeeprom_read, eeeprom_write
from protocol.link import hdlc

REQUEST = bonded_devices().request.encode()


def port_to(kind: LineKind, path: Path) -> Port:
    return UartPort(str(path), 57600) if kind is LineKind.UART else CdcPort(str(path))


@asynccontextmanager
async def device(
    kind: LineKind, link: Path, speed: float = 0
) -> AsyncIterator[tuple[SerialDevice, Port]]:
    it = SerialDevice(generate(3, 1), kind, speed, link)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            path = await nursery.start(it.run)
            yield it, port_to(kind, path)
            nursery.cancel_scope.cancel()


async def exchange(link: Link) -> bytes:
    await link.send(REQUEST)
    return await link.receive()


@pytest.mark.parametrize("kind", LineKind)
async def test_a_device_answers(kind: LineKind, tmp_path: Path) -> None:
    async with device(kind, tmp_path / "device") as (_, port):
        async with await port.open() as link:
            assert (await exchange(link))[8:9] == b"\x0e"
        # Bytes that mean something to terminals get through, too.
        async with await port.open() as link:
            for byte in (0x00, 0x03, 0x04, 0x0A, 0x0D, 0x11, 0x13, 0x1A, 0x7D, 0x7E, 0xFF):
                data = bytes((byte,)) * 4
                write = eeeprom_write(0, 0x0100, data).request
                read = eeeprom_read(0, 0x0100, 4).request
                for request in (write, read):
                    await link.send(request.encode())
                    response = await link.receive()
                assert response[8:] == data


@pytest.mark.parametrize("kind", LineKind)
@pytest.mark.parametrize("mode", [BusFault.SPLIT, BusFault.MERGED])
async def test_messages_may_come_in_pieces_or_together(
    kind: LineKind, mode: BusFault, tmp_path: Path
) -> None:
    async with device(kind, tmp_path / "device") as (it, port), await port.open() as link:
        it.faults.set(mode)
        for _ in range(3):
            assert (await exchange(link))[8:9] == b"\x0e"


@pytest.mark.parametrize("kind", LineKind)
async def test_a_device_that_goes_is_noticed_and_found_again(
    kind: LineKind, tmp_path: Path
) -> None:
    async with device(kind, tmp_path / "device") as (it, port):
        async with await port.open() as link:
            it.unplug()
            with pytest.raises(PortError):
                await link.receive()
            with pytest.raises(PortError):
                await link.send(REQUEST)
        with pytest.raises(PortError, match="No such file or directory"):
            await port.open()
        it.plug()
        while not (tmp_path / "device").exists():
            await trio.lowlevel.checkpoint()
        async with await port.open() as link:
            await exchange(link)


async def test_the_module_behind_a_usb_device_is_reset(tmp_path: Path) -> None:
    async with device(LineKind.CDC, tmp_path / "device", speed=5) as (_, port):
        await port.reset()
        async with await port.open() as link:
            assert link.starting
            assert (await link.receive())[2:4] == b"\xff\x3f"


async def test_a_usb_device_tells_who_its_module_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "iqrf_trio.port")
    async with device(LineKind.CDC, tmp_path / "device") as (it, port):
        for _ in range(2):
            async with await port.open():
                pass
        assert port.tr_info is not None
        assert port.tr_info.mid == it.mesh.coordinator.mid
        assert caplog.messages == [f"{port.name}: {port.tr_info}"]


async def test_a_busy_module_refuses_a_message(tmp_path: Path) -> None:
    async with device(LineKind.CDC, tmp_path / "device") as (it, port), await port.open() as link:
        it.faults.set(BusFault.BUSY)
        with pytest.raises(PortError, match="not taken: BUSY"):
            await link.send(REQUEST)
        it.faults.set(BusFault.BUSY, every=2)
        assert await exchange(link)
        assert await exchange(link)


def test_what_is_no_serial_device_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PortError, match="x is no serial device: Inappropriate ioctl"):
        SerialStream.open("x", str(tmp_path / "file"))
    with pytest.raises(PortError, match="x: No such file"):
        SerialStream.open("x", str(tmp_path / "nothing"))


async def test_a_device_is_opened_for_one_program_alone() -> None:
    master, slave = os.openpty()
    try:
        tty.setraw(slave)
        stream = SerialStream.open("x", os.ttyname(slave))
        await stream.send(b"\x00\n\r")
        assert os.read(master, 10) == b"\x00\n\r"
        await stream.aclose()
        with pytest.raises(PortError, match="closed"):
            await stream.send(b"x")
    finally:
        os.close(master)
        os.close(slave)


# --- what no device does ------------------------------------------------------------------------


async def test_a_storm_of_torn_frames_ends_the_link(autojump_clock: MockClock) -> None:
    ours, theirs = memory_stream_pair()
    link = UartLink(SerialStream("uart x", ours))
    torn = bytearray(hdlc.encode(REQUEST))
    torn[1] ^= 1
    # One short of a storm, a good one, and a whole one.
    await theirs.send_all(bytes(torn) * (uart_port.STORM - 1) + hdlc.encode(REQUEST))
    assert await link.receive() == REQUEST
    await theirs.send_all(bytes(torn) * uart_port.STORM)
    with pytest.raises(ModuleError, match="uart x: 20 torn frames in a row"):
        await link.receive()


async def test_a_line_that_ends_is_told(autojump_clock: MockClock) -> None:
    ours, theirs = memory_stream_pair()
    link = UartLink(SerialStream("uart x", ours))
    await theirs.aclose()
    with pytest.raises(PortError, match="uart x: unplugged"):
        await link.receive()


async def test_a_device_of_another_kind_is_told(autojump_clock: MockClock) -> None:
    ours, theirs = memory_stream_pair()
    start = trio.current_time()
    with pytest.raises(PortError, match="is it an IQRF device in CDC mode"):
        await CdcLink(SerialStream("cdc x", ours)).greet()
    assert trio.current_time() - start == cdc_port.GREETINGS * cdc_port.REPLY_S
    await theirs.aclose()


async def test_nonsense_without_end_ends_the_link(autojump_clock: MockClock) -> None:
    ours, theirs = memory_stream_pair()
    link = CdcLink(SerialStream("cdc x", ours))
    await theirs.send_all(b"<DR\xff:no\r" * 100)
    with pytest.raises(ModuleError, match="cdc x: nothing that makes sense"):
        await link.receive()


@pytest.mark.parametrize("reply", [b"<ERR\r", b"<IT:short\r", b""])
async def test_a_device_that_does_not_know_its_module(
    reply: bytes, autojump_clock: MockClock
) -> None:
    ours, theirs = memory_stream_pair()
    link = CdcLink(SerialStream("cdc x", ours))
    await theirs.send_all(reply or b"<OK\r")
    with trio.fail_after(2 * cdc_port.REPLY_S):
        assert await link.introduce() is None


async def test_a_message_between_a_command_and_its_reply_is_no_reply(
    autojump_clock: MockClock,
) -> None:
    ours, theirs = memory_stream_pair()
    link = CdcLink(SerialStream("cdc x", ours))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.send, b"\x01" * 6)
        assert await theirs.receive_some() == b">DS\x06:" + b"\x01" * 6 + b"\r"
        await theirs.send_all(b"<DR\x02:OK\r<DS:OK\r")
    assert await link.receive() == b"OK"


async def test_cancelling_a_receive_loses_nothing(autojump_clock: MockClock) -> None:
    ours, theirs = memory_stream_pair()
    link = CdcLink(SerialStream("cdc x", ours))
    with trio.move_on_after(1):
        await link.receive()
    await theirs.send_all(b"<DR\x01:a\r<DR\x01:b\r")
    with trio.CancelScope() as scope:
        scope.cancel()
        await link.receive()
    assert [await link.receive(), await link.receive()] == [b"a", b"b"]


async def test_no_reply_is_an_error_in_time(autojump_clock: MockClock) -> None:
    ours, theirs = memory_stream_pair()
    link = CdcLink(SerialStream("cdc x", ours))
    with pytest.raises(PortError, match="message not taken: no reply"):
        await link.send(REQUEST)
    await theirs.aclose()
