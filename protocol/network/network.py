"""The network as values: products, devices, their sensors, and the whole of them at one moment."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from attrs import evolve, field, frozen

from protocol.standard.quantities import Value
from protocol.strict.json import JsonObject


@frozen
class Identity:
    """What tells one firmware of one product from another; standards are known per identity.

    `dpa` is the DPA version word without its flag bits (0x0417 = 4.17), `os_build` e.g. 0x08C8.
    """

    hwpid: int
    hwpid_version: int
    os_build: int
    dpa: int


@frozen
class Product:
    """An identity with what people call it; names are None where no catalogue knows them."""

    identity: Identity
    os_version: str
    manufacturer: str | None = None
    name: str | None = None


@frozen
class Sensor:
    """One sensor of a device, with its latest value.

    `index` counts over all sensors of the device, `type_index` over those of its type (what an
    FRC asks for). `frcs` are the FRC commands that can read it, ascending. What its type decodes
    is multiplied by `scale`. `updated` is when `value` was stored, UTC; both are None until a
    first value came.
    """

    index: int
    type: int
    type_index: int
    name: str
    short_name: str
    unit: str | None
    decimals: int
    frcs: tuple[int, ...]
    value: Value | None = None
    updated: datetime | None = None
    scale: float = 1.0

    def scaled(self, value: Value) -> Value:
        """What its type decoded, as this sensor means it."""
        if self.scale == 1 or isinstance(value, tuple):
            return value
        return round(value * self.scale, self.decimals)


@frozen
class Device:
    """One bonded device (address 1..239) or the coordinator (address 0).

    `product` is None until the device has answered who it is; `responding` is False while what
    is known is older than the last question, which got no answer. `standards_known` says whether
    `sensors`, `binary_outputs` and `light` are what it told, or merely not asked yet. `parent`
    is an address, None where unknown; `zone` counts from 0.
    """

    address: int
    mid: int
    discovered: bool = False
    vrn: int = 0
    zone: int = 0
    parent: int | None = None
    product: Product | None = None
    responding: bool = True
    standards_known: bool = False
    sensors: tuple[Sensor, ...] = ()
    binary_outputs: int = 0
    light: bool = False
    metadata: JsonObject | None = None

    def measured(self, values: Mapping[int, Value], at: datetime) -> "Device":
        """The device whose sensors measured `values` (by index) at `at`."""
        sensors = (
            evolve(each, value=values[each.index], updated=at) if each.index in values else each
            for each in self.sensors
        )
        return evolve(self, sensors=tuple(sensors))


def _by_address(devices: Mapping[int, Device]) -> Mapping[int, Device]:
    return dict(sorted(devices.items()))


@frozen
class Network(Iterable[Device]):
    """All devices the gateway knows, by ascending address."""

    _devices: Mapping[int, Device] = field(factory=dict, converter=_by_address)

    @classmethod
    def of(cls, devices: Iterable[Device]) -> "Network":
        """The network of these devices."""
        return cls({device.address: device for device in devices})

    def __iter__(self) -> Iterator[Device]:
        """Coordinator first, then the nodes by address."""
        return iter(self._devices.values())

    def __len__(self) -> int:
        """How many devices, the coordinator included."""
        return len(self._devices)

    def get(self, address: int) -> Device | None:
        """The device at `address`, or None."""
        return self._devices.get(address)

    def replaced(self, devices: Iterable[Device]) -> "Network":
        """The network with each of `devices` at its address; the others stay the same objects."""
        return Network({**self._devices, **{device.address: device for device in devices}})

    def measured(self, values: Mapping[tuple[int, int], Value], at: datetime) -> "Network":
        """The network whose sensors measured `values`, by (address, index), at `at`.

        Costs as much as there are devices with new values; unknown addresses are skipped.
        """
        by_address: defaultdict[int, dict[int, Value]] = defaultdict(dict)
        for (address, index), value in values.items():
            by_address[address][index] = value
        return self.replaced(
            device.measured(found, at)
            for address, found in by_address.items()
            if (device := self.get(address)) is not None
        )

    @property
    def nodes(self) -> tuple[Device, ...]:
        """All devices but the coordinator."""
        return tuple(device for device in self if device.address)
