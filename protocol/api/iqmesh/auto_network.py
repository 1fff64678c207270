"""iqmeshNetwork_AutoNetwork: all nodes within reach enter the network, wave by wave."""

from typing import Annotated, Any, ClassVar, NotRequired, TypedDict

from attrs import field, frozen

from protocol.api.family import Extra, Final, NetworkService, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.dpa.packet import MAX_NODE
from protocol.iqmesh.auto_network.report import WaveResult, WaveState
from protocol.iqmesh.auto_network.service import AutoNetwork
from protocol.iqmesh.auto_network.settings import (
    MOST_EMPTY_WAVES,
    MOST_WAVES,
    Settings,
    StopConditions,
)
from protocol.iqmesh.prebonding import Share
from protocol.strict.checks import AtMost, HexDigits, Range
from protocol.strict.shape import Unit, json_name

MOST_WISHES = 1000

Node = Annotated[int, Range(1, MAX_NODE), "network address"]
Number = Annotated[int, Range(0, MAX_NODE)]


@frozen(kw_only=True)
class Wish:
    """A module, and the address that it is to have."""

    open_to_extras: ClassVar[bool] = True

    device_mid: Annotated[str, HexDigits(8), "of the module"] = field(
        metadata=json_name("deviceMID")
    )
    device_addr: Annotated[Node, "the lowest free one where there is none"] | None = None


@frozen(kw_only=True)
class OverlappingNetworks:
    """Several networks within reach of each other share the modules by their MIDs."""

    open_to_extras: ClassVar[bool] = True

    networks: Annotated[int, Range(1, 255), "how many networks there are"]
    network: Annotated[int, Range(1, 255), "which of them this one is, from 1 on"]


@frozen(kw_only=True)
class Stop:
    """When to end; 0 is no condition."""

    open_to_extras: ClassVar[bool] = True

    waves: Annotated[int, Range(0, 255), "waves at most"] = 0
    empty_waves: Annotated[
        int,
        Range(0, 255),
        "waves without a new node, one after the other. Where this and `waves` are 0, the run "
        f"ends after {MOST_EMPTY_WAVES} empty waves, or {MOST_WAVES} in all",
    ] = 2
    number_of_total_nodes: Annotated[Number, "nodes in the network"] = 0
    number_of_new_nodes: Annotated[Number, "new nodes"] = 0
    abort_on_too_many_nodes_found: Annotated[
        bool, "admit nobody of a wave that has found more than these numbers leave room for"
    ] = False


@frozen(kw_only=True)
class Request:
    """Whom to admit, to which addresses, and when to end."""

    open_to_extras: ClassVar[bool] = True

    discovery_tx_power: Annotated[int, Range(0, 7), "of discoveries"] = 7
    discovery_before_start: Annotated[bool, "look for routes to the nodes there are first"] = False
    skip_discovery_each_wave: Annotated[bool, "do not look for routes after a wave"] = False
    unbond_unresponding_nodes: Annotated[
        bool, "take the bonds of new nodes back that do not answer"
    ] = False
    skip_prebonding: Annotated[bool, "admit only nodes that are prebonded already"] = False
    action_retries: Annotated[int, Range(0, 10), "of transactions that failed, and of pings"] = 1
    address_space: Annotated[
        tuple[Node, ...], AtMost(MAX_NODE), "the addresses that may be given; all where it is empty"
    ] = ()
    mid_list: Annotated[
        tuple[Wish, ...], AtMost(MOST_WISHES), "which module gets which address"
    ] = ()
    mid_filtering: Annotated[bool, "admit nobody else than the modules of `midList`"] = False
    overlapping_networks: OverlappingNetworks | None = None
    hwpid_filtering: Annotated[
        tuple[Annotated[int, Range(0, 0xFFFF)], ...],
        AtMost(MAX_NODE),
        "the hardware profiles that are admitted; all where it is empty",
    ] = ()
    stop_conditions: Stop

    def service(self) -> AutoNetwork:
        """What does it."""
        stop, shared = self.stop_conditions, self.overlapping_networks
        wishes = ((int(wish.device_mid, 16), wish.device_addr) for wish in self.mid_list)
        return AutoNetwork(
            Settings(
                stop=StopConditions(
                    waves=stop.waves,
                    empty_waves=stop.empty_waves,
                    total_nodes=stop.number_of_total_nodes,
                    new_nodes=stop.number_of_new_nodes,
                    abort_on_too_many=stop.abort_on_too_many_nodes_found,
                ),
                tx_power=self.discovery_tx_power,
                discovery_first=self.discovery_before_start,
                skip_discovery=self.skip_discovery_each_wave,
                unbond_silent=self.unbond_unresponding_nodes,
                skip_prebonding=self.skip_prebonding,
                retries=self.action_retries,
                address_space=self.address_space,
                wishes=tuple(wishes),
                only_wished=self.mid_filtering,
                share=None if shared is None else Share(shared.networks, shared.network),
                hwpids=frozenset(self.hwpid_filtering),
            )
        )


class NewNode(TypedDict):
    """A node that has an address of this network now."""

    mid: Annotated[str, "of the module, in hexadecimal digits"]
    address: Annotated[int, "network address"]


class Wave(TypedDict):
    """What a wave is doing, or, with `lastWave`, what it has brought."""

    wave: Annotated[int, "its number, from 1 on"]
    nodesNr: NotRequired[Annotated[int, "how many nodes are bonded"]]
    newNodesNr: NotRequired[Annotated[int, "how many of them are new in this wave"]]
    waveStateCode: Annotated[
        int,
        "0 a wave is over, 1 to 11 what it does, 12 to 19 why the last one has ended, below 0 why "
        "there was none",
    ]
    progress: Annotated[int, Range(0, 100), Unit("%"), "of this wave"]
    waveState: NotRequired[Annotated[str, "the code in words, in verbose answers"]]
    lastWave: NotRequired[Annotated[bool, "whether the run is over"]]
    newNodes: NotRequired[
        Annotated[list[NewNode], "those that are new, each was heard with its address"]
    ]
    silentNodes: NotRequired[
        Annotated[list[NewNode], "those that are bonded, but were not heard yet (`progress`)"]
    ]
    refusedNodes: NotRequired[
        Annotated[list[NewNode], "those that the coordinator did not bond (`progress`)"]
    ]
    prebondedNodesLeft: NotRequired[
        Annotated[bool, "some may be prebonded still: letting them go has failed (`progress`)"]
    ]


def interim(said: WaveState | WaveResult) -> Wave:
    """`rsp` of an answer in between."""
    if isinstance(said, WaveResult):
        return _result(said)
    return Wave(
        wave=said.wave,
        waveStateCode=said.code.number,
        progress=said.progress,
        waveState=said.code.text,
    )


def finished(_request: Request, service: AutoNetwork, own: bool) -> Wave | None:
    """`rsp` of the last answer."""
    if not service.wave:
        return None
    last = service.result and service.result.last
    told = service.result if service.result and last else service.so_far()
    rsp = _result(told)
    if own and told.silent:
        rsp["silentNodes"] = _nodes(told.silent)
    if own and told.refused:
        rsp["refusedNodes"] = _nodes(told.refused)
    if own and told.left:
        rsp["prebondedNodesLeft"] = True
    return rsp


def _result(said: WaveResult) -> Wave:
    rsp = Wave(
        wave=said.wave,
        nodesNr=said.nodes,
        newNodesNr=len(said.new),
        waveStateCode=said.code.number,
        progress=100,
        waveState=said.code.text,
        lastWave=said.last,
    )
    if said.new:
        rsp["newNodes"] = _nodes(said.new)
    return rsp


def _nodes(mids: Any) -> list[NewNode]:
    return [NewNode(mid=f"{mid:x}", address=node) for node, mid in sorted(mids.items())]


AUTO_NETWORK = Row(
    FAMILY,
    "AutoNetwork",
    "Admit all nodes within reach that have no network. Answers in between tell what a wave is "
    "doing and what it has brought; the last one has `lastWave`: true.",
    Request,
    Wave,
    example={"stopConditions": {"waves": 2, "emptyWaves": 1}},
    extras=frozenset({Extra.PROGRESS}),
    final=Final("lastWave", value=True),
    service=NetworkService(
        Request.service,
        finished,
        interim=interim,
        verbose_only=frozenset({"waveState"}),
        repeat=lambda request: request.action_retries,
        snapshot=True,
    ),
)

ROWS = (AUTO_NETWORK,)
