"""What users note about devices, and whether answers carry it."""

from typing import Annotated, ClassVar, Literal, TypedDict

from attrs import frozen

from protocol.api.db.descriptions import Address, Addresses
from protocol.api.db.family import FAMILY, missing
from protocol.api.family import Row
from protocol.auth.rights import MANAGE
from protocol.network.network import Network
from protocol.strict.json import JsonObject


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


class Annotation(TypedDict):
    """Whether answers carry the metadata of their device."""

    annotate: Annotated[bool, "what was asked for"]


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


def annotation(request: MetadataAnnotation) -> Annotation:
    """`rsp` of iqrfDb_MetadataAnnotation, failed or not."""
    return Annotation(annotate=request.annotate)


def _unknown(address: int) -> Unknown:
    return Unknown(address=address, success=False, errorStr=missing(address))


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


GET_METADATA = Row(
    FAMILY,
    "GetDeviceMetadata",
    "Tell what users have noted about devices.",
    GetDeviceMetadata,
    FoundMetadata,
    example={"devices": [1]},
    failed=lambda _: FoundMetadata(devices=[]),
    query=metadata,
)
