"""The last known parameters of each coordinator, by its MID."""

from attrs import astuple

from iqrf_trio.store.sqlite import Connection
from protocol.network.parameters import Parameters

_COLUMNS = "frc_response_time, dpa_value, rx_hops, tx_hops"


def load(connection: Connection, coordinator: int) -> Parameters:
    """What is known of the coordinator with this MID; all None for one never seen."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM parameters WHERE coordinator = ?", (coordinator,)
    ).fetchone()
    return Parameters() if row is None else Parameters(*row)


def save(connection: Connection, coordinator: int, parameters: Parameters) -> None:
    """Keep what is known of it now; the same again writes nothing."""
    if load(connection, coordinator) == parameters:
        return
    connection.execute(
        f"INSERT OR REPLACE INTO parameters (coordinator, {_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
        (coordinator, *astuple(parameters)),
    )
