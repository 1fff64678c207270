"""Whether the MQTT broker lets the gateway in."""

import trio
from attrs import evolve

from iqrf_trio.config import Config
from iqrf_trio.doctor.findings import Finding, error, ok
from iqrf_trio.edges.mqtt import MqttConnection, MqttError
from iqrf_trio.wiring.mqtt import settings_of
from protocol.outward.mqtt.topics import Topics

DOCTOR = "iqrf-doctor"
"""A client id of its own: with the gateway's one the broker would end the gateway's connection."""

_FIX = "correct [mqtt], see docs/mqtt.md; iqrf-trio config shows what is in force"


async def examine_broker(config: Config) -> Finding:
    """Connect once, without a word, and leave."""
    section = config.mqtt
    try:
        settings = settings_of(section, Topics(section.prefix, section.gateway or DOCTOR))
        settings = evolve(settings, client_id=DOCTOR, will=None)
        connection = MqttConnection(settings, lambda _message: None, lambda _number: None)
        await connection.open()
        await connection.run(trio.lowlevel.checkpoint)
    except MqttError as failure:
        return error("broker", f"{section.url}: {failure}", _FIX)
    return ok("broker", f"{section.url} lets us in")
