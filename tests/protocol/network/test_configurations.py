"""The configuration of a module is followed through whatever reads or writes it."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa import frc
from protocol.dpa.packet import Request, Response, answer
from protocol.dpa.peripherals.coordinator import (
    REMOVE_BOND,
    SMART_CONNECT,
    Bonded,
    clear_all_bonds,
    remove_bond,
    smart_connect,
)
from protocol.dpa.peripherals.frc import frc_send, frc_send_selective
from protocol.dpa.peripherals.os import (
    OS_READ_CONFIG,
    OS_WRITE_CONFIG_BYTE,
    TrConfiguration,
    checksum,
    os_batch,
    os_factory_settings,
    os_read,
    os_read_config,
    os_write_config,
    os_write_config_byte,
)
from protocol.network.configurations import Configuration, Configurations

MIDS = {node: 0x81000000 + node for node in range(240)}
SETTINGS = bytes(range(31))
WRITE = os_write_config_byte(3, (8, 6, 7), (0x20, 4, 4)).request
TRIPLETS = ((8, 6, 7), (0x20, 4, 4))


def configurations() -> Configurations:
    return Configurations(MIDS.get)


def answered(request: Request, pdata: bytes = b"", rcode: int = 0) -> Response:
    return answer(request, hwpid=2, rcode=rcode, pdata=pdata)


def read_config(settings: bytes = SETTINGS, rfpgm: int = 3) -> bytes:
    return OS_READ_CONFIG.encode(TrConfiguration(checksum(settings), settings, rfpgm, 0))


def bits(*nodes: int) -> bytes:
    data = frc.pack(frc.Width.BITS2, range(1, 240), dict.fromkeys(nodes, 0b01), selective=False)
    return bytes((len(nodes),)) + data[: frc.FRC_DATA]


def test_what_was_read_is_known_as_a_whole() -> None:
    request = os_read_config(3).request
    seen = configurations().observe(request, answered(request, read_config()))
    assert seen == [(MIDS[3], Configuration(SETTINGS, 3))]
    damaged = bytes((checksum(SETTINGS) ^ 1,)) + read_config()[1:]
    assert configurations().observe(request, answered(request, damaged)) == []
    assert configurations().observe(request, answered(request, b"\0")) == []


def test_what_was_written_changes_what_is_known() -> None:
    assert configurations().observe(WRITE, answered(WRITE)) == [(MIDS[3], TRIPLETS)]
    whole = os_write_config(0, SETTINGS, 7).request
    assert configurations().observe(whole, answered(whole)) == [
        (MIDS[0], Configuration(SETTINGS, 7))
    ]
    for unknown in (os_factory_settings(3).request, os_batch(3, [WRITE]).request):
        assert configurations().observe(unknown, answered(unknown)) == [(MIDS[3], None)]


def test_what_failed_or_was_not_answered_teaches_nothing() -> None:
    assert configurations().observe(WRITE, answered(WRITE, rcode=5)) == []
    assert configurations().observe(WRITE, None) == []


def test_a_broadcast_counts_for_everybody_since_nobody_answers_it() -> None:
    seen = dict(configurations().observe(evolve(WRITE, nadr=0xFF), None))
    assert seen == {MIDS[node]: TRIPLETS for node in range(1, 240)}


@pytest.mark.parametrize("selected", [None, (3, 9)])
def test_an_acknowledged_broadcast_counts_for_those_that_have_done_it(
    selected: tuple[int, ...] | None,
) -> None:
    user_data = frc.acknowledged_broadcast(*OS_WRITE_CONFIG_BYTE.key, 0xFFFF, WRITE.pdata)
    command = frc.ACK_BROADCAST_BITS
    request = (
        frc_send(command, user_data)
        if selected is None
        else frc_send_selective(command, selected, user_data)
    ).request
    seen = configurations().observe(request, answered(request, bits(3)))
    assert seen == [(MIDS[3], TRIPLETS)]
    ping = frc_send(frc.PING, bytes(2)).request
    assert configurations().observe(ping, answered(ping, bits(3))) == []
    failed = bytes((0xFD,)) + bits(3)[1:]
    assert configurations().observe(request, answered(request, failed)) == []


def test_an_address_that_was_given_away_is_nobodys_until_the_node_says_who_it_is() -> None:
    seen, request = configurations(), os_read_config(3).request
    bond = smart_connect(3, 1, bytes(16), 0x8200_0001, dpa=0x0417).request
    seen.observe(bond, answered(bond, SMART_CONNECT.encode(Bonded(3, 5))))
    assert seen.observe(request, answered(request, read_config())) == []
    who = os_read(3).request
    seen.observe(who, answered(who, (0x8200_0001).to_bytes(4, "little") + bytes(8)))
    (change,) = seen.observe(request, answered(request, read_config()))
    assert change[0] == 0x8200_0001
    other = os_read_config(4).request
    assert seen.observe(other, answered(other, read_config()))[0][0] == MIDS[4]


def test_an_address_that_was_taken_away_is_nobodys() -> None:
    batch = os_batch(0, [remove_bond(3).request]).request
    removed = remove_bond(3).request
    for gone, pdata in (
        (removed, REMOVE_BOND.encode(1)),
        (clear_all_bonds().request, b""),
        (batch, b""),
    ):
        seen, request = configurations(), os_read_config(3).request
        seen.observe(gone, answered(gone, pdata))
        assert seen.observe(request, answered(request, read_config())) == []


def test_a_module_without_a_mid_is_nobody() -> None:
    request = os_read_config(3).request
    for mid in (None, 0, 0xFFFF_FFFF):
        seen = Configurations({3: mid}.get)
        assert seen.observe(request, answered(request, read_config())) == []


@given(st.binary(max_size=56), st.binary(max_size=56), st.integers(0, 0xFF), st.integers(0, 0x0F))
def test_bytes_that_make_no_sense_are_no_error(
    asked: bytes, said: bytes, pnum: int, pcmd: int
) -> None:
    for nadr in (0, 3, 0xFF):
        request = Request(nadr, pnum, pcmd, pdata=asked)
        configurations().observe(request, answered(request, said))


def test_single_bytes_are_written_under_their_mask() -> None:
    before = Configuration(bytes(31), 0xFF)
    after = before.written([(1, 0xFF, 0x0F), (31, 0x81, 0xFF), (0x20, 0, 0x04), (0x40, 1, 1)])
    assert (after.settings[0], after.settings[30], after.rfpgm) == (0x0F, 0x81, 0xFB)
