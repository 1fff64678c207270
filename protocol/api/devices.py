"""How devices and their sensors look in the answers of iqrfDb_*."""

from datetime import UTC, datetime

from attrs import frozen

from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE, SENSOR_4BYTE
from protocol.dpa.packet import MAX_NODE
from protocol.network.network import Device, Sensor

Json = dict[str, object]

_MAX_TOPOLOGY_PARENT = 238
"""Where the published schema of GetNetworkTopology ends, though 239 is a node as well."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@frozen(kw_only=True)
class Details:
    """How much is told of a device: `brief` leaves the general part out, the rest adds parts."""

    brief: bool = False
    sensors: bool = False
    binouts: bool = False
    light: bool = False


def described(device: Device, details: Details) -> Json:
    """A device as GetDevice and GetDevices tell of it."""
    identity = device.product.identity if device.product else None
    item: Json = {"address": device.address, "hwpid": identity.hwpid if identity else 0}
    if not details.brief:
        item |= _general(device)
    if details.sensors:
        item["sensors"] = [_sensor(each) | {"frcs": list(each.frcs)} for each in _sensors(device)]
    if details.binouts:
        item["binouts"] = {"count": device.binary_outputs}
    if details.light:
        item["light"] = device.light
    return item


def measured(device: Device) -> Json:
    """A device's sensors with their latest values, as GetSensors tells of them."""
    items = [_sensor(each) | _ways(each) | _latest(each) for each in _sensors(device)]
    return {"address": device.address, "sensors": items}


def placed(device: Device) -> Json:
    """A device as GetNetworkTopology tells of it."""
    vrn, zone, parent = _routing(device)
    return {
        "address": device.address,
        "vrn": min(vrn, MAX_NODE),
        "zone": min(max(zone, 0), MAX_NODE),
        "parent": None if parent is None or parent > _MAX_TOPOLOGY_PARENT else parent,
        "os": device.product.os_version if device.product else "",
        "dpa": device.product.identity.dpa if device.product else 0,
    }


def _general(device: Device) -> Json:
    """Zeros stand where the schema demands a number and nobody knows one."""
    product = device.product
    identity = product.identity if product else None
    vrn, zone, parent = _routing(device)
    return {
        "manufacturer": product.manufacturer if product else None,
        "product": product.name if product else None,
        "discovered": device.discovered,
        "vrn": vrn,
        "zone": zone,
        "parent": parent,
        "mid": device.mid,
        "hwpidVersion": identity.hwpid_version if identity else 0,
        "osBuild": identity.os_build if identity else 0,
        "osVersion": product.os_version if product else "",
        "dpa": identity.dpa if identity else 0,
        "metadata": device.metadata,
    }


def _routing(device: Device) -> tuple[int, int, int | None]:
    """VRN, zone and parent, which only a discovered node has."""
    return (device.vrn, device.zone, device.parent) if device.discovered else (0, 0, None)


def _sensors(device: Device) -> list[Sensor]:
    return sorted(device.sensors, key=lambda sensor: sensor.index)


def _sensor(sensor: Sensor) -> Json:
    return {
        "index": sensor.index,
        "type": sensor.type,
        "name": sensor.name,
        "shortname": sensor.short_name,
        "unit": sensor.unit,
        "decimalPlaces": sensor.decimals,
    }


def _ways(sensor: Sensor) -> Json:
    return {
        "frc2Bit": SENSOR_2BIT in sensor.frcs,
        "frc1Byte": SENSOR_1BYTE in sensor.frcs,
        "frc2Byte": SENSOR_2BYTE in sensor.frcs,
        "frc4Byte": SENSOR_4BYTE in sensor.frcs,
    }


def _latest(sensor: Sensor) -> Json:
    return {
        "value": sensor.value,
        "updated": _english(sensor.updated) if sensor.updated else None,
    }


def _english(moment: datetime) -> str:
    """`Mon, 02 Jun 25 08:02:36 GMT`: strftime alone would follow the locale."""
    utc = moment.astimezone(UTC)
    return f"{_DAYS[utc.weekday()]}, {utc:%d} {_MONTHS[utc.month - 1]} {utc:%y %H:%M:%S} GMT"
