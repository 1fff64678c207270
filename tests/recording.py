"""Every message that the gateway takes or sends in any test is held against the generated schemas.

The functions through which messages pass are wrapped once per process. Messages of one shape (the
same members of the same types) are looked at SAMPLES times; the rest is only counted, so that the
suite is hardly slower.
"""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson

from iqrf_trio.handlers import dispatch, exchange
from iqrf_trio.messaging import announcements
from iqrf_trio.services import monitor
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.errors import ServiceError
from protocol.auth import messages as auth

SAMPLES = 3

complaints: list[str] = []
"""What was wrong since somebody looked; whoever looks clears it."""

_seen: Counter[int] = Counter()


def start() -> None:
    """Wrap the functions through which messages pass."""
    after(exchange, "dump", _sent)
    after(announcements, "dump", _sent)
    after(dispatch, "message_error", _sent)
    after(monitor, "monitor", _sent)
    after(auth, "success", _sent)
    after(auth, "failure", _sent)
    after(dispatch, "request_of", None)


def after(module: Any, name: str, look: Callable[[str], None] | None) -> None:
    """Have `look` see what a function of the module returns; None for requests that were read."""
    original = getattr(module, name)

    @wraps(original)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        result = original(*arguments, **options)
        if look is None:
            row, message = arguments
            _taken(row, message, result)
        else:
            look(result)
        return result

    setattr(module, name, wrapped)


def _taken(row: Any, message: Any, parameters: Any) -> None:
    """A request was accepted: its schema accepts it too.

    Values that cannot be sent by radio are refused later, in an answer of the request's own type.
    """
    from tests.schemas import complaint_about_request  # noqa: PLC0415 - slow, and not always needed

    document = message.document
    if is_new(document) and _can_be_sent(row, parameters):
        known = {**document, "data": {"msgId": "", **document["data"]}}
        _note(complaint_about_request(row, known), document)


def _can_be_sent(row: Any, parameters: Any) -> bool:
    sent = row.transaction or COLLECTIONS.get(row)
    try:
        return sent is None or bool(sent.begin(parameters))
    except ServiceError:
        return False


def _sent(text: str) -> None:
    from tests.schemas import (  # noqa: PLC0415 - slow, and not always needed
        complaint_about_answer,
        complaint_about_authentication,
    )

    message = orjson.loads(text)
    if is_new(message):
        mtype = message.get("mType")
        about = complaint_about_answer(mtype, message) if mtype else None
        _note(about if mtype else complaint_about_authentication(message), message)


def _note(complaint: str | None, message: Any) -> None:
    if complaint is not None:
        complaints.append(f"{complaint}\n  in {str(message)[:500]}")


def is_new(message: Any) -> bool:
    """Whether this is one of the first SAMPLES messages of its shape."""
    shape = hash((message.get("mType"), _shape(message)))
    _seen[shape] += 1
    return _seen[shape] <= SAMPLES


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return frozenset((name, _shape(item)) for name, item in value.items())
    if isinstance(value, list):
        return frozenset(map(_shape, value))
    return type(value).__name__
