"""How a device looks in each of the answers that tell of it."""

import locale
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve

from protocol.api.db.descriptions import Details, described, measured, placed
from protocol.network.network import Device

from .networks import COORDINATOR, ENERGY, LAMP, LIGHT, NODE, SILENT, TEMPERATURE


def test_the_general_part_in_its_order() -> None:
    expected = {
        "address": 1,
        "hwpid": 1026,
        "manufacturer": "IQRF Tech s.r.o.",
        "product": "DDC-SE-01",
        "discovered": True,
        "vrn": 1,
        "zone": 0,
        "parent": 0,
        "mid": 2165406801,
        "hwpidVersion": 2,
        "osBuild": 2264,
        "osVersion": "4.06D",
        "dpa": 1047,
        "metadata": {"name": "sensor 1"},
    }
    item = described(NODE, Details())
    assert item == expected
    assert list(item) == list(expected)


def test_a_coordinator_has_no_place_in_the_routing() -> None:
    item = described(COORDINATOR, Details())
    assert (item["vrn"], item["zone"], item["parent"]) == (0, 0, None)


def test_brief_and_the_further_parts() -> None:
    assert described(NODE, Details(brief=True)) == {"address": 1, "hwpid": 1026}
    item = described(evolve(NODE, sensors=(LIGHT, TEMPERATURE)), Details(brief=True, sensors=True))
    assert item["sensors"] == [
        {
            "index": 0,
            "type": 1,
            "name": "Temperature",
            "shortname": "T",
            "unit": "°C",
            "decimalPlaces": 4,
            "frcs": [144, 224],
        },
        {
            "index": 1,
            "type": 129,
            "name": "Light indicator",
            "shortname": "light",
            "unit": "%",
            "decimalPlaces": 1,
            "frcs": [16, 144],
        },
    ]
    all_parts = Details(brief=True, sensors=True, binouts=True, light=True)
    assert described(LAMP, all_parts) == {
        "address": 2,
        "hwpid": 22530,
        "sensors": [],
        "binouts": {"count": 0},
        "light": True,
    }


def test_zeros_for_a_device_that_never_answered() -> None:
    item = described(SILENT, Details())
    assert item == {
        "address": 9,
        "hwpid": 0,
        "manufacturer": None,
        "product": None,
        "discovered": False,
        "vrn": 0,
        "zone": 0,
        "parent": None,
        "mid": 0,
        "hwpidVersion": 0,
        "osBuild": 0,
        "osVersion": "",
        "dpa": 0,
        "metadata": None,
    }
    assert placed(SILENT)["os"] == ""


def test_sensors_with_their_values() -> None:
    item = measured(evolve(NODE, sensors=(ENERGY, LIGHT)))
    assert item["address"] == 1
    assert item["sensors"] == [
        {
            "index": 1,
            "type": 129,
            "name": "Light indicator",
            "shortname": "light",
            "unit": "%",
            "decimalPlaces": 1,
            "frc2Bit": True,
            "frc1Byte": True,
            "frc2Byte": False,
            "frc4Byte": False,
            "value": 44.9,
            "updated": "Mon, 02 Jun 25 08:02:36 GMT",
        },
        {
            "index": 3,
            "type": 161,
            "name": "Consumption",
            "shortname": "E",
            "unit": "Wh",
            "decimalPlaces": 0,
            "frc2Bit": False,
            "frc1Byte": False,
            "frc2Byte": False,
            "frc4Byte": True,
            "value": None,
            "updated": None,
        },
    ]
    first = measured(evolve(NODE, sensors=(TEMPERATURE,)))["sensors"]
    assert isinstance(first, list)
    assert (first[0]["frc1Byte"], first[0]["frc2Byte"]) == (True, True)


@pytest.mark.parametrize("month", range(1, 13))
def test_updated_is_the_english_of_the_c_locale(month: int) -> None:
    assert locale.setlocale(locale.LC_TIME) == "C"
    at = datetime(2026, month, 28 - month, 23, 5, 9, tzinfo=timezone(timedelta(hours=-5)))
    sensor = evolve(TEMPERATURE, updated=at)
    items = measured(Device(1, 1, sensors=(sensor,)))["sensors"]
    assert isinstance(items, list)
    assert items[0]["updated"] == at.astimezone(UTC).strftime("%a, %d %b %y %H:%M:%S GMT")


def test_the_place_of_a_node() -> None:
    assert placed(NODE) == {
        "address": 1,
        "vrn": 1,
        "zone": 0,
        "parent": 0,
        "os": "4.06D",
        "dpa": 1047,
    }


@pytest.mark.parametrize(
    ("discovered", "zone", "parent", "shown"),
    [
        (True, 239, 238, (7, 239, 238)),
        (True, 255, 238, (7, 239, 238)),
        (True, -1, 0, (7, 0, 0)),
        (True, 1, 239, (7, 1, None)),
        (True, 1, None, (7, 1, None)),
        (False, 1, 5, (0, 0, None)),
    ],
)
def test_the_place_fits_the_published_schema(
    discovered: bool, zone: int, parent: int | None, shown: tuple[int, int, int | None]
) -> None:
    device = Device(3, 1, discovered=discovered, vrn=7, zone=zone, parent=parent)
    place = placed(device)
    assert (place["vrn"], place["zone"], place["parent"]) == shown
