"""Requests of the plainest form, read without the strict reader of whole messages.

Nearly all requests have `mType` and `data`, and in `data` `msgId`, perhaps `returnVerbose`, and
`req` where their type has parameters. The strict reader makes an object of each level only to see
that these have the right types, which is half of what reading a small request costs. Here the same
is seen by looking; only what is in `req` is read as ever. All that is otherwise, and all that is
wrong, goes to the strict reader, which finds the words for it.
"""

from collections.abc import Callable
from typing import Any

from protocol.api.errors import InvalidRequestError
from protocol.strict.json import JsonObject


class NotPlainError(Exception):
    """The strict reader has to look at this message."""


def parameters_in(document: JsonObject, read: Callable[[object], Any] | None) -> Any:
    """What `read` makes of `req`; None for a type without parameters, which has no `read`.

    Raises NotPlainError. That `mType` is a string is known.
    """
    data = document.get("data")
    if type(data) is not dict or len(document) != 2 or type(data.get("msgId")) is not str:
        raise NotPlainError
    if type(data.get("returnVerbose", False)) is not bool:
        raise NotPlainError
    others = len(data) - 1 - ("returnVerbose" in data)
    if read is None and not others:
        return None
    if read is None or others != 1 or "req" not in data:
        raise NotPlainError
    try:
        return read(data["req"])
    except InvalidRequestError:
        raise NotPlainError from None
