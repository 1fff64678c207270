"""Pins and power: what a board's lines do, in order and time."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args

import pytest
import trio
from attrs import define, field
from trio.testing import MockClock

from iqrf_trio.config import Spi, load
from iqrf_trio.config.sections.port import BoardName
from iqrf_trio.edges.gpio import GpioLines, Lines, chip_labelled
from iqrf_trio.edges.ports import PortError
from iqrf_trio.edges.ports.cdc import CdcPort
from iqrf_trio.edges.ports.spi import SpiPort
from iqrf_trio.edges.ports.tcp import TcpPort
from iqrf_trio.edges.ports.uart import UartPort
from iqrf_trio.edges.power import BOOT_S, OFF_S, Power
from iqrf_trio.wiring.ports import board_of, port_of
from protocol.link.boards import BOARDS, NO_PIN, Board, Bus
from tests.packages import needs_spi

PI, IQUBE, ORANGE, BARE = (
    BOARDS[name] for name in ("raspberry-pi", "iqube", "orange-pi-zero", "none")
)


@define(eq=False)
class Wires:
    """The wires of a chip: they keep their level and remember how they got it."""

    chip: str = ""
    levels: dict[int, bool] = field(factory=dict)
    history: list[tuple[float, dict[int, bool]]] = field(factory=list)
    broken: bool = False

    def open(self, chip: str, levels: Mapping[int, bool]) -> Lines:
        if self.broken:
            raise PortError("pins taken")
        assert not self.chip, "requested twice"
        self.chip = chip
        self.set(levels)
        return self

    def set(self, levels: Mapping[int, bool]) -> None:
        self.levels |= levels
        self.history.append((round(trio.current_time(), 6), dict(levels)))

    def close(self) -> None:
        raise AssertionError("lines are held as long as the program lives")


def power(board: Board, bus: Bus = Bus.SPI, found: str | None = None) -> tuple[Power, Wires]:
    wires = Wires()
    opens: Callable[[str, Mapping[int, bool]], Lines] = wires.open
    return Power(board, bus, opens, lambda labels: found), wires


async def test_the_first_start_is_from_a_known_state(autojump_clock: MockClock) -> None:
    it, wires = power(ORANGE)
    start = trio.current_time()
    assert await it.up() is True
    assert wires.chip == "/dev/gpiochip0"
    assert wires.levels == {19: True, 10: True, 3: False}
    times = [round(at - start, 6) for at, _ in wires.history]
    changes = [levels for _, levels in wires.history]
    assert changes == [
        {10: False, 19: False, 3: False},
        {10: False},
        {19: False, 3: False},
        {19: True, 3: False},
        {10: True},
    ]
    assert times == [0, 0, 0.001, pytest.approx(0.001 + OFF_S), pytest.approx(0.002 + OFF_S)]
    assert trio.current_time() - start == pytest.approx(0.002 + OFF_S + BOOT_S)


@pytest.mark.parametrize(
    ("board", "found", "chip"),
    [
        (PI, "/dev/gpiochip4", "/dev/gpiochip4"),
        (PI, None, "/dev/gpiochip0"),
        # Only a chip that is known by its label is looked for.
        (IQUBE, "/dev/gpiochip4", "/dev/gpiochip0"),
        (board_of(Spi(gpio_chip="/dev/gpiochip2")), "/dev/gpiochip4", "/dev/gpiochip2"),
    ],
    ids=["labelled", "not found", "no labels", "configured"],
)
async def test_the_chip_that_has_the_pins(
    board: Board, found: str | None, chip: str, autojump_clock: MockClock
) -> None:
    it, wires = power(board, found=found)
    await it.up()
    assert wires.chip == chip


@pytest.mark.parametrize(
    "board", [board for board in BOARDS.values() if board.programming != NO_PIN]
)
async def test_no_module_is_ever_started_into_programming_mode(
    board: Board, autojump_clock: MockClock
) -> None:
    it, wires = power(board)
    await it.up()
    await it.down()
    await it.up()
    assert wires.history[0][1][board.programming] is False
    assert not any(levels.get(board.programming) for _, levels in wires.history)


async def test_a_module_that_is_on_is_left_alone(autojump_clock: MockClock) -> None:
    it, wires = power(PI)
    await it.up()
    count = len(wires.history)
    assert await it.up() is False
    assert len(wires.history) == count


async def test_a_reset_is_off_and_on_again(autojump_clock: MockClock) -> None:
    it, wires = power(PI)
    await it.up()
    await it.down()
    assert wires.levels == {23: False}
    assert await it.up() is True
    assert wires.levels == {23: True}


@pytest.mark.parametrize(
    ("bus", "levels"),
    [
        (Bus.SPI, {19: True, 3: False, 10: True, 6: False, 7: False}),
        (Bus.UART, {19: True, 3: False, 10: False, 6: True, 7: False}),
    ],
)
async def test_newer_boards_have_a_pin_for_each_bus(
    bus: Bus, levels: dict[int, bool], autojump_clock: MockClock
) -> None:
    it, wires = power(IQUBE, bus)
    await it.up()
    assert wires.levels == levels


async def test_a_board_without_pins_has_nothing_to_do(autojump_clock: MockClock) -> None:
    it, wires = power(BARE)
    start = trio.current_time()
    assert await it.up() is False
    await it.down()
    assert trio.current_time() == start
    assert wires.history == []


async def test_a_port_resets_only_what_it_has_pins_for(autojump_clock: MockClock) -> None:
    bare, _ = power(BARE)
    it, _ = power(PI)
    for port, resets in (
        (SpiPort("/dev/null", it), True),
        (UartPort("/dev/null", 57600, it), True),
        (SpiPort("/dev/null", bare), False),
        (UartPort("/dev/null", 57600), False),
        (TcpPort("127.0.0.1", 1), False),
        (CdcPort("/dev/null"), True),
    ):
        assert port.can_reset is resets
        assert port.opening_resets is (resets and not isinstance(port, CdcPort))
    await it.up()
    assert not SpiPort("/dev/null", it).opening_resets


async def test_pins_that_cannot_be_had_are_tried_again(autojump_clock: MockClock) -> None:
    it, wires = power(PI)
    wires.broken = True
    with pytest.raises(PortError, match="pins taken"):
        await it.up()
    wires.broken = False
    assert await it.up() is True


@needs_spi
def test_a_chip_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PortError, match=r"pins \[23\] of .*: No such file"):
        GpioLines.open(str(tmp_path / "gpiochip9"), {23: False})
    (tmp_path / "file").touch()
    with pytest.raises(PortError, match=r"pins \[23\] of"):
        GpioLines.open(str(tmp_path / "file"), {23: False})


def test_what_is_no_chip_has_no_label(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()
    (tmp_path / "gpiochip1").symlink_to(tmp_path / "nothing")
    assert chip_labelled(["pinctrl-rp1"], tmp_path) is None


# --- boards and the configuration ---------------------------------------------------------------


def test_the_configuration_knows_every_board() -> None:
    assert set(BOARDS) == set(get_args(BoardName))


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_no_pin_has_two_roles(board: Board) -> None:
    pins = [board.power, board.bus, board.programming, board.spi, board.uart, board.i2c]
    used = [pin for pin in pins if pin != NO_PIN]
    assert len(set(used)) == len(used)
    assert NO_PIN not in board.connected(Bus.SPI) | board.powered(on=True)
    assert not any(board.disconnected().values())


def test_the_preset_of_the_raspberry_pi_is_the_default() -> None:
    default = Spi()
    assert board_of(default) == PI
    assert (PI.power, PI.bus, PI.programming) == (
        default.power_enable_pin,
        default.bus_enable_pin,
        default.programming_switch_pin,
    )


def test_keys_override_the_preset() -> None:
    board = board_of(Spi(board="iqube", power_enable_pin=5, gpio_chip="/dev/gpiochip4"))
    assert (board.power, board.programming, board.gpio_chip) == (5, 3, "/dev/gpiochip4")


def test_a_key_that_is_given_overrides_the_preset_also_with_what_is_usual_elsewhere() -> None:
    sets = [
        "port.spi.board=iqube",
        "port.spi.power_enable_pin=23",
        "port.spi.programming_switch_pin=-1",
        "port.spi.gpio_chip=/dev/gpiochip0",
    ]
    board = board_of(load(None, sets, environment={}).port.spi)
    assert (board.power, board.programming, board.spi) == (23, NO_PIN, 10)
    sets = ["port.spi.gpio_chip=/dev/gpiochip0"]
    board = board_of(load(None, sets, environment={}).port.spi)
    assert (board.gpio_chip, board.gpio_labels) == ("/dev/gpiochip0", ())


@pytest.mark.parametrize("name", BOARDS)
def test_what_the_configuration_shows_is_what_is_used(name: str) -> None:
    port = load(None, [f"port.spi.board={name}"], environment={}).port
    board = board_of(port.spi)
    assert board == BOARDS[name]
    assert port.device == board.spi_device
    assert (port.spi.power_enable_pin, port.spi.bus_enable_pin) == (board.power, board.bus)
    assert port.spi.programming_switch_pin == board.programming


@needs_spi
@pytest.mark.parametrize(
    ("sets", "kind", "name"),
    [
        ([], SpiPort, "spi /dev/spidev0.0"),
        (["port.spi.board=iqube"], SpiPort, "spi /dev/spidev1.0"),
        (["port.spi.board=iqube", "port.device=/dev/spidev0.0"], SpiPort, "spi /dev/spidev0.0"),
        (["port.kind=uart", "port.uart.board=iqube"], UartPort, "uart /dev/ttyS1"),
        (["port.device=/dev/spidev0.1"], SpiPort, "spi /dev/spidev0.1"),
        (["port.kind=uart", "port.device=/dev/ttyS0"], UartPort, "uart /dev/ttyS0"),
        (["port.kind=cdc", "port.device=/dev/ttyACM0"], CdcPort, "cdc /dev/ttyACM0"),
    ],
)
def test_the_port_that_a_configuration_means(sets: list[str], kind: type, name: str) -> None:
    port = port_of(load(None, sets, environment={}))
    assert isinstance(port, kind)
    assert port.name == name
