"""The table of requests: what is in it, and that nothing a client sends gets past its checks."""

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.api.errors import (
    InvalidRequestError,
    RequestError,
    ServiceError,
    UnsupportedTypeError,
    message_error,
)
from protocol.api.family import Extra, Row, request_of
from protocol.api.message import Style, dump, parse
from protocol.api.registry import REGISTRY, row_of
from protocol.queue.lanes import Lane
from protocol.strict.shape import bare_class

GOOD: dict[str, Any] = {row.mtype: row.example or {} for row in REGISTRY.values()}
"""Parameters of each request."""


ROWS = pytest.mark.parametrize("row", REGISTRY.values(), ids=REGISTRY.keys())


def document(row: Row) -> Any:
    """A good request of a type."""
    req = {"req": deepcopy(GOOD.get(row.mtype, {}))} if row.parameters else {}
    return {"mType": row.mtype, "data": {"msgId": "m", **req}}


FIRST = {
    *("iqrfRaw", "iqrfRawHdp", "ntfDaemon_InvokeMonitor"),
    *("iqmeshNetwork_Backup", "iqmeshNetwork_Restore"),
    *(
        f"iqrfDb_{name}"
        for name in (
            *("Enumerate", "GetDevice", "GetDevices", "GetDeviceMetadata"),
            *("SetDeviceMetadata", "GetBinaryOutputs", "GetLights", "GetSensors"),
            *("GetNetworkTopology", "MetadataAnnotation", "Reset"),
        )
    ),
    *(
        f"iqrfSensorData_{name}"
        for name in ("GetConfig", "SetConfig", "Start", "Stop", "Invoke", "Status")
    ),
    *(
        f"mngDaemon_{name}"
        for name in ("Version", "Mode", "Exit", "StartNetworkQueue", "StopNetworkQueue")
    ),
}
"""The types of the first release, of which everything is known."""


def test_the_types() -> None:
    assert set(REGISTRY) >= FIRST


def test_only_these_wait_for_the_radio() -> None:
    waiting = {mtype for mtype in FIRST if REGISTRY[mtype].lane is Lane.NETWORK}
    assert waiting == {
        *("iqrfRaw", "iqrfRawHdp", "iqrfDb_Enumerate"),
        *("iqmeshNetwork_Backup", "iqmeshNetwork_Restore"),
    }


def test_only_raw_requests_have_a_timeout_and_unknown_members() -> None:
    for row in map(REGISTRY.__getitem__, sorted(FIRST)):
        is_raw = row.mtype in {"iqrfRaw", "iqrfRawHdp"}
        assert (Extra.TIMEOUT in row.family.extras) is is_raw
        assert row.family.closed is not (is_raw or row.mtype.startswith("iqmeshNetwork_"))


@pytest.mark.parametrize(
    "mtype", ["nope", "", "iqrfRaw ", "iqrfraw", "iqrfDb", "iqrfDb_GetDalis", "iqrfDb_GetDevicesX"]
)
def test_unknown_types(mtype: str) -> None:
    with pytest.raises(UnsupportedTypeError, match=f"^Unsupported message type: {mtype}$"):
        row_of(mtype)


@pytest.mark.parametrize(
    "mtype", ["iqrfSensorData_ReportAsync", "messageError", "ntfDaemon_Monitor"]
)
def test_types_that_are_only_sent(mtype: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        row_of(mtype)
    assert str(refused.value) == f"mType: {mtype} is sent by the gateway, it cannot be requested"


@ROWS
def test_the_shortest_request_of_each_type(row: Row) -> None:
    message = parse(json.dumps(document(row)))
    assert row_of(message.mtype) is row
    request = request_of(row, message)
    assert (
        request is None
        if row.parameters is None
        else isinstance(request, bare_class(row.parameters))
    )


@ROWS
def test_each_type_may_be_verbose_but_without_id_it_is_unknown(row: Row) -> None:
    value = document(row)
    value["data"]["returnVerbose"] = True
    del value["data"]["msgId"]
    message = parse(json.dumps(value))
    request_of(row, message)
    assert message.verbose
    assert message.msg_id == "unknown"


RSP_OF_FAILURE = {
    "iqrfDb_GetDevice": {"device": None},
    "iqrfDb_GetDevices": {"devices": []},
    "iqrfDb_GetDeviceMetadata": {"devices": []},
    "iqrfDb_SetDeviceMetadata": {"devices": []},
    "iqrfDb_GetBinaryOutputs": {"binoutDevices": []},
    "iqrfDb_GetLights": {"lightDevices": []},
    "iqrfDb_GetSensors": {"sensorDevices": []},
    "iqrfDb_GetNetworkTopology": {"devices": []},
    "iqrfDb_MetadataAnnotation": {"annotate": False},
    "iqrfDb_Enumerate": {},
    "iqrfDb_Reset": {},
    "mngDaemon_Version": {"version": ""},
    "mngDaemon_Mode": {"operMode": "unknown"},
    "mngDaemon_Exit": {"timeToExit": 50},
    "iqrfRaw": {"rData": ""},
    "iqmeshNetwork_Ping": {"hwpId": 65535},
    "iqmeshNetwork_Restart": {"hwpId": 65535},
    "iqmeshNetwork_Backup": {
        "progress": 100,
        "devices": [{"deviceAddr": 1, "online": False}],
    },
    "iqmeshNetwork_Restore": {
        "progress": 100,
        "devices": [{"deviceAddr": 1, "restoreStatus": False}],
    },
}


@ROWS
def test_a_failure_has_the_members_that_its_schema_demands(row: Row) -> None:
    message = parse(json.dumps(document(row)))
    answer = row.failure(message, request_of(row, message), ServiceError(-1, "why"))
    written = json.loads(dump(answer, row.family.style, verbose=False, ins_id="gw"))
    assert written["mType"] == row.mtype
    assert written["data"]["msgId"] == "m"
    assert (written["data"]["status"], written["data"]["statusStr"]) == (-1, "why")
    if row.mtype in RSP_OF_FAILURE:
        assert written["data"]["rsp"] == RSP_OF_FAILURE[row.mtype]
    elif not row.always_has_result:
        assert "rsp" not in written["data"]


def test_who_shows_the_status_text_always() -> None:
    quiet = {mtype for mtype in FIRST if REGISTRY[mtype].family.style is Style.DPA}
    assert quiet == {
        *("iqrfRaw", "iqrfRawHdp", "ntfDaemon_InvokeMonitor"),
        *("mngDaemon_Version", "mngDaemon_Mode", "mngDaemon_Exit"),
    }


# Whatever comes in: a request that is right, or a RequestError and its messageError.

WORDS = sorted(
    {"mType", "data", "msgId", "req", "ver", "timeout", "returnVerbose", "type", "token", "auth"}
    | {name for req in GOOD.values() for name in req}
    | {"addresses", "metadata", "messagingList", "instance", "period", "sensors", "pData"}
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["ws", "00.00.06.03.ff.ff", "service", *REGISTRY])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=12,
)


def handle(text: str | bytes) -> None:
    """What becomes of a message before its handler; only a RequestError may come of it."""
    try:
        message = parse(text)
        row = row_of(message.mtype)
        request = request_of(row, message)
    except RequestError as error:
        json.loads(message_error(error, text=text, ins_id="gw"))
        return
    assert request is None or isinstance(request, bare_class(row.parameters) or type(None))
    answer = row.failure(message, request, ServiceError(-1, "why"))
    assert json.loads(dump(answer, row.family.style, verbose=message.verbose, ins_id="gw"))


@given(st.text(st.characters()) | st.binary())
def test_any_text(text: str | bytes) -> None:
    handle(text)


@given(VALUES)
def test_any_json(value: object) -> None:
    handle(json.dumps(value))


@ROWS
@settings(max_examples=40)
@given(st.data())
def test_any_members(row: Row, data: st.DataObject) -> None:
    top = data.draw(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=2))
    inner = data.draw(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=4))
    handle(json.dumps({**top, "mType": row.mtype, "data": inner}))


@ROWS
@settings(max_examples=40)
@given(st.data())
def test_a_good_request_with_one_thing_changed(row: Row, data: st.DataObject) -> None:
    value = document(row)
    place: object = value
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(keys))
        if data.draw(st.booleans()):
            place[key] = data.draw(VALUES)
            break
        if isinstance(place, dict) and data.draw(st.booleans()):
            del place[key]
            break
        place = place[key]
    handle(json.dumps(value))


@ROWS
def test_depth_and_size_harm_nobody(row: Row) -> None:
    deep = "[" * 900 + "]" * 900
    mtype = json.dumps(row.mtype)
    for text in (
        f'{{"mType":{mtype},"data":{deep}}}',
        f'{{"mType":{mtype},"data":{{"req":{deep}}}}}',
        f'{{"mType":{mtype},"data":{{"req":{{"devices":{deep}}}}}}}',
        f'{{"mType":{mtype},"data":{{"req":{{"addresses":[{"1," * 30_000}1]}}}}}}',
        f'{{"mType":{mtype},"data":{{"timeout":{"9" * 60_000}}}}}',
        f'{{"mType":{mtype},"data":{{"{"k" * 60_000}":1}}}}',
    ):
        handle(text)


def test_deep_metadata_is_refused_before_it_is_stored() -> None:
    for levels in (30, 60, 300, 900):
        metadata = '{"a":' * levels + "1" + "}" * levels
        item = f'{{"address":1,"metadata":{metadata}}}'
        text = f'{{"mType":"iqrfDb_SetDeviceMetadata","data":{{"req":{{"devices":[{item}]}}}}}}'
        message = parse(text)
        with suppress(InvalidRequestError):
            request = request_of(row_of(message.mtype), message)
            answer = message.answer({"metadata": request.devices[0].metadata})
            assert dump(answer, Style.SERVICE, verbose=False, ins_id="gw")
