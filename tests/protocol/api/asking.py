"""Requests as a client writes them, for the tests of every namespace."""

import json
from typing import Any

import pytest

from protocol.api.errors import InvalidRequestError
from protocol.api.family import request_of
from protocol.api.message import Message, parse
from protocol.api.registry import row_of


def message(mtype: str, **data: object) -> Message:
    """A message with these members of `data`, and a msgId."""
    return parse(json.dumps({"mType": mtype, "data": {"msgId": "m", **data}}))


def asked(mtype: str, **data: object) -> Any:
    """What the gateway makes of the request."""
    return request_of(row_of(mtype), message(mtype, **data))


def refusal(mtype: str, **data: object) -> str:
    """Why the gateway refuses the request."""
    with pytest.raises(InvalidRequestError) as refused:
        asked(mtype, **data)
    return str(refused.value)
