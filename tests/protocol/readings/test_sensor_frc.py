"""What anybody's FRC about sensors has collected goes to the sensors it was about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.frc import (
    FRC_DATA,
    MEMORY_READ,
    SENSOR_1BYTE,
    SENSOR_2BIT,
    SENSOR_2BYTE,
    SENSOR_4BYTE,
    members,
    pack,
    width_of,
)
from protocol.dpa.packet import MAX_NODE, Request, Response, answer, parse
from protocol.dpa.peripherals.frc import (
    FRC_SEND_SELECTIVE,
    FrcAnswer,
    frc_extra_result,
    frc_send,
    frc_send_selective,
)
from protocol.errors import ProtocolError
from protocol.network.network import Network
from protocol.readings.overheard import Exchange, Values, answered
from protocol.standard.quantities import QUANTITIES, decode_frc, encode_frc
from protocol.standard.sensor import ANY_TYPE, Sleep, frc_user_data
from tests.protocol.meshes import network, node

MESH = network(node(1, 1, 2, 128), node(2, 1, 192, 1), node(3), node(5, 160, 129))


def frc(
    command: int, user_data: bytes, values: dict[int, int], nodes: set[int] | None = None
) -> tuple[Exchange, Exchange]:
    """An FRC, selective if `nodes` are given, and the Extra result behind it."""
    if nodes is None:
        request = frc_send(command, user_data).request
    else:
        request = frc_send_selective(command, nodes, user_data).request
    asked = range(1, MAX_NODE + 1) if nodes is None else nodes
    data = pack(width_of(command), asked, values, selective=nodes is not None)
    collected = FrcAnswer(len(values), data[:FRC_DATA]).encode()
    extra = frc_extra_result().request
    return (
        (request, answer(request, hwpid=0, pdata=collected)),
        (extra, answer(extra, hwpid=0, pdata=data[FRC_DATA:])),
    )


def heard(exchange: Exchange, mesh: Network = MESH) -> Values:
    return answered(exchange, mesh)


CELSIUS_20 = 0x8000 ^ 20 * 16
"""20 °C in a 2-byte FRC (Sensor standard: the value with its sign bit inverted)."""


@pytest.mark.parametrize(
    ("command", "user_data", "raw", "values"),
    [
        (SENSOR_2BYTE, frc_user_data(1, 0), {1: CELSIUS_20, 2: CELSIUS_20 + 16},
         {(1, 0): 20.0, (2, 0): 21.0}),
        (SENSOR_2BYTE, frc_user_data(1, 1), {1: CELSIUS_20, 2: CELSIUS_20 + 16}, {(2, 2): 21.0}),
        (SENSOR_1BYTE, frc_user_data(1, 0), {2: 84}, {(2, 0): 20.0}),
        (SENSOR_2BYTE, frc_user_data(1, 0, Sleep(10)), {1: CELSIUS_20}, {(1, 0): 20.0}),
        (SENSOR_2BYTE, frc_user_data(2, 0), {1: 604}, {(1, 1): 600}),
        (SENSOR_1BYTE, frc_user_data(128, 0), {1: 115}, {(1, 2): 55.5}),
        (SENSOR_4BYTE, frc_user_data(160, 0), {5: 0x12345678 + 4}, {(5, 0): 0x12345678}),
        (SENSOR_1BYTE, frc_user_data(129, 0), {5: 0x2A + 4}, {(5, 1): 0x2A}),
        # By the index among all sensors of the node.
        (SENSOR_2BYTE, frc_user_data(ANY_TYPE, 0), {1: CELSIUS_20, 2: CELSIUS_20},
         {(1, 0): 20.0, (2, 0): 20.0}),
        (SENSOR_2BYTE, frc_user_data(ANY_TYPE, 2), {2: CELSIUS_20}, {(2, 2): 20.0}),
        # Silence, not supported, an error, reserved.
        (SENSOR_2BYTE, frc_user_data(1, 0), {1: 0, 2: 1}, {}),
        (SENSOR_2BYTE, frc_user_data(1, 0), {1: 2, 2: 3}, {}),
        # A bit or a half is no value.
        (SENSOR_2BIT, frc_user_data(129, 0), {5: 3}, {}),
        (SENSOR_2BYTE, frc_user_data(160, 0, extra=1), {5: 0x5678}, {}),
        # What no such sensor answers, and sensors that nobody has.
        (SENSOR_4BYTE, frc_user_data(1, 0), {1: 12345}, {}),
        (SENSOR_2BYTE, frc_user_data(1, 2), {1: CELSIUS_20, 2: CELSIUS_20}, {}),
        (SENSOR_2BYTE, frc_user_data(9, 0), {1: 12345}, {}),
        # No FRC about sensors: another command, another peripheral.
        (MEMORY_READ, frc_user_data(1, 0), {1: 84}, {}),
        (SENSOR_2BYTE, bytes((0x4A, 1, 0, 0)), {1: CELSIUS_20}, {}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("nodes", [None, {1, 2, 3, 5}])
def test_values_belong_to_the_sensors_that_were_asked_for(
    command: int, user_data: bytes, raw: dict[int, int], values: Values, nodes: set[int] | None
) -> None:
    first, extra = frc(command, user_data, raw, nodes)
    assert heard(first) == values
    assert answered(extra, MESH, before=first) == {}


def test_an_frc_as_it_is_on_the_wire() -> None:
    selected = "26" + "00" * 29
    request = parse(bytes.fromhex(f"00000d02ffff e0 {selected} 5e010000"))
    assert isinstance(request, Request)
    data = "0000 4081 0000 f07e".replace(" ", "").ljust(110, "0")
    response = answer(request, hwpid=0, pdata=bytes.fromhex("02" + data))
    assert heard((request, response)) == {(1, 0): 20.0}
    # Node 2 kept silent, node 5 has no such sensor.
    assert members(bytes.fromhex(selected)) == {1, 2, 5}


def test_selected_nodes_have_slots_of_their_own() -> None:
    first, _ = frc(SENSOR_2BYTE, frc_user_data(1, 0), {2: CELSIUS_20}, {2, 77})
    assert heard(first) == {(2, 0): 20.0}
    # Bit 0 is nobody's.
    request = first[0]
    zero = bytes((request.pdata[1] | 1,))
    shifted = Request(0, *FRC_SEND_SELECTIVE.key, request.pdata[:1] + zero + request.pdata[2:])
    assert heard((shifted, first[1])) == {(2, 0): 20.0}


@pytest.mark.parametrize("type_", [1, 128, 161])
@pytest.mark.parametrize("selective", [True, False])
@pytest.mark.parametrize("size", [10, 60, 239])
def test_all_values_and_each_once(type_: int, size: int, *, selective: bool) -> None:
    command = QUANTITIES[type_].native_frc
    assert command is not None
    mesh = network(*(node(address, type_) for address in range(1, size + 1)))
    sent = {address: encode_frc(type_, command, 10 + address % 50) for address in range(1, 240)}
    nodes = set(range(1, size + 1)) if selective else None
    first, extra = frc(command, frc_user_data(type_, 0), sent, nodes)
    brought, rest = heard(first, mesh), answered(extra, mesh, before=first)
    width, here = width_of(command), range(1, size + 1)
    assert brought.keys() == {(node, 0) for node in here if node <= width.without_extra}
    assert rest.keys() == {
        (node, 0) for node in here if width.without_extra < node <= width.capacity
    }
    for (address, _), value in {**brought, **rest}.items():
        assert value == decode_frc(type_, command, sent[address])


def test_an_extra_result_belongs_to_the_frc_before_it() -> None:
    mesh = network(*(node(address, 1) for address in range(1, 32)))
    values = dict.fromkeys(range(1, 32), CELSIUS_20)
    first, extra = frc(SENSOR_2BYTE, frc_user_data(1, 0), values, set(values))
    memory, _ = frc(MEMORY_READ, frc_user_data(1, 0), {1: 84}, {1})
    assert len(answered(extra, mesh, before=first)) == 5
    for before in (None, memory, extra):
        assert answered(extra, mesh, before=before) == {}
    failed = Response(0, *FRC_SEND_SELECTIVE.key, 0, rcode=1)
    assert answered(extra, mesh, before=(first[0], failed)) == {}
    short = answer(extra[0], hwpid=0, pdata=extra[1].pdata[:-1])
    with pytest.raises(ProtocolError):
        answered((extra[0], short), mesh, before=first)


def test_an_frc_that_failed_brings_nothing() -> None:
    (request, response), _ = frc(SENSOR_2BYTE, frc_user_data(1, 0), {1: CELSIUS_20}, {1})
    for status in (0xFE, 0xFF):
        failed = answer(request, hwpid=0, pdata=bytes((status,)) + response.pdata[1:])
        assert heard((request, failed)) == {}
    assert heard((request, Response(0, *FRC_SEND_SELECTIVE.key, 0, rcode=1))) == {}
    with pytest.raises(ProtocolError):
        heard((request, answer(request, hwpid=0, pdata=response.pdata[:-1])))


@given(
    st.sampled_from([0, 2]),
    st.sampled_from([b"", b"\xe0", b"\x90", b"\xf9", b"\x10"]),
    st.binary(max_size=55),
    st.binary(min_size=55, max_size=56),
    st.binary(min_size=8, max_size=9),
)
def test_noise_is_understood_or_refused(
    pcmd: int, command: bytes, rest: bytes, collected: bytes, more: bytes
) -> None:
    request, extra = Request(0, 0x0D, pcmd, command + rest), frc_extra_result().request
    first = (request, answer(request, hwpid=0, pdata=collected))
    behind = (extra, answer(extra, hwpid=0, pdata=more))
    for exchange, before in ((first, None), (behind, first)):
        try:
            values = answered(exchange, MESH, before=before)
        except ProtocolError:
            continue
        assert all(address in {1, 2, 5} for address, _ in values)
