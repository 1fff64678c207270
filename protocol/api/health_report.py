"""iqrfTrio_HealthReport: how the nodes of the network are doing."""

from typing import Annotated, TypedDict

from attrs import frozen

from protocol.api.family import Extra, NetworkService, Row
from protocol.api.own import FAMILY
from protocol.auth.rights import MANAGE
from protocol.iqmesh import health
from protocol.queue.lanes import Lane, Priority
from protocol.strict.checks import Range
from protocol.strict.shape import Unit

MAX_ROUNDS = 100


@frozen(kw_only=True)
class HealthReport:
    """How thoroughly to look."""

    rounds: Annotated[int, Range(1, MAX_ROUNDS), "how often each node is asked"] = 5

    def service(self) -> health.HealthReport:
        """What does it."""
        return health.HealthReport(self.rounds)


class NodeHealth(TypedDict):
    """How one node is doing."""

    address: Annotated[int, "network address"]
    answers: Annotated[int, "to how many rounds it has answered"]
    rssi: Annotated[int | None, Unit("dBm"), "how strong it hears, null where it did not say"]
    supplyVoltage: Annotated[float | None, Unit("V"), "null where it did not say"]
    discovered: Annotated[bool, "whether the last discovery has found it"]
    vrn: Annotated[int, "virtual routing number"]
    hops: Annotated[int | None, "from the coordinator, 1 for direct; null if not discovered"]
    parentVrn: Annotated[int, "virtual routing number of the parent, 0 for the coordinator"]


class NetworkHealth(TypedDict):
    """How the network is doing."""

    nodesNr: Annotated[int, "how many nodes are bonded"]
    rounds: Annotated[int, "how many rounds were made; fewer than asked for after a cancel"]
    nodes: Annotated[list[NodeHealth], "the worst first"]


def network_health(
    _request: HealthReport, service: health.HealthReport, _own: bool
) -> NetworkHealth | None:
    """`rsp` of iqrfTrio_HealthReport."""
    if not service.answers:
        return None
    nodes = [_node_health(service, node) for node in service.worst_first]
    return NetworkHealth(nodesNr=len(nodes), rounds=service.done, nodes=nodes)


def _node_health(service: health.HealthReport, node: int) -> NodeHealth:
    volts, hops = service.volts(node), service.zones.get(node, 0)
    return NodeHealth(
        address=node,
        answers=service.answers[node],
        rssi=service.rssi(node),
        supplyVoltage=None if volts is None else round(volts, 2),
        discovered=bool(hops),
        vrn=service.vrns.get(node, 0),
        hops=hops or None,
        parentVrn=service.parents.get(node, 0),
    )


HEALTH_REPORT = Row(
    FAMILY,
    "HealthReport",
    "Ask all nodes several times whether they are there, how well they hear and are fed.",
    HealthReport,
    NetworkHealth,
    example={"rounds": 5},
    lane=Lane.NETWORK,
    priority=Priority.PROCEDURE,
    rights=MANAGE,
    extras=frozenset({Extra.REPEAT, Extra.PROGRESS}),
    service=NetworkService(HealthReport.service, network_health),
)

ROWS = (HEALTH_REPORT,)
