"""iqmeshNetwork_DpaHops, _DpaValue, _FrcParams: parameters that only setting them reads."""

from typing import Annotated, ClassVar, Literal, TypedDict

from attrs import frozen

from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.dpa.packet import MAX_NODE
from protocol.dpa.peripherals.coordinator import OPTIMIZED_HOPS, Hops
from protocol.iqmesh import dpa_hops, dpa_value, frc_params
from protocol.network.parameters import OFFLINE_FRC
from protocol.strict.checks import Multiple, Range, RangeOr

Action = Annotated[Literal["get", "set"], "whether to read or to set"]


@frozen(kw_only=True)
class DpaHops:
    """Whether to read or to set the hops, and to what."""

    open_to_extras: ClassVar[bool] = True

    action: Action
    request_hops: Annotated[
        int, RangeOr(0, MAX_NODE, (OPTIMIZED_HOPS,)), "of requests; 255 for the optimum"
    ] = OPTIMIZED_HOPS
    response_hops: Annotated[
        int, RangeOr(1, MAX_NODE, (OPTIMIZED_HOPS,)), "of responses; 255 for the optimum"
    ] = OPTIMIZED_HOPS

    def service(self) -> dpa_hops.DpaHops:
        """What does it."""
        if self.action == "get":
            return dpa_hops.DpaHops()
        return dpa_hops.DpaHops(Hops(self.request_hops, self.response_hops))


class HopsNow(TypedDict):
    """The hops as they are now."""

    action: Action
    requestHops: Annotated[int, "of requests; 255 for the optimum"]
    responseHops: Annotated[int, "of responses; 255 for the optimum"]


def hops_now(request: DpaHops, service: dpa_hops.DpaHops, _own: bool) -> HopsNow | None:
    """`rsp` of iqmeshNetwork_DpaHops."""
    if service.hops is None:
        return None
    # The published schema has no 0 for responses; 255 means the same to the coordinator.
    response = service.hops.response or OPTIMIZED_HOPS
    return HopsNow(action=request.action, requestHops=service.hops.request, responseHops=response)


DPA_HOPS = Row(
    FAMILY,
    "DpaHops",
    "Read or set how many hops the requests and responses of the network are given.",
    DpaHops,
    HopsNow,
    example={"action": "get"},
    service=NetworkService(DpaHops.service, hops_now),
)

Type = Annotated[
    int, Range(0, dpa_value.TYPE), "0 RSSI, 1 supply voltage, 2 system, 3 defined by the user"
]


@frozen(kw_only=True)
class DpaValue:
    """Whether to read or to set the type of DpaValue, and to what."""

    open_to_extras: ClassVar[bool] = True

    action: Action
    type: Type = 0

    def service(self) -> dpa_value.DpaValue:
        """What does it."""
        return dpa_value.DpaValue(None if self.action == "get" else self.type)


class TypeNow(TypedDict):
    """What DpaValue means now."""

    action: Action
    type: Type


def type_now(request: DpaValue, service: dpa_value.DpaValue, _own: bool) -> TypeNow | None:
    """`rsp` of iqmeshNetwork_DpaValue."""
    if service.type is None:
        return None
    return TypeNow(action=request.action, type=service.type)


DPA_VALUE = Row(
    FAMILY,
    "DpaValue",
    "Read or set what the DpaValue in each response of the network means.",
    DpaValue,
    TypeNow,
    example={"action": "get"},
    service=NetworkService(DpaValue.service, type_now),
)


ResponseTime = Annotated[
    int, Multiple(16, frc_params.RESPONSE_TIME), "0 for 40 ms, 16 for 360 ms ... 112 for 20520 ms"
]
Offline = Annotated[bool, "whether the next FRC is an offline one"]


@frozen(kw_only=True)
class FrcParams:
    """Whether to read or to set the FRC parameters, and to what."""

    open_to_extras: ClassVar[bool] = True

    action: Action
    response_time: ResponseTime = 0
    offline_frc: Offline = False

    def service(self) -> frc_params.FrcParams:
        """What does it."""
        if self.action == "get":
            return frc_params.FrcParams()
        return frc_params.FrcParams(self.response_time | (OFFLINE_FRC if self.offline_frc else 0))


class FrcParamsNow(TypedDict):
    """The FRC parameters as they are now."""

    action: Action
    responseTime: ResponseTime
    offlineFrc: Offline


def frc_params_now(
    request: FrcParams, service: frc_params.FrcParams, _own: bool
) -> FrcParamsNow | None:
    """`rsp` of iqmeshNetwork_FrcParams."""
    if service.params is None:
        return None
    return FrcParamsNow(
        action=request.action, responseTime=service.response_time, offlineFrc=service.offline
    )


FRC_PARAMS = Row(
    FAMILY,
    "FrcParams",
    "Read or set how long nodes have for their answer to an FRC, and whether it is an offline one.",
    FrcParams,
    FrcParamsNow,
    example={"action": "get"},
    service=NetworkService(FrcParams.service, frc_params_now),
)

ROWS = (DPA_HOPS, DPA_VALUE, FRC_PARAMS)
