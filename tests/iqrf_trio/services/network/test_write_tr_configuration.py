"""Settings are written to one simulated node, and to all of them."""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from trio.testing import MockClock

from iqrf_trio.simulator.counters import Kind
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.module import Module
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.peripherals.os import OS_WRITE_CONFIG_BYTE
from tests.iqrf_trio.services.network.rig import gateway

WRITE, READ = "iqmeshNetwork_WriteTrConf", "iqmeshNetwork_ReadTrConf"

EVERYTHING: dict[str, Any] = {
    "embPers": {"spi": False, "io": True, "eeprom": True},
    "customDpaHandler": True,
    "neverSleep": True,
    "localFrcReception": True,
    "txPower": 6,
    "rxFilter": 9,
    "lpRxTimeout": 7,
    "uartBaudrate": 115200,
    "rfAltDsmChannel": 3,
    "rfChannelA": 40,
    "rfChannelB": 4,
    "rfPgmLpMode": True,
}


@pytest.mark.parametrize("address", [0, 2])
async def test_what_was_written_is_read(
    address: int, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(3))) as rig:
        written = await rig.caller.ask(WRITE, {"deviceAddr": address, **EVERYTHING})
        assert written["rsp"] == {
            "deviceAddr": address,
            "writeSuccess": True,
            "restartNeeded": True,
        }
        rsp = (await rig.caller.ask(READ, {"deviceAddr": address}))["rsp"]
        for name, value in EVERYTHING.items():
            if name == "embPers":
                assert rsp[name]["io"]
                assert rsp[name]["eeprom"]
            elif name != "localFrcReception" or address:
                assert rsp[name] == value


async def test_a_device_that_did_not_keep_what_was_written_is_told(
    tmp_path: Path, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mesh = generate(2)
    execute = Module.execute

    def forgetful(
        module: Module, pnum: int, pcmd: int, hwpid: int, pdata: bytes, now: float
    ) -> bytes:
        if (pnum, pcmd) == OS_WRITE_CONFIG_BYTE.key:
            pdata = pdata[:3]  # the first byte alone is kept
        return execute(module, pnum, pcmd, hwpid, pdata, now)

    monkeypatch.setattr(Module, "execute", forgetful)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        req = {"deviceAddr": 1, "txPower": 3, "rxFilter": 9, "rfChannelA": 44}
        answer = await rig.caller.ask(WRITE, req)
        assert (answer["status"], answer["rsp"]["writeSuccess"]) == (1000, False)
        assert answer["statusStr"] == "The device does not have what was written, at 0x09, 0x11."


async def test_a_device_that_cannot_be_read_back_is_taken_at_its_word(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(2)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(
            Fault.NO_RESPONSE, times=9, when=lambda request: (request.pnum, request.pcmd) == (2, 2)
        )
        answer = await rig.caller.ask(WRITE, {"deviceAddr": 1, "txPower": 3})
        assert (answer["status"], answer["rsp"]["writeSuccess"]) == (0, True)


async def test_all_nodes_take_two_frcs(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = generate(150)
    mesh.coordinator.collector.params = 0x10
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        frcs = mesh.counters.requests[Kind.FRC]
        answer = await rig.caller.ask(WRITE, {"deviceAddr": 255, **EVERYTHING})
        assert answer["rsp"] == {"deviceAddr": 255, "writeSuccess": True, "restartNeeded": True}
        assert mesh.counters.requests[Kind.FRC] - frcs == 2
        assert all(node.system.settings[0x10] == 40 for node in mesh.world.nodes)
        assert all(node.system.rfpgm & 0x04 for node in mesh.world.nodes)
        assert mesh.coordinator.collector.params == 0x10


async def test_who_was_silent_once_is_asked_again_and_others_are_told_apart(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(4)
    hwpid = 0x1234
    for node in mesh.world.nodes:
        node.product = evolve(node.product, hwpid=hwpid)
    mesh.node(2).online = False
    mesh.node(3).product = evolve(mesh.node(3).product, hwpid=0x4321)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        req = {"deviceAddr": 255, "hwpId": hwpid, **EVERYTHING}
        assert (await rig.caller.ask(WRITE, req))["rsp"] == {
            "deviceAddr": 255,
            "writeSuccess": False,
            "restartNeeded": True,
            "notRespondedNodes": [2],
            "notMatchedNodes": [3],
        }
        mesh.node(2).online = True
        mesh.world.loss = 0.3
        rsp = (await rig.caller.ask(WRITE, req))["rsp"]
        silent = rsp.get("notRespondedNodes", [])
        for address in {1, 2, 4} - set(silent):
            assert mesh.node(address).system.settings[0x10] == 40


async def test_keys_are_written_and_never_shown(tmp_path: Path, autojump_clock: MockClock) -> None:
    mesh = generate(2)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        for address in (1, 255):
            req = {"deviceAddr": address, "accessPassword": "open", "securityUserKey": "sesame"}
            answer = await rig.caller.ask(WRITE, req)
            assert answer["rsp"]["writeSuccess"]
            assert not answer["rsp"]["restartNeeded"]
        wanted = {0: b"open".ljust(16, b"\0"), 1: b"sesame".ljust(16, b"\0")}
        assert [node.system.keys for node in mesh.world.nodes] == [wanted, wanted]


async def test_a_node_that_keeps_silent_has_written_nothing(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(2)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        mesh.faults.arm(Fault.NO_RESPONSE, times=9, when=lambda request: request.nadr == 1)
        answer = await rig.caller.ask(WRITE, {"deviceAddr": 1, "txPower": 1})
        assert (answer["status"], answer["rsp"]) == (-1, {"deviceAddr": 1, "writeSuccess": False})
        unknown = await rig.caller.ask(WRITE, {"deviceAddr": 9, "txPower": 1})
        assert (unknown["status"], unknown["rsp"]["writeSuccess"]) == (8, False)


async def test_nobody_is_bonded(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(0))) as rig:
        answer = await rig.caller.ask(WRITE, {"deviceAddr": 255, "txPower": 1})
        assert (answer["status"], answer["rsp"]["writeSuccess"]) == (1003, False)


@pytest.mark.parametrize(
    "members",
    [
        {"deviceAddr": 240},
        {"txPower": 8},
        {"txPower": None},
        {"rxFilter": 65},
        {"lpRxTimeout": 0},
        {"uartBaudrate": 9601},
        {"rfChannelA": 256},
        {"neverSleep": 1},
        {"embPers": {"io": 1}},
        {"accessPassword": "x" * 17},
    ],
)
async def test_requests_that_are_none(
    tmp_path: Path, autojump_clock: MockClock, members: dict[str, Any]
) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(1))) as rig:
        rig.caller.send(WRITE, {"deviceAddr": 1} | members)
        assert (await rig.caller.next())["mType"] == "messageError"


async def test_a_key_of_too_many_bytes(tmp_path: Path, autojump_clock: MockClock) -> None:
    async with gateway(tmp_path, SimulatorPort(generate(1))) as rig:
        answer = await rig.caller.ask(WRITE, {"deviceAddr": 1, "accessPassword": "\u00e9" * 9})
        assert answer["status"] == 1001


async def test_what_a_module_was_last_seen_with_is_kept_by_its_mid(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    mesh = generate(3)
    async with gateway(tmp_path, SimulatorPort(mesh)) as rig:
        await rig.caller.ask("iqmeshNetwork_EnumerateDevice", {"deviceAddr": 2})
        mid = mesh.node(2).mid
        for address, power in ((2, 5), (255, 3)):
            await rig.caller.ask(WRITE, {"deviceAddr": address, "txPower": power})
            kept = await rig.configurations.of(mid)
            assert kept is not None
            assert kept.settings == bytes(mesh.node(2).system.settings)
            assert kept.settings[7] == power
        assert await rig.configurations.of(mesh.node(1).mid) is None
