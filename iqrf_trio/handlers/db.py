"""iqrfDb_*: enumeration, and what is known of the network."""

from collections.abc import Mapping

from attrs import evolve

from iqrf_trio.handlers.exchange import Exchange, Gateway, Handler
from iqrf_trio.services.enumeration import EnumerationInProgressError, Order
from protocol.api import db
from protocol.api.family import Row
from protocol.api.message import Answer
from protocol.api.progress import paced
from protocol.network.network import Network
from protocol.network.pace import Pace

ANNOTATE_SETTING = "annotate_metadata"
"""Under which key the store keeps whether answers carry metadata."""


def enumerate_network(gateway: Gateway, exchange: Exchange[db.Enumerate]) -> None:
    """Begin to enumerate; each step is an answer, the last one is step 8 or has a status."""

    def progress(step: db.Step, status: int, text: str) -> None:
        answer = exchange.answer(db.step(step))
        exchange.send(evolve(answer, status=status, status_str=text))

    def within(pace: Pace) -> None:
        exchange.send(evolve(exchange.answer(), progress=paced(pace)))

    order = Order(
        progress,
        within=within if exchange.message.progress else _nobody,
        reenumerate=exchange.request.reenumerate,
        standards=exchange.request.standards,
    )
    try:
        gateway.enumeration.start(order)
    except EnumerationInProgressError:
        raise db.DbError(db.IN_PROGRESS) from None


def _nobody(_: Pace) -> None:
    pass


async def set_device_metadata(gateway: Gateway, exchange: Exchange[db.SetDeviceMetadata]) -> Answer:
    """Note something about devices."""
    network = gateway.store.network
    unknown = await gateway.store.set_metadata(exchange.request.changes(network))
    kept = Network.of(device for device in network if device.address not in unknown)
    return exchange.answer(db.metadata_set(kept, exchange.request))


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
    return exchange.answer(db.Nothing())


HANDLERS: Mapping[Row, Handler] = {
    db.ENUMERATE: enumerate_network,
    db.SET_METADATA: set_device_metadata,
    db.ANNOTATION: metadata_annotation,
    db.RESET: reset,
}
