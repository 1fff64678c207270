"""iqmeshNetwork_Ping and _Restart: which nodes are there, and start them anew."""

from typing import Annotated, ClassVar, NotRequired, TypedDict

from attrs import frozen

from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.dpa.packet import ANY_HWPID
from protocol.iqmesh import ping
from protocol.strict.checks import Range

Hwpid = Annotated[int, Range(0, 0xFFFF), "hardware profile that is meant, 65535 for all"]
Count = Annotated[int, "how many nodes are bonded"]
Inaccessible = Annotated[int, "how many of them did not answer"]


@frozen(kw_only=True)
class ByHwpid:
    """Which nodes are meant."""

    open_to_extras: ClassVar[bool] = True

    hwp_id: Hwpid = ANY_HWPID


class Reached(TypedDict):
    """What became of one node."""

    address: Annotated[int, "network address"]
    result: Annotated[bool, "whether it did what was asked"]
    otherHwpId: NotRequired[
        Annotated[bool, "it was heard, but has another hardware profile (with `progress`)"]
    ]


class Pinged(TypedDict):
    """Who is there."""

    hwpId: Hwpid
    nodesNr: NotRequired[Count]
    inaccessibleNodesNr: NotRequired[Inaccessible]
    pingResult: NotRequired[Annotated[list[Reached], "each node"]]


class Restarted(TypedDict):
    """Who was restarted."""

    hwpId: Hwpid
    nodesNr: NotRequired[Count]
    inaccessibleNodesNr: NotRequired[Inaccessible]
    restartResult: NotRequired[Annotated[list[Reached], "each node"]]


def pinged(request: ByHwpid, service: ping.Ping, own: bool) -> Pinged:
    """`rsp` of iqmeshNetwork_Ping."""
    rsp = Pinged(hwpId=request.hwp_id)
    if service.nodes is not None:
        rsp["nodesNr"] = len(service.nodes)
    if service.answers is not None:
        rsp["inaccessibleNodesNr"] = _inaccessible(service)
        rsp["pingResult"] = _nodes(service, own=own)
    return rsp


def restarted(request: ByHwpid, service: ping.Restart, own: bool) -> Restarted:
    """`rsp` of iqmeshNetwork_Restart."""
    rsp = Restarted(hwpId=request.hwp_id)
    if service.nodes is not None:
        rsp["nodesNr"] = len(service.nodes)
    if service.answers is not None:
        rsp["inaccessibleNodesNr"] = _inaccessible(service)
        rsp["restartResult"] = _nodes(service, own=own)
    return rsp


def _inaccessible(service: ping.Ping) -> int:
    return sum(not service.accessible(node) for node in service.nodes or ())


def _nodes(service: ping.Ping, *, own: bool) -> list[Reached]:
    reached = []
    for node in sorted(service.nodes or ()):
        told = Reached(address=node, result=service.accessible(node))
        if own and service.other_hwpid(node):
            told["otherHwpId"] = True
        reached.append(told)
    return reached


PING = Row(
    FAMILY,
    "Ping",
    "Ask all nodes, or those with a hardware profile, whether they are there.",
    ByHwpid,
    Pinged,
    example={"hwpId": 65535},
    failed=lambda request: Pinged(hwpId=request.hwp_id),
    service=NetworkService(lambda request: ping.Ping(request.hwp_id), pinged),
)
RESTART = Row(
    FAMILY,
    "Restart",
    "Restart all nodes, or those with a hardware profile, but not the coordinator.",
    ByHwpid,
    Restarted,
    example={"hwpId": 65535},
    failed=lambda request: Restarted(hwpId=request.hwp_id),
    service=NetworkService(lambda request: ping.Restart(request.hwp_id), restarted),
)

ROWS = (PING, RESTART)
