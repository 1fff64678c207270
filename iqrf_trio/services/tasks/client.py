"""Who sends the messages of a task: a client of the dispatcher without a connection."""

from collections.abc import Callable
from typing import Any

import orjson
import trio
from attrs import define, evolve, field

from iqrf_trio.messaging.reports import Reports
from protocol.api.registry import final_of
from protocol.auth.authentication import AuthError, Grant
from protocol.auth.rights import Rights
from protocol.strict.json import JsonObject
from protocol.tasks.task import UNOWNED

MAX_KEPT = 16 * 1024
"""Characters of an answer that is kept as the result of a run; of a longer one its status is."""


@define(eq=False)
class TaskClient:
    """The sender of one message; `deliver` gets each answer, with the token that it is for.

    `token` is the owner's, and the rights are what it allows; None for an imported task.
    """

    remote: str
    rights: Rights
    token: int | None
    _deliver: Callable[[int | None, str], None]
    _mtype: object
    live: bool = field(default=True, init=False)
    lasting: bool = field(default=False, init=False)
    follows: bool = field(default=True, init=False)
    """Whoever rotates a token takes its tasks along."""
    status: int = field(default=0, init=False)
    """Of the last answer."""
    answer: JsonObject | None = field(default=None, init=False)
    """The last answer."""
    _ended: trio.Event = field(factory=trio.Event, init=False)
    _is_final: Callable[[str | bytes], bool] = field(init=False)

    @_is_final.default
    def _make_final(self) -> Callable[[str | bytes], bool]:
        return final_of(self._mtype)

    async def final(self) -> None:
        """Return when the final answer has come."""
        await self._ended.wait()

    def reply(self, text: str, *, always: bool = False) -> bool:
        """Hand on an answer, and keep it."""
        if not self.live:
            return True
        self._deliver(self.token, text)
        answer: Any = orjson.loads(text)
        self.status = answer["data"]["status"]
        if len(text) > MAX_KEPT:
            data = answer["data"]
            kept = {name: data[name] for name in ("msgId", "status", "statusStr") if name in data}
            answer = {"mType": answer["mType"], "data": kept}
        self.answer = answer
        if self._is_final(text):
            self._ended.set()
        return True

    def renew(self, granted: Grant) -> None:
        """Take what the owner's token is worth by now; messages that wait are judged by it."""
        self.rights, self.token = granted.rights, granted.token_id

    def refuse(self, error: AuthError) -> None:
        """The owner's token is worth nothing any more: messages that wait are refused."""
        self.rights = evolve(self.rights, ended=f"{UNOWNED} ({error})")

    def owe(self, answers: int) -> None:
        """Nothing: there is room for all answers."""

    def subscribe(self, reports: Reports) -> None:
        """Nothing: what is not an answer goes nowhere."""
