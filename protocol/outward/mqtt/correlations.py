"""Correlation data of requests (MQTT 5), to be given back with each of their answers."""

from collections import OrderedDict, deque

import orjson
from attrs import define, field

from protocol.api.errors import UNKNOWN_MSG_ID, RequestError
from protocol.api.registry import row_of

MAX_REQUESTS = 256
"""Requests of one client whose correlation data is remembered; more cannot be under way."""


@define(eq=False)
class Correlations:
    """The requests of one client that are under way, by msgId.

    Several may have the same one, for instance none: they are answered in their order.
    """

    _waiting: OrderedDict[str, deque[bytes | None]] = field(factory=OrderedDict, init=False)
    _number: int = field(default=0, init=False)

    def add(self, request: bytes, correlation: bytes | None) -> None:
        """A request comes."""
        if correlation is None and not self._waiting:
            return  # who never gives any need not be followed
        self._waiting.setdefault(_msg_id(_parsed(request)), deque()).append(correlation)
        self._number += 1
        while self._number > MAX_REQUESTS:
            self._take(next(iter(self._waiting)))

    def of(self, answer: str) -> bytes | None:
        """What goes back with an answer; the last one to a request ends it."""
        if not self._waiting:
            return None
        document = _parsed(answer)
        msg_id = _msg_id(document)
        if msg_id not in self._waiting:
            return None
        return self._take(msg_id) if _is_final(document) else self._waiting[msg_id][0]

    def _take(self, msg_id: str) -> bytes | None:
        waiting = self._waiting[msg_id]
        self._number -= 1
        found = waiting.popleft()
        if not waiting:
            del self._waiting[msg_id]
        return found


def _parsed(text: bytes | str) -> object:
    try:
        return orjson.loads(text)
    except ValueError:
        return None


def _msg_id(document: object) -> str:
    data = document.get("data") if isinstance(document, dict) else None
    found = data.get("msgId") if isinstance(data, dict) else None
    return found if isinstance(found, str) else UNKNOWN_MSG_ID


def _is_final(document: object) -> bool:
    assert isinstance(document, dict)  # for it has a msgId, or is one of ours without
    try:
        return row_of(document["mType"]).ends_with(document["data"])
    except (RequestError, KeyError, TypeError):
        return True
