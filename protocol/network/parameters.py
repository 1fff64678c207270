"""The coordinator's volatile parameters, as far as they are known: reading them means setting them.

The coordinator answers each of FRC SetParams, SetDpaParams and SetHops with the previous value,
and has no command that only reads (DPA guide). What was set or answered last is therefore kept.
They live in its RAM: a reset brings the defaults back.
"""

from collections.abc import Callable, Mapping

from attrs import evolve, frozen

from protocol.dpa.packet import COORDINATOR, Request, Response
from protocol.dpa.peripherals.coordinator import SET_DPA_PARAMS, SET_HOPS
from protocol.dpa.peripherals.frc import FRC_SEND, FRC_SEND_SELECTIVE, FRC_SET_PARAMS
from protocol.dpa.peripherals.os import OS_RESET, OS_RESTART

OFFLINE_FRC = 0x08
"""Bit of the FRC parameters: the next FRC is an offline one, and clears the bit."""


@frozen
class Parameters:
    """Last known values of one coordinator; None where nothing is known.

    `frc_response_time` is the byte of FRC SetParams (bits 4-6 response time, bit 3 offline FRC),
    `dpa_value` the byte of SetDpaParams, `tx_hops` and `rx_hops` the hops of requests and of
    responses as SetHops takes them (0xFF optimized).
    """

    frc_response_time: int | None = None
    dpa_value: int | None = None
    rx_hops: int | None = None
    tx_hops: int | None = None

    def merged(self, older: "Parameters") -> "Parameters":
        """These values, and those of `older` where these are not known."""
        return Parameters(
            older.frc_response_time if self.frc_response_time is None else self.frc_response_time,
            older.dpa_value if self.dpa_value is None else self.dpa_value,
            older.rx_hops if self.rx_hops is None else self.rx_hops,
            older.tx_hops if self.tx_hops is None else self.tx_hops,
        )


DEFAULTS = Parameters(frc_response_time=0, dpa_value=0, rx_hops=0xFF, tx_hops=0xFF)
"""What a coordinator has after a reset."""


def observe(parameters: Parameters, request: Request, response: Response) -> Parameters:
    """What is known after the coordinator has answered `request` so; errors teach nothing."""
    if request.nadr != COORDINATOR or response.rcode != 0:
        return parameters
    learn = _LESSONS.get((request.pnum, request.pcmd))
    return parameters if learn is None else learn(parameters, request.pdata)


def sets_parameters(request: Request) -> bool:
    """Whether the request changes one of the parameters of the coordinator."""
    return request.nadr == COORDINATOR and (request.pnum, request.pcmd) in _SETS


_SETS = (FRC_SET_PARAMS.key, SET_DPA_PARAMS.key, SET_HOPS.key)


def _frc_params(parameters: Parameters, pdata: bytes) -> Parameters:
    return evolve(parameters, frc_response_time=pdata[0]) if pdata else parameters


def _dpa_params(parameters: Parameters, pdata: bytes) -> Parameters:
    return evolve(parameters, dpa_value=pdata[0]) if pdata else parameters


def _hops(parameters: Parameters, pdata: bytes) -> Parameters:
    if len(pdata) < 2:
        return parameters
    return evolve(parameters, tx_hops=pdata[0], rx_hops=pdata[1])


def _frc_sent(parameters: Parameters, _pdata: bytes) -> Parameters:
    if parameters.frc_response_time is None:
        return parameters
    return evolve(parameters, frc_response_time=parameters.frc_response_time & ~OFFLINE_FRC)


def _reset(_parameters: Parameters, _pdata: bytes) -> Parameters:
    return DEFAULTS


_LESSONS: Mapping[tuple[int, int], Callable[[Parameters, bytes], Parameters]] = {
    FRC_SET_PARAMS.key: _frc_params,
    SET_DPA_PARAMS.key: _dpa_params,
    SET_HOPS.key: _hops,
    FRC_SEND.key: _frc_sent,
    FRC_SEND_SELECTIVE.key: _frc_sent,
    OS_RESET.key: _reset,
    OS_RESTART.key: _reset,
}
