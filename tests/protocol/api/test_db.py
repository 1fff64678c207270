"""iqrfDb_*: what may be asked, and what the network looks like in the answers."""

import pytest

from protocol.api import db
from protocol.api.message import Style, dump
from protocol.network.network import Network

from .asking import asked, refusal
from .networks import NETWORK

ANY = db.Anything()


def test_enumerate() -> None:
    assert asked("iqrfDb_Enumerate", req={}) == db.Enumerate()
    assert asked("iqrfDb_Enumerate", req={"standards": True, "reenumerate": True}) == db.Enumerate(
        reenumerate=True, standards=True
    )
    assert refusal("iqrfDb_Enumerate", req={"standards": 1}) == (
        "data.req.standards: must be a boolean, not an integer"
    )
    assert refusal("iqrfDb_Enumerate", req={"x": 1}) == (
        "data.req: unknown member 'x' (known: reenumerate, standards)"
    )


def test_the_steps() -> None:
    assert [db.step(step) for step in db.Step] == [
        {"step": 0, "stepStr": "Enumeration started, checking current state of the network."},
        {"step": 1, "stepStr": "Finished checking current state of network."},
        {"step": 2, "stepStr": "Enumerating device information."},
        {"step": 3, "stepStr": "Finished enumerating device information."},
        {"step": 4, "stepStr": "Enumerating product information."},
        {"step": 5, "stepStr": "Finished enumerating product information."},
        {"step": 6, "stepStr": "Enumerating device standards."},
        {"step": 7, "stepStr": "Finished enumerating standards."},
        {"step": 8, "stepStr": "Enumeration finished."},
    ]


def test_a_step_that_nobody_asked_for() -> None:
    answer = db.unasked_step(db.Step.FINISHED)
    assert dump(answer, Style.SERVICE, verbose=False, ins_id="gw") == (
        '{"mType":"iqrfDb_Enumerate","data":{"msgId":"iqrfdb_enumerate_async",'
        '"rsp":{"step":8,"stepStr":"Enumeration finished."},'
        '"status":0,"statusStr":"ok","insId":"gw"}}'
    )
    failed = db.unasked_step(db.Step.DEVICES, -1, "why")
    assert (failed.status, failed.status_str) == (-1, "why")


def test_get_device() -> None:
    request = asked("iqrfDb_GetDevice", req={"address": 1, "brief": True, "light": True})
    assert db.device(NETWORK, request) == {"device": {"address": 1, "hwpid": 1026, "light": False}}
    assert refusal("iqrfDb_GetDevice", req={"address": 240}) == (
        "data.req.address: must be at most 239, not 240"
    )
    assert refusal("iqrfDb_GetDevice", req={"address": -1}) == (
        "data.req.address: must be at least 0, not -1"
    )
    assert refusal("iqrfDb_GetDevice", req={}) == "data.req.address: required member is missing"


def test_get_a_device_that_is_not_there() -> None:
    request = asked("iqrfDb_GetDevice", req={"address": 5})
    with pytest.raises(db.DbError, match=r"^Device at address 5 does not exist\.$") as failed:
        db.device(NETWORK, request)
    assert (failed.value.status, failed.value.status_str) == (
        -1,
        "Device at address 5 does not exist.",
    )


@pytest.mark.parametrize(
    ("addresses", "shown"),
    [(None, [0, 1, 2, 9]), ([], [0, 1, 2, 9]), ([9, 1, 5], [1, 9]), ([239], [])],
)
def test_get_devices(addresses: list[int] | None, shown: list[int]) -> None:
    members = {} if addresses is None else {"addresses": addresses}
    rsp = db.devices(NETWORK, asked("iqrfDb_GetDevices", req={"brief": True, **members}))
    devices = rsp["devices"]
    assert isinstance(devices, list)
    assert [device["address"] for device in devices] == shown


def test_get_devices_with_sensors_of_chosen_addresses() -> None:
    request = asked("iqrfDb_GetDevices", req={"addresses": [1], "brief": True, "sensors": True})
    devices = db.devices(NETWORK, request)["devices"]
    assert isinstance(devices, list)
    assert [sensor["index"] for sensor in devices[0]["sensors"]] == [0, 1, 2, 3]


def test_get_devices_refused() -> None:
    assert refusal("iqrfDb_GetDevices", req={"addresses": [1, 2, 1]}) == (
        "data.req.addresses: item 2 repeats item 0"
    )
    assert refusal("iqrfDb_GetDevices", req={"addresses": [0, 240]}) == (
        "data.req.addresses[1]: must be at most 239, not 240"
    )
    assert refusal("iqrfDb_GetDevices", req={"addresses": [0] * 241}) == (
        "data.req.addresses: must have at most 240 items, not 241"
    )
    assert asked("iqrfDb_GetDevices", req={"addresses": list(range(240))}).addresses[-1] == 239


def test_get_metadata() -> None:
    request = asked("iqrfDb_GetDeviceMetadata", req={"devices": [5, 1, 2, 1], "more": 1})
    assert db.metadata(NETWORK, request) == {
        "devices": [
            {"address": 1, "success": True, "metadata": {"name": "sensor 1"}},
            {"address": 2, "success": True, "metadata": None},
            {"address": 5, "success": False, "errorStr": "Device at address 5 does not exist."},
        ]
    }
    assert refusal("iqrfDb_GetDeviceMetadata", req={"devices": "1"}) == (
        "data.req.devices: must be an array, not a string"
    )


def test_set_metadata() -> None:
    request = asked(
        "iqrfDb_SetDeviceMetadata",
        req={
            "devices": [
                {"address": 5, "metadata": {}},
                {"address": 2, "metadata": {"name": "first"}},
                {"address": 2, "metadata": {"name": "second"}},
                {"address": 1, "metadata": None},
            ]
        },
    )
    assert request.changes(NETWORK) == {1: None, 2: {"name": "first"}}
    assert db.metadata_set(NETWORK, request) == {
        "devices": [
            {"address": 1, "success": True},
            {"address": 2, "success": True},
            {"address": 5, "success": False, "errorStr": "Device at address 5 does not exist."},
        ]
    }


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"address": 1}, "devices[0].metadata: required member is missing"),
        ({"address": 1, "metadata": []}, "devices[0].metadata: must be an object, not an array"),
        ({"address": 1, "metadata": {}, "x": 1}, "devices[0]: unknown member 'x' (known: address,"),
        ({"address": "1", "metadata": {}}, "devices[0].address: must be an integer, not a string"),
    ],
)
def test_set_metadata_refused(item: object, reason: str) -> None:
    refused = refusal("iqrfDb_SetDeviceMetadata", req={"devices": [item]})
    assert refused.startswith("data.req." + reason)


def test_what_only_some_devices_have() -> None:
    assert db.binary_outputs(NETWORK, ANY) == {"binoutDevices": [{"address": 1, "count": 4}]}
    assert db.lights(NETWORK, ANY) == {"lightDevices": [2]}
    devices = db.sensors(NETWORK, ANY)["sensorDevices"]
    assert isinstance(devices, list)
    assert [device["address"] for device in devices] == [1]
    assert devices[0]["sensors"][2]["value"] == (1, 2)


def test_topology() -> None:
    devices = db.topology(NETWORK, ANY)["devices"]
    assert isinstance(devices, list)
    assert [device["address"] for device in devices] == [0, 1, 2, 9]


def test_an_empty_network() -> None:
    empty = Network()
    assert db.devices(empty, db.GetDevices()) == {"devices": []}
    assert db.binary_outputs(empty, ANY) == {"binoutDevices": []}
    assert db.lights(empty, ANY) == {"lightDevices": []}
    assert db.sensors(empty, ANY) == {"sensorDevices": []}
    assert db.topology(empty, ANY) == {"devices": []}


@pytest.mark.parametrize(
    "name", ["GetBinaryOutputs", "GetLights", "GetSensors", "GetNetworkTopology", "Reset"]
)
def test_parameters_that_do_not_matter(name: str) -> None:
    assert asked(f"iqrfDb_{name}", req={"any": [1]}) == db.Anything()


def test_annotation_and_reset() -> None:
    request = asked("iqrfDb_MetadataAnnotation", req={"annotate": True})
    assert db.annotation(request) == {"annotate": True}
    assert refusal("iqrfDb_MetadataAnnotation", req={}) == (
        "data.req.annotate: required member is missing"
    )
    assert db.RESET.failed(db.Anything()) == {}
