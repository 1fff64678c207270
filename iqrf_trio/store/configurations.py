"""The configuration that each module was last seen with, by its MID."""

from collections.abc import Iterable

from iqrf_trio.store.sqlite import Connection
from protocol.network.configurations import Change, Configuration

MOST = 2000
"""Modules of which it is kept; beyond that those that were noted first are forgotten."""

_KEEP = "INSERT OR REPLACE INTO tr_configuration (mid, settings, rfpgm) VALUES (?, ?, ?)"

_FORGET_OLDEST = """
DELETE FROM tr_configuration
WHERE id NOT IN (SELECT id FROM tr_configuration ORDER BY id DESC LIMIT ?)
"""


def find(connection: Connection, mid: int) -> Configuration | None:
    """The configuration of the module with this MID, None where none was ever seen."""
    row = connection.execute(
        "SELECT settings, rfpgm FROM tr_configuration WHERE mid = ?", (mid,)
    ).fetchone()
    return None if row is None else Configuration(bytes.fromhex(row[0]), row[1])


def change(connection: Connection, changes: Iterable[tuple[int, Change]]) -> None:
    """Note what became of configurations, in this order; what was known already writes nothing.

    Single bytes of a configuration that was never seen as a whole are of no use.
    """
    for mid, each in changes:
        known = find(connection, mid)
        match each:
            case None:
                connection.execute("DELETE FROM tr_configuration WHERE mid = ?", (mid,))
                continue
            case Configuration():
                now: Configuration | None = each
            case triplets:
                now = known and known.written(triplets)
        if now is not None and now != known:
            connection.execute(_KEEP, (mid, now.settings.hex(), now.rfpgm))
    connection.execute(_FORGET_OLDEST, (MOST,))


def forget_all(connection: Connection) -> None:
    """Forget the configurations of all modules."""
    connection.execute("DELETE FROM tr_configuration")
