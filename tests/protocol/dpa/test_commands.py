"""Every frame has a name, and real frames survive reading and writing."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import Confirmation, Request, Response, parse
from protocol.dpa.peripherals import COMMANDS
from protocol.dpa.peripherals.coordinator import SMART_CONNECT, smart_connect
from protocol.dpa.peripherals.os import OS_READ, OsInfo
from protocol.dpa.requests import name_of


@pytest.mark.parametrize(
    ("pnum", "pcmd", "name"),
    [
        (0x00, 0x00, "Coordinator AddrInfo"),
        (0x00, 0x12, "Coordinator SmartConnect"),
        (0x01, 0x3F, "Node PeripheralInfo"),
        (0x02, 0x00, "OS Read"),
        (0x0D, 0x02, "FRC SendSelective"),
        (0x4B, 0x3E, "BinaryOutput Enumerate"),
        (0x5E, 0x01, "Sensor ReadSensorsWithTypes"),
        (0xFF, 0x3F, "Exploration Enumerate"),
        (0xFF, 0x05, "Exploration MorePeripherals"),
        (0x00, 0x7F, "PNUM 0x00 PCMD 0x7F"),
        (0x20, 0x3F, "PNUM 0x20 PCMD 0x3F"),
    ],
)
def test_names(pnum: int, pcmd: int, name: str) -> None:
    assert name_of(pnum, pcmd) == name


EXCHANGES = [
    line
    for line in Path(__file__).with_name("exchanges.txt").read_text().splitlines()
    if not line.startswith("#")
]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace(".", ""))


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_real_exchanges_survive(exchange: str) -> None:
    sent, confirmed, answered = (_bytes(frame) for frame in exchange.split("|"))
    request, response = parse(sent), parse(answered)
    assert isinstance(request, Request)
    assert isinstance(response, Response)
    assert (request.encode(), response.encode()) == (sent, answered)
    assert (request.pnum, request.pcmd) == (response.pnum, response.pcmd)
    if confirmed:
        confirmation = parse(confirmed)
        assert isinstance(confirmation, Confirmation)
        assert confirmation.encode() == confirmed
    command = COMMANDS[request.pnum, request.pcmd]
    assert command.encode(command.decode(response.pdata)) == response.pdata


@given(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=56))
def test_any_answer_is_read_or_bad(key: tuple[int, int], pdata: bytes) -> None:
    command = COMMANDS[key]
    try:
        value = command.decode(pdata)
    except BadResponseError:
        return
    assert command.decode(command.encode(value)) == value


def test_the_secret_bytes_are_the_keys() -> None:
    ibk = bytes(range(16))
    request = smart_connect(1, 1, ibk, 5, dpa=0x0417).request
    assert SMART_CONNECT.secret_request is not None
    assert request.pdata[SMART_CONNECT.secret_request] == ibk
    info = OsInfo(1, 2, 3, 4, 5, 6, 7, 8, ibk)
    assert OS_READ.secret_response is not None
    assert info.encode()[OS_READ.secret_response] == ibk
    keys = {key for key, row in COMMANDS.items() if row.secret_request or row.secret_response}
    assert keys == {(0, 0x0B), (0, 0x0C), (0, 0x12), (1, 6), (1, 7), (2, 0), (2, 6)}


@given(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=56))
def test_a_length_that_is_always_the_same_is_the_encoded_one(
    key: tuple[int, int], pdata: bytes
) -> None:
    layout = COMMANDS[key].layout
    if layout.length is not None and len(pdata) >= layout.length:
        with suppress(BadResponseError):
            assert len(layout.encode(layout.decode(pdata[: layout.length]))) == layout.length
