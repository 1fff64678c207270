"""Whether the module answers: what it is, its operating system, its DPA."""

import trio

from iqrf_trio.config import Config
from iqrf_trio.doctor.findings import Finding, error, note, ok
from iqrf_trio.doctor.machine import SERVICE, Machine
from iqrf_trio.edges.ports import Port
from iqrf_trio.radio.transceiver import Transceiver
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR
from protocol.dpa.peripherals.exploration import enumerate_peripherals
from protocol.dpa.peripherals.os import os_read

PATIENCE_S = 8.0
"""For switching a module on and the answers to two questions; 2 s where all is well."""

_REMEDY = {
    "spi": "check that the module sits firmly, and that port.spi.board is yours",
    "uart": "check the wires, and that port.uart.baud_rate is what the module is set to",
    "cdc": "check that the module is in CDC mode",
    "tcp": "check host and port, and that the other side runs",
}

_WITHOUT_DPA = "load DPA firmware for a coordinator into the module; the way to it is well"


async def examine_module(machine: Machine, config: Config, port: Port) -> Finding:
    """Ask the module who it is. A service that runs has it, and is not disturbed."""
    if machine.service_runs:
        await trio.lowlevel.checkpoint()
        return note(
            "module",
            f"{SERVICE} runs and has it to itself",
            f"journalctl -u {SERVICE} tells how it is; sudo systemctl stop {SERVICE} lets me ask",
        )
    transceiver = Transceiver(port, on_async=lambda _: None)
    with trio.move_on_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(transceiver.run)
            try:
                return await _introduction(transceiver, port)
            except DpaError as failure:
                return _silent(config, port, str(failure))
            finally:
                nursery.cancel_scope.cancel()
    return _silent(config, port, "no answer")


async def _introduction(transceiver: Transceiver, port: Port) -> Finding:
    await transceiver.wait_connected()
    info = await transceiver.call(os_read(COORDINATOR))
    peripherals = await transceiver.call(enumerate_peripherals(COORDINATOR))
    dpa = f"{peripherals.dpa >> 8:X}.{peripherals.dpa & 0xFF:02X}"
    told = port.tr_info or f"{info.mid:08X} with IQRF OS {info.os_version_text}"
    return ok("module", f"{told}, DPA {dpa}")


def _silent(config: Config, port: Port, reason: str) -> Finding:
    if port.tr_info is not None:
        return error(
            "module", f"{port.name}: {reason}, but there is a {port.tr_info}", _WITHOUT_DPA
        )
    fix = _REMEDY.get(config.port.kind, "iqrf-trio config shows what it is configured with")
    return error("module", f"{port.name}: {reason}", fix)
