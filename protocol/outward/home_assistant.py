"""Home Assistant's device discovery: one retained message for each device, with all its entities.

Identities are made of MIDs: an address, a gateway or a name in them would cost a device its history
whenever it is bonded anew, moved or renamed. Names are data. What classes and units are accepted
together is in `protocol.standard.presentation`.
"""

from collections.abc import Iterator

import orjson
from attrs import frozen

from protocol.network.network import Device, Sensor
from protocol.outward.alerts import Event
from protocol.outward.metrics import mid, name
from protocol.outward.mqtt.nodes import dpa_version
from protocol.outward.mqtt.topics import Topics
from protocol.standard.presentation import PRESENTATIONS, Presentation
from protocol.standard.quantities import QUANTITIES

MAX_MESSAGE = 14_000
"""Bytes of one message. Brokers and programs stumble over larger ones."""

Component = dict[str, object]

_DIAGNOSTIC = {"ent_cat": "diagnostic"}


@frozen
class HomeAssistant:
    """Tells Home Assistant of the nodes and of the gateway.

    `commands` is whether outputs, lights and buttons can be used.
    """

    prefix: str
    topics: Topics
    version: str
    commands: bool

    @property
    def birth_topic(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    def topics_of(self, mid: int) -> tuple[str, str]:
        """Where a node is told of, and the rest of one with too many entities for one message."""
        return self._config(f"{mid:08x}"), self._config(f"{mid:08x}_2")

    def gateway_topic(self) -> str:
        """Where the gateway is told of."""
        return self._config(f"gateway_{self.topics.gateway}")

    def node(self, node: Device, stale_after_s: float) -> tuple[bytes, bytes]:
        """What is told of a node: the first message and the rest, empty where there is none."""
        components = dict(self._components(node, round(stale_after_s)))
        whole = self._message(node, components)
        if len(whole) <= MAX_MESSAGE:
            return whole, b""
        keys = list(components)
        first = dict.fromkeys(keys[: len(keys) // 2])
        return (
            self._message(node, {key: components[key] for key in first}),
            self._message(node, {key: components[key] for key in keys if key not in first}),
        )

    def gateway(self) -> bytes:
        """What is told of the gateway."""
        gateway = self.topics.gateway
        document = {
            "dev": {
                "ids": [f"iqrf_{gateway}"],
                "name": f"IQRF gateway {gateway}",
                "mf": "iqrf-trio",
                "mdl": "IQRF gateway",
                "sw": self.version,
            },
            "o": self._origin,
            "avty_t": self.topics.status,
            "stat_t": self.topics.state,
            "cmps": dict(self._gateway_components()),
        }
        return orjson.dumps(document)

    def _config(self, name: str) -> str:
        return f"{self.prefix}/device/iqrf_{name}/config"

    @property
    def _origin(self) -> dict[str, str]:
        return {"name": "iqrf-trio", "sw": self.version}

    def _message(self, node: Device, components: dict[str, Component]) -> bytes:
        topics = self.topics
        document = {
            "dev": self._device(node),
            "o": self._origin,
            "stat_t": topics.node(node.mid),
            "avty": [{"t": topics.status}, {"t": topics.availability(node.mid)}],
            "avty_mode": "all",
            "cmps": components,
        }
        return orjson.dumps(document)

    def _device(self, node: Device) -> dict[str, object]:
        product = node.product
        device: dict[str, object] = {
            "ids": [f"iqrf_{mid(node)}"],
            "name": name_of(node),
            "sn": mid(node),
            "via_device": f"iqrf_{self.topics.gateway}",
        }
        if product is not None:
            identity = product.identity
            device["mf"] = product.manufacturer or "IQRF"
            device["mdl"] = product.name or f"HWPID {identity.hwpid:04X}"
            device["mdl_id"] = f"0x{identity.hwpid:04X}"
            dpa = dpa_version(identity.dpa)
            device["sw"] = f"OS {product.os_version} ({identity.os_build:04X}), DPA {dpa}"
        area = (node.metadata or {}).get("area")
        if isinstance(area, str) and area:
            device["sa"] = area
        return device

    def _components(self, node: Device, expire_s: int) -> Iterator[tuple[str, Component]]:
        own = f"iqrf_{mid(node)}"
        for sensor in node.sensors:
            if (component := _sensor(sensor, own, expire_s)) is not None:
                yield f"s{sensor.index}", component
        if self.commands:
            yield from self._outputs(node, own)
        rssi = _diagnostic("RSSI", "signal_strength", "dBm", "rssi")
        yield "rssi", {**rssi, "uniq_id": f"{own}_rssi"}
        supply = _diagnostic("Supply voltage", "voltage", "V", "voltage")
        yield "supply", {**supply, "uniq_id": f"{own}_supply"}
        yield (
            "address",
            {
                "p": "sensor",
                "name": "Address",
                "uniq_id": f"{own}_address",
                "val_tpl": "{{ value_json.address }}",
                "ic": "mdi:map-marker",
                **_DIAGNOSTIC,
            },
        )

    def _outputs(self, node: Device, own: str) -> Iterator[tuple[str, Component]]:
        topics = self.topics
        commands = f"{topics.node(node.mid)}/set"
        for number in range(node.binary_outputs):
            yield (
                f"o{number}",
                {
                    "p": "switch",
                    "name": f"Output {number}",
                    "uniq_id": f"{own}_o{number}",
                    "val_tpl": f"{{{{ value_json.outputs['{number}'] }}}}",
                    **_commanded(f"{commands}/output/{number}"),
                },
            )
        if node.light:
            yield (
                "light",
                {
                    "p": "light",
                    "name": "Light",
                    "uniq_id": f"{own}_light",
                    "schema": "json",
                    "brightness": True,
                    "bri_scl": 100,
                    "stat_t": topics.light(node.mid),
                    **_commanded(f"{commands}/light"),
                },
            )
        yield (
            "identify",
            {
                "p": "button",
                "name": "Identify",
                "uniq_id": f"{own}_identify",
                "dev_cla": "identify",
                **_commanded(f"{commands}/identify"),
                **_DIAGNOSTIC,
            },
        )

    def _gateway_components(self) -> Iterator[tuple[str, Component]]:
        own, topics = f"iqrf_{self.topics.gateway}", self.topics
        yield (
            "coordinator",
            _binary(own, "coordinator", "Coordinator", "connectivity", "value_json.coordinator"),
        )
        service = "value_json.mode == 'service'"
        yield "service", _binary(own, "service", "Service mode", "problem", service)
        yield (
            "queue",
            {
                "p": "sensor",
                "name": "Requests that wait",
                "uniq_id": f"{own}_queue",
                "val_tpl": "{{ value_json.networkQueue }}",
                "stat_cla": "measurement",
                **_DIAGNOSTIC,
            },
        )
        yield (
            "nodes",
            {
                "p": "sensor",
                "name": "Nodes",
                "uniq_id": f"{own}_nodes",
                "stat_t": topics.info,
                "val_tpl": "{{ value_json.nodes }}",
                "stat_cla": "measurement",
                **_DIAGNOSTIC,
            },
        )
        yield (
            "last_reading",
            {
                "p": "sensor",
                "name": "Last reading",
                "uniq_id": f"{own}_last_reading",
                "dev_cla": "timestamp",
                "val_tpl": "{{ value_json.lastReading }}",
                **_DIAGNOSTIC,
            },
        )
        yield (
            "alert",
            {
                "p": "event",
                "name": "Alert",
                "uniq_id": f"{own}_alert",
                "stat_t": topics.alert,
                "evt_typ": [each.value for each in Event],
                "ic": "mdi:alert",
            },
        )
        if self.commands:
            yield from self._gateway_commands(own)

    def _gateway_commands(self, own: str) -> Iterator[tuple[str, Component]]:
        commands = f"{self.topics.root}/set"
        for key, label in (("read", "Read sensors now"), ("enumerate", "Enumerate")):
            yield (
                key,
                {
                    "p": "button",
                    "name": label,
                    "uniq_id": f"{own}_{key}",
                    **_commanded(f"{commands}/{key}"),
                },
            )
        yield (
            "periodic",
            {
                "p": "switch",
                "name": "Periodic reading",
                "uniq_id": f"{own}_periodic",
                "val_tpl": "{{ 'ON' if value_json.periodic else 'OFF' }}",
                **_commanded(f"{commands}/reading"),
            },
        )


def name_of(node: Device) -> str:
    """What people call a node: the name they gave it, else its product with the address."""
    if given := name(node):
        return given
    product = node.product.name if node.product else None
    return f"{product} {node.address}" if product else f"Node {node.address}"


def _commanded(topic: str) -> Component:
    # Said of each component: at the top of the message Home Assistant takes it for no command.
    return {"cmd_t": topic, "qos": 1, "ret": False}


def _sensor(sensor: Sensor, own: str, expire_s: int) -> Component | None:
    """The entity of a sensor; None where its values are none that could be shown."""
    shown = PRESENTATIONS.get(sensor.type, Presentation("sensor", ""))
    if shown.component is None:
        return None
    value = f"value_json.sensors['{sensor.index}']"
    component: Component = {
        "name": sensor.name,
        "uniq_id": f"{own}_{sensor.index}_{sensor.type}",
        "val_tpl": f"{{{{ {value} }}}}",
        "exp_aft": expire_s,
    }
    if shown.icon:
        component["ic"] = shown.icon
    if shown.diagnostic:
        component |= _DIAGNOSTIC
    match shown.component:
        case "binary_sensor":
            template = f"{{{{ 'ON' if {value} else 'OFF' }}}}"
            return {"p": "binary_sensor", **component, "val_tpl": template}
        case "event":
            # An event has a type, and no state that could grow old.
            del component["exp_aft"]
            template = f'{{{{ {{"event_type": "action", "code": {value}}} | tojson }}}}'
            return {"p": "event", **component, "evt_typ": ["action"], "val_tpl": template}
    return {"p": "sensor", **component, **_measured(sensor, shown)}


def _measured(sensor: Sensor, shown: Presentation) -> Component:
    """Unit and classes: those of the quantity, unless the product measures in another unit."""
    quantity = QUANTITIES.get(sensor.type)
    usual = quantity is not None and sensor.unit == quantity.unit and sensor.scale == 1
    found: Component = {}
    unit = shown.unit if usual else sensor.unit
    if unit:
        found["unit_of_meas"] = unit
    if usual and shown.device_class:
        found["dev_cla"] = shown.device_class
    if shown.state_class and (usual or unit):
        found["stat_cla"] = shown.state_class
    if usual and shown.precision is not None:
        found["sug_dsp_prc"] = shown.precision
    return found


def _diagnostic(label: str, cls: str, unit: str, member: str) -> Component:
    return {
        "p": "sensor",
        "name": label,
        "dev_cla": cls,
        "unit_of_meas": unit,
        "stat_cla": "measurement",
        "val_tpl": f"{{{{ value_json.{member} }}}}",
        **_DIAGNOSTIC,
    }


def _binary(own: str, key: str, label: str, cls: str, condition: str) -> Component:
    return {
        "p": "binary_sensor",
        "name": label,
        "uniq_id": f"{own}_{key}",
        "dev_cla": cls,
        "val_tpl": f"{{{{ 'ON' if {condition} else 'OFF' }}}}",
        **_DIAGNOSTIC,
    }
