"""The list of nodes that are to be in the network, what is wrong with it, and how far each is."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from attrs import define, frozen

from protocol.iqmesh import iqrf_code
from protocol.iqmesh.iqrf_code import BadCodeError, IqrfCode
from protocol.iqmesh.statuses import BAD_PARAMETERS, ServiceFailure
from protocol.network.tables import NO_MID
from protocol.strict.json import JsonObject


@frozen(kw_only=True)
class Wanted:
    """A module that is to be in the network: by its MID, or by its code, which tells the MID.

    Where `address` is None it gets the lowest free one. `hwpid` is what it has to have.
    """

    mid: int
    address: int | None = None
    name: str | None = None
    hwpid: int | None = None
    code: IqrfCode | None = None


class State(Enum):
    """How far a node is."""

    WANTED = "wanted"
    PREBONDED = "prebonded"
    AUTHORIZED = "authorised"
    DISCOVERED = "discovered"
    VERIFIED = "verified"
    FAILED = "failed"


@define
class Standing:
    """How far one node is; `reason` says why it has failed."""

    wanted: Wanted
    state: State = State.WANTED
    address: int | None = None
    reason: str | None = None

    @property
    def over(self) -> bool:
        """Whether nothing remains to be done for it."""
        return self.state in (State.VERIFIED, State.FAILED)

    def fail(self, reason: str) -> None:
        """It is not in the network, or not as it should be."""
        self.state, self.reason = State.FAILED, reason


def wanted(
    mid: int | None, code: str | None, address: int | None, name: str | None, hwpid: int | None
) -> Wanted:
    """A node of the list; raises ServiceFailure where it is not clear which module is meant."""
    decoded = None
    if code is not None:
        try:
            decoded = iqrf_code.decode(code)
        except BadCodeError as error:
            raise ServiceFailure(BAD_PARAMETERS, str(error)) from None
        if mid is not None and decoded.mid not in (None, mid):
            raise ServiceFailure(
                BAD_PARAMETERS, f"The code of {mid:08X} is that of {decoded.mid:08X}."
            )
    mid = decoded.mid if mid is None and decoded else mid
    if mid is None or mid in NO_MID:
        raise ServiceFailure(BAD_PARAMETERS, "Each node needs a MID, or a code that tells it.")
    return Wanted(mid=mid, address=address, name=name, hwpid=hwpid, code=decoded)


def check(nodes: Sequence[Wanted]) -> None:
    """Raises ServiceFailure where two nodes of the list cannot both be in one network."""
    if not nodes:
        raise ServiceFailure(BAD_PARAMETERS, "The list of nodes is empty.")
    if twice := _twice(node.mid for node in nodes):
        raise ServiceFailure(BAD_PARAMETERS, f"MID {twice:08X} stands twice in the list.")
    if twice := _twice(node.address for node in nodes if node.address is not None):
        raise ServiceFailure(BAD_PARAMETERS, f"Address {twice} stands twice in the list.")


def compare(standings: Mapping[int, Standing], bonds: Mapping[int, int]) -> None:
    """See who of the list has an address in the coordinator already, and who cannot have one.

    `bonds` are MIDs by address, `standings` stand by MID.
    """
    at = {mid: address for address, mid in bonds.items() if mid}
    for mid, standing in standings.items():
        wish, has = standing.wanted.address, at.get(mid)
        if has is not None:
            standing.state, standing.address = State.AUTHORIZED, has
            if wish not in (None, has):
                standing.fail(f"It has address {has} already.")
        elif wish is not None and wish in bonds:
            standing.fail(f"Address {wish} belongs to module {bonds[wish]:08X}.")


def noted(nodes: Iterable[Wanted]) -> JsonObject:
    """The list as it is kept for whoever resumes; codes are not, as they hold keys."""
    return {
        "nodes": [
            {"mid": node.mid, "address": node.address, "name": node.name, "hwpid": node.hwpid}
            for node in nodes
        ]
    }


def remembered(told: Any) -> tuple[Wanted, ...]:
    """The list that `noted` has made."""
    return tuple(Wanted(**each) for each in told["nodes"])


def _twice(values: Iterable[Any]) -> Any:
    seen = set[Any]()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
