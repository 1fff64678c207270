"""iqrfTrio_CommissionNetwork: the nodes of a list enter the network."""

from functools import partial
from typing import Annotated, NotRequired, TypedDict

from attrs import frozen

from protocol.api.family import Extra, NetworkService, Row
from protocol.api.own import FAMILY
from protocol.auth.rights import MANAGE
from protocol.dpa.packet import MAX_NODE
from protocol.iqmesh import iqrf_code
from protocol.iqmesh.commission.service import Commission
from protocol.iqmesh.commission.wanted import Standing, wanted
from protocol.queue.lanes import Lane, Priority
from protocol.strict.checks import AtMost, HexDigits, Range

MAX_NAME = 200


@frozen(kw_only=True)
class WantedNode:
    """A module that is to be in the network, by its MID or its code."""

    mid: Annotated[str, HexDigits(8), "of the module"] | None = None
    smart_connect_code: (
        Annotated[str, AtMost(iqrf_code.MAX_LENGTH), "that is printed on it"] | None
    ) = None
    address: Annotated[int, Range(1, MAX_NODE), "the lowest free one by default"] | None = None
    name: Annotated[str, AtMost(MAX_NAME), "becomes `name` of its metadata"] | None = None
    hwp_id: Annotated[int, Range(0, 0xFFFF), "that it has to have"] | None = None


@frozen(kw_only=True)
class Request:
    """Which nodes are to be in the network."""

    nodes: Annotated[
        tuple[WantedNode, ...], AtMost(MAX_NODE), "may be empty where a list is resumed"
    ] = ()
    resume: Annotated[bool, "go on with the list that was not finished"] = False
    verify: Annotated[bool, "ask each node which module it is, when it has its address"] = True
    empty_waves: Annotated[
        int, Range(1, 255), "how often in a row nobody new is found before the rest is given up"
    ] = 5

    def service(self, *, dry_run: bool = False) -> Commission:
        """What does it."""
        return Commission(
            listed=tuple(
                partial(
                    wanted,
                    None if node.mid is None else int(node.mid, 16),
                    node.smart_connect_code,
                    node.address,
                    node.name,
                    node.hwp_id,
                )
                for node in self.nodes
            ),
            resume=self.resume,
            dry_run=dry_run,
            verify=self.verify,
            empty_waves=self.empty_waves,
        )


class NodeStanding(TypedDict):
    """How far a node of the list is."""

    mid: Annotated[str, "of the module"]
    address: Annotated[int | None, "that it has, or would get; null where none is known"]
    name: NotRequired[str]
    state: Annotated[
        str,
        "wanted: not found yet; prebonded: within reach (in a dry run); authorised: the "
        "coordinator has its address; discovered: it was heard with its address; verified: it has "
        "said that it is this module; failed",
    ]
    reason: NotRequired[Annotated[str, "why it has failed"]]


class Commissioned(TypedDict):
    """How far all nodes of the list are, in its order."""

    nodesNr: Annotated[int, "how many nodes are bonded"]
    nodes: list[NodeStanding]
    others: NotRequired[
        Annotated[list[str], "modules within reach that are not in the list (with `dryRun`)"]
    ]
    prebondedNodesLeft: NotRequired[
        Annotated[bool, "some may be prebonded still: letting them go has failed"]
    ]


def commissioned(_request: Request, service: Commission, _own: bool) -> Commissioned | None:
    """`rsp` of iqrfTrio_CommissionNetwork."""
    if service.bonded is None:
        return None
    rsp = Commissioned(
        nodesNr=service.bonded,
        nodes=[_standing(each) for each in service.standings.values()],
    )
    if service.dry_run:
        rsp["others"] = [f"{mid:08x}" for mid in service.others]
    if service.left:
        rsp["prebondedNodesLeft"] = True
    return rsp


def _standing(standing: Standing) -> NodeStanding:
    wanted_node = standing.wanted
    told = NodeStanding(
        mid=f"{wanted_node.mid:08x}", address=standing.address, state=standing.state.value
    )
    if wanted_node.name is not None:
        told["name"] = wanted_node.name
    if standing.reason is not None:
        told["reason"] = standing.reason
    return told


COMMISSION_NETWORK = Row(
    FAMILY,
    "CommissionNetwork",
    "Bond the nodes of a list, each to its address and with its name. With `dryRun` it only tells "
    "who is within reach and which address each would get. A list that was cut off, by a cancel, "
    "a power cut or a lost link, is gone on with by `resume`.",
    Request,
    Commissioned,
    example={
        "nodes": [
            {"mid": "8100a1b2", "address": 5, "name": "boiler room"},
            {"smartConnectCode": "YqZ5BUEcFP4ZyaUB36iRC6Ab4WxmYBGGU2"},
        ]
    },
    lane=Lane.NETWORK,
    priority=Priority.PROCEDURE,
    rights=MANAGE,
    extras=frozenset({Extra.REPEAT, Extra.PROGRESS, Extra.DRY_RUN}),
    service=NetworkService(
        Request.service,
        commissioned,
        partial(Request.service, dry_run=True),
        snapshot=True,
    ),
)

ROWS = (COMMISSION_NETWORK,)
