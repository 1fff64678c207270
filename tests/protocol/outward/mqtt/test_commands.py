"""Commands from people and dashboards, as requests of the JSON API."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.network.network import Device, Network
from protocol.outward.mqtt.commands import CommandError, named, order, result
from protocol.outward.mqtt.topics import Act, Command, GatewayCommand, NodeCommand

MID = 0x81026ED2
NODE = Device(5, MID, binary_outputs=2, light=True, metadata={"floor": 2, "name": "old"})
NETWORK = Network.of([Device(0, 1), NODE, Device(6, 7)])


def of(act: Act, output: int = 0, mid: int = MID) -> NodeCommand:
    return NodeCommand(mid, act, output)


@pytest.mark.parametrize(
    ("command", "payload", "mtype", "req"),
    [
        (GatewayCommand.READ, b"PRESS", "iqrfSensorData_Invoke", None),
        (GatewayCommand.READING, b"ON", "iqrfSensorData_Start", None),
        (GatewayCommand.READING, b"off", "iqrfSensorData_Stop", None),
        (GatewayCommand.ENUMERATE, b"", "iqrfDb_Enumerate", {"standards": True}),
        (
            of(Act.OUTPUT, 1),
            b"ON",
            "iqrfBinaryoutput_SetOutput",
            {"nAdr": 5, "param": {"binOuts": [{"index": 1, "state": True}]}},
        ),
        (
            of(Act.OUTPUT),
            b'{"state": "ON", "time": 60, "id": "a"}',
            "iqrfBinaryoutput_SetOutput",
            {"nAdr": 5, "param": {"binOuts": [{"index": 0, "state": True, "time": 60}]}},
        ),
        (
            of(Act.LIGHT),
            b'{"state": "ON", "brightness": 70}',
            "iqrfLight_SetLai",
            {"nAdr": 5, "param": {"voltage": 7.0}},
        ),
        (of(Act.LIGHT), b"OFF", "iqrfLight_SetLai", {"nAdr": 5, "param": {"voltage": 0.0}}),
        (
            of(Act.NAME),
            "Kotelna č. 2".encode(),
            "iqrfDb_SetDeviceMetadata",
            {"devices": [{"address": 5, "metadata": {"floor": 2, "name": "Kotelna č. 2"}}]},
        ),
        (
            of(Act.NAME),
            b"",
            "iqrfDb_SetDeviceMetadata",
            {"devices": [{"address": 5, "metadata": {"floor": 2}}]},
        ),
        (
            of(Act.IDENTIFY),
            b"PRESS",
            "iqrfEmbedOs_Indicate",
            {"nAdr": 5, "param": {"control": 3}},
        ),
    ],
)
def test_a_command(command: Command, payload: bytes, mtype: str, req: object) -> None:
    wanted = order(command, payload, NETWORK)
    message = json.loads(wanted.message("7"))
    assert message["mType"] == mtype
    assert message["data"] == {"msgId": "7"} | ({} if req is None else {"req": req})
    assert wanted.of == command.told


def test_what_a_light_is_told_to_be() -> None:
    dark = order(of(Act.LIGHT), b'{"brightness": 0.4}', NETWORK)
    assert dark.wanted == {"state": "OFF", "brightness": 0}
    lit = order(of(Act.LIGHT), b'{"brightness": 41}', NETWORK)
    assert lit.wanted == {"state": "ON", "brightness": 41}


@pytest.mark.parametrize(
    ("command", "payload", "reason"),
    [
        (of(Act.OUTPUT, 2), b"ON", "2 outputs"),
        (of(Act.OUTPUT, mid=9), b"ON", "no node"),
        (of(Act.OUTPUT, mid=7), b"ON", "0 outputs"),
        (of(Act.LIGHT, mid=7), b"ON", "no light"),
        (of(Act.OUTPUT), b"on?", "ON or OFF"),
        (of(Act.OUTPUT), b"", "ON or OFF"),
        (of(Act.OUTPUT), b"{", "no JSON"),
        (of(Act.OUTPUT), b"{}", "ON or OFF"),
        (of(Act.OUTPUT), b'{"state": 1}', "ON or OFF"),
        (of(Act.OUTPUT), b'{"state": "ON", "time": 0}', "time"),
        (of(Act.OUTPUT), b'{"state": "ON", "time": 128}', "time"),
        (of(Act.OUTPUT), b'{"state": "ON", "time": true}', "time"),
        (of(Act.OUTPUT), b'{"state": "OFF", "time": 5}', "time"),
        (of(Act.OUTPUT), b'{"state": "ON", "Time": 5}', "'Time' is not known"),
        (of(Act.OUTPUT), b'{"state": "ON", "brightness": 5}', "'brightness' is not known"),
        (of(Act.OUTPUT), b'{"state": "ON", "id": 5}', "id"),
        (of(Act.OUTPUT), b'{"state": "ON", "id": null}', "id"),
        (of(Act.OUTPUT), b"\xff", "UTF-8"),
        (of(Act.LIGHT), b'{"brigthness": 10}', "'brigthness' is not known"),
        (of(Act.LIGHT), b'{"state": "ON", "id": ["a"]}', "id"),
        (of(Act.OUTPUT), b"x" * 65536, "1024"),
        (of(Act.LIGHT), b'{"brightness": 101}', "0 to 100"),
        (of(Act.LIGHT), b'{"brightness": "7"}', "number"),
        (of(Act.LIGHT), b'{"brightness": true}', "number"),
        (of(Act.NAME), b"a\nb", "printable"),
        (of(Act.NAME), b"a" * 65, "64"),
        (GatewayCommand.READING, b"maybe", "ON or OFF"),
    ],
)
def test_what_is_no_command(command: Command, payload: bytes, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        order(command, payload, NETWORK)


def test_home_assistant_may_tell_more_of_a_light_than_there_is() -> None:
    wanted = order(of(Act.LIGHT), b'{"state": "ON", "brightness": 40, "transition": 2}', NETWORK)
    assert wanted.wanted == {"state": "ON", "brightness": 40}


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (b'{"state": "ON", "time": 0, "id": "mine"}', "mine"),
        (b'{"state": "maybe", "id": "mine"}', "mine"),
        (b'{"state": "ON", "x": 1, "id": "mine"}', "mine"),
        (b'{"state": "ON", "id": 5}', None),
        (b'{"id": "mine"', None),
        (b"ON", None),
        (b"\xff", None),
    ],
)
def test_what_a_command_that_is_refused_called_itself(payload: bytes, name: str | None) -> None:
    assert named(payload) == name


@given(
    st.sampled_from([of(act, output) for act in Act for output in (0, 1, 31)]),
    st.one_of(st.binary(max_size=80), st.text(max_size=40).map(str.encode)),
)
def test_no_payload_is_too_strange(command: NodeCommand, payload: bytes) -> None:
    with suppress(CommandError):
        json.loads(order(command, payload, NETWORK).message("x"))


def test_a_result() -> None:
    assert json.loads(result("output/0", "ON", 0, "ok")) == {
        "of": "output/0",
        "wanted": "ON",
        "status": 0,
        "statusStr": "ok",
    }
    assert json.loads(result("light", None, -1, "why", "mine"))["id"] == "mine"
