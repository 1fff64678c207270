"""iqmeshNetwork_MaintenanceInconsistentMIDsInCoord, ...: what mends a network, or says it would."""

from typing import Annotated, NotRequired, TypedDict

from protocol.api.family import Extra, NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.iqmesh import maintenance

EXTRAS = FAMILY.extras | {Extra.DRY_RUN, Extra.NODES}

Count = Annotated[int, "how many nodes are bonded"]


class Difference(TypedDict):
    """A node of which the coordinator has another MID than the one that answers there."""

    address: Annotated[int, "network address"]
    mid: Annotated[str, "of the module that answers"]
    tableMid: Annotated[str, "that the coordinator has"]


class MidsCompared(TypedDict):
    """Which MIDs the coordinator had wrong."""

    nodesNr: Count
    inaccessibleNodesNr: NotRequired[Annotated[int, "how many did not answer"]]
    inconsistentNodesNr: NotRequired[Annotated[int, "how many had another MID"]]
    inaccessibleNodes: NotRequired[Annotated[list[int], "those that did not answer"]]
    inconsistentNodes: NotRequired[
        Annotated[list[int], "those of which the coordinator had another MID"]
    ]
    differences: NotRequired[
        Annotated[
            list[Difference],
            "which MIDs these are (with `dryRun`): whether the coordinator is wrong, or another "
            "module has taken the address, is known by what stands on the module",
        ]
    ]


def mids_compared(
    _request: None, service: maintenance.InconsistentMids, _own: bool
) -> MidsCompared:
    """`rsp` of iqmeshNetwork_MaintenanceInconsistentMIDsInCoord."""
    rsp = MidsCompared(nodesNr=len(service.nodes))
    if service.mids is None:
        return rsp
    rsp["inaccessibleNodesNr"] = len(service.silent)
    rsp["inconsistentNodesNr"] = len(service.inconsistent)
    if service.silent:
        rsp["inaccessibleNodes"] = service.silent
    if service.inconsistent:
        rsp["inconsistentNodes"] = list(service.inconsistent)
    if service.dry_run and service.inconsistent:
        rsp["differences"] = [
            Difference(
                address=node,
                mid=f"{service.mids[node]:08X}",
                tableMid=f"{service.table[node]:08X}",
            )
            for node in service.inconsistent
        ]
    return rsp


class Validated(TypedDict):
    """How many nodes were told which modules belong to the network."""

    nodesNr: Count
    suspectedNodes: NotRequired[
        Annotated[
            list[int],
            "addresses at which another module answers than the coordinator has (with `dryRun`)",
        ]
    ]


def validated(_request: None, service: maintenance.DuplicatedAddresses, _own: bool) -> Validated:
    """`rsp` of iqmeshNetwork_MaintenanceDuplicatedAddresses."""
    rsp = Validated(nodesNr=len(service.nodes))
    if service.suspected is not None:
        rsp["suspectedNodes"] = list(service.suspected)
    return rsp


class Released(TypedDict):
    """How many nodes are bonded; nobody knows who was released."""

    nodesNr: Count
    prebondedNodesNr: NotRequired[
        Annotated[int, "how many have answered that are prebonded (with `dryRun`)"]
    ]
    prebondedMids: NotRequired[Annotated[list[str], "their MIDs (with `dryRun`)"]]


def released(_request: None, service: maintenance.UselessPrebondedNodes, _own: bool) -> Released:
    """`rsp` of iqmeshNetwork_MaintenanceUselessPrebondedNodes."""
    rsp = Released(nodesNr=len(service.nodes))
    if service.prebonded is not None:
        rsp["prebondedNodesNr"] = len(service.prebonded)
        rsp["prebondedMids"] = [f"{mid:08X}" for mid in sorted(service.prebonded)]
    return rsp


INCONSISTENT_MIDS = Row(
    FAMILY,
    "MaintenanceInconsistentMIDsInCoord",
    "Correct the MIDs in the coordinator by what the nodes say.",
    None,
    MidsCompared,
    extras=EXTRAS,
    failed=lambda _request: MidsCompared(nodesNr=0),
    service=NetworkService(
        lambda _request: maintenance.InconsistentMids(),
        mids_compared,
        lambda _request: maintenance.InconsistentMids(dry_run=True),
        choose=maintenance.InconsistentMids.choose,
    ),
)
DUPLICATED_ADDRESSES = Row(
    FAMILY,
    "MaintenanceDuplicatedAddresses",
    "Let modules leave whose address belongs to another one in the coordinator. "
    "Correct its MIDs first: a node of which it has a wrong MID loses its bond.",
    None,
    Validated,
    extras=EXTRAS,
    failed=lambda _request: Validated(nodesNr=0),
    service=NetworkService(
        lambda _request: maintenance.DuplicatedAddresses(),
        validated,
        lambda _request: maintenance.DuplicatedAddresses(dry_run=True),
        choose=maintenance.DuplicatedAddresses.choose,
    ),
)
USELESS_PREBONDED_NODES = Row(
    FAMILY,
    "MaintenanceUselessPrebondedNodes",
    "Let nodes leave that were prebonded, and were never given an address; with `nodes` also those "
    "that have these addresses and that the coordinator has forgotten.",
    None,
    Released,
    extras=EXTRAS,
    failed=lambda _request: Released(nodesNr=0),
    service=NetworkService(
        lambda _request: maintenance.UselessPrebondedNodes(),
        released,
        lambda _request: maintenance.UselessPrebondedNodes(dry_run=True),
        choose=maintenance.UselessPrebondedNodes.choose,
    ),
)

ROWS = (INCONSISTENT_MIDS, DUPLICATED_ADDRESSES, USELESS_PREBONDED_NODES)
