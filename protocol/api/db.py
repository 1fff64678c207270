"""iqrfDb_*: enumeration of the network, and questions about what is known of its devices."""

from enum import IntEnum
from typing import Annotated, ClassVar, Literal, TypedDict

from attrs import frozen

from protocol.api.devices import (
    Address,
    Details,
    DeviceDescription,
    MeasuredDevice,
    Place,
    described,
    measured,
    placed,
)
from protocol.api.errors import ServiceError
from protocol.api.family import Extra, Family, Final, Row
from protocol.api.members import AtMost, Range, distinct
from protocol.api.message import Answer, Style
from protocol.auth.rights import MANAGE, READ
from protocol.dpa.errors import DpaError
from protocol.dpa.packet import MAX_NODE
from protocol.network.network import JsonObject, Network
from protocol.queue.lanes import Lane

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
    """How much is asked in an enumeration."""

    reenumerate: Annotated[bool, "ask known devices again too, and for their standards"] = False
    standards: Annotated[bool, "learn the sensors, outputs and lights of devices too"] = False


@frozen(kw_only=True)
class GetDevice(Details):
    """Ask for one device."""

    address: Address


@frozen(kw_only=True)
class GetDevices(Details):
    """Ask for several devices."""

    addresses: Annotated[Addresses, distinct, "which devices; all of them if it is empty"] = ()


@frozen
class GetDeviceMetadata:
    """Ask for what the user stored about these devices."""

    open_to_extras: ClassVar[bool] = True

    devices: Annotated[Addresses, "which devices"]


@frozen
class Metadata:
    """What to store about one device; None forgets it."""

    address: Address
    metadata: Annotated[JsonObject | None, "any object; null forgets what there was"]


@frozen
class SetDeviceMetadata:
    """Store something about devices, in place of what was stored before."""

    open_to_extras: ClassVar[bool] = True

    devices: Annotated[tuple[Metadata, ...], "of an address that repeats, the first counts"]

    def changes(self, network: Network) -> dict[int, JsonObject | None]:
        """What to store, by address, of devices that exist; of a repeated one the first."""
        wanted = {item.address: item.metadata for item in reversed(self.devices)}
        return {address: wanted[address] for address in sorted(wanted) if network.get(address)}


@frozen
class MetadataAnnotation:
    """Have, or no longer have, the answers of other messages carry the stored metadata."""

    annotate: Annotated[bool, "whether answers carry the metadata of their device"]


# --- results --------------------------------------------------------------------------------------


class Nothing(TypedDict):
    """An empty object."""


class StepReached(TypedDict):
    """How far an enumeration has come."""

    step: Annotated[int, Range(Step.STARTED, Step.FINISHED), "8 in the last answer"]
    stepStr: Annotated[str, "the same in words"]


class FoundDevice(TypedDict):
    """One device."""

    device: Annotated[DeviceDescription | None, "null where there is none"]


class FoundDevices(TypedDict):
    """Several devices."""

    devices: Annotated[list[DeviceDescription], "by address; what is not there is left out"]


class Known(TypedDict):
    """A device that exists."""

    address: Address
    success: Annotated[Literal[True], "the device exists"]


class MetadataOf(Known):
    """What users have noted about a device."""

    metadata: Annotated[JsonObject | None, "null where nothing was noted"]


class Unknown(TypedDict):
    """A device that does not exist."""

    address: Address
    success: Annotated[Literal[False], "there is no such device"]
    errorStr: Annotated[str, "the same in words"]


class FoundMetadata(TypedDict):
    """What users have noted about devices."""

    devices: Annotated[list[MetadataOf | Unknown], "by address"]


class ChangedMetadata(TypedDict):
    """Which devices have other metadata now."""

    devices: Annotated[list[Known | Unknown], "by address"]


class Outputs(TypedDict):
    """A device with binary outputs."""

    address: Address
    count: Annotated[int, "how many binary outputs it has"]


class FoundOutputs(TypedDict):
    """All devices with binary outputs."""

    binoutDevices: Annotated[list[Outputs], "by address"]


class FoundLights(TypedDict):
    """All devices that are lights."""

    lightDevices: Annotated[list[Address], "their addresses"]


class FoundSensors(TypedDict):
    """All devices with sensors."""

    sensorDevices: Annotated[list[MeasuredDevice], "by address"]


class Topology(TypedDict):
    """All devices with their places in the mesh."""

    devices: Annotated[list[Place], "by address"]


class Annotation(TypedDict):
    """Whether answers carry the metadata of their device."""

    annotate: Annotated[bool, "what was asked for"]


def step(reached: Step) -> StepReached:
    """`rsp` of iqrfDb_Enumerate."""
    return StepReached(step=int(reached), stepStr=reached.text)


def unasked_step(reached: Step, status: int = 0, status_str: str = "ok") -> Answer:
    """The message about a step of an enumeration that no client asked for."""
    return Answer(ENUMERATE.mtype, UNASKED, step(reached), status, status_str)


def device(network: Network, request: GetDevice) -> FoundDevice:
    """`rsp` of iqrfDb_GetDevice; raises DbError where there is no such device."""
    found = network.get(request.address)
    if found is None:
        raise DbError(_missing(request.address))
    return FoundDevice(device=described(found, request))


def devices(network: Network, request: GetDevices) -> FoundDevices:
    """`rsp` of iqrfDb_GetDevices; addresses without a device are passed over."""
    wanted = set(request.addresses)
    chosen = (found for found in network if not wanted or found.address in wanted)
    return FoundDevices(devices=[described(found, request) for found in chosen])


def metadata(network: Network, request: GetDeviceMetadata) -> FoundMetadata:
    """`rsp` of iqrfDb_GetDeviceMetadata."""
    items: list[MetadataOf | Unknown] = []
    for address in sorted(set(request.devices)):
        found = network.get(address)
        if found is None:
            items.append(_unknown(address))
        else:
            items.append(MetadataOf(address=address, success=True, metadata=found.metadata))
    return FoundMetadata(devices=items)


def metadata_set(network: Network, request: SetDeviceMetadata) -> ChangedMetadata:
    """`rsp` of iqrfDb_SetDeviceMetadata: which devices exist, and so were changed."""
    items: list[Known | Unknown] = [
        Known(address=address, success=True) if network.get(address) else _unknown(address)
        for address in sorted({item.address for item in request.devices})
    ]
    return ChangedMetadata(devices=items)


def binary_outputs(network: Network, _request: Anything) -> FoundOutputs:
    """`rsp` of iqrfDb_GetBinaryOutputs: devices that have any."""
    return FoundOutputs(
        binoutDevices=[
            Outputs(address=found.address, count=found.binary_outputs)
            for found in network
            if found.binary_outputs
        ]
    )


def lights(network: Network, _request: Anything) -> FoundLights:
    """`rsp` of iqrfDb_GetLights."""
    return FoundLights(lightDevices=[found.address for found in network if found.light])


def sensors(network: Network, _request: Anything) -> FoundSensors:
    """`rsp` of iqrfDb_GetSensors: devices that have any, with the latest values."""
    return FoundSensors(sensorDevices=[measured(found) for found in network if found.sensors])


def topology(network: Network, _request: Anything) -> Topology:
    """`rsp` of iqrfDb_GetNetworkTopology."""
    return Topology(devices=[placed(found) for found in network])


def annotation(request: MetadataAnnotation) -> Annotation:
    """`rsp` of iqrfDb_MetadataAnnotation, failed or not."""
    return Annotation(annotate=request.annotate)


def _missing(address: int) -> str:
    return f"Device at address {address} does not exist."


def _unknown(address: int) -> Unknown:
    return Unknown(address=address, success=False, errorStr=_missing(address))


# --- the messages ---------------------------------------------------------------------------------

FAMILY = Family(
    prefix="iqrfDb_",
    about="What the gateway knows of the network: it asks once and keeps what it was told.",
    lane=Lane.MANAGEMENT,
    style=Style.SERVICE,
    rights=READ,
    failure=failure,
)

ENUMERATE = Row(
    FAMILY,
    "Enumerate",
    "Learn the network: which devices there are, what they are, and what they can do.",
    Enumerate,
    StepReached | Nothing,
    example={"reenumerate": False, "standards": True},
    failed=lambda _: Nothing(),
    final=Final("step", int(Step.FINISHED)),
    extras=frozenset({Extra.PROGRESS}),
    lane=Lane.NETWORK,
    rights=MANAGE,
)
SET_METADATA = Row(
    FAMILY,
    "SetDeviceMetadata",
    "Note something about devices, in place of what was noted before.",
    SetDeviceMetadata,
    ChangedMetadata,
    example={"devices": [{"address": 1, "metadata": {"room": "hall"}}]},
    failed=lambda _: ChangedMetadata(devices=[]),
    rights=MANAGE,
)
ANNOTATION = Row(
    FAMILY,
    "MetadataAnnotation",
    "Have, or no longer have, the answers of other messages carry the metadata of their device.",
    MetadataAnnotation,
    Annotation,
    example={"annotate": False},
    failed=annotation,
    rights=MANAGE,
)
RESET = Row(
    FAMILY,
    "Reset",
    "Forget the network, and all that was noted about its devices.",
    Anything,
    Nothing,
    example={},
    failed=lambda _: Nothing(),
    rights=MANAGE,
)

ROWS = (
    ENUMERATE,
    Row(
        FAMILY,
        "GetDevice",
        "Tell of one device.",
        GetDevice,
        FoundDevice,
        example={"address": 1},
        failed=lambda _: FoundDevice(device=None),
        query=device,
    ),
    Row(
        FAMILY,
        "GetDevices",
        "Tell of several devices, or of all.",
        GetDevices,
        FoundDevices,
        example={"brief": True, "addresses": [1, 2]},
        failed=lambda _: FoundDevices(devices=[]),
        query=devices,
    ),
    SET_METADATA,
    Row(
        FAMILY,
        "GetDeviceMetadata",
        "Tell what users have noted about devices.",
        GetDeviceMetadata,
        FoundMetadata,
        example={"devices": [1]},
        failed=lambda _: FoundMetadata(devices=[]),
        query=metadata,
    ),
    ANNOTATION,
    Row(
        FAMILY,
        "GetSensors",
        "Tell of all sensors with their latest values.",
        Anything,
        FoundSensors,
        example={},
        failed=lambda _: FoundSensors(sensorDevices=[]),
        query=sensors,
    ),
    Row(
        FAMILY,
        "GetBinaryOutputs",
        "Tell which devices have binary outputs, and how many.",
        Anything,
        FoundOutputs,
        example={},
        failed=lambda _: FoundOutputs(binoutDevices=[]),
        query=binary_outputs,
    ),
    Row(
        FAMILY,
        "GetLights",
        "Tell which devices are lights.",
        Anything,
        FoundLights,
        example={},
        failed=lambda _: FoundLights(lightDevices=[]),
        query=lights,
    ),
    Row(
        FAMILY,
        "GetNetworkTopology",
        "Tell where in the mesh each device is.",
        Anything,
        Topology,
        example={},
        failed=lambda _: Topology(devices=[]),
        query=topology,
    ),
    RESET,
)
