"""The coordinator's commands, byte for byte, and its answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.call import Call
from protocol.dpa.errors import BadResponseError
from protocol.dpa.peripherals.coordinator import (
    BONDED_DEVICES,
    AddrInfo,
    Bonded,
    Hops,
    addr_info,
    authorize_bond,
    bond_node,
    bonded_devices,
    clear_all_bonds,
    coordinator_backup,
    coordinator_restore,
    discovered_devices,
    discovery,
    remove_bond,
    set_dpa_params,
    set_hops,
    set_mid,
    smart_connect,
)
from protocol.errors import LocalProtocolError

IBK = bytes.fromhex("6019a2cf46edf0240ba2704357118c1c")


def _hex(call: Call[object]) -> str:
    return call.request.encode().hex()


def test_requests() -> None:
    assert _hex(addr_info()) == "00000000ffff"
    assert _hex(discovered_devices()) == "00000001ffff"
    assert _hex(bonded_devices()) == "00000002ffff"
    assert _hex(clear_all_bonds()) == "00000003ffff"
    assert _hex(bond_node(1, 0)) == "00000004ffff0100"
    assert _hex(remove_bond(1)) == "00000005ffff01"
    assert _hex(discovery(6, 0)) == "00000007ffff0600"
    assert _hex(set_dpa_params(1)) == "00000008ffff01"
    assert _hex(set_hops(0xFF, 0x14)) == "00000009ffffff14"
    assert _hex(coordinator_backup(3)) == "0000000bffff03"
    assert _hex(coordinator_restore(bytes(49))) == "0000000cffff" + 98 * "0"
    assert _hex(set_mid(0x81113AD1, 10)) == "00000013ffffd13a11810a"


def test_bonds_are_authorized_one_by_one_or_several_at_once() -> None:
    assert _hex(authorize_bond(0, 0x81117C20)) == "0000000dffff00207c1181"
    both = authorize_bond(1, 0x81117C20, (2, 0x81117C25))
    assert _hex(both) == "0000000dffff01207c118102257c1181"
    with pytest.raises(LocalProtocolError, match="number of nodes 12"):
        authorize_bond(1, 1, *[(2, 2)] * 11)


def test_smart_connect_has_two_layouts() -> None:
    old = smart_connect(13, 1, IBK, 0x8110FEDB, dpa=0x0415, user_data=b"user")
    new = smart_connect(13, 1, IBK, 0x8110FEDB, dpa=0x0416, user_data=b"user")
    head = "00000012ffff0d01" + IBK.hex() + "dbfe1081"
    user = b"user".hex()
    assert _hex(old) == head + "0000ff" + 18 * "0" + user
    assert _hex(new) == head + "00ff" + user + 20 * "0"


def test_a_recorded_smart_connect() -> None:
    call = smart_connect(13, 1, IBK, 0x8110FEDB, dpa=0x0413)
    assert _hex(call) == (
        "00000012ffff0d016019a2cf46edf0240ba2704357118c1cdbfe10810000ff00000000000000000000000000"
    )
    assert call.decode(bytes.fromhex("0d0f")) == Bonded(address=13, bonded=15)


def test_many_nodes_can_be_prebonded() -> None:
    call = smart_connect(0xFE, 0, bytes(16), 0, dpa=0x0417)
    assert call.request.pdata[0] == 0xFE


@pytest.mark.parametrize(
    "build",
    [
        lambda: bond_node(240, 0),
        lambda: remove_bond(0),
        lambda: discovery(8, 0),
        lambda: discovery(7, 240),
        lambda: set_hops(0xF0, 0),
        lambda: coordinator_restore(bytes(48)),
        lambda: set_mid(1 << 32, 1),
        lambda: smart_connect(0xF0, 0, IBK, 0, dpa=0x0417),
        lambda: smart_connect(1, 0, IBK[1:], 0, dpa=0x0417),
        lambda: smart_connect(1, 0, IBK, 0, dpa=0x0417, user_data=b"long!"),
    ],
)
def test_what_the_protocol_cannot_express_is_refused(build: object) -> None:
    assert callable(build)
    with pytest.raises(LocalProtocolError):
        build()


def test_answers() -> None:
    assert addr_info().decode(bytes.fromhex("2809")) == AddrInfo(bonded=40, did=9)
    assert bond_node(1, 0).decode(b"\x01\x11") == Bonded(1, 17)
    assert discovery(6, 0).decode(b"\x0f") == 15
    assert set_hops(0, 0).decode(b"\xff\xff") == Hops(0xFF, 0xFF)


def test_addresses_end_before_the_rest_of_the_buffer() -> None:
    pdata = bytes.fromhex("feffff7f" + 52 * "0" + "0400")
    assert bonded_devices().decode(pdata) == set(range(1, 31))
    assert discovered_devices().decode(pdata[:30]) == set(range(1, 31))
    assert discovered_devices().decode(b"\x07" + bytes(31)) == {1, 2}
    with pytest.raises(BadResponseError):
        bonded_devices().decode(pdata[:29])


@given(st.frozensets(st.integers(1, 239)))
def test_addresses_round_trip(nodes: frozenset[int]) -> None:
    pdata = BONDED_DEVICES.encode(nodes)
    assert len(pdata) == 32
    assert BONDED_DEVICES.decode(pdata) == nodes


@pytest.mark.parametrize("value", [AddrInfo(40, 9), Bonded(1, 17), Hops(0xFF, 0)])
def test_pairs_round_trip(value: AddrInfo | Bonded | Hops) -> None:
    assert type(value).decode(value.encode()) == value
    with pytest.raises(BadResponseError):
        type(value).decode(b"\x01")


def test_a_torn_block_of_a_backup_is_bad() -> None:
    with pytest.raises(BadResponseError):
        coordinator_backup(0).decode(bytes(48))
