"""An FRC that anybody has sent: what it asks, whom, and the raw values in its answer."""

from collections.abc import Mapping

from attrs import frozen

from protocol.dpa.frc import BUFFER, SELECTED_NODES, members, needs_extra, slots, unpack, width_of
from protocol.dpa.packet import MAX_NODE, Request
from protocol.dpa.peripherals.frc import FRC_SEND, FRC_SEND_SELECTIVE


@frozen
class FrcAsked:
    """An FRC command with its user data, for all nodes, or for the `selected` ones."""

    command: int
    user_data: bytes
    selected: frozenset[int] | None

    @classmethod
    def decode(cls, request: Request) -> "FrcAsked | None":
        """The FRC that `request` is; None when it is none, or has no command."""
        key, command, rest = (request.pnum, request.pcmd), request.pdata[:1], request.pdata[1:]
        selected = None
        if key == FRC_SEND_SELECTIVE.key:
            selected, rest = members(rest[:SELECTED_NODES]) - {0}, rest[SELECTED_NODES:]
        elif key != FRC_SEND.key:
            return None
        return cls(command[0], rest, selected) if command else None

    def raw(self, data: bytes, extra: bytes = b"") -> Mapping[int, int]:
        """The raw values by address: without `extra` those that do not need it, else the others.

        `data` are the 55 bytes of the answer, `extra` the nine of the Extra result. 0 is silence.
        """
        data = (data + extra).ljust(BUFFER, b"\0")
        width, selective = width_of(self.command), self.selected is not None
        nodes = range(1, MAX_NODE + 1) if self.selected is None else self.selected
        seats = slots(width, nodes, selective=selective)
        seated = [node for node, slot in seats.items() if slot <= width.capacity]
        return {
            node: value
            for node, value in unpack(width, seated, data, selective=selective).items()
            if needs_extra(width, seats[node]) == bool(extra)
        }
