"""The whole network with its latest values as one JSON document, for maps, tables and scripts."""

from datetime import datetime

from protocol.network.network import Device, Network, Sensor
from protocol.outward.health import iso
from protocol.outward.metrics import mid, name
from protocol.readings.latest import Latest, NodeState


def overview(network: Network, latest: Latest, at: datetime) -> dict[str, object]:
    """All devices by ascending address, the coordinator first; `at` is the time of the answer."""
    return {
        "at": iso(at),
        "devices": [_device(device, latest.nodes.get(device.mid)) for device in network],
    }


def _device(device: Device, state: NodeState | None) -> dict[str, object]:
    product = device.product
    state = state or NodeState()
    return {
        "address": device.address,
        "mid": mid(device),
        "name": name(device),
        "product": product.name if product else None,
        "manufacturer": product.manufacturer if product else None,
        "hwpid": product.identity.hwpid if product else None,
        "osVersion": product.os_version if product else None,
        "osBuild": f"{product.identity.os_build:04X}" if product else None,
        "dpa": f"{product.identity.dpa >> 8:X}.{product.identity.dpa & 0xFF:02X}"
        if product
        else None,
        "discovered": device.discovered,
        "responding": device.responding,
        "vrn": device.vrn,
        "zone": device.zone,
        "parent": device.parent,
        "rssi": state.rssi,
        "supply": state.supply,
        "heardAt": None if state.heard_at is None else iso(state.heard_at),
        "misses": state.misses,
        "sensors": [_sensor(sensor) for sensor in device.sensors],
        "outputs": device.binary_outputs,
        "light": device.light,
        "metadata": device.metadata,
    }


def _sensor(sensor: Sensor) -> dict[str, object]:
    value = list(sensor.value) if isinstance(sensor.value, tuple) else sensor.value
    return {
        "index": sensor.index,
        "type": sensor.type,
        "name": sensor.name,
        "unit": sensor.unit,
        "decimals": sensor.decimals,
        "value": value,
        "updated": None if sensor.updated is None else iso(sensor.updated),
    }
