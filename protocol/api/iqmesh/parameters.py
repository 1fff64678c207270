"""iqmeshNetwork_DpaHops: the coordinator's parameters, which can be read only by setting them."""

from typing import Annotated, ClassVar, Literal, TypedDict

from attrs import frozen

from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.api.members import MemberError
from protocol.dpa.packet import MAX_NODE
from protocol.dpa.peripherals.coordinator import OPTIMIZED_HOPS, Hops
from protocol.iqmesh import dpa_hops

Action = Annotated[Literal["get", "set"], "whether to read or to set"]


@frozen
class HopCount:
    """Hops as clients may give them: `least`..239, or 255 for the optimum."""

    least: int

    def __call__(self, value: int) -> None:
        """Raise MemberError for any other number."""
        if value != OPTIMIZED_HOPS and not self.least <= value <= MAX_NODE:
            raise MemberError(
                f"must be {self.least} to {MAX_NODE}, or {OPTIMIZED_HOPS}, not {value}"
            )


@frozen(kw_only=True)
class DpaHops:
    """Whether to read or to set the hops, and to what."""

    open_to_extras: ClassVar[bool] = True

    action: Action
    request_hops: Annotated[int, HopCount(0), "of requests; 255 for the optimum"] = OPTIMIZED_HOPS
    response_hops: Annotated[int, HopCount(1), "of responses; 255 for the optimum"] = OPTIMIZED_HOPS

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

ROWS = (DPA_HOPS,)
