"""What the coordinator's answers tell of the parameters that cannot be read."""

import pytest
from attrs import evolve

from protocol.dpa.call import Call
from protocol.dpa.packet import Request, Response
from protocol.dpa.peripherals.coordinator import set_dpa_params, set_hops
from protocol.dpa.peripherals.frc import frc_send, frc_set_params
from protocol.dpa.peripherals.os import os_reset, os_restart
from protocol.network.parameters import DEFAULTS, Parameters, observe


def after(known: Parameters, call: Call[object], pdata: bytes = b"", rcode: int = 0) -> Parameters:
    return answered(known, call.request, pdata, rcode)


def answered(known: Parameters, request: Request, pdata: bytes = b"", rcode: int = 0) -> Parameters:
    nadr, pnum, pcmd = request.nadr, request.pnum, request.pcmd
    return observe(known, request, Response(nadr, pnum, pcmd, 0xFFFF, rcode, 0, pdata))


def test_what_was_set_is_known() -> None:
    known = after(Parameters(), frc_set_params(0x30), b"\x00")
    assert known == Parameters(frc_response_time=0x30)
    known = after(known, set_dpa_params(2), b"\x01")
    assert known == Parameters(frc_response_time=0x30, dpa_value=2)
    known = after(known, set_hops(3, 0xFF), b"\xff\xff")
    assert known == Parameters(0x30, 2, rx_hops=0xFF, tx_hops=3)


def test_an_error_teaches_nothing() -> None:
    assert after(DEFAULTS, frc_set_params(0x30), rcode=5) == DEFAULTS


def test_what_a_node_answers_teaches_nothing() -> None:
    request = evolve(frc_set_params(0x30).request, nadr=7)
    assert answered(DEFAULTS, request, b"\x00") == DEFAULTS


@pytest.mark.parametrize("pcmd", [0x08, 0x09])
def test_a_request_without_values_teaches_nothing(pcmd: int) -> None:
    assert answered(DEFAULTS, Request(0, 0, pcmd, b"", 0xFFFF), b"\x00\x00") == DEFAULTS


def test_an_frc_ends_the_offline_one() -> None:
    known = Parameters(frc_response_time=0x38)
    assert after(known, frc_send(0)).frc_response_time == 0x30
    assert after(Parameters(), frc_send(0)) == Parameters()


@pytest.mark.parametrize("call", [os_reset(0), os_restart(0)])
def test_a_reset_brings_the_defaults(call: Call[object]) -> None:
    assert after(Parameters(0x30, 2, 1, 1), call) == DEFAULTS


def test_newer_knowledge_comes_first() -> None:
    assert Parameters(0x30).merged(Parameters(0, 1)) == Parameters(0x30, 1)
