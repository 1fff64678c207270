"""iqrfTrio_UndoBonds: the last change of bonds is taken back."""

from typing import Annotated, NotRequired, TypedDict

from protocol.api.family import Extra, NetworkService, Row
from protocol.api.own import FAMILY
from protocol.auth.rights import MANAGE
from protocol.iqmesh import undo_bonds
from protocol.queue.lanes import Lane, Priority


class Missing(TypedDict):
    """A node that has left, and has to be bonded again, at its button or by its code."""

    address: Annotated[int, "that it had"]
    mid: Annotated[str | None, "of the module, null where it is not known"]


class Undone(TypedDict):
    """What was taken back, or, with `dryRun`, would be."""

    service: Annotated[str, "the message that had changed the bonds"]
    removedNodes: Annotated[list[int], "nodes that leave the network again"]
    silentNodes: NotRequired[
        Annotated[list[int], "nodes that did not answer, and are still bonded (status 1004)"]
    ]
    otherNodes: NotRequired[
        Annotated[list[int], "addresses that another module has by now, and keeps"]
    ]
    missingNodes: NotRequired[
        Annotated[list[Missing], "nodes that had left: they cannot be called back from here"]
    ]


def undone(_request: None, service: undo_bonds.UndoBonds, _own: bool) -> Undone | None:
    """`rsp` of iqrfTrio_UndoBonds."""
    if service.record is None:
        return None
    rsp = Undone(service=service.record.service, removedNodes=service.leaving)
    if service.silent:
        rsp["silentNodes"] = service.silent
    if service.others:
        rsp["otherNodes"] = service.others
    if service.missing:
        rsp["missingNodes"] = [
            Missing(address=node, mid=f"{mid:08x}" if mid else None)
            for node, mid in sorted(service.missing.items())
        ]
    return rsp


UNDO_BONDS = Row(
    FAMILY,
    "UndoBonds",
    "Take back the last change of bonds; asked again, the one before it. Nodes that were bonded "
    "leave, nodes that had left are told.",
    None,
    Undone,
    lane=Lane.NETWORK,
    priority=Priority.PROCEDURE,
    rights=MANAGE,
    extras=frozenset({Extra.REPEAT, Extra.PROGRESS, Extra.DRY_RUN}),
    service=NetworkService(
        lambda _request: undo_bonds.UndoBonds(),
        undone,
        lambda _request: undo_bonds.UndoBonds(dry_run=True),
    ),
)

ROWS = (UNDO_BONDS,)
