"""Questions about what is known of the devices: all of them, or those with something special."""

from typing import Annotated, TypedDict

from attrs import frozen

from protocol.api.db.descriptions import (
    Address,
    Addresses,
    Details,
    DeviceDescription,
    MeasuredDevice,
    Place,
    described,
    measured,
    placed,
)
from protocol.api.db.family import FAMILY, Anything, DbError, missing
from protocol.api.family import Row
from protocol.network.network import Network
from protocol.strict.checks import distinct


@frozen(kw_only=True)
class GetDevice(Details):
    """Ask for one device."""

    address: Address


@frozen(kw_only=True)
class GetDevices(Details):
    """Ask for several devices."""

    addresses: Annotated[Addresses, distinct, "which devices; all of them if it is empty"] = ()


class FoundDevice(TypedDict):
    """One device."""

    device: Annotated[DeviceDescription | None, "null where there is none"]


class FoundDevices(TypedDict):
    """Several devices."""

    devices: Annotated[list[DeviceDescription], "by address; what is not there is left out"]


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


def device(network: Network, request: GetDevice) -> FoundDevice:
    """`rsp` of iqrfDb_GetDevice; raises DbError where there is no such device."""
    found = network.get(request.address)
    if found is None:
        raise DbError(missing(request.address))
    return FoundDevice(device=described(found, request))


def devices(network: Network, request: GetDevices) -> FoundDevices:
    """`rsp` of iqrfDb_GetDevices; addresses without a device are passed over."""
    wanted = set(request.addresses)
    chosen = (found for found in network if not wanted or found.address in wanted)
    return FoundDevices(devices=[described(found, request) for found in chosen])


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


GET_DEVICE = Row(
    FAMILY,
    "GetDevice",
    "Tell of one device.",
    GetDevice,
    FoundDevice,
    example={"address": 1},
    failed=lambda _: FoundDevice(device=None),
    query=device,
)


GET_DEVICES = Row(
    FAMILY,
    "GetDevices",
    "Tell of several devices, or of all.",
    GetDevices,
    FoundDevices,
    example={"brief": True, "addresses": [1, 2]},
    failed=lambda _: FoundDevices(devices=[]),
    query=devices,
)


GET_SENSORS = Row(
    FAMILY,
    "GetSensors",
    "Tell of all sensors with their latest values.",
    Anything,
    FoundSensors,
    example={},
    failed=lambda _: FoundSensors(sensorDevices=[]),
    query=sensors,
)


GET_BINARY_OUTPUTS = Row(
    FAMILY,
    "GetBinaryOutputs",
    "Tell which devices have binary outputs, and how many.",
    Anything,
    FoundOutputs,
    example={},
    failed=lambda _: FoundOutputs(binoutDevices=[]),
    query=binary_outputs,
)


GET_LIGHTS = Row(
    FAMILY,
    "GetLights",
    "Tell which devices are lights.",
    Anything,
    FoundLights,
    example={},
    failed=lambda _: FoundLights(lightDevices=[]),
    query=lights,
)


GET_TOPOLOGY = Row(
    FAMILY,
    "GetNetworkTopology",
    "Tell where in the mesh each device is.",
    Anything,
    Topology,
    example={},
    failed=lambda _: Topology(devices=[]),
    query=topology,
)
