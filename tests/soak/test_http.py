"""10 000 hostile HTTP connections against one gateway: nothing is left of them."""

from pathlib import Path
from random import Random

import pytest
import trio

from tests.iqrf_trio.house import house
from tests.iqrf_trio.http.client import ask, connected
from tests.iqrf_trio.http.hostile import attack
from tests.soak.test_crowd import Sample

CONNECTIONS, AT_A_TIME = 10_000, 20


@pytest.mark.soak
async def test_ten_thousand_hostile_connections(tmp_path: Path) -> None:
    async with house(tmp_path, limit_s=3600) as home:
        assert (await ask(home.http_url, "/livez")).status == 200
        before = Sample.take()
        random = Random(20)
        async with connected(home.http_url, home.token) as client:
            async with trio.open_nursery() as nursery:
                for _ in range(AT_A_TIME):
                    own = Random(random.random())
                    nursery.start_soon(attack, home.http_url, own, CONNECTIONS // AT_A_TIME)
                while len(nursery.child_tasks):
                    assert (await client.ask("/livez")).status in {200, 429}
                    await trio.sleep(0.2)
            with trio.fail_after(60):
                while Sample.take().tasks > before.tasks + 1:  # noqa: ASYNC110 - no event for it
                    await trio.sleep(0.1)
        await trio.sleep(0.5)
        after = Sample.take()
        assert after.tasks <= before.tasks
        assert after.descriptors <= before.descriptors
        assert after.memory < 1.2 * before.memory + 20_000_000
