"""iqrfDb_*: enumeration of the network, and questions about what is known of its devices."""

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Annotated, ClassVar

from attrs import frozen

from protocol.api.devices import Details, Json, described, measured, placed
from protocol.api.errors import ServiceError
from protocol.api.members import AtMost, Range, distinct
from protocol.api.message import Answer
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import COORDINATOR, MAX_NODE
from protocol.network.network import JsonObject, Network

Address = Annotated[int, Range(COORDINATOR, MAX_NODE)]
Addresses = Annotated[tuple[Address, ...], AtMost(MAX_NODE + 1)]

UNASKED = "iqrfdb_enumerate_async"
"""`msgId` of the steps of an enumeration that no client asked for."""

IN_PROGRESS = "Enumeration is already in progress."


class Step(IntEnum):
    """How far an enumeration has come; 6 and 7 only if standards are part of it."""

    STARTED = 0
    CHECKED = 1
    DEVICES = 2
    DEVICES_DONE = 3
    PRODUCTS = 4
    PRODUCTS_DONE = 5
    STANDARDS = 6
    STANDARDS_DONE = 7
    FINISHED = 8

    @property
    def text(self) -> str:
        """What clients are told."""
        return _STEP_TEXTS[self]


_STEP_TEXTS = (
    "Enumeration started, checking current state of the network.",
    "Finished checking current state of network.",
    "Enumerating device information.",
    "Finished enumerating device information.",
    "Enumerating product information.",
    "Finished enumerating product information.",
    "Enumerating device standards.",
    "Finished enumerating standards.",
    "Enumeration finished.",
)


class DbError(ServiceError):
    """A database request that failed, for the reason in the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(-1, reason)


def failure(error: DpaError) -> DbError:
    """How a request that could not have the radio is told about: this family has one code."""
    return DbError(str(error))


@frozen
class Anything:
    """Parameters of a request that has none: an object, whatever is in it."""

    open_to_extras: ClassVar[bool] = True


@frozen
class Enumerate:
    """Learn the network; `reenumerate` asks known devices again too, and for their standards."""

    reenumerate: bool = False
    standards: bool = False


@frozen(kw_only=True)
class GetDevice(Details):
    """Ask for one device."""

    address: Address


@frozen(kw_only=True)
class GetDevices(Details):
    """Ask for these devices, or, without addresses, for all."""

    addresses: Annotated[Addresses, distinct] = ()


@frozen
class GetDeviceMetadata:
    """Ask for what the user stored about these devices."""

    open_to_extras: ClassVar[bool] = True

    devices: Addresses


@frozen
class Metadata:
    """What to store about one device; None forgets it."""

    address: Address
    metadata: JsonObject | None


@frozen
class SetDeviceMetadata:
    """Store something about devices, in place of what was stored before."""

    open_to_extras: ClassVar[bool] = True

    devices: tuple[Metadata, ...]

    def changes(self, network: Network) -> dict[int, JsonObject | None]:
        """What to store, by address, of devices that exist; of a repeated one the first."""
        wanted = {item.address: item.metadata for item in reversed(self.devices)}
        return {address: wanted[address] for address in sorted(wanted) if network.get(address)}


@frozen
class MetadataAnnotation:
    """Have, or no longer have, the answers of other messages carry the stored metadata."""

    annotate: bool


def step(reached: Step) -> Json:
    """`rsp` of iqrfDb_Enumerate."""
    return {"step": int(reached), "stepStr": reached.text}


def unasked_step(reached: Step, status: int = 0, status_str: str = "ok") -> Answer:
    """The message about a step of an enumeration that no client asked for."""
    return Answer("iqrfDb_Enumerate", UNASKED, step(reached), status, status_str)


def device(network: Network, request: GetDevice) -> Json:
    """`rsp` of iqrfDb_GetDevice; raises DbError where there is no such device."""
    found = network.get(request.address)
    if found is None:
        raise DbError(_missing(request.address))
    return {"device": described(found, request)}


def devices(network: Network, request: GetDevices) -> Json:
    """`rsp` of iqrfDb_GetDevices; addresses without a device are passed over."""
    wanted = set(request.addresses)
    chosen = (found for found in network if not wanted or found.address in wanted)
    return {"devices": [described(found, request) for found in chosen]}


def metadata(network: Network, addresses: Iterable[int]) -> Json:
    """`rsp` of iqrfDb_GetDeviceMetadata."""
    items: list[Json] = []
    for address in sorted(set(addresses)):
        found = network.get(address)
        told = {"metadata": found.metadata} if found else {}
        items.append(_success(network, address) | told)
    return {"devices": items}


def metadata_set(network: Network, request: SetDeviceMetadata) -> Json:
    """`rsp` of iqrfDb_SetDeviceMetadata: which devices exist, and so were changed."""
    addresses = sorted({item.address for item in request.devices})
    return {"devices": [_success(network, address) for address in addresses]}


def binary_outputs(network: Network) -> Json:
    """`rsp` of iqrfDb_GetBinaryOutputs: devices that have any."""
    return {
        "binoutDevices": [
            {"address": found.address, "count": found.binary_outputs}
            for found in network
            if found.binary_outputs
        ]
    }


def lights(network: Network) -> Json:
    """`rsp` of iqrfDb_GetLights."""
    return {"lightDevices": [found.address for found in network if found.light]}


def sensors(network: Network) -> Json:
    """`rsp` of iqrfDb_GetSensors: devices that have any, with the latest values."""
    return {"sensorDevices": [measured(found) for found in network if found.sensors]}


def topology(network: Network) -> Json:
    """`rsp` of iqrfDb_GetNetworkTopology."""
    return {"devices": [placed(found) for found in network]}


def annotation(request: MetadataAnnotation) -> Json:
    """`rsp` of iqrfDb_MetadataAnnotation, failed or not."""
    return {"annotate": request.annotate}


def reset() -> Json:
    """`rsp` of iqrfDb_Reset."""
    return {}


def failed(**members: object) -> Callable[[object], Json]:
    """Makes the `rsp` of a request that failed: these members, which its schema demands."""
    return lambda _request: members


def _missing(address: int) -> str:
    return f"Device at address {address} does not exist."


def _success(network: Network, address: int) -> Json:
    if network.get(address) is None:
        return {"address": address, "success": False, "errorStr": _missing(address)}
    return {"address": address, "success": True}
