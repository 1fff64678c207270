"""iqrfTrio_*: messages that only this gateway has."""

from typing import Annotated

from attrs import frozen

from protocol.api.family import Family, Row
from protocol.api.message import Style
from protocol.auth.rights import READ
from protocol.queue.lanes import Lane


@frozen(kw_only=True)
class Cancel:
    """Which request to take back."""

    msg_id: Annotated[str, "its id; of several of this token's the newest is meant"]


FAMILY = Family(
    prefix="iqrfTrio_",
    about="Messages that only this gateway has.",
    lane=Lane.MANAGEMENT,
    style=Style.SERVICE,
    rights=READ,
)

CANCEL = Row(
    FAMILY,
    "Cancel",
    "Take back a network service of the same token, or, with the service permission, of any.",
    Cancel,
    example={"msgId": "the id of a request"},
)

ROWS = (CANCEL,)
