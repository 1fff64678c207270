"""Networks for tests of reading them: nodes of chosen sensor types, and the rounds they need."""

from collections import Counter
from collections.abc import Mapping

from protocol.network.network import Device, Identity, Network, Product, Sensor

PRODUCT = Product(Identity(0x1402, 1, 0x08C8, 0x0417), "4.06D")
RSSI = 133


def sensors_of(types: tuple[int, ...]) -> tuple[Sensor, ...]:
    seen: Counter[int] = Counter()
    sensors = []
    for index, type_ in enumerate(types):
        sensors.append(Sensor(index, type_, seen[type_], f"S{index}", "s", "u", 0, ()))
        seen[type_] += 1
    return tuple(sensors)


def node(address: int, *types: int, product: Product | None = PRODUCT) -> Device:
    return Device(address, 0x8100_0000 + address, product=product, sensors=sensors_of(types))


def network(*devices: Device) -> Network:
    return Network.of((Device(0, 0x8100_0000, product=PRODUCT), *devices))


def ceil_div(count: int, capacity: int) -> int:
    return -(-count // capacity)


def capacity(type_: int) -> int:
    """How many nodes one FRC reads: 63 one-byte, 31 two-byte, 15 four-byte values."""
    if type_ >= 0xC0:
        return 1
    return 31 if type_ < 0x80 else 63 if type_ < 0xA0 else 15


def minimum(types_by_node: Mapping[int, tuple[int, ...]]) -> int:
    """The rounds of a reading; nodes with an RSSI sensor need no further round for their RSSI."""
    owners = Counter(
        (type_, nth) for types in types_by_node.values() for type_, nth in numbered(types)
    )
    rounds = sum(ceil_div(count, capacity(type_)) for (type_, _), count in owners.items())
    without = sum(RSSI not in types for types in types_by_node.values())
    return rounds + ceil_div(without, 63) + ceil_div(len(types_by_node), 63)


def numbered(types: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(type_, types[:index].count(type_)) for index, type_ in enumerate(types)]
