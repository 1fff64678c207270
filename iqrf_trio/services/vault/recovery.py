"""What an empty gateway finds in its vault when it starts: it says so, or takes it."""

import logging
from collections.abc import Callable, Sequence

from iqrf_trio.services.vault.cipher import Passphrase
from iqrf_trio.services.vault.files import VaultError
from iqrf_trio.services.vault.shelves import Found, Shelf, newest
from iqrf_trio.store import Store, StoreError
from protocol.auth.times import format_iso
from protocol.vault.snapshot import DATABASE, SnapshotError, decode

log = logging.getLogger("iqrf_trio.vault")


async def latest(shelves: Sequence[Shelf]) -> Found | None:
    """The newest whole snapshot of all shelves; those that cannot be used are reported."""
    found = list[Found]()
    for shelf in shelves:
        try:
            if (here := await newest(shelf)) is not None:
                found.append(here)
        except VaultError as error:
            log.error("the vault in %s cannot be used: %s", shelf.name, error)
    return max(found, key=lambda each: each.manifest.made_at, default=None)


async def recover(
    store: Store,
    shelves: Sequence[Shelf],
    passphrase: Callable[[], Passphrase | None],
    *,
    auto: bool,
) -> None:
    """Bring an empty database back from the vault if `auto`, else say what brings it back.

    One without devices but with tokens was emptied on purpose, or is looked after by somebody.
    """
    if len(store.network):
        return
    found = await latest(shelves)
    if found is None or not any(part.name == DATABASE for part in found.manifest.parts):
        return
    made_at = format_iso(found.manifest.made_at)
    option = "--flash" if found.name.startswith("flash") else f"--file {found.name}"
    command = f"iqrf-trio restore {option} --database"
    if not auto or await store.has_tokens():
        log.warning(
            "the database is empty, but there is a snapshot of %s (%s); to restore it: %s",
            made_at,
            found.name,
            command,
        )
        return
    try:
        key = passphrase()
        await store.restore(decode(found.data, key.unseal if key else None).parts[DATABASE])
    except (SnapshotError, StoreError, VaultError) as error:
        log.error("the database is not restored from %s: %s; try: %s", found.name, error, command)
    else:
        log.warning("the empty database was restored from the snapshot of %s", made_at)
