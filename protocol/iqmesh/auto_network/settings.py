"""What AutoNetwork is asked for: whom to admit, to which addresses, and when to end."""

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from protocol.dpa.packet import MAX_NODE
from protocol.dpa.peripherals.coordinator import MAX_TX_POWER
from protocol.iqmesh.prebonding import Share
from protocol.iqmesh.statuses import BAD_PARAMETERS, ServiceFailure

MOST_WAVES = 255
MOST_EMPTY_WAVES = 10
"""Where no number of waves is given at all: so many are made, with so many empty ones at a time."""


@frozen(kw_only=True)
class StopConditions:
    """When to end; 0 is no condition. Empty waves count that follow one another."""

    waves: int = 0
    empty_waves: int = 2
    total_nodes: int = 0
    new_nodes: int = 0
    abort_on_too_many: bool = False

    @property
    def most_waves(self) -> int:
        """The waves at most, 0 where empty ones are the limit."""
        return self.waves if self.waves or self.empty_waves else MOST_WAVES

    @property
    def most_empty_waves(self) -> int:
        """The empty waves at most that follow one another, 0 where all waves are the limit."""
        return self.empty_waves if self.waves or self.empty_waves else MOST_EMPTY_WAVES


@frozen(kw_only=True)
class Settings:
    """One run. `wishes` are addresses by MID, None for any; with `only_wished` nobody else comes.

    `address_space` are the addresses that may be given, all where it is empty; `hwpids` those who
    are admitted, all where there are none.
    """

    stop: StopConditions = field(factory=StopConditions)
    tx_power: int = MAX_TX_POWER
    discovery_first: bool = False
    skip_discovery: bool = False
    unbond_silent: bool = False
    skip_prebonding: bool = False
    retries: int = 1
    address_space: tuple[int, ...] = ()
    wishes: tuple[tuple[int, int | None], ...] = ()
    only_wished: bool = False
    share: Share | None = None
    hwpids: frozenset[int] = frozenset()
    profiles: Mapping[int, int] = field(factory=dict)
    """The HWPIDs that some modules have to have, by MID."""
    exact: bool = False
    """Whether a wished address that cannot be given is replaced by none."""

    def check(self) -> None:
        """Raises ServiceFailure for what cannot be meant."""
        _refuse_doubles(self.address_space, "Address in Address space")
        _refuse_doubles((mid for mid, _ in self.wishes), "MID in MID list")
        addresses = (address for _, address in self.wishes if address is not None)
        _refuse_doubles(addresses, "Address in MID list")
        if self.share and not 1 <= self.share.network <= self.share.networks:
            text = "overlappingNetworks: network must be in 1..networks."
            raise ServiceFailure(BAD_PARAMETERS, text)

    @property
    def wished(self) -> Mapping[int, int | None]:
        """The wishes, by MID."""
        return dict(self.wishes)

    @property
    def addresses(self) -> Iterable[int]:
        """The addresses that may be given, ascending."""
        return sorted(self.address_space) or range(1, MAX_NODE + 1)

    def fits(self, mid: int, hwpid: int) -> bool:
        """Whether a module with this MID may have this HWPID."""
        if self.hwpids and hwpid not in self.hwpids:
            return False
        return self.profiles.get(mid, hwpid) == hwpid

    def admits(self, mid: int) -> bool:
        """Whether a module with this MID may come in."""
        if self.share and not self.share.has(mid):
            return False
        return not self.only_wished or mid in self.wished


def _refuse_doubles(values: Iterable[int], what: str) -> None:
    seen = list(values)
    if len(set(seen)) < len(seen):
        # The vendor's text; clients compare it.
        raise ServiceFailure(BAD_PARAMETERS, f"Duplicit {what}.")
