"""The simulated flash, command by command as its data sheet has them."""

import pytest

from iqrf_trio.simulator.flash import FlashChip, PowerFailureError

MHZ = 1_000_000


@pytest.fixture
def chip() -> FlashChip:
    return FlashChip(bytearray(b"\xff" * (128 * 1024)))


def say(chip: FlashChip, command: str, reading: int = 0) -> str:
    """What the chip says behind `command`."""
    sent = bytes.fromhex(command)
    return chip.transfer(sent + bytes(reading), MHZ)[len(sent) :].hex(" ")


def change(chip: FlashChip, command: str) -> None:
    say(chip, "06")
    say(chip, command)


def test_it_tells_who_it_is(chip: FlashChip) -> None:
    assert say(chip, "9f", 3) == "ef 40 11"
    assert say(FlashChip(), "9f", 3) == "ef 40 18"


def test_nothing_changes_without_write_enable(chip: FlashChip) -> None:
    say(chip, "02 000000 12 34")
    assert say(chip, "03 000000", 2) == "ff ff"
    say(chip, "06")
    assert say(chip, "05", 1) == "02"
    say(chip, "04")
    say(chip, "02 000000 12 34")
    assert say(chip, "03 000000", 2) == "ff ff"
    change(chip, "02 000000 12 34")
    assert say(chip, "03 000000", 3) == "12 34 ff"
    assert say(chip, "05", 1) == "00"
    say(chip, "02 000002 56")
    assert say(chip, "0b 000000 00", 3) == "12 34 ff"


def test_bits_only_fall_until_they_are_erased(chip: FlashChip) -> None:
    change(chip, "02 001000 f0")
    change(chip, "02 001000 3c")
    assert say(chip, "03 001000", 1) == "30"
    change(chip, "20 001234")
    assert say(chip, "03 001000", 1) == "ff"
    assert (chip.erased[0], chip.erased[1], chip.erased[2]) == (0, 1, 0)


def test_a_page_wraps_around(chip: FlashChip) -> None:
    change(chip, "02 0001fe 11 22 33")
    assert say(chip, "03 0001fe", 3) == "11 22 ff"
    assert say(chip, "03 000100", 1) == "33"


def test_reading_goes_on_at_the_start(chip: FlashChip) -> None:
    change(chip, "02 000000 aa")
    assert say(chip, "03 01ffff", 2) == "ff aa"


def test_a_sector_and_the_whole_chip_are_erased(chip: FlashChip) -> None:
    for address in ("000000", "010000"):
        change(chip, f"02 {address} 00")
    change(chip, "d8 010000")
    assert say(chip, "03 010000", 1) == "ff"
    assert chip.erased == [0] * 16 + [1] * 16
    assert say(chip, "03 000000", 1) == "00"
    change(chip, "c7")
    assert say(chip, "03 000000", 1) == "ff"


def test_a_busy_chip_hears_only_whether_it_is(chip: FlashChip) -> None:
    chip.busy_for = 2
    change(chip, "02 000000 00")
    assert say(chip, "03 000000", 1) == "ff"
    assert say(chip, "05", 1) == "01"
    assert say(chip, "05", 1) == "01"
    assert say(chip, "05", 1) == "00"
    assert say(chip, "03 000000", 1) == "00"


def test_a_protected_chip_keeps_everything_until_it_is_told(chip: FlashChip) -> None:
    chip.protect()
    change(chip, "02 000000 00")
    assert say(chip, "03 000000", 1) == "ff"
    assert say(chip, "05", 1) == "1c"
    change(chip, "01 00")
    change(chip, "02 000000 00")
    assert say(chip, "03 000000", 1) == "00"


def test_unknown_commands_change_nothing(chip: FlashChip) -> None:
    change(chip, "77 000000 00")
    assert say(chip, "03 000000", 1) == "ff"


def test_the_power_fails_at_a_byte(chip: FlashChip) -> None:
    chip.power = 2
    with pytest.raises(PowerFailureError):
        change(chip, "02 000000 01 02 03 04")
    chip.restart()
    assert say(chip, "03 000000", 2) == "01 02"
    assert say(chip, "03 000003", 1) == "ff"
    chip.power = 100
    with pytest.raises(PowerFailureError):
        change(chip, "20 000000")
    chip.restart()
    # What was to become 1 may read as either, all over the subsector.
    assert chip.memory[:4] != b"\xff" * 4
    assert say(chip, "05", 1) == "00"
