"""What transactions say of outputs and lights."""

from collections.abc import Iterable, Mapping
from math import inf

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa import frc
from protocol.dpa.packet import Request, Response, answer
from protocol.dpa.peripherals import os
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.peripherals.frc import (
    FRC_SEND,
    FrcAnswer,
    frc_extra_result,
    frc_send,
    frc_send_selective,
)
from protocol.dpa.pnum import BINARY_OUTPUT, LIGHT, PERIPHERAL_INFO_PCMD
from protocol.network.network import Device, Identity, Network, Product
from protocol.readings import switching
from protocol.readings.overheard import Exchange
from protocol.readings.states import ALL_LOST, LIGHT_LOST, Change, Light
from protocol.standard import binary_output, light
from protocol.standard.binary_output import OFF, ON, State
from protocol.standard.light import LdiAnswer

PRODUCT = Product(Identity(0x1402, 1, 0x08C8, 0x0417), "4.06D")
MESH = Network.of([Device(0, 1), Device(3, 3, product=PRODUCT), Device(4, 4), Device(40, 40)])
NOBODY: dict[int, Change] = {}


def told(
    request: Request, response: Response | None = None, before: Exchange | None = None
) -> Mapping[int, Change]:
    found = switching.told(request, response, MESH, before)
    return {device.address: change for device, change in found}


def good(request: Request, pdata: bytes = b"") -> Mapping[int, Change]:
    return told(request, answer(request, hwpid=0x1402, pdata=pdata))


# Outputs.

SET = binary_output.set_outputs(3, {0: ON, 2: State(on=True, seconds=60), 5: OFF}).request
BEFORE = bytes.fromhex("22000000")  # 1 and 5 were on


def test_an_answer_tells_all_outputs() -> None:
    change = good(SET, BEFORE)[3]
    assert {index for index, on in change.outputs.items() if on} == {0, 1, 2}
    assert len(change.outputs) == 32
    assert change.seconds == {0: inf, 2: 60.0}
    assert not change.light_lost


def test_an_answer_to_a_question_tells_them_too() -> None:
    change = good(binary_output.set_outputs(3, {}).request, BEFORE)[3]
    assert {index for index, on in change.outputs.items() if on} == {1, 5}
    assert change.seconds == {}


@pytest.mark.parametrize("pdata", [b"", BEFORE[:3]])
def test_an_answer_that_cannot_be_read_leaves_what_was_set_unknown(pdata: bytes) -> None:
    assert good(SET, pdata) == {3: Change({0: None, 2: None, 5: None})}


def test_without_an_answer_what_was_set_is_unknown() -> None:
    assert told(SET) == {3: Change({0: None, 2: None, 5: None})}
    assert told(binary_output.set_outputs(3, {}).request) == NOBODY


def test_a_refusal_changes_nothing() -> None:
    assert told(SET, answer(SET, hwpid=0, rcode=5)) == NOBODY


def test_a_broadcast_makes_the_outputs_of_all_unknown() -> None:
    lost = Change({0: None, 2: None, 5: None})
    assert told(evolve(SET, nadr=0xFF)) == {3: lost, 4: lost, 40: lost}


def test_a_broadcast_to_a_product_says_nothing_of_others() -> None:
    # Of 4 and 40 nobody knows what they are.
    assert told(evolve(SET, nadr=0xFF, hwpid=0x9999)).keys() == {4, 40}
    assert told(evolve(SET, nadr=0xFF, hwpid=0x1402)).keys() == {3, 4, 40}


def test_a_node_that_is_not_known() -> None:
    assert told(evolve(SET, nadr=9)) == NOBODY


# Lights.


@pytest.mark.parametrize(
    ("request_", "pdata", "change"),
    [
        (light.set_lai(3, 4000).request, "0000", Change(light=Light(True, 40))),
        (light.set_lai(3, 0).request, "a00f", Change(light=Light(False, 0))),
        (light.set_lai(3, None).request, "a00f", Change(light=Light(True, 40))),
        (light.set_lai(3, 4000).request, "00", LIGHT_LOST),
        (light.send_ldi(3, [0xFE80]).request, "8000", Change(light=Light(True, 50))),
        (light.send_ldi(3, [0xFF00]).request, "8000", Change(light=Light(False, 0))),
        (light.send_ldi(3, [0xFF05]).request, "8000", Change(light=Light(True, 100))),
        (light.send_ldi(3, [0xFFA0]).request, "8180", Change(light=Light(True, 50))),
        (light.send_ldi(3, [0xFF00, 0xFE80]).request, "80008000", Change(light=Light(True, 50))),
        (light.send_ldi(3, [0xFF03]).request, "8000", LIGHT_LOST),  # a step up
        (light.send_ldi(3, [0x0280]).request, "8000", LIGHT_LOST),  # one of the lamps
        (light.send_ldi_async(3, [0xFE80]).request, "", Change(light=Light(True, 50))),
    ],
)
def test_a_light(request_: Request, pdata: str, change: Change) -> None:
    assert good(request_, bytes.fromhex(pdata)) == {3: change}


@pytest.mark.parametrize(
    ("request_", "pdata"),
    [
        (light.send_ldi(3, [0xFF90]).request, "8104"),  # the status
        (light.send_ldi(3, [0xFEFF]).request, "8000"),  # stay as you are
        (light.send_ldi(3, [0xFFA0]).request, "8000"),  # no answer of a lamp
        (light.send_ldi(3, [0xFFA0]).request, "81ff"),  # it does not know itself
        (light.send_ldi(3, [0xA364]).request, "8000"),  # a special command
        (light.send_ldi_async(3, [0xFFA0]).request, ""),
    ],
)
def test_what_says_nothing_of_a_light(request_: Request, pdata: str) -> None:
    assert good(request_, bytes.fromhex(pdata)) == NOBODY


@pytest.mark.parametrize(
    ("request_", "lost"),
    [
        (light.set_lai(3, 4000).request, True),
        (light.set_lai(3, None).request, False),
        (light.send_ldi(3, [0xFE80]).request, True),
        (light.send_ldi(3, [0xFFA0]).request, False),
        (light.send_ldi_async(3, [0xFF05]).request, True),
    ],
)
def test_a_light_without_an_answer(request_: Request, lost: bool) -> None:
    assert told(request_) == ({3: LIGHT_LOST} if lost else NOBODY)


# Resets, batches.


@pytest.mark.parametrize(
    "request_",
    [
        os.os_reset(3).request,
        os.os_restart(3).request,
        os.os_factory_settings(3).request,
        os.os_rfpgm(3).request,
        os.OS_LOAD_CODE.call(3, bytes(7)).request,
    ],
)
def test_after_a_reset_nothing_is_known(request_: Request) -> None:
    assert told(request_) == {3: ALL_LOST}
    assert told(evolve(request_, nadr=0xFF)).keys() == {3, 4, 40}
    assert told(request_, answer(request_, hwpid=0, rcode=2)) == NOBODY


def test_what_a_batch_carries() -> None:
    inner = [evolve(SET, nadr=0), light.set_lai(0, 4000).request, os.os_indicate(0, 1).request]
    change = good(os.os_batch(3, inner).request)[3]
    assert dict(change.outputs) == {0: None, 2: None, 5: None}
    assert change.light_lost
    assert good(os.os_batch(3, [os.os_indicate(0, 1).request]).request) == NOBODY


def test_what_a_selective_batch_carries() -> None:
    batch = os.os_batch(0xFF, [os.os_reset(0).request]).request
    pdata = frc.bitmap([4, 9]) + batch.pdata
    request_ = Request(0xFF, *os.OS_SELECTIVE_BATCH.key, pdata)
    assert told(request_) == {4: ALL_LOST}


def reset_report(address: int, *, flag: int = 0x80) -> bytes:
    frame = Response(address, *ENUMERATE.key, 0x1402, pdata=bytes(12), asynchronous=True).encode()
    return frame[:3] + bytes((ENUMERATE.pcmd | flag,)) + frame[4:]


def test_the_report_of_a_reset() -> None:
    assert switching.reset(reset_report(4), MESH) is MESH.get(4)
    assert switching.reset(reset_report(4, flag=0), MESH) is MESH.get(4)
    assert switching.reset(reset_report(0), MESH) is None
    assert switching.reset(reset_report(9), MESH) is None
    assert switching.reset(reset_report(4)[:5], MESH) is None
    other = Response(4, BINARY_OUTPUT, PERIPHERAL_INFO_PCMD, 0, pdata=bytes(4), asynchronous=True)
    assert switching.reset(other.encode(), MESH) is None


# FRCs.


def collected(
    request_: Request, values: Mapping[int, int], nodes: Iterable[int] | None = None
) -> tuple[Response, Response]:
    """The answers to an FRC and to its Extra result."""
    asked = range(1, 240) if nodes is None else nodes
    packed = frc.pack(frc.Width.BYTE2, asked, values, selective=nodes is not None)
    data, extra = packed[: frc.FRC_DATA], packed[frc.FRC_DATA :]
    first = answer(request_, hwpid=0, pdata=FrcAnswer(len(values), data).encode())
    return first, answer(frc_extra_result().request, hwpid=0, pdata=extra)


LDI = frc_send(frc.LIGHT_SEND_LDI, light.ldi_user_data(0xFE80)).request
DONE = light.encode_ldi_frc(LdiAnswer(0x80, 0))


def test_a_command_to_all_lights() -> None:
    response, _ = collected(LDI, {3: DONE})
    assert told(LDI, response) == {3: Change(light=Light(True, 50)), 4: LIGHT_LOST, 40: LIGHT_LOST}
    assert told(LDI) == {3: LIGHT_LOST, 4: LIGHT_LOST, 40: LIGHT_LOST}


def test_a_command_to_selected_lights() -> None:
    request_ = frc_send_selective(frc.LIGHT_SEND_LDI, [4, 40], light.ldi_user_data(0xFE80)).request
    response, _ = collected(request_, {40: DONE}, [4, 40])
    assert told(request_, response) == {4: LIGHT_LOST, 40: Change(light=Light(True, 50))}


def test_a_query_of_all_lights() -> None:
    request_ = frc_send(frc.LIGHT_SEND_LDI, light.ldi_user_data(0xFFA0)).request
    level = light.encode_ldi_frc(LdiAnswer(0x81, 254))
    response, _ = collected(request_, {3: level})
    assert told(request_, response) == {3: Change(light=Light(True, 100))}


def test_voltages_of_all_lights() -> None:
    request_ = frc_send(frc.LIGHT_READ_LAI, light.LAI_USER_DATA).request
    values = {3: light.encode_lai_frc(4000), 4: 1}
    response, _ = collected(request_, values)
    assert told(request_, response) == {3: Change(light=Light(True, 40))}
    bad = answer(request_, hwpid=0, pdata=b"\xff" + response.pdata[1:])
    assert told(request_, bad) == NOBODY


def test_values_in_an_extra_result() -> None:
    nodes = [3, 4, *range(10, 36), 40]  # 40 is the 29th: its value needs the Extra result
    user_data = light.LAI_USER_DATA
    request_ = frc_send_selective(frc.LIGHT_READ_LAI, nodes, user_data).request
    values = {3: light.encode_lai_frc(4000), 40: light.encode_lai_frc(10_000)}
    response, extra = collected(request_, values, nodes)
    assert told(request_, response) == {3: Change(light=Light(True, 40))}
    asked = frc_extra_result().request
    before = request_, response
    assert told(asked, extra, before) == {40: Change(light=Light(True, 100))}
    assert told(asked, extra) == NOBODY


@pytest.mark.parametrize(
    "user_data",
    [
        (frc.ACK_BROADCAST_BITS, frc.acknowledged_broadcast(*os.OS_RESET.key, 0xFFFF)),
        (frc.ACK_BROADCAST_BYTES, frc.acknowledged_broadcast(*os.OS_RESET.key, 0xFFFF)),
        (frc.MEMORY_READ, frc.memory_read(0x4A0, *os.OS_RESET.key)),
        (frc.MEMORY_READ_PLUS_1, frc.memory_read(0x4A0, *os.OS_RESET.key)),
        (frc.MEMORY_READ_4B, frc.memory_read_4b(0x4A0, *os.OS_RESET.key, plus_one=True)),
    ],
)
def test_what_an_frc_carries(user_data: tuple[int, bytes]) -> None:
    request_ = frc_send(*user_data).request
    assert told(request_) == {3: ALL_LOST, 4: ALL_LOST, 40: ALL_LOST}
    selective = frc_send_selective(user_data[0], [40], user_data[1]).request
    assert told(selective) == {40: ALL_LOST}


def test_the_outputs_that_an_acknowledged_broadcast_sets() -> None:
    data = frc.acknowledged_broadcast(SET.pnum, SET.pcmd, 0xFFFF, SET.pdata)
    request_ = frc_send_selective(frc.ACK_BROADCAST_BITS, [3], data).request
    assert told(request_) == {3: Change({0: None, 2: None, 5: None})}


def test_an_frc_about_something_else() -> None:
    assert told(frc_send(frc.PING).request) == NOBODY
    sensors = frc_send(frc.SENSOR_2BYTE, bytes((0x5E, 1, 0, 0))).request
    assert told(sensors, collected(sensors, {3: 0x8081})[0]) == NOBODY


@given(
    st.sampled_from([(BINARY_OUTPUT, 0), (LIGHT, 0), (LIGHT, 1), (LIGHT, 2), (2, 5), (2, 11)])
    | st.just(FRC_SEND.key)
    | st.just((0x0D, 2)),
    st.binary(max_size=56),
    st.none() | st.binary(max_size=56),
)
def test_whatever_comes_is_read(key: tuple[int, int], pdata: bytes, got: bytes | None) -> None:
    request_ = Request(3, *key, pdata)
    told(request_, None if got is None else answer(request_, hwpid=0, pdata=got))
