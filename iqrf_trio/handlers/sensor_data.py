"""iqrfSensorData_*: settings and state of the sensor worker."""

import logging
from collections.abc import Mapping

from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from iqrf_trio.services.sensors.worker import AlreadyReadingError, NotRunningError
from iqrf_trio.store import StoreError
from protocol.api import sensor_data
from protocol.api.family import Row
from protocol.api.message import Answer

log = logging.getLogger("iqrf_trio.handlers")


def get_config(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """The settings in force."""
    return exchange.answer(sensor_data.config(gateway.worker.settings))


async def set_config(gateway: Gateway, exchange: Exchange[sensor_data.SetConfig]) -> Answer:
    """Keep the changed settings, and put them into force: either both happens, or neither.

    A messaging that does not exist is told, and may come to be.
    """
    try:
        await gateway.worker.configure(exchange.request.applied_to)
    except StoreError as error:
        log.error("the settings were not stored: %s", error)
        raise sensor_data.SettingsError from error
    absent = gateway.absent(exchange.request.messaging_list or ())
    answer = exchange.answer()
    return evolve(answer, status_str=f"ok; {absent}") if absent else answer


def status(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Whether the worker runs, and whether it reads."""
    worker = gateway.worker
    return exchange.answer(sensor_data.status(running=worker.running, reading=worker.reading))


def start(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Have the worker read now and from now on; in service mode as soon as that is over."""
    gateway.worker.start()
    answer = exchange.answer()
    return sensor_data.held(answer) if gateway.worker.held else answer


def stop(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Have the worker read no more; the round on the air is finished."""
    gateway.worker.stop()
    return exchange.answer()


def invoke(gateway: Gateway, exchange: Exchange[None]) -> Answer:
    """Have the worker read now instead of when its period is over; raises RadioReserved."""
    try:
        gateway.worker.invoke()
    except NotRunningError:
        raise sensor_data.WorkerNotRunningError from None
    except AlreadyReadingError:
        raise sensor_data.ReadInProgressError from None
    return exchange.answer()


HANDLERS: Mapping[Row, Handler] = {
    sensor_data.GET_CONFIG: get_config,
    sensor_data.SET_CONFIG: set_config,
    sensor_data.STATUS: status,
    sensor_data.START: start,
    sensor_data.STOP: stop,
    sensor_data.INVOKE: invoke,
}
