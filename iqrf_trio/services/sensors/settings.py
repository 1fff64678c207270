"""The settings of the sensor data service, as the store keeps them."""

import logging

from iqrf_trio.store import Store
from protocol.api.errors import RequestError
from protocol.api.sensor_data import config, settings_of
from protocol.readings.settings import SensorSettings

log = logging.getLogger("iqrf_trio.sensor_settings")

SETTING = "sensor_data"
"""Under which key the store keeps them."""


async def load(store: Store, default: SensorSettings) -> SensorSettings:
    """The stored settings; `default` where there are none, or none that make sense."""
    stored = await store.setting(SETTING)
    if stored is None:
        return default
    try:
        return settings_of(stored)
    except RequestError as error:
        log.error("the stored settings are ignored: %s", error)
        return default


async def save(store: Store, settings: SensorSettings) -> None:
    """Keep `settings`; raises StoreError, and then the former ones are kept."""
    await store.save_setting(SETTING, config(settings))
