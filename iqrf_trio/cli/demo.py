"""The main job in one go: a gateway on a simulated mesh is enumerated and read by a client."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import trio
from attrs import define, field

from iqrf_trio import daemon, logs
from iqrf_trio.cli import USAGE, Failure
from iqrf_trio.cli.support import interruption, local_token
from iqrf_trio.cli.support.client import Client, Received, client
from iqrf_trio.cli.support.rendering import render
from iqrf_trio.cli.support.spellings import objects_table
from iqrf_trio.cli.support.terminal import ProgressLine
from iqrf_trio.config import Config, Gateway, ImpossibleValueError, Port, Simulator, WebSocket
from iqrf_trio.radio.transceiver import Transceiver
from iqrf_trio.store import DATABASE_NAME
from iqrf_trio.wiring.serving import Running
from protocol.network.pace import Pace

HELP = """Start a gateway on a simulated mesh with real air time, enumerate the network, read all
sensors once, print what was found and what it took, and stop. The exit code is 0 if all of it
worked."""

PATIENCE_S = 300.0
"""For what takes no longer with more nodes: the link to come up, a question to the database."""

LINE_PAUSE_S = 10.0
"""Between two lines that tell how far a step is, where there is no terminal to replace one on."""

STOP_S = 10.0
"""For the gateway to end by itself."""

_STEPS = list(range(9))
_REPORT = "iqrfSensorData_ReportAsync"
_COLUMNS = (
    *("address", "mid", "zone", "parent", "vrn", "hwpid", "manufacturer", "product"),
    *("osVersion", "dpa", "sensors"),
)

Device = Mapping[str, Any]


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    default = Simulator()
    parser.add_argument(
        "--nodes", type=int, default=default.nodes, help="of the mesh (default: %(default)s)"
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=default.speed,
        help="times faster than real air; 0 = no waiting (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=default.seed, help="which mesh (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure with what did not work."""
    logs.start("warning")
    with TemporaryDirectory(prefix="iqrf-trio-") as directory:
        interruption.run(partial(_demo, _config(arguments, Path(directory))))
    return 0


def _config(arguments: argparse.Namespace, state_dir: Path) -> Config:
    try:
        simulator = Simulator(nodes=arguments.nodes, speed=arguments.speed, seed=arguments.seed)
    except ImpossibleValueError as error:
        raise Failure(f"--{error}", exit_code=USAGE) from None
    return Config(
        gateway=Gateway(state_dir=state_dir),
        websocket=WebSocket(port=0),
        port=Port(kind="simulator"),
        simulator=simulator,
    )


async def _demo(config: Config) -> None:
    stop = trio.Event()
    async with trio.open_nursery() as nursery:
        running = await nursery.start(partial(daemon.run, config, stop=stop))
        print(f"A gateway is ready at {running.url}, on a simulated mesh.", flush=True)
        make = partial(local_token.make, config.gateway.state_dir / DATABASE_NAME)
        token = await trio.to_thread.run_sync(make)
        async with client(running.url, token) as gateway:
            print(f"Authenticated with a new token, good until {gateway.expiration}.", flush=True)
            await _show(gateway, running, config.simulator.nodes)
        stop.set()
        nursery.cancel_scope.deadline = trio.current_time() + STOP_S
    if nursery.cancel_scope.cancelled_caught:
        raise Failure(f"the gateway did not stop within {STOP_S:g} s")
    print("The gateway has stopped.")


async def _show(gateway: Client, running: Running, nodes: int) -> None:
    """Enumerate and read, with what both find and take."""
    transceiver = running.gateway.transceiver
    with trio.move_on_after(PATIENCE_S) as waiting:
        await transceiver.wait_connected()
    if waiting.cancelled_caught:
        raise Failure(f"the coordinator has not answered within {PATIENCE_S:g} s")
    enumeration, reading = Effort(transceiver), Effort(transceiver)
    print("\nEnumeration:")
    with enumeration.measured():
        await _enumerate(gateway, Within())
    devices = await _devices(gateway, nodes)
    print(f"\n{objects_table(devices)}\n")
    with reading.measured():
        report = await _read(gateway, running.gateway.worker)
    print(f"{render(report)}\n")
    _check(report.rsp["devices"], devices)
    print(f"The enumeration took {enumeration}.\nThe reading took {reading}.\n")


@define
class Effort:
    """What something takes: seconds, and transactions that the radio network can feel."""

    _transceiver: Transceiver
    seconds: float = 0.0
    transactions: int = 0

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the body."""
        began, before = trio.current_time(), self._transceiver.counters.radio
        yield
        self.seconds = trio.current_time() - began
        self.transactions = self._transceiver.counters.radio - before

    def __str__(self) -> str:
        """In words."""
        return f"{self.seconds:.1f} s and {self.transactions} radio transactions"


@define
class Within:
    """How far a step is: a line that is replaced on a terminal, a line now and then elsewhere."""

    _line: ProgressLine = field(factory=lambda: ProgressLine(sys.stdout))
    _told: float = field(factory=trio.current_time)

    def show(self, progress: Pace) -> None:
        """Tell it."""
        self._line.show(progress)
        now = trio.current_time()
        if not self._line.wanted and now >= self._told + LINE_PAUSE_S:
            self._told = now
            print(f"          {progress}", flush=True)

    def over(self) -> None:
        """Make room for what is said next."""
        self._line.clear()
        self._told = trio.current_time()


async def _enumerate(gateway: Client, within: Within) -> None:
    began = trio.current_time()
    steps = []
    wanted = {"reenumerate": True, "standards": True}
    answers = await gateway.request("iqrfDb_Enumerate", wanted, progress=True)
    async for answer in answers:
        if answer.progress is not None:
            within.show(answer.progress)
            continue
        within.over()
        answer.check()
        steps.append(answer.rsp["step"])
        print(f"{trio.current_time() - began:6.1f} s  {render(answer)}", flush=True)
    if steps != _STEPS:
        raise Failure(f"the enumeration went through steps {steps}, not 0 to 8")


async def _devices(gateway: Client, nodes: int) -> Sequence[Device]:
    """All devices as the gateway knows them, those without an answer being a Failure."""
    wanted = {"sensors": True, "binouts": True, "light": True}
    rsp = await gateway.ask("iqrfDb_GetDevices", wanted, timeout_s=PATIENCE_S)
    devices: Sequence[Device] = rsp["devices"]
    addresses = [device["address"] for device in devices]
    if addresses != list(range(nodes + 1)):
        raise Failure(f"the enumeration found the addresses {addresses}, not 0 to {nodes}")
    unknown = [device["address"] for device in devices if not device["hwpid"]]
    if unknown:
        raise Failure(f"the devices {unknown} have not told who they are")
    return [
        {name: device[name] for name in _COLUMNS}
        | {"outputs": device["binouts"]["count"], "light": device["light"]}
        for device in devices
    ]


class Reading(Protocol):
    """What tells how far a reading is: the sensor worker of the gateway."""

    within: Callable[[Pace], None]


async def _read(gateway: Client, worker: Reading) -> Received:
    """The report of one reading of all sensors; raises Failure."""
    await gateway.ask("iqrfSensorData_Start", timeout_s=PATIENCE_S)
    within = Within()
    worker.within = within.show
    while True:
        received = await gateway.message()
        if received.mtype != _REPORT:
            continue
        within.over()
        received.check()
        if not received.rsp["reading"]:
            break
        print(f"{render(received)}\n", flush=True)
    await gateway.ask("iqrfSensorData_Stop", timeout_s=PATIENCE_S)
    return received


def _check(reported: Sequence[Device], devices: Sequence[Device]) -> None:
    """Raises Failure unless every sensor of every node was reported with a value."""
    expected = {
        (device["address"], sensor["index"])
        for device in devices
        if device["address"]
        for sensor in device["sensors"]
    }
    found = {
        (device["address"], sensor["index"])
        for device in reported
        for sensor in device["sensors"]
        if sensor["value"] is not None
    }
    if not expected:
        raise Failure("the enumeration found no sensors")
    if missing := sorted(expected - found):
        raise Failure(f"the report lacks the values of (address, index) {missing}")
