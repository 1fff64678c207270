"""iqrfDb_*: enumeration, and what is known of the network."""

from collections.abc import Mapping

from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from iqrf_trio.services.enumeration import EnumerationInProgressError, Order
from protocol.api import db
from protocol.api.message import Answer
from protocol.network.network import Network

ANNOTATE_SETTING = "annotate_metadata"
"""Under which key the store keeps whether answers carry metadata."""


def enumerate_network(gateway: Gateway, exchange: Exchange[db.Enumerate]) -> None:
    """Begin to enumerate; each step is an answer, the last one is step 8 or has a status."""

    def progress(step: db.Step, status: int, text: str) -> None:
        answer = exchange.answer(db.step(step))
        exchange.send(evolve(answer, status=status, status_str=text))

    order = Order(
        progress,
        reenumerate=exchange.request.reenumerate,
        standards=exchange.request.standards,
    )
    try:
        gateway.enumeration.start(order)
    except EnumerationInProgressError:
        raise db.DbError(db.IN_PROGRESS) from None


def get_device(gateway: Gateway, exchange: Exchange[db.GetDevice]) -> Answer:
    """One device."""
    return exchange.answer(db.device(gateway.store.network, exchange.request))


def get_devices(gateway: Gateway, exchange: Exchange[db.GetDevices]) -> Answer:
    """Several devices, or all."""
    return exchange.answer(db.devices(gateway.store.network, exchange.request))


def get_device_metadata(gateway: Gateway, exchange: Exchange[db.GetDeviceMetadata]) -> Answer:
    """What users have noted about devices."""
    return exchange.answer(db.metadata(gateway.store.network, exchange.request.devices))


async def set_device_metadata(gateway: Gateway, exchange: Exchange[db.SetDeviceMetadata]) -> Answer:
    """Note something about devices."""
    network = gateway.store.network
    unknown = await gateway.store.set_metadata(exchange.request.changes(network))
    kept = Network.of(device for device in network if device.address not in unknown)
    return exchange.answer(db.metadata_set(kept, exchange.request))


def get_binary_outputs(gateway: Gateway, exchange: Exchange[db.Anything]) -> Answer:
    """Which devices have binary outputs, and how many."""
    return exchange.answer(db.binary_outputs(gateway.store.network))


def get_lights(gateway: Gateway, exchange: Exchange[db.Anything]) -> Answer:
    """Which devices are lights."""
    return exchange.answer(db.lights(gateway.store.network))


def get_sensors(gateway: Gateway, exchange: Exchange[db.Anything]) -> Answer:
    """All sensors with their latest values."""
    return exchange.answer(db.sensors(gateway.store.network))


def get_network_topology(gateway: Gateway, exchange: Exchange[db.Anything]) -> Answer:
    """Where in the mesh each device is."""
    return exchange.answer(db.topology(gateway.store.network))


async def metadata_annotation(
    gateway: Gateway, exchange: Exchange[db.MetadataAnnotation]
) -> Answer:
    """Have answers carry the metadata of their device, now and after the next start."""
    annotate = exchange.request.annotate
    await gateway.store.save_setting(ANNOTATE_SETTING, annotate)
    gateway.annotate = annotate
    return exchange.answer(db.annotation(exchange.request))


async def reset(gateway: Gateway, exchange: Exchange[db.Anything]) -> Answer:
    """Forget the network; an enumeration under way is ended first."""
    gateway.enumeration.cancel()
    await gateway.store.reset_network()
    return exchange.answer(db.reset())


HANDLERS: Mapping[str, Handler] = {
    "iqrfDb_Enumerate": enumerate_network,
    "iqrfDb_GetDevice": get_device,
    "iqrfDb_GetDevices": get_devices,
    "iqrfDb_GetDeviceMetadata": get_device_metadata,
    "iqrfDb_SetDeviceMetadata": set_device_metadata,
    "iqrfDb_GetBinaryOutputs": get_binary_outputs,
    "iqrfDb_GetLights": get_lights,
    "iqrfDb_GetSensors": get_sensors,
    "iqrfDb_GetNetworkTopology": get_network_topology,
    "iqrfDb_MetadataAnnotation": metadata_annotation,
    "iqrfDb_Reset": reset,
}
