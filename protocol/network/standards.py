"""What a product can do, asked once per product and copied to all devices of it."""

from collections import Counter
from collections.abc import Mapping

from attrs import evolve, frozen

from protocol.network.network import Device, Identity, Network, Sensor
from protocol.standard.quantities import quantity

UNCERTIFIED = 0xF
"""Low nibble of the HWPID of products nobody certified: two of them may differ in anything."""


@frozen
class Standards:
    """What one device told of its standard peripherals; `sensors` are types by index."""

    sensors: tuple[int, ...] = ()
    binary_outputs: int = 0
    light: bool = False


@frozen
class Question:
    """Whom to ask for the standards of a product: `ask` one, `check` one more, tell all.

    `ask` lists the candidates in the order to try them.
    """

    identity: Identity
    ask: tuple[int, ...]

    def others(self, asked: int) -> tuple[int, ...]:
        """The devices that will be told what `asked` answered."""
        return tuple(address for address in self.ask if address != asked)


def questions(network: Network, addresses: frozenset[int]) -> tuple[Question, ...]:
    """The fewest questions that describe the devices at `addresses`.

    Devices of one identity share a question; those of uncertified products are asked each. Those
    that answered when they were asked last are tried first.
    """
    shared: dict[Identity, list[int]] = {}
    single = []
    for device in sorted(network.nodes, key=lambda device: not device.responding):
        if device.address not in addresses or device.product is None:
            continue
        identity = device.product.identity
        if _uncertified(identity):
            single.append(Question(identity, (device.address,)))
        else:
            shared.setdefault(identity, []).append(device.address)
    return (*(Question(identity, tuple(ask)) for identity, ask in shared.items()), *single)


def undescribed(network: Network) -> frozenset[int]:
    """The nodes whose product is known and whose standards are not."""
    return frozenset(
        device.address
        for device in network.nodes
        if device.product is not None and not device.standards_known
    )


def already_told(network: Network, addresses: frozenset[int]) -> dict[int, Standards]:
    """What devices at `addresses` can learn from others of their identity, without a frame."""
    told: dict[Identity, Device] = {}
    for device in network.nodes:
        if device.product and device.standards_known and device.address not in addresses:
            told.setdefault(device.product.identity, device)
    return {
        device.address: _standards_of(told[device.product.identity])
        for device in network.nodes
        if device.address in addresses
        and device.product
        and device.product.identity in told
        and not _uncertified(device.product.identity)
    }


def described(network: Network, found: Mapping[int, Standards]) -> Network:
    """`network` with the standards of the devices at these addresses.

    A sensor of the same index and type keeps its value.
    """
    return Network.of(
        _with_standards(device, found[device.address]) if device.address in found else device
        for device in network
    )


def sensors_of(types: tuple[int, ...]) -> tuple[Sensor, ...]:
    """The sensors of a device that enumerates these types, index by index; type 0 is none."""
    seen: Counter[int] = Counter()
    sensors = []
    for index, sensor_type in enumerate(types):
        if not sensor_type:
            continue
        known = quantity(sensor_type)
        sensors.append(
            Sensor(
                index=index,
                type=sensor_type,
                type_index=seen[sensor_type],
                name=known.name,
                short_name=known.short_name,
                unit=known.unit,
                decimals=known.decimals,
                frcs=known.frcs,
            )
        )
        seen[sensor_type] += 1
    return tuple(sensors)


def _uncertified(identity: Identity) -> bool:
    return identity.hwpid & 0xF == UNCERTIFIED


def _with_standards(device: Device, standards: Standards) -> Device:
    before = {(sensor.index, sensor.type): sensor for sensor in device.sensors}
    sensors = []
    for sensor in sensors_of(standards.sensors):
        old = before.get((sensor.index, sensor.type), sensor)
        sensors.append(evolve(sensor, value=old.value, updated=old.updated))
    return evolve(
        device,
        sensors=tuple(sensors),
        binary_outputs=standards.binary_outputs,
        light=standards.light,
        standards_known=True,
    )


def _standards_of(device: Device) -> Standards:
    types = {sensor.index: sensor.type for sensor in device.sensors}
    return Standards(
        tuple(types.get(index, 0) for index in range(max(types, default=-1) + 1)),
        device.binary_outputs,
        device.light,
    )
