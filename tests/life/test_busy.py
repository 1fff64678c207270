"""A gateway that ends behind a discovery, and the next one, which finds the coordinator at work."""

from pathlib import Path

import trio

from iqrf_trio import config, daemon
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.store.database import inline
from iqrf_trio.wiring.serving import Running
from iqrf_trio.wiring.simulator_port import SimulatorPort
from protocol.dpa.peripherals.coordinator import discovery
from tests.life.gateway import live

NODES = 40
"""A discovery of so many takes 9 s, and the transaction on the air has half of the grace."""


def test_the_next_start_lets_the_coordinator_finish(tmp_path: Path) -> None:
    mesh = generate(NODES)
    port = SimulatorPort(mesh)
    settings = config.load(
        None,
        [
            "websocket.port=0",
            f"gateway.state_dir={tmp_path}",
            "port.kind=simulator",
            "database.enumerate_on_launch=false",
        ],
        environment={},
    )

    async def serve(stop: trio.Event, *, task_status: trio.TaskStatus[Running]) -> None:
        await daemon.run(settings, port=port, stop=stop, hop=inline, task_status=task_status)

    async def play() -> None:
        async with trio.open_nursery() as nursery:
            stop = trio.Event()
            first = await nursery.start(serve, stop)
            await first.gateway.transceiver.wait_connected()
            request = discovery(7, 0).request
            nursery.start_soon(first.gateway.transceiver.transact, request)
            await trio.sleep(0.5)
            begun = trio.current_time()
            stop.set()
        assert trio.current_time() - begun < 6
        async with trio.open_nursery() as nursery:
            stop = trio.Event()
            second = await nursery.start(serve, stop)
            await second.gateway.transceiver.wait_connected()
            assert 8 < trio.current_time() - begun < 10
            assert mesh.counters.ignored == 0
            stop.set()

    live(play)
