"""The tables of a file that describes a network: their keys, and what each may hold."""

from collections.abc import Callable
from typing import Annotated, Literal

from attrs import frozen

from iqrf_trio.simulator.peripherals.os import IBK_LENGTH
from iqrf_trio.simulator.products import DPA_VERSION, GATEWAY, SensorModel
from iqrf_trio.simulator.signals import HOUR, Fixed, Growing, Signal, Wave
from protocol.dpa.packet import MAX_NODE, TEMPORARY
from protocol.standard.binary_output import MAX_OUTPUTS
from protocol.standard.quantities import DATA_BLOCK
from protocol.standard.sensor import MAX_SENSORS
from protocol.strict.checks import AtMost, Exactly, HexDigits, Range, RangeOr
from protocol.strict.errors import MemberError
from protocol.strict.toml import toml_reader

Byte = Annotated[int, Range(0, 0xFF)]
Word = Annotated[int, Range(0, 0xFFFF)]
Mid = Annotated[int, Range(1, 0xFFFF_FFFE)]


_WAYS = (("error",), ("value",), ("low", "high"), ("start", "per_second"))
"""The keys that say what a sensor measures: one of these groups, and all of it."""


@frozen
class SensorTable:
    """One sensor: its type, and what it measures if that is not the usual."""

    type: Byte
    error: bool = False
    value: float | tuple[Byte, ...] | None = None
    low: float | None = None
    high: float | None = None
    period: float = HOUR
    start: float | None = None
    per_second: float | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse keys that do not go together: raises MemberError."""
        ways = [way for way in _WAYS if any(self._has(key) for key in way)]
        if len(ways) > 1:
            raise MemberError(f"does not go together with {ways[0][0]}", f".{ways[1][0]}")
        for key in (key for way in ways for key in way if not self._has(key)):
            raise MemberError("is missing", f".{key}")
        if self.value is not None and isinstance(self.value, tuple) != (self.type >= DATA_BLOCK):
            due = "a list of bytes" if self.type >= DATA_BLOCK else "a number"
            raise MemberError(f"must be {due} for this type", ".value")

    def _has(self, key: str) -> bool:
        return getattr(self, key) is not None and getattr(self, key) is not False

    def model(self) -> SensorModel:
        """The sensor, which measures what the table says, or the usual."""
        usual = SensorModel.usual(self.type)
        return SensorModel(self.type, self._signal() or usual.signal)

    def _signal(self) -> Signal | None:
        if self.error:
            return Fixed(None)
        if self.value is not None:
            return Fixed(self.value)
        if self.low is not None and self.high is not None:
            return Wave(self.low, self.high, self.period)
        if self.start is not None and self.per_second is not None:
            return Growing(self.start, self.per_second)
        return None


def _is_sensor(_: object) -> None:
    """Marks what stands for a sensor; the reader has read it already."""


Sensors = Annotated[tuple[Annotated[SensorTable, _is_sensor], ...], AtMost(MAX_SENSORS)]
"""The sensors of a device: type numbers, or tables that say what they measure."""


@frozen
class ProductTable:
    """What devices with the same HWPID have in common."""

    name: str
    hwpid: Word
    hwpid_version: Word = 0
    sensors: Sensors = ()
    binary_outputs: Annotated[int, Range(0, MAX_OUTPUTS)] = 0
    light: bool = False
    uart: bool = False


Noise = tuple[Annotated[tuple[int, ...], Exactly(2)], ...]
"""Signals of others that a module hears: pairs of channel and number."""


@frozen
class CoordinatorTable:
    """The module at the gateway."""

    mid: Mid | None = None
    hwpid: Word = GATEWAY.hwpid
    hwpid_version: Word = GATEWAY.hwpid_version
    noise: Noise = ()


@frozen
class NodeTable:
    """One node: address 0 waits to be bonded, TEMPORARY is prebonded.

    `bond`: a twin has the address of another one; an orphan, or a twin, is not in the coordinator's
    table, but takes itself for a node of its network. `table_mid` is another MID in that table.
    """

    address: Annotated[int, RangeOr(0, MAX_NODE, (TEMPORARY,))]
    product: str
    mid: Mid | None = None
    table_mid: Annotated[int, Range(0, 0xFFFF_FFFE)] | None = None
    bond: Literal["good", "twin", "orphan"] = "good"
    position: Annotated[tuple[float, ...], Exactly(2)] | None = None
    online: bool = True
    ibk: Annotated[str, HexDigits(2 * IBK_LENGTH)] | None = None
    button: bool = True
    dpa: Word = DPA_VERSION
    frc_time: Byte | None = None
    noise: Noise = ()
    sensors: Sensors | None = None


@frozen
class NetworkTable:
    """The whole file."""

    rf_mode: Literal["std", "lp"] = "std"
    coordinator: CoordinatorTable = CoordinatorTable()
    products: tuple[ProductTable, ...] = ()
    nodes: tuple[NodeTable, ...] = ()


def reading(refusal: Callable[[MemberError], Exception]) -> Callable[[object], NetworkTable]:
    """What reads the parsed file, or raises what `refusal` makes of the MemberError."""
    reader = toml_reader()
    of_table = reader.reading(SensorTable, lambda refused: refused)
    reader.register(
        Annotated[SensorTable, _is_sensor],
        lambda value: of_table(value if isinstance(value, dict) else {"type": value}),
    )
    return reader.reading(NetworkTable, refusal)
