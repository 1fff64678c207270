"""Every frame has a name, and real frames survive reading and writing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.commands import COMMANDS, name_of
from protocol.dpa.errors import BadResponseError
from protocol.dpa.packet import Confirmation, Request, Response, parse


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
