"""What is left behind when a gateway is published under other topics."""

from protocol.outward.mqtt.places import Place, left_behind

MIDS = frozenset({0x81000001})
HERE = Place("iqrf", "gw1", "homeassistant")


def test_nothing_where_nothing_has_changed() -> None:
    assert left_behind(HERE, HERE, MIDS, discovered=True) == ()


def test_another_prefix() -> None:
    left = left_behind(Place("old", "gw1", "homeassistant"), HERE, MIDS, discovered=True)
    assert {"old/gw1/status", "old/gw1/info", "old/gw1/node/81000001/light"} <= {*left}
    assert not [topic for topic in left if topic.startswith("homeassistant")]


def test_another_gateway_and_another_place_of_discovery() -> None:
    left = left_behind(Place("iqrf", "gw1", "ha"), HERE, MIDS, discovered=True)
    assert {topic.split("/")[0] for topic in left} == {"ha"}
    left = left_behind(Place("iqrf", "other", "homeassistant"), HERE, MIDS, discovered=True)
    assert "homeassistant/device/iqrf_gateway_other/config" in left
    assert "homeassistant/device/iqrf_81000001/config" not in left
    left = left_behind(Place("iqrf", "other", "homeassistant"), HERE, MIDS, discovered=False)
    assert all(topic.startswith("iqrf/other/") for topic in left)
