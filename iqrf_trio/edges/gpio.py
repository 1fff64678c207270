"""GPIO chips and their output lines, by offset: the only place that touches libgpiod."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from attrs import define

from iqrf_trio.edges.ports import PortError

CONSUMER = "iqrf-trio"
"""Who holds the lines, as `gpioinfo` shows it."""


DEVICES = Path("/dev")


class Lines(Protocol):
    """Output lines; True is the high level."""

    def set(self, levels: Mapping[int, bool]) -> None:
        """Set lines by their offset; raises PortError."""

    def close(self) -> None:
        """Let go of the lines; what they then do is up to the board."""


def chip_labelled(labels: Collection[str], devices: Path = DEVICES) -> str | None:
    """The device of the chip that has one of these labels; None if there is none for us."""
    try:
        import gpiod  # noqa: PLC0415 - only boards with pins need it
    except ImportError:
        return None
    for path in sorted(devices.glob("gpiochip*")):
        try:
            with gpiod.Chip(str(path)) as chip:
                label = chip.get_info().label
        except OSError:
            continue  # not for us, or no chip
        if label in labels:
            return str(path)
    return None


@define(eq=False)
class GpioLines:
    """Lines of a chip, held until they are closed."""

    chip: str
    _request: Any

    @classmethod
    def open(cls, chip: str, levels: Mapping[int, bool]) -> "GpioLines":
        """Take lines as outputs with these levels; raises PortError."""
        try:
            import gpiod  # noqa: PLC0415 - only boards with pins need it
            from gpiod.line import Direction, Value  # noqa: PLC0415
        except ImportError as error:
            fix = "install iqrf-trio with the extra [spi]"
            raise PortError(f"pins need gpiod ({error}); {fix}") from error
        config: dict[Any, Any] = {
            offset: gpiod.LineSettings(
                direction=Direction.OUTPUT,
                output_value=Value.ACTIVE if level else Value.INACTIVE,
            )
            for offset, level in levels.items()
        }
        try:
            return cls(chip, gpiod.request_lines(chip, consumer=CONSUMER, config=config))
        except (OSError, ValueError) as error:
            raise PortError(f"pins {sorted(levels)} of {chip}: {_reason(error)}") from error

    def set(self, levels: Mapping[int, bool]) -> None:
        """See Lines."""
        from gpiod.line import Value  # noqa: PLC0415

        values = {
            offset: Value.ACTIVE if level else Value.INACTIVE for offset, level in levels.items()
        }
        try:
            self._request.set_values(values)
        except OSError as error:
            raise PortError(f"pins {sorted(levels)} of {self.chip}: {_reason(error)}") from error

    def close(self) -> None:
        """See Lines."""
        self._request.release()


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
