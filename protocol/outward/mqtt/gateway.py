"""What is published of the gateway itself."""

from datetime import datetime

import orjson
from attrs import frozen

from protocol.network.network import Network
from protocol.outward.metrics import mid
from protocol.outward.mqtt.nodes import dpa_version, timestamp


@frozen
class GatewayState:
    """What the gateway does at one moment; `periodic` is whether readings are made."""

    coordinator: bool
    service_mode: bool
    network_queue: int
    management_queue: int
    on_air: bool
    enumerating: bool
    reading: bool
    periodic: bool
    last_reading: datetime | None = None


@frozen
class GatewayInfo:
    """What a gateway is, as far as it does not follow from its network."""

    version: str
    ins_id: str
    simulated: bool
    api: bool
    """Whether it takes requests under its own topics."""


def info(gateway: GatewayInfo, network: Network) -> bytes:
    """What the gateway is; changes seldom."""
    coordinator = network.get(0)
    product = coordinator.product if coordinator else None
    module = coordinator and {
        "mid": mid(coordinator),
        "osBuild": f"{product.identity.os_build:04X}" if product else None,
        "dpa": dpa_version(product.identity.dpa) if product else None,
    }
    document = {
        "version": gateway.version,
        "insId": gateway.ins_id,
        "coordinator": module,
        "nodes": len(network.nodes),
        "simulated": gateway.simulated,
        "api": gateway.api,
    }
    return orjson.dumps(document)


def state(gateway: GatewayState, at: datetime) -> bytes:
    """What the gateway does, at this moment."""
    last = gateway.last_reading
    document = {
        "coordinator": gateway.coordinator,
        "mode": "service" if gateway.service_mode else "operational",
        "networkQueue": gateway.network_queue,
        "managementQueue": gateway.management_queue,
        "onAir": gateway.on_air,
        "enumerating": gateway.enumerating,
        "reading": gateway.reading,
        "periodic": gateway.periodic,
        "lastReading": None if last is None else timestamp(last),
        "at": timestamp(at),
    }
    return orjson.dumps(document)
