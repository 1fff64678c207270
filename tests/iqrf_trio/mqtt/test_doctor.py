"""What the doctor says of a broker."""

from pathlib import Path

import pytest

from iqrf_trio import config
from iqrf_trio.doctor.broker import examine_broker
from iqrf_trio.doctor.findings import Severity
from tests.iqrf_trio.mqtt.broker import free_port, mosquitto, needs_mosquitto


def told(url: str) -> config.Config:
    return config.load(None, [f"mqtt.url={url}"], environment={})


@needs_mosquitto
@pytest.mark.slow
async def test_a_broker_that_lets_us_in(tmp_path: Path) -> None:
    async with mosquitto(tmp_path / "broker") as broker:
        assert (await examine_broker(told(broker.url))).severity is Severity.OK


async def test_a_broker_that_is_not_there() -> None:
    finding = await examine_broker(told(f"mqtt://127.0.0.1:{free_port()}"))
    assert finding.severity is Severity.ERROR
    assert "refused" in finding.text
    assert "[mqtt]" in finding.fix
