"""How devices and their sensors look in the answers of iqrfDb_*."""

from datetime import UTC, datetime
from operator import attrgetter
from typing import Annotated, NotRequired, TypedDict

from attrs import frozen

from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE, SENSOR_4BYTE
from protocol.dpa.packet import COORDINATOR, MAX_NODE
from protocol.network.network import Device, Sensor
from protocol.standard.quantities import Value
from protocol.strict.checks import AtMost, Range
from protocol.strict.json import JsonObject

_MAX_TOPOLOGY_PARENT = 238
"""Where the published schema of GetNetworkTopology ends, though 239 is a node as well."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


Address = Annotated[int, Range(COORDINATOR, MAX_NODE), "address, 0 for the coordinator"]
Addresses = Annotated[tuple[Address, ...], AtMost(MAX_NODE + 1)]


@frozen(kw_only=True)
class Details:
    """How much is told of a device."""

    brief: Annotated[bool, "leave out the general part, from `manufacturer` to `metadata`"] = False
    sensors: Annotated[bool, "with its sensors"] = False
    binouts: Annotated[bool, "with the number of its binary outputs"] = False
    light: Annotated[bool, "with whether it is a light"] = False


class SensorIdentity(TypedDict):
    """Which sensor of a device."""

    index: Annotated[int, "counts over all sensors of the device, from 0"]
    type: Annotated[int, "type by the Sensor standard"]
    name: Annotated[str, "of the quantity"]
    shortname: Annotated[str, "its symbol"]
    unit: Annotated[str | None, "null where the quantity has none"]
    decimalPlaces: Annotated[int, "how many make sense"]


class SensorDescription(SensorIdentity):
    """One sensor of a device."""

    frcs: Annotated[list[int], "FRC commands that can read it"]


class MeasuredSensor(SensorIdentity):
    """One sensor of a device with its latest value."""

    frc2Bit: Annotated[bool, "whether an FRC of two bits can read it"]
    frc1Byte: Annotated[bool, "whether an FRC of one byte can read it"]
    frc2Byte: Annotated[bool, "whether an FRC of two bytes can read it"]
    frc4Byte: Annotated[bool, "whether an FRC of four bytes can read it"]
    value: Annotated[Value | None, "the latest, in `unit`; null until one came"]
    updated: Annotated[str | None, "when it came: a date of HTTP with two digits of the year, UTC"]


class MeasuredDevice(TypedDict):
    """A device with the latest values of its sensors."""

    address: Address
    sensors: Annotated[list[MeasuredSensor], "by index"]


class OutputCount(TypedDict):
    """The binary outputs of a device."""

    count: Annotated[int, "how many there are"]


class DeviceDescription(TypedDict):
    """A device; zeros stand where a number has to be and nobody knows one."""

    address: Address
    hwpid: Annotated[int, "hardware profile"]
    manufacturer: NotRequired[Annotated[str | None, "null where no catalogue knows it"]]
    product: NotRequired[Annotated[str | None, "null where no catalogue knows it"]]
    discovered: NotRequired[Annotated[bool, "whether routing knows it"]]
    vrn: NotRequired[Annotated[int, "virtual routing number"]]
    zone: NotRequired[Annotated[int, "how many hops away"]]
    parent: NotRequired[Annotated[int | None, "address of its parent in routing"]]
    mid: NotRequired[Annotated[int, "module's identification"]]
    hwpidVersion: NotRequired[Annotated[int, "version of the hardware profile"]]
    osBuild: NotRequired[Annotated[int, "build of IQRF OS"]]
    osVersion: NotRequired[Annotated[str, "version of IQRF OS"]]
    dpa: NotRequired[Annotated[int, "DPA version, 0x0417 for 4.17"]]
    metadata: NotRequired[Annotated[JsonObject | None, "what users have noted"]]
    sensors: NotRequired[Annotated[list[SensorDescription], "by index"]]
    binouts: NotRequired[Annotated[OutputCount, "its binary outputs"]]
    light: NotRequired[Annotated[bool, "whether it is a light"]]


class Place(TypedDict):
    """Where in the mesh a device is, and what runs on it."""

    address: Address
    vrn: Annotated[int, Range(0, MAX_NODE), "virtual routing number"]
    zone: Annotated[int, Range(0, MAX_NODE), "how many hops away"]
    parent: Annotated[int | None, "address of its parent in routing, null where there is none"]
    os: Annotated[str, "version of IQRF OS"]
    dpa: Annotated[int, "DPA version, 0x0417 for 4.17"]


def described(device: Device, details: Details) -> DeviceDescription:
    """A device as GetDevice and GetDevices tell of it."""
    identity = device.product.identity if device.product else None
    item = DeviceDescription(address=device.address, hwpid=identity.hwpid if identity else 0)
    if not details.brief:
        _put_general(item, device)
    if details.sensors:
        item["sensors"] = [_described_sensor(each) for each in _sensors(device)]
    if details.binouts:
        item["binouts"] = OutputCount(count=device.binary_outputs)
    if details.light:
        item["light"] = device.light
    return item


def measured(device: Device) -> MeasuredDevice:
    """A device's sensors with their latest values, as GetSensors tells of them."""
    items = [_measured_sensor(each) for each in _sensors(device)]
    return MeasuredDevice(address=device.address, sensors=items)


def placed(device: Device) -> Place:
    """A device as GetNetworkTopology tells of it."""
    vrn, zone, parent = _routing(device)
    return Place(
        address=device.address,
        vrn=min(vrn, MAX_NODE),
        zone=min(max(zone, 0), MAX_NODE),
        parent=None if parent is None or parent > _MAX_TOPOLOGY_PARENT else parent,
        os=device.product.os_version if device.product else "",
        dpa=device.product.identity.dpa if device.product else 0,
    )


def _put_general(item: DeviceDescription, device: Device) -> None:
    product = device.product
    identity = product.identity if product else None
    vrn, zone, parent = _routing(device)
    item["manufacturer"] = product.manufacturer if product else None
    item["product"] = product.name if product else None
    item["discovered"] = device.discovered
    item["vrn"] = vrn
    item["zone"] = zone
    item["parent"] = parent
    item["mid"] = device.mid
    item["hwpidVersion"] = identity.hwpid_version if identity else 0
    item["osBuild"] = identity.os_build if identity else 0
    item["osVersion"] = product.os_version if product else ""
    item["dpa"] = identity.dpa if identity else 0
    item["metadata"] = device.metadata


def _routing(device: Device) -> tuple[int, int, int | None]:
    """VRN, zone and parent, which only a discovered node has."""
    return (device.vrn, device.zone, device.parent) if device.discovered else (0, 0, None)


def _sensors(device: Device) -> list[Sensor]:
    return sorted(device.sensors, key=attrgetter("index"))


def _described_sensor(sensor: Sensor) -> SensorDescription:
    return SensorDescription(
        index=sensor.index,
        type=sensor.type,
        name=sensor.name,
        shortname=sensor.short_name,
        unit=sensor.unit,
        decimalPlaces=sensor.decimals,
        frcs=list(sensor.frcs),
    )


def _measured_sensor(sensor: Sensor) -> MeasuredSensor:
    return MeasuredSensor(
        index=sensor.index,
        type=sensor.type,
        name=sensor.name,
        shortname=sensor.short_name,
        unit=sensor.unit,
        decimalPlaces=sensor.decimals,
        frc2Bit=SENSOR_2BIT in sensor.frcs,
        frc1Byte=SENSOR_1BYTE in sensor.frcs,
        frc2Byte=SENSOR_2BYTE in sensor.frcs,
        frc4Byte=SENSOR_4BYTE in sensor.frcs,
        value=sensor.value,
        updated=_english(sensor.updated) if sensor.updated else None,
    )


def _english(moment: datetime) -> str:
    """`Mon, 02 Jun 25 08:02:36 GMT`: strftime alone would follow the locale."""
    utc = moment.astimezone(UTC)
    return f"{_DAYS[utc.weekday()]}, {utc:%d} {_MONTHS[utc.month - 1]} {utc:%y %H:%M:%S} GMT"
