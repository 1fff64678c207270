"""The table of all messages: the requests that this gateway answers, and what it sends unasked."""

from collections.abc import Mapping

from protocol.api import db, iqmesh, mng, ntf, raw, sensor_data
from protocol.api.errors import MESSAGE_ERROR, InvalidRequestError, UnsupportedTypeError
from protocol.api.family import Row, Unasked

_ROWS = (*raw.ROWS, *db.ROWS, *sensor_data.ROWS, *iqmesh.ROWS, *ntf.ROWS, *mng.ROWS)

REGISTRY: Mapping[str, Row] = {row.mtype: row for row in _ROWS}
"""The row of each request by its type."""

UNASKED: Mapping[str, Unasked] = {each.mtype: each for each in (sensor_data.REPORT, ntf.MONITOR)}
"""The types that only the gateway sends, but for messageError."""


def row_of(mtype: str) -> Row:
    """What is known of requests of this type.

    Raises UnsupportedTypeError for a type that is none, InvalidRequestError for one that only
    the gateway sends.
    """
    if row := REGISTRY.get(mtype):
        return row
    if mtype in UNASKED or mtype == MESSAGE_ERROR:
        raise InvalidRequestError(f"mType: {mtype} is sent by the gateway, it cannot be requested")
    raise UnsupportedTypeError(mtype)
