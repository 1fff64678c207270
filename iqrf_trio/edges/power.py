"""Switching a module off and on, with the pauses it needs (IQRF SPI technical guide)."""

from collections.abc import Callable, Collection, Mapping

import trio
from attrs import define, field

from iqrf_trio.edges.gpio import GpioLines, Lines, chip_labelled
from protocol.link.boards import Board, Bus

OFF_S = 0.3
"""Until the supply has gone down."""

SETTLE_S = 0.001
"""Between the bus and the supply."""

BOOT_S = 0.5
"""From power to service: so long the module waits for being programmed."""


@define(eq=False)
class Power:
    """The pins of one module. They are held as long as the program lives, and so is the power.

    The pin for programming mode is low from the first moment: a module that starts with it high
    waits for a programmer instead of joining its network.
    """

    board: Board
    bus: Bus
    open_lines: Callable[[str, Mapping[int, bool]], Lines] = GpioLines.open
    find_chip: Callable[[Collection[str]], str | None] = chip_labelled
    _lines: Lines | None = field(init=False, default=None)
    _on: bool = field(init=False, default=False)

    @property
    def switches(self) -> bool:
        """Whether the board has pins to switch the module with."""
        return bool(self._pins)

    @property
    def pending(self) -> bool:
        """Whether `up` will switch the module off and on."""
        return self.switches and not self._on

    async def up(self) -> bool:
        """Have the module running; True if it was started just now. Raises PortError.

        The first time it is switched off before, so that it starts from a known state.
        """
        await trio.lowlevel.checkpoint()
        if self._on or not self._pins:
            return False
        await self.down()
        lines = self._held()
        lines.set(self.board.powered(on=True))
        await trio.sleep(SETTLE_S)
        lines.set(self.board.connected(self.bus))
        self._on = True
        await trio.sleep(BOOT_S)
        return True

    async def down(self) -> None:
        """Switch the module off, until it is brought up again; raises PortError."""
        if not self._pins:
            return
        self._on = False
        lines = self._held()
        lines.set(self.board.disconnected())
        await trio.sleep(SETTLE_S)
        lines.set(self.board.powered(on=False))
        await trio.sleep(OFF_S)

    @property
    def _pins(self) -> dict[int, bool]:
        """All pins of the board, with the levels of a module that is off."""
        return self.board.disconnected() | self.board.powered(on=False)

    def _held(self) -> Lines:
        if self._lines is None:
            labels = self.board.gpio_labels
            chip = (self.find_chip(labels) if labels else None) or self.board.gpio_chip
            self._lines = self.open_lines(chip, self._pins)
        return self._lines
