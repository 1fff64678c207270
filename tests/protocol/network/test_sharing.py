"""What may go on the air between the steps of a service, and what has to wait for its end."""

import pytest

from protocol.dpa.packet import Request
from protocol.dpa.peripherals import COMMANDS
from protocol.network.parameters import sets_parameters
from protocol.network.sharing import fits_between

BETWEEN = [
    Request(1, 0x06, 0x03),  # a LED
    Request(1, 0x02, 0x08),  # one node starts anew
    Request(1, 0x5E, 0x01),  # a sensor
    Request(1, 0x01, 0x00),  # Node Read
    Request(0, 0x06, 0x03),
    Request(0, 0x00, 0x02),  # who is bonded
    Request(0, 0x02, 0x00),  # OS Read
    Request(0, 0x04, 0x02),  # the coordinator's tables
    Request(0, 0xFF, 0x3F),
    Request(0xFF, 0x4B, 0x00),  # all outputs
]
AFTERWARDS = [
    Request(1, 0x01, 0x01),  # Remove bond
    Request(0xFF, 0x01, 0x08),  # Validate bonds
    Request(0, 0x0D, 0x00),  # an FRC
    Request(0, 0x0D, 0x01),  # the Extra result of another one
    Request(0, 0x0D, 0x03),  # FRC parameters
    Request(0, 0x00, 0x05),
    Request(0, 0x00, 0x07),  # Discovery
    Request(0, 0x00, 0x09),
    Request(0, 0x02, 0x01),  # the coordinator is reset
    Request(0, 0x02, 0x05),  # a batch of who knows what
    Request(0xFF, 0x02, 0x08),  # all nodes start anew
]


@pytest.mark.parametrize("request_", BETWEEN, ids=str)
def test_between(request_: Request) -> None:
    assert fits_between(request_)


@pytest.mark.parametrize("request_", AFTERWARDS, ids=str)
def test_afterwards(request_: Request) -> None:
    assert not fits_between(request_)


def test_nothing_that_changes_parameters_or_bonds_goes_between() -> None:
    for (pnum, pcmd), command in COMMANDS.items():
        request = Request(0, pnum, pcmd)
        if command.changes_network or command.radio or sets_parameters(request):
            assert not fits_between(request), command.name
