"""The table of all messages: the requests that this gateway answers, and what it sends unasked."""

from collections.abc import Callable, Mapping

import orjson

from protocol.api import (
    commission,
    db,
    dpa,
    health_report,
    iqmesh,
    mng,
    mng_scheduler,
    mng_service,
    ntf,
    own,
    raw,
    replace_node,
    sensor_data,
    undo_bonds,
)
from protocol.api.errors import (
    MESSAGE_ERROR,
    InvalidRequestError,
    RequestError,
    UnsupportedTypeError,
)
from protocol.api.family import Family, Row, Unasked
from protocol.api.published import PUBLISHED, instead_of

OWN_ROWS = (
    *own.ROWS,
    *commission.ROWS,
    *health_report.ROWS,
    *replace_node.ROWS,
    *undo_bonds.ROWS,
)

FAMILIES: tuple[tuple[Family, tuple[Row, ...]], ...] = (
    (raw.FAMILY, raw.ROWS),
    *dpa.FAMILIES,
    (db.FAMILY, db.ROWS),
    (sensor_data.FAMILY, sensor_data.ROWS),
    (iqmesh.FAMILY, iqmesh.ROWS),
    (
        own.FAMILY,
        (*own.ROWS, *commission.ROWS, *health_report.ROWS, *replace_node.ROWS, *undo_bonds.ROWS),
    ),
    (ntf.FAMILY, ntf.ROWS),
    (mng_scheduler.FAMILY, mng_scheduler.ROWS),
    (mng_service.FAMILY, mng_service.ROWS),
    (mng.FAMILY, mng.ROWS),
)
"""The families with their messages."""

REGISTRY: Mapping[str, Row] = {row.mtype: row for _, rows in FAMILIES for row in rows}
"""The row of each request by its type."""

UNASKED: Mapping[str, Unasked] = {
    each.mtype: each for each in (sensor_data.REPORT, ntf.MONITOR, mng_service.TR_DATA)
}
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
    raise UnsupportedTypeError(mtype, not_answered(mtype))


def not_answered(mtype: str) -> str:
    """What is known of a published type that this gateway does not answer; empty for others."""
    if mtype in REGISTRY or mtype not in PUBLISHED:
        return ""
    instead = instead_of(mtype)
    return "a known message, not answered by this gateway" + (instead and f"; use {instead}")


def final_of(mtype: object) -> Callable[[str | bytes], bool]:
    """What tells whether an answer (JSON) is the last one to a request of this type."""
    try:
        row = row_of(mtype if isinstance(mtype, str) else "")
    except RequestError:
        return lambda _text: True

    def ends(text: str | bytes) -> bool:
        answer = orjson.loads(text)
        return answer["mType"] != mtype or row.ends_with(answer["data"])

    return ends
