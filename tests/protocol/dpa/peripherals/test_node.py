"""The Node peripheral's commands, and a node's view of its place."""

import pytest

from protocol.dpa.errors import BadResponseError
from protocol.dpa.peripherals.node import (
    NodeInfo,
    node_backup,
    node_read,
    node_remove_bond,
    node_restore,
    validate_bonds,
)
from protocol.errors import LocalProtocolError

PDATA = bytes.fromhex("0101014f00ffff9557000201")


def test_a_node_reads_itself() -> None:
    info = node_read(1).decode(PDATA)
    assert info == NodeInfo(
        address=1,
        vrn=1,
        zone=1,
        did=0x4F,
        parent_vrn=0,
        user_address=0xFFFF,
        network_id=0x5795,
        vrn_fnz=0,
        config=2,
        flags=1,
    )
    assert info.bonded
    assert info.encode() == PDATA
    with pytest.raises(BadResponseError):
        NodeInfo.decode(PDATA[:-1])


def test_requests() -> None:
    assert node_read(1).request.encode() == bytes.fromhex("01000100ffff")
    assert node_remove_bond(1).request.encode() == bytes.fromhex("01000101ffff")
    assert node_backup(1, 0).request.encode() == bytes.fromhex("01000106ffff00")
    assert node_restore(1, bytes(49)).request.pdata == bytes(49)
    with pytest.raises(LocalProtocolError):
        node_restore(1, b"")


def test_bonds_are_validated_by_broadcast() -> None:
    call = validate_bonds((1, 0x81117C51), (2, 0x81117C47))
    assert call.request.encode() == bytes.fromhex("ff000108ffff01517c118102477c1181")
    with pytest.raises(LocalProtocolError):
        validate_bonds()
