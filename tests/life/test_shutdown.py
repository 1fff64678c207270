"""SIGTERM at any moment, with anything on the air: over in time, and everybody is answered."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest
import trio
from attrs import field, frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st

from iqrf_trio.shutdown import GRACE_S, Share
from iqrf_trio.simulator.faults import Fault
from iqrf_trio.store import opening
from tests.life.gateway import (
    Life,
    Reader,
    alive,
    copy_of,
    deaf,
    known_network,
    live,
    locked,
    reader,
    stopped,
)

Ask = Callable[[Life, Reader], Awaitable[object]]


def raw(data: str, **more: object) -> Ask:
    return lambda _, client: client.ask("iqrfRaw", {"rData": data}, **more)


async def lost_with_a_long_timeout(life: Life, client: Reader) -> None:
    """A minute of waiting for an answer that was lost."""
    life.mesh.faults.arm(Fault.NO_RESPONSE, when=lambda request: request.nadr == 7)
    await client.ask("iqrfRaw", {"rData": "07.00.06.03.ff.ff"}, timeout=60_000)


async def paused(_: Life, client: Reader) -> None:
    """Requests that wait in a queue that stands still."""
    await client.ask("mngDaemon_StopNetworkQueue")
    for _number in range(5):
        await client.ask("iqrfRaw", {"rData": "01.00.06.03.ff.ff"})


ASKED: Mapping[str, Ask] = {
    "unicast": raw("03.00.06.03.ff.ff"),
    "timeout of a client": lost_with_a_long_timeout,
    "FRC": raw("00.00.0d.00.ff.ff.c0.00.00"),
    "discovery": raw("00.00.00.07.ff.ff.07.00"),
    "enumeration": lambda _, client: client.ask(
        "iqrfDb_Enumerate", {"reenumerate": True, "standards": True}
    ),
    "reading": lambda _, client: client.ask("iqrfSensorData_Start"),
    "backup": lambda _, client: client.ask(
        "iqmeshNetwork_Backup", {"deviceAddr": 0, "wholeNetwork": True}
    ),
    "ping": lambda _, client: client.ask("iqmeshNetwork_Ping", {"hwpId": 0xFFFF}),
    "paused": paused,
    "metadata": lambda _, client: client.ask(
        "iqrfDb_SetDeviceMetadata", {"devices": [{"address": 1, "metadata": {"a": 1}}]}
    ),
    "settings": lambda _, client: client.ask("iqrfSensorData_SetConfig", {"period": 7}),
}
"""What clients ask for, each of which keeps something busy."""

MOMENTS = st.one_of(st.just(0.0), st.floats(0, 3), st.floats(0, 70))
"""Seconds from the requests to the signal."""


@frozen
class Known:
    """The state of a gateway that knows its network, copied for each life, and its token."""

    folder: Path
    token: str
    _numbers: Iterator[int] = field(factory=count)

    def state(self) -> Path:
        """A copy."""
        return copy_of(self.folder / "known", self.folder / str(next(self._numbers)))


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("lives")
    return Known(folder, trio.run(known_network, folder / "known"))


@pytest.fixture(autouse=True)
def _busy_for_a_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked database is waited for in real time, which the clock of these tests knows not."""
    monkeypatch.setattr(opening, "SHORT_BUSY_TIMEOUT_S", 0.001)


@pytest.mark.slow
@given(
    asked=st.lists(st.sampled_from(sorted(ASKED)), max_size=4),
    moment=MOMENTS,
    busy=st.booleans(),
    deaf_clients=st.integers(0, 2),
)
@settings(max_examples=25)
@example(asked=["discovery"], moment=1.0, busy=False, deaf_clients=0)
@example(asked=["FRC"], moment=1.0, busy=False, deaf_clients=1)
@example(asked=["timeout of a client", "unicast"], moment=1.0, busy=False, deaf_clients=0)
@example(asked=["metadata", "settings", "FRC"], moment=0.5, busy=True, deaf_clients=1)
@example(asked=["enumeration", "discovery", "backup"], moment=2.0, busy=True, deaf_clients=0)
@example(asked=["reading", "unicast"], moment=1.0, busy=True, deaf_clients=0)
@example(asked=["ping"], moment=2.0, busy=False, deaf_clients=0)
@example(asked=["ping"], moment=30.0, busy=True, deaf_clients=0)
@example(asked=["paused", "metadata"], moment=0.1, busy=True, deaf_clients=0)
def test_over_in_time_and_everybody_is_answered(
    known: Known,
    asked: list[str],
    moment: float,
    busy: bool,
    deaf_clients: int,
) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            life = await stack.enter_async_context(alive(known.state(), known.token))
            client = await stack.enter_async_context(reader(life))
            for _ in range(deaf_clients):
                await stack.enter_async_context(deaf(life, 60))
            if busy:
                stack.enter_context(locked(life.database))
            for name in asked:
                await ASKED[name](life, client)
            await client.accepted()
            await trio.sleep(moment)
            took = await stopped(life)
            # The rest is for what was measured, if the database does not take it.
            assert took <= GRACE_S * (Share.ALL if busy else Share.FAREWELL) + 0.01
        assert client.unanswered == set()
        assert client.closed == 1001

    live(run)


def test_an_idle_gateway_ends_at_once(known: Known) -> None:
    async def run() -> None:
        async with alive(known.state(), known.token) as life:
            assert await stopped(life) < 0.1

    live(run)
