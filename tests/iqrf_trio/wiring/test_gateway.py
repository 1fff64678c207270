"""Which parts a gateway has, by its configuration."""

from pathlib import Path

import pytest

from tests.iqrf_trio.house import house
from tests.iqrf_trio.mqtt.broker import free_port


@pytest.mark.parametrize(
    ("sets", "kept"),
    [
        ((), True),
        (("http.port=off",), False),
        (("http.port=off", "mqtt.url=mqtt://127.0.0.1:{port}"), True),
        (("history.enabled=false",), False),
    ],
)
async def test_a_history_is_kept_where_somebody_can_ask_for_it(
    sets: tuple[str, ...], kept: bool, tmp_path: Path
) -> None:
    given = [each.format(port=free_port()) for each in sets]
    async with house(tmp_path, *given) as home:
        assert (home.gateway.history is not None) is kept
