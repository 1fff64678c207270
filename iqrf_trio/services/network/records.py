"""The gateway's own books, as network services read and write them."""

from typing import Any, Protocol

from attrs import define

from iqrf_trio.services.configurations import Configurations
from iqrf_trio.services.history import History
from iqrf_trio.store import Store
from protocol.iqmesh.bond_changes import Replacing
from protocol.iqmesh.records import REPLACED, Keep, Kept, Known, Recorded, Rename, Succeed, Withdraw

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
    _configurations: Configurations
    _history: History | None = None

    async def record(self, action: Recorded) -> Any:
        """See Records."""
        match action:
            case Keep(name, value):
                await self._store.save_setting(_PREFIX + name, value)
            case Kept(name):
                return await self._store.setting(_PREFIX + name)
            case Rename(names):
                await self._store.rename(names)
            case Known(mid):
                return await self._configurations.of(mid)
            case Succeed(replacing):
                await self._succeed(replacing)
            case Withdraw(replacing):
                await self._withdraw(replacing)
        return None

    async def _succeed(self, replacing: Replacing) -> None:
        """History first: what is cut off here is done once more at the next start."""
        replaced = await self._replaced() | {str(replacing.address): replacing.new}
        await self._store.save_setting(_PREFIX + REPLACED, replaced)
        await self._hand_on(replacing.old, replacing.new)

    async def _withdraw(self, replacing: Replacing) -> None:
        replaced = await self._replaced()
        if replaced.get(str(replacing.address)) == replacing.new:
            await self._hand_on(replacing.new, replacing.old)
        replaced[str(replacing.address)] = replacing.old
        await self._store.save_setting(_PREFIX + REPLACED, replaced)

    async def _replaced(self) -> dict[str, int]:
        replaced: Any = await self._store.setting(_PREFIX + REPLACED)
        return dict(replaced or {})

    async def _hand_on(self, old: int, new: int) -> None:
        if self._history is not None:
            await self._history.adopt(old, new)
        await self._store.succeed(old, new)
