"""A task: what is sent, when, and what came of the last time."""

import json

from attrs import field, frozen

from protocol.readings.settings import Messaging
from protocol.strict.json import JsonObject
from protocol.tasks.time_spec import Rule, TimeSpec, rule_of

CLIENT = "SchedulerMessaging"
"""The client of the scheduler whose tasks are messages; there is no other one."""

NO_ANSWER = "no final answer"
INTERRUPTED = "interrupted"
UNOWNED = "the owner's token is not valid any more"


@frozen
class Item:
    """A message of a task, and the messagings as which it is sent: once for each of them."""

    messaging: tuple[Messaging, ...]
    message: JsonObject = field(repr=False)


@frozen
class Run:
    """One run of a task; times are Unix time in seconds.

    `due` is what it was due for. `ended` is None while it runs. `status` is 0 where all messages
    were answered with status 0, else the first other one; `trouble` says what kept it from
    ending by itself. `answer` is the last answer.
    """

    due: float
    began: float
    ended: float | None = None
    status: int = 0
    trouble: str = ""
    answer: JsonObject | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Task:
    """A task as it is kept.

    `items` is one Item or several, as it was sent. Tasks that are to `persist` are stored, and
    run after a restart if they are `enabled`. `owner` is the number of the token that added or
    edited it last, None for one that was imported.
    """

    task_id: str
    client_id: str = CLIENT
    description: str = ""
    items: Item | tuple[Item, ...] = field(repr=False)
    time_spec: TimeSpec
    persist: bool = False
    enabled: bool = False
    owner: int | None = None
    run: Run | None = None

    @property
    def rule(self) -> Rule:
        """When it runs. Raises TimeSpecError."""
        return rule_of(self.time_spec)

    @property
    def size(self) -> int:
        """Characters of what it says and sends, as JSON."""
        items = self.items if isinstance(self.items, tuple) else (self.items,)
        names = sum(len(each.instance) for item in items for each in item.messaging)
        return len(self.description) + names + len(json.dumps([each.message for each in items]))

    @property
    def messages(self) -> tuple[tuple[Messaging, JsonObject], ...]:
        """What one run sends: each message, and as which messaging."""
        items = self.items if isinstance(self.items, tuple) else (self.items,)
        return tuple((each, item.message) for item in items for each in item.messaging)
