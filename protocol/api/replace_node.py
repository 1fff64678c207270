"""iqrfTrio_ReplaceNode: another module takes the place of a node."""

from typing import Annotated, TypedDict

from attrs import frozen

from protocol.api.family import Extra, NetworkService, Row
from protocol.api.own import FAMILY
from protocol.auth.rights import MANAGE
from protocol.dpa.packet import MAX_NODE
from protocol.iqmesh import iqrf_code, replace_node
from protocol.queue.lanes import Lane, Priority
from protocol.strict.checks import AtMost, HexDigits, Range


@frozen(kw_only=True)
class Request:
    """Whose place is to be taken, and by which module: by its code or its MID."""

    address: Annotated[int, Range(1, MAX_NODE), "of the node that is replaced"]
    smart_connect_code: (
        Annotated[str, AtMost(iqrf_code.MAX_LENGTH), "that is printed on the new module"] | None
    ) = None
    mid: (
        Annotated[str, HexDigits(8), "of the new module; without a code it has to be near"] | None
    ) = None
    restore_config: Annotated[
        bool, "give the new module the configuration that the old one was last seen with"
    ] = True
    discover: Annotated[bool, "find the routes anew afterwards"] = True

    def service(self) -> replace_node.ReplaceNode:
        """What does it."""
        return replace_node.ReplaceNode(
            address=self.address,
            mid=None if self.mid is None else int(self.mid, 16),
            code=self.smart_connect_code,
            restore=self.restore_config,
            discover=self.discover,
        )


class Replaced(TypedDict):
    """What has come of it."""

    address: Annotated[int, "of the node"]
    oldMid: Annotated[str, "of the module that was there"]
    newMid: Annotated[str, "of the module that was to take its place"]
    replaced: Annotated[bool, "whether it has; otherwise the old one has its place"]
    configuration: Annotated[
        str, "restored; was the same; none is known; not wanted; or failed: then write it yourself"
    ]
    discovered: Annotated[bool, "whether the routes were found anew"]


def told(_request: Request, service: replace_node.ReplaceNode, _own: bool) -> Replaced | None:
    """`rsp` of iqrfTrio_ReplaceNode."""
    if not service.old or service.new is None:
        return None
    return Replaced(
        address=service.address,
        oldMid=f"{service.old:08x}",
        newMid=f"{service.new:08x}",
        replaced=service.done,
        configuration=service.configuration.value,
        discovered=service.discovered,
    )


REPLACE_NODE = Row(
    FAMILY,
    "ReplaceNode",
    "Put another module in the place of a broken node: address, name, metadata, history and "
    "configuration stay. If it does not answer, the old one has its place again. Should the old "
    "one come back later, it is told to leave.",
    Request,
    Replaced,
    example={"address": 5, "smartConnectCode": "YqZ5BUEcFP4ZyaUB36iRC6Ab4WxmYBGGU2"},
    lane=Lane.NETWORK,
    priority=Priority.PROCEDURE,
    rights=MANAGE,
    extras=frozenset({Extra.REPEAT, Extra.PROGRESS}),
    service=NetworkService(Request.service, told, snapshot=True),
)

ROWS = (REPLACE_NODE,)
