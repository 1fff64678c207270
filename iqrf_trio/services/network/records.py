"""The gateway's own books, as network services read and write them."""

from typing import Any, Protocol

from attrs import define

from iqrf_trio.store import Store
from protocol.iqmesh.records import Keep, Kept, Recorded, Rename

_PREFIX = "network."
"""Of the settings in which something is kept."""


class Records(Protocol):
    """Carries out actions beside the radio; raises StoreError."""

    async def record(self, action: Recorded) -> Any:
        """The result of an action."""


class NoRecords(Records):
    """For a gateway that keeps nothing."""

    async def record(self, action: Recorded) -> Any:
        """See Records."""
        return None


@define(eq=False)
class StoredRecords(Records):
    """The books in the store."""

    _store: Store

    async def record(self, action: Recorded) -> Any:
        """See Records."""
        match action:
            case Keep(name, value):
                await self._store.save_setting(_PREFIX + name, value)
            case Kept(name):
                return await self._store.setting(_PREFIX + name)
            case Rename(names):
                await self._store.rename(names)
        return None
