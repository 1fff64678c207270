"""iqmeshNetwork_RemoveBond and _RemoveBondOnlyInC: nodes leave the network."""

from typing import Annotated, ClassVar, NotRequired, TypedDict

from attrs import frozen

from protocol.api.family import NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.api.iqmesh.reach import Hwpid
from protocol.dpa.packet import ANY_HWPID, BROADCAST, MAX_NODE
from protocol.iqmesh import remove_bond
from protocol.strict.checks import AtMost, Range, RangeOr

Node = Annotated[int, Range(1, MAX_NODE)]
Count = Annotated[int, "how many nodes are bonded in the coordinator"]


@frozen(kw_only=True)
class RemoveBond:
    """Who is to leave."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Annotated[
        int, RangeOr(1, MAX_NODE, (BROADCAST,)), "network address of the node, 255 for all"
    ]
    whole_network: Annotated[bool, "all nodes, whatever the address"] = False
    hwp_id: Hwpid = ANY_HWPID

    def service(self) -> remove_bond.RemoveBond:
        """What does it."""
        return remove_bond.RemoveBond(None if self.everybody() else self.device_addr, self.hwp_id)

    def everybody(self) -> bool:
        """Whether all nodes are to leave."""
        return self.whole_network or self.device_addr == BROADCAST


class Removed(TypedDict):
    """Who is left."""

    nodesNr: Count
    removeBondFailedNodes: NotRequired[
        Annotated[list[int], "nodes that did not acknowledge, and are still bonded there"]
    ]


def removed(_request: RemoveBond, service: remove_bond.RemoveBond, _own: bool) -> Removed | None:
    """`rsp` of iqmeshNetwork_RemoveBond."""
    if service.nodes is None or not (service.done or service.nodes == 0):
        return None
    rsp = Removed(nodesNr=service.nodes)
    if service.failed:
        rsp["removeBondFailedNodes"] = list(service.failed)
    return rsp


REMOVE_BOND = Row(
    FAMILY,
    "RemoveBond",
    "Let a node, or all, leave the network. One that keeps silent stays bonded.",
    RemoveBond,
    Removed,
    example={"deviceAddr": 3},
    service=NetworkService(RemoveBond.service, removed, snapshot=RemoveBond.everybody),
)


@frozen(kw_only=True)
class RemoveBondOnlyInC:
    """Whom the coordinator is to forget."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Annotated[tuple[Node, ...], AtMost(MAX_NODE), "network addresses"]
    clear_all_bonds: Annotated[bool, "all nodes, whatever the addresses"] = False

    def service(self) -> remove_bond.RemoveBondOnlyInC:
        """What does it."""
        return remove_bond.RemoveBondOnlyInC(None if self.clear_all_bonds else self.device_addr)


class Forgotten(TypedDict):
    """Who is left."""

    nodesNr: Count


def forgotten(
    _request: RemoveBondOnlyInC, service: remove_bond.RemoveBondOnlyInC, _own: bool
) -> Forgotten | None:
    """`rsp` of iqmeshNetwork_RemoveBondOnlyInC."""
    return None if service.nodes is None else Forgotten(nodesNr=service.nodes)


REMOVE_BOND_ONLY_IN_C = Row(
    FAMILY,
    "RemoveBondOnlyInC",
    "Let the coordinator forget nodes that are not there any more. The nodes are not told.",
    RemoveBondOnlyInC,
    Forgotten,
    example={"deviceAddr": [2]},
    service=NetworkService(
        RemoveBondOnlyInC.service, forgotten, snapshot=lambda request: request.clear_all_bonds
    ),
)

ROWS = (REMOVE_BOND, REMOVE_BOND_ONLY_IN_C)
