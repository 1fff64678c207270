"""What is published of a gateway over MQTT, taken from its parts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

from iqrf_trio import __version__
from iqrf_trio.config import Config
from iqrf_trio.messaging.mqtt.api import MqttClient
from iqrf_trio.messaging.mqtt.backfill import Past
from iqrf_trio.messaging.mqtt.commands import Commander
from iqrf_trio.messaging.mqtt.publisher import Source
from iqrf_trio.services.history import History
from iqrf_trio.wiring.gateway import Parts, now
from iqrf_trio.wiring.mqtt import Mqtt
from iqrf_trio.wiring.remembered import load_held, load_until, save_held, save_until
from protocol.auth.authentication import Grant
from protocol.outward.mqtt.backfill import Row
from protocol.outward.mqtt.gateway import GatewayInfo, GatewayState
from protocol.outward.mqtt.places import Place
from protocol.outward.mqtt.topics import Topics


def connect_mqtt(
    parts: Parts,
    accept: Callable[[bytes, MqttClient | Commander], None],
    authenticate: Callable[[str], Awaitable[Grant]],
    config: Config,
    mqtt: Mqtt,
) -> None:
    """Tie the parts that speak to the broker to the rest of the gateway."""
    mqtt.serve(accept, authenticate, parts.gateway.holders)
    mqtt.show(mqtt_source(config, parts, mqtt.topics), parts.measurements, accept)
    if parts.history is not None:
        mqtt.fill(past_of(parts, parts.history), now)


def mqtt_source(config: Config, parts: Parts, topics: Topics) -> Source:
    """The functions that are asked for what is published."""
    gateway = parts.gateway
    info = GatewayInfo(
        __version__,
        config.gateway.instance_id,
        simulated=config.port.kind == "simulator",
        api=config.mqtt.accepts == "api",
    )
    return Source(
        network=lambda: gateway.store.network,
        latest=parts.measurements.latest,
        states=gateway.states.of,
        state=partial(_state, parts),
        info=info,
        now=now,
        stale_after_s=lambda: 2 * 60.0 * gateway.worker.settings.period + 60,
        remembered=partial(load_held, gateway.store),
        remember=partial(save_held, gateway.store),
        place=Place(topics.prefix, topics.gateway, config.mqtt.discovery_prefix),
    )


def past_of(parts: Parts, history: History) -> Past:
    """The history as it is published after an outage."""
    store = parts.gateway.store

    async def series() -> Mapping[int, tuple[int, int]]:
        return {each.id: (each.mid, each.sensor) for each in await history.series()}

    async def rows(start: int, end: int) -> Sequence[Row]:
        return [row async for batch in history.export(start, end) for row in batch]

    return Past(series, rows, partial(load_until, store), partial(save_until, store))


def _state(parts: Parts) -> GatewayState:
    state, cycle = parts.gateway.state(), parts.measurements.latest.last_cycle
    return GatewayState(
        coordinator=state.coordinator_ready,
        service_mode=state.oper_mode == "service",
        network_queue=state.network_queue,
        management_queue=state.management_queue,
        on_air=bool(state.dpa_queue),
        enumerating=state.enumerating,
        reading=state.reading,
        periodic=parts.gateway.worker.running,
        last_reading=None if cycle is None else cycle.reading.at,
    )
