"""Settings are loaded as they were saved; what makes no sense is replaced."""

from pathlib import Path

import pytest

from iqrf_trio.services.sensors import settings as sensor_settings
from iqrf_trio.store import Store, inline
from protocol.readings.settings import Messaging, SensorSettings

DEFAULT = SensorSettings(period=7)


async def test_settings_come_back(tmp_path: Path) -> None:
    settings = SensorSettings(
        auto_run=True,
        period=3,
        retry_period=2,
        async_reports=False,
        messaging_list=(Messaging("ws", "a"), Messaging("mqtt", "b")),
    )
    async with Store.open(tmp_path / "iqrf-trio.db", hop=inline) as store:
        assert await sensor_settings.load(store, DEFAULT) == DEFAULT
        await sensor_settings.save(store, settings)
    async with Store.open(tmp_path / "iqrf-trio.db", hop=inline) as store:
        assert await sensor_settings.load(store, DEFAULT) == settings


@pytest.mark.parametrize("damaged", [{"period": 0}, {"colour": 1}, [], "off", 5])
async def test_damaged_settings_are_replaced(
    damaged: object, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Store.open(tmp_path / "iqrf-trio.db", hop=inline) as store:
        await store.save_setting(sensor_settings.SETTING, damaged)
        assert await sensor_settings.load(store, DEFAULT) == DEFAULT
        assert "the stored settings are ignored" in caplog.text
        await sensor_settings.save(store, SensorSettings(period=8))
        assert await sensor_settings.load(store, DEFAULT) == SensorSettings(period=8)
