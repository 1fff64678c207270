"""Snapshots before something that is hard to undo."""

import logging

from iqrf_trio.handlers.exchange import Gateway
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.store import StoreError
from protocol.dpa.errors import DpaError
from protocol.vault.blocks import BadBackupError

log = logging.getLogger("iqrf_trio.handlers")


async def keep(gateway: Gateway, mtype: str) -> None:
    """Have a snapshot of what is about to change; that this fails is no reason to give up."""
    if not gateway.keeper.shelves:
        return
    try:
        await gateway.keeper.take(unasked=True)
    except (DpaError, BadBackupError, StoreError, VaultError) as error:
        log.warning("no snapshot before %s: %s", mtype, error)
