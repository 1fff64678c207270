"""pyspiflash itself at a simulated chip: what is kept there is there again."""

from random import Random

import pytest

from iqrf_trio.edges.flash import Flash, FlashError, FlashPort
from iqrf_trio.edges.ports import PortError
from iqrf_trio.edges.spibus import SpiBus
from iqrf_trio.simulator.flash import FlashChip, PowerFailureError
from protocol.vault.geometry import Erase, Geometry, Program, Read
from protocol.vault.ring import Ring, Steps, T, VerificationError, read, scan, write

MHZ = 1_000_000


def run(flash: Flash, steps: Steps[T]) -> T:
    try:
        operation = next(steps)
        while True:
            operation = steps.send(flash.perform(operation))
    except StopIteration as end:
        value: T = end.value
        return value


def small() -> FlashChip:
    return FlashChip(bytearray(b"\xff" * (128 * 1024)))


def test_the_chip_is_recognised_with_its_sizes_by_its_jedec_id() -> None:
    flash = Flash.detect(FlashChip(), 10 * MHZ)
    assert flash.name == "Winbond W25Q128 16 MiB"
    assert flash.geometry == Geometry(16 << 20, 4096, 256)


def test_a_chip_may_be_used_in_part() -> None:
    flash = Flash.detect(FlashChip(), MHZ, 1 << 20)
    assert (flash.geometry.blocks, flash.geometry.block) == (16, 65536)
    with pytest.raises(FlashError, match="4096 bytes hold no two blocks"):
        Flash.detect(small(), MHZ, 4096)


def test_the_clock_is_never_faster_than_allowed() -> None:
    chip = small()
    run(Flash.detect(chip, 5 * MHZ), scan(Geometry(128 * 1024, 4096, 256)))
    assert chip.fastest_hz == 5 * MHZ
    port = FlashPort(chip, 2.0 * MHZ)
    port.set_frequency(104 * MHZ)
    assert port.frequency == 2 * MHZ


def test_erase_program_and_read_do_what_they_say() -> None:
    chip = small()
    flash = Flash.detect(chip, MHZ)
    flash.perform(Program(0x1000, b"one"))
    assert flash.perform(Read(0x1000, 4)) == b"one\xff"
    flash.perform(Erase(0x1000, 0x1000))
    assert flash.perform(Read(0x1000, 4)) == b"\xff" * 4
    assert sum(chip.erased) == 1
    flash.perform(Erase(0x10000, 0x10000))
    assert chip.erased[16:] == [1] * 16


def test_the_waits_of_a_busy_chip_are_waited_for() -> None:
    chip = small()
    chip.busy_for = 1  # the library gives up by the wall clock, but never after the first question
    flash = Flash.detect(chip, MHZ)
    flash.perform(Program(0, b"one"))
    flash.perform(Program(256, b"two"))
    assert flash.perform(Read(256, 3)) == b"two"


def test_snapshots_are_kept_by_the_real_commands() -> None:
    chip, contents = FlashChip(), [Random(seed).randbytes(70_000) for seed in range(3)]
    flash = Flash.detect(chip, MHZ)
    ring = run(flash, scan(flash.geometry))
    for content in contents:
        ring = run(flash, write(ring, content))
    again = Flash.detect(chip, MHZ)
    found = run(again, scan(again.geometry))
    assert found == ring
    assert [run(again, read(found, slot)) for slot in found.slots] == contents[::-1]


def test_power_failures_at_sampled_bytes_leave_the_snapshot_before() -> None:
    chip, random = small(), Random(9)
    last = random.randbytes(6000)
    flash = Flash.detect(chip, MHZ)
    run(flash, write(run(flash, scan(flash.geometry)), last))
    failures = 0
    for _ in range(60):
        content = random.randbytes(6000)
        chip.power = random.randrange(18_000)
        try:
            flash = Flash.detect(chip, MHZ)
            run(flash, write(run(flash, scan(flash.geometry)), content))
            last = content
        except PowerFailureError:
            failures += 1
        chip.restart()
        ring = run(flash, scan(flash.geometry))
        assert ring.readable is not None
        assert run(flash, read(ring, ring.readable)) == last
    assert 0 < failures < 60


def test_a_protected_chip_is_found_out() -> None:
    chip = small()
    chip.protect()
    flash = Flash.detect(chip, MHZ)
    with pytest.raises(VerificationError, match="worn out or write-protected"):
        run(flash, write(Ring(flash.geometry), b"content"))


class ChipDevice:
    """What spidev has of a device, in front of a chip."""

    def __init__(self, chip: FlashChip) -> None:
        self.chip = chip

    def xfer2(self, values: list[int], speed_hz: int) -> list[int]:
        return list(self.chip.transfer(bytes(values), speed_hz))

    def close(self) -> None:
        self.chip.close()


class GoneDevice(ChipDevice):
    def xfer2(self, values: list[int], speed_hz: int) -> list[int]:
        raise OSError(5, "Input/output error")


def test_the_hosts_bus_carries_it() -> None:
    chip = small()
    flash = Flash.detect(SpiBus("/dev/spidev0.1", MHZ, 0, ChipDevice(chip)), 2 * MHZ)
    flash.perform(Program(0, b"one"))
    assert flash.perform(Read(0, 3)) == b"one"
    assert chip.fastest_hz == 2 * MHZ
    with pytest.raises(FlashError, match=r"spi /dev/spidev0\.1: .*Input/output error"):
        Flash.detect(SpiBus("/dev/spidev0.1", MHZ, 0, GoneDevice(chip)), MHZ)


class Silent(FlashChip):
    """Nobody on the bus."""

    closed = False

    def transfer(self, sent: bytes, speed_hz: int) -> bytes:
        return bytes(len(sent))

    def close(self) -> None:
        self.closed = True


class Broken(FlashChip):
    """A bus that is gone."""

    def transfer(self, sent: bytes, speed_hz: int) -> bytes:
        raise PortError("spi /dev/spidev0.1: No such device")


def test_no_chip_is_a_clear_error_and_lets_the_bus_go() -> None:
    bus = Silent()
    with pytest.raises(FlashError, match="No serial flash detected"):
        Flash.detect(bus, MHZ)
    assert bus.closed
    with pytest.raises(FlashError, match=r"spidev0\.1: No such device"):
        Flash.detect(Broken(), MHZ)


def test_reading_beyond_the_end_is_an_error_of_ours() -> None:
    with pytest.raises(FlashError, match="Out of range"):
        Flash.detect(small(), MHZ).perform(Read(128 * 1024 - 1, 2))


def test_a_transfer_is_no_longer_than_the_kernel_takes() -> None:
    with pytest.raises(FlashError, match="4098 bytes exceed a transfer of 4096"):
        FlashPort(small(), MHZ).exchange(b"\x0b\x00", 4096)
