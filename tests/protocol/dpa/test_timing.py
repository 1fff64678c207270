"""The formulas, against times that can be worked out by hand, and what answers teach."""

import pytest

from protocol.dpa.call import Call
from protocol.dpa.packet import Confirmation, Request, Response, answer
from protocol.dpa.peripherals import COMMANDS
from protocol.dpa.peripherals.coordinator import (
    BONDED_DEVICES,
    addr_info,
    authorize_bond,
    bond_node,
    bonded_devices,
    clear_all_bonds,
    coordinator_backup,
    discovered_devices,
    discovery,
    remove_bond,
    smart_connect,
)
from protocol.dpa.peripherals.exploration import PeripheralEnumeration, enumerate_peripherals
from protocol.dpa.peripherals.frc import (
    FRC_SET_PARAMS,
    frc_extra_result,
    frc_send,
    frc_send_selective,
    frc_set_params,
)
from protocol.dpa.peripherals.inputs_outputs import uart_write_read
from protocol.dpa.peripherals.memory import eeeprom_read
from protocol.dpa.peripherals.os import os_read, os_read_config, os_restart, os_test_rf_signal
from protocol.dpa.pnum import IO, OS, UART
from protocol.dpa.requests import (
    execution_ms,
    local_timeout_ms,
    observe,
    observe_reset,
    uses_radio,
)
from protocol.dpa.timing import (
    RfMode,
    Timing,
    air_ms,
    broadcast_ms,
    estimate_ms,
    frc_ms,
    is_remote,
    request_ms,
    response_ms,
    slot_ms,
    soonest_ms,
)

UNKNOWN = Timing()
SMALL = Timing(RfMode.STD, bonded=5, discovered=5)


def _confirmation(hops: int, timeslot: int, hops_response: int) -> Confirmation:
    return Confirmation(1, 6, 1, 0xFFFF, 0, hops, timeslot, hops_response)


@pytest.mark.parametrize(
    ("length", "std", "lp"), [(0, 40, 80), (16, 40, 80), (17, 50, 90), (40, 50, 90), (41, 60, 100)]
)
def test_slots_grow_with_the_message(length: int, std: int, lp: int) -> None:
    assert (slot_ms(RfMode.STD, length), slot_ms(RfMode.LP, length)) == (std, lp)


@pytest.mark.parametrize(
    ("confirmation", "there", "back_at_most", "back_empty"),
    [
        (_confirmation(1, 4, 1), 80, 120, 80),
        (_confirmation(1, 6, 1), 120, 120, 80),
        (_confirmation(11, 8, 11), 960, 1200, 960),
        (_confirmation(0, 20, 2), 200, 600, 600),
    ],
)
def test_one_more_slot_than_hops_on_either_way(
    confirmation: Confirmation, there: int, back_at_most: int, back_empty: int
) -> None:
    assert request_ms(confirmation) == there
    assert response_ms(confirmation) == back_at_most
    assert response_ms(confirmation, 0) == back_empty
    assert air_ms(confirmation, 0) == there + back_empty
    assert estimate_ms(confirmation) == there + back_at_most + 40
    assert broadcast_ms(confirmation) == there + 40


@pytest.mark.parametrize(
    ("confirmation", "soonest"),
    [
        (_confirmation(1, 4, 1), 120),
        (_confirmation(1, 6, 1), 160),
        (_confirmation(11, 8, 11), 1040),
        (_confirmation(0, 20, 2), 400),
    ],
)
def test_the_first_slot_back_may_bring_the_answer(confirmation: Confirmation, soonest: int) -> None:
    assert soonest_ms(confirmation) == soonest


@pytest.mark.parametrize(
    ("timing", "ms"),
    [
        (Timing(RfMode.LP, 40, 30, 40), 6620),  # such a network took 6670 ms
        (Timing(RfMode.STD, 10, 10, 40), 1880),
        (Timing(RfMode.STD, 239, 239, 40), 33_940),
        (Timing(RfMode.LP, 3, 3, 20_520), 21_670),
        (Timing(RfMode.STD, 0, 239, 40), 480),
    ],
)
def test_an_frc_goes_through_the_whole_network(timing: Timing, ms: int) -> None:
    assert frc_ms(timing) == ms


@pytest.mark.parametrize(
    ("call", "ms"),
    [
        (addr_info(), 500),
        (eeeprom_read(0, 0, 54), 500),
        (bond_node(1, 0), 11_000),
        (discovery(7, 0), 72_500),
        (smart_connect(1, 0, bytes(16), 1, dpa=0x0417), 62_500),
        (authorize_bond(1, 1), 35_000),
        (authorize_bond(1, 1, (2, 2)), 40_000),
        (clear_all_bonds(), 5_000),
        (coordinator_backup(0), 2_000),
        (frc_send(0), 1_180 * 12 // 10 + 1_000),
        (frc_send_selective(0, [1]), 1_180 * 12 // 10 + 1_000),
        (frc_extra_result(), 500),
        (os_test_rf_signal(52, 1, 516), 5_660),
    ],
)
def test_the_coordinator_gets_the_time_its_commands_take(call: Call[object], ms: int) -> None:
    assert local_timeout_ms(call.request, SMALL) == ms


@pytest.mark.parametrize("key", sorted(COMMANDS))
def test_no_command_is_waited_for_without_end(key: tuple[int, int]) -> None:
    for pdata in (b"", b"\x01", bytes(56), b"\xff" * 56):
        assert 500 <= local_timeout_ms(Request(0, *key, pdata), UNKNOWN) <= 700_000


def test_a_device_is_busy_as_long_as_it_was_asked_to() -> None:
    assert execution_ms(uart_write_read(1, 20).request) == 200
    assert execution_ms(uart_write_read(1).request) == 0
    assert execution_ms(Request(1, UART, 2)) == 0
    assert execution_ms(Request(1, IO, 0, b"\x20")) == 0


def test_who_needs_the_radio() -> None:
    assert is_remote(Request(1, OS, 0))
    assert is_remote(Request(0xFF, OS, 0))
    assert not is_remote(Request(0, OS, 0))
    assert not is_remote(Request(0xFC, OS, 0))
    assert uses_radio(Request(1, OS, 0))
    assert uses_radio(frc_send(0).request)
    assert uses_radio(discovery(7, 0).request)
    assert not uses_radio(frc_extra_result().request)
    assert not uses_radio(bonded_devices().request)


def _learn(timing: Timing, call: Call[object], pdata: bytes, rcode: int = 0) -> Timing:
    response = answer(call.request, hwpid=0, pdata=pdata, rcode=rcode)
    return observe(timing, call.request, response)


NODES = BONDED_DEVICES.encode(frozenset({1, 2, 7}))
STD = bytes.fromhex("170400fd2600000000000001")
STD_LP = bytes.fromhex("170400fd2600000000000005")


@pytest.mark.parametrize(
    ("call", "pdata", "learnt"),
    [
        (addr_info(), b"\x28\x09", Timing(bonded=40)),
        (bonded_devices(), NODES, Timing(bonded=3)),
        (discovered_devices(), NODES, Timing(discovered=3)),
        (discovery(7, 0), b"\x0f", Timing(discovered=15)),
        (bond_node(0, 0), b"\x01\x11", Timing(bonded=17)),
        (authorize_bond(0, 1), b"\x01\x11", Timing(bonded=17)),
        (remove_bond(1), b"\x10", Timing(bonded=16)),
        (clear_all_bonds(), b"", Timing(bonded=0, discovered=0)),
        (frc_set_params(0x78), b"\x00", Timing(frc_response_ms=20_520)),
        (enumerate_peripherals(0), STD, Timing(RfMode.STD)),
        (enumerate_peripherals(0), STD_LP, Timing(RfMode.LP)),
        (os_read(0), bytes(28) + STD, Timing(RfMode.STD)),
        (os_read(0), bytes(28), UNKNOWN),
        (os_read_config(0), bytes(34), UNKNOWN),
        (addr_info(), b"\x28", UNKNOWN),
        (enumerate_peripherals(1), STD, UNKNOWN),
    ],
)
def test_answers_that_pass_by_teach(call: Call[object], pdata: bytes, learnt: Timing) -> None:
    assert _learn(UNKNOWN, call, pdata) == learnt
    assert _learn(UNKNOWN, call, pdata, rcode=1) == UNKNOWN


def test_params_without_a_value_teach_nothing() -> None:
    request = Request(0, *FRC_SET_PARAMS.key)
    assert observe(UNKNOWN, request, Response(0, request.pnum, request.pcmd, 0)) == UNKNOWN


def test_a_reset_forgets_the_frc_params() -> None:
    slow = _learn(UNKNOWN, frc_set_params(0x70), b"\x00")
    assert _learn(slow, os_restart(0), b"") == UNKNOWN
    enumeration = PeripheralEnumeration.decode(STD)
    assert observe_reset(slow, enumeration) == Timing(RfMode.STD)
