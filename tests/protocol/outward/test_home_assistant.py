"""Discovery messages, held against what Home Assistant accepts."""

import json
from pathlib import Path
from typing import Any

import pytest

from protocol.network.network import Device, Identity, Product, Sensor
from protocol.outward.home_assistant import MAX_MESSAGE, HomeAssistant, name_of
from protocol.outward.mqtt.topics import Topics
from protocol.standard.quantities import QUANTITIES

RULES = json.loads(
    (Path(__file__).parents[2] / "vectors" / "home_assistant_rules.json").read_text("utf-8")
)
VERSIONS = sorted(RULES["versions"])

MID = 0x81026ED2
PRODUCT = Product(Identity(0x0402, 1, 0x08C8, 0x0417), "4.06D", "Protronix", "CO2 sensor")
THEM = HomeAssistant("homeassistant", Topics("iqrf", "gw1"), "1.2", commands=True)


def sensor(index: int, type_: int, **changes: Any) -> Sensor:
    quantity = QUANTITIES[type_]
    unit = changes.pop("unit", quantity.unit)
    return Sensor(index, type_, 0, quantity.name, "", unit, 2, (), **changes)


def node(*sensors: Sensor, **changes: Any) -> Device:
    return Device(5, MID, product=PRODUCT, sensors=sensors, **changes)


ALL = node(
    *(sensor(index, type_) for index, type_ in enumerate(sorted(QUANTITIES))),
    binary_outputs=2,
    light=True,
)


def told(device: Device) -> Any:
    first, more = THEM.node(device, 1260)
    assert not more
    return json.loads(first)


def components(device: Device) -> dict[str, Any]:
    return {
        key: value
        for text in THEM.node(device, 1260)
        if text
        for key, value in json.loads(text)["cmps"].items()
    }


def refusals(component: Any, rules: Any) -> list[str]:
    """Why a version would not take an entity."""
    found = []
    kind, cls = component["p"], component.get("dev_cla")
    if cls is not None and cls not in rules["classes"].get(kind, ()):
        found.append(f"no {kind} has the class {cls}")
    units = {_micro(unit) for unit in rules["units"].get(cls, ())}
    if kind == "sensor" and units and _micro(component.get("unit_of_meas")) not in units:
        found.append(f"{component.get('unit_of_meas')} is no unit of {cls}")
    state = component.get("stat_cla")
    if state is not None and state not in rules["state_classes"].get(cls, [state]):
        found.append(f"{state} is no state class of {cls}")
    if cls == "timestamp" and ("unit_of_meas" in component or state):
        found.append("a timestamp has neither unit nor state class")
    return found


def _micro(unit: str | None) -> str | None:
    """The one of the two signs for micro that newer versions use; they translate the other."""
    return unit and unit.replace("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_entity_is_accepted(version: str) -> None:
    gateway = json.loads(THEM.gateway())["cmps"]
    for key, component in [*components(ALL).items(), *gateway.items()]:
        assert not refusals(component, RULES["versions"][version]), key


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rules_refuse_what_home_assistant_refuses(version: str) -> None:
    wrong = {"p": "sensor", "dev_cla": "sulphur_dioxide", "unit_of_meas": "ppm"}
    assert refusals(wrong, RULES["versions"][version])
    assert refusals({"p": "sensor", "dev_cla": "nonsense"}, RULES["versions"][version])


def test_every_quantity_but_the_block_has_an_entity() -> None:
    sensors = [key for key in components(ALL) if key.startswith("s") and key[1:].isdigit()]
    assert len(sensors) == len(QUANTITIES) - 1


def test_a_message() -> None:
    device = node(
        sensor(0, 1), sensor(1, 2), binary_outputs=1, metadata={"name": "Boiler", "area": "Cellar"}
    )
    document = told(device)
    assert document["dev"] == {
        "ids": ["iqrf_81026ed2"],
        "name": "Boiler",
        "sn": "81026ed2",
        "via_device": "iqrf_gw1",
        "mf": "Protronix",
        "mdl": "CO2 sensor",
        "mdl_id": "0x0402",
        "sw": "OS 4.06D (08C8), DPA 4.17",
        "sa": "Cellar",
    }
    assert document["avty"] == [
        {"t": "iqrf/gw1/status"},
        {"t": "iqrf/gw1/node/81026ed2/availability"},
    ]
    assert document["cmps"]["s0"] == {
        "p": "sensor",
        "name": "Temperature",
        "uniq_id": "iqrf_81026ed2_0_1",
        "val_tpl": "{{ value_json.sensors['0'] }}",
        "exp_aft": 1260,
        "unit_of_meas": "°C",
        "dev_cla": "temperature",
        "stat_cla": "measurement",
        "sug_dsp_prc": 2,
    }
    assert document["cmps"]["o0"]["cmd_t"] == "iqrf/gw1/node/81026ed2/set/output/0"


def test_a_product_that_measures_in_another_unit_has_no_class() -> None:
    kelvin = components(node(sensor(0, 1, unit="K", scale=2.0)))["s0"]
    assert "dev_cla" not in kelvin
    assert kelvin["unit_of_meas"] == "K"


def test_alerts_are_an_event_of_the_gateway() -> None:
    alert = json.loads(THEM.gateway())["cmps"]["alert"]
    assert (alert["p"], alert["stat_t"]) == ("event", "iqrf/gw1/alert")
    assert "node_silent" in alert["evt_typ"]


def test_no_command_is_retained_and_each_has_its_quality() -> None:
    gateway = json.loads(THEM.gateway())["cmps"]
    for component in (*components(ALL).values(), *gateway.values()):
        if "cmd_t" in component:
            assert component["ret"] is False
            assert component["qos"] == 1


def test_without_commands_nothing_can_be_switched() -> None:
    silent = HomeAssistant("homeassistant", Topics("iqrf", "gw1"), "1.2", commands=False)
    for text in (silent.node(ALL, 60)[0], silent.gateway()):
        assert b"cmd_t" not in text


def test_identities_hold_neither_address_nor_name_nor_gateway() -> None:
    other = HomeAssistant("homeassistant", Topics("iqrf", "gw2"), "1.2", commands=True)
    moved = Device(77, MID, product=PRODUCT, sensors=ALL.sensors, metadata={"name": "Else"})
    mine = {key: value["uniq_id"] for key, value in components(node(*ALL.sensors)).items()}
    first, more = other.node(moved, 60)
    theirs = json.loads(first)["cmps"] | (json.loads(more)["cmps"] if more else {})
    assert mine == {key: value["uniq_id"] for key, value in theirs.items()}


def test_no_message_is_too_long() -> None:
    many = node(
        *(sensor(index, 1 + index % 11) for index in range(64)), binary_outputs=32, light=True
    )
    first, more = THEM.node(many, 1260)
    assert more
    assert len(first) <= MAX_MESSAGE
    assert len(more) <= MAX_MESSAGE
    assert len(components(many)) == 64 + 32 + 1 + 1 + 3
    assert json.loads(first)["dev"] == json.loads(more)["dev"]


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (node(metadata={"name": "Hall"}), "Hall"),
        (node(metadata={"name": 7}), "CO2 sensor 5"),
        (node(), "CO2 sensor 5"),
        (Device(5, MID), "Node 5"),
    ],
)
def test_names(device: Device, name: str) -> None:
    assert name_of(device) == name


def test_a_full_network_of_three_sensors_each() -> None:
    for address in range(1, 240):
        device = Device(
            address,
            MID + address,
            product=PRODUCT,
            sensors=(sensor(0, 1), sensor(1, 2), sensor(2, 128)),
        )
        first, more = THEM.node(device, 1260)
        assert len(first) < MAX_MESSAGE
        assert not more
