"""The JSON API over MQTT: who asks, where the answers go, and what it may do."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import orjson
import trio
from attrs import define, evolve, field, frozen

from iqrf_trio.edges.mqtt import Incoming
from iqrf_trio.messaging.holders import Holders
from iqrf_trio.messaging.mqtt.link import MqttLink
from iqrf_trio.messaging.reports import Reports
from protocol.api.errors import UNKNOWN_MSG_ID, GeneralError, RequestError, message_error
from protocol.auth.authentication import AuthError, Grant
from protocol.auth.rights import Rights
from protocol.outward.mqtt.correlations import Correlations
from protocol.outward.mqtt.topics import ALL_CLIENTS, Request, Topics

log = logging.getLogger("iqrf_trio.mqtt")

MAX_CLIENTS = 64
"""Response topics that are remembered; the requests of one are answered in order."""

MAX_MESSAGE = 64 * 1024
"""Bytes of a request, as over WebSocket."""

MAX_CHECKS = 32
"""Requests whose tokens may be looked up at a time."""

RETAINED = GeneralError("A retained message is no request: it would come again and again.")
TOO_LARGE = GeneralError(f"The request has more than {MAX_MESSAGE} bytes.")
NO_CLIENT = GeneralError("The name of a client, the end of the topic, has 1 to 64 characters.")
NO_TOKEN = GeneralError("This takes an API token: the user property or the member token.")
TOO_MANY = GeneralError("Too many tokens are being looked up; ask again later.")


@define(eq=False)
class MqttClient:
    """Whoever is answered under one topic, as handlers know a client.

    A request's correlation data, which MQTT 5 has, is given back with each of its answers; they
    are told apart by `msgId`.
    """

    remote: str
    rights: Rights
    token: int | None
    _link: MqttLink
    _topic: str
    follows: bool = field(default=False, init=False)
    _correlations: Correlations = field(factory=Correlations, init=False)

    @property
    def lasting(self) -> bool:
        """No session: nobody knows when whoever asks is gone."""
        return False

    @property
    def live(self) -> bool:
        """Whether answers can be sent."""
        return self._link.up

    def reply(self, text: str, *, always: bool = False) -> bool:
        """Publish an answer; while the broker is away it is dropped."""
        return self._link.answer(self._topic, text.encode(), self._correlations.of(text))

    def owe(self, answers: int) -> None:
        """Nothing: what waits is bounded for all clients together."""

    def subscribe(self, reports: Reports) -> None:
        """Nothing: the gateway's state is published anyway."""

    def renew(self, granted: Grant) -> None:
        """Take what the token is worth by now; requests that wait are judged by it."""
        self.rights = granted.rights

    def refuse(self, error: AuthError) -> None:
        """The token is worth nothing any more: requests that wait are refused."""
        self.rights = evolve(self.rights, ended=error.text)

    def ask(
        self,
        text: bytes,
        correlation: bytes | None,
        accept: Callable[[bytes, "MqttClient"], None],
    ) -> None:
        """Hand a request to `accept`."""
        self._correlations.add(text, correlation)
        accept(text, self)


def _msg_id(text: bytes) -> str:
    try:
        found = orjson.loads(text)["data"]["msgId"]
    except (ValueError, TypeError, KeyError):
        return UNKNOWN_MSG_ID
    return found if isinstance(found, str) else UNKNOWN_MSG_ID


@frozen
class ApiSettings:
    """Whom the API serves.

    `rights` are those of the channel: whoever may publish there has them. With `require_token` a
    request has the rights of the token that it shows instead. `compatible` is the incumbent's
    topics for requests and for answers.
    """

    rights: Rights
    require_token: bool = False
    compatible: tuple[str, str] | None = None
    ins_id: str = ""


@define(eq=False)
class MqttApi:
    """Takes requests from the broker and hands them to `accept`, as sessions do."""

    _link: MqttLink
    _topics: Topics
    _settings: ApiSettings
    _accept: Callable[[bytes, MqttClient], None]
    _authenticate: Callable[[str], Awaitable[Grant]]
    _holders: Holders
    _clients: OrderedDict[tuple[str, Rights, int | None], MqttClient] = field(
        factory=OrderedDict, init=False
    )
    _retained: set[str] = field(factory=set, init=False)
    """Topics on which a retained request was refused already."""
    _to_check: trio.MemorySendChannel[tuple[Incoming, str]] = field(init=False)
    _checks: trio.MemoryReceiveChannel[tuple[Incoming, str]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Make room for requests whose tokens are looked up."""
        self._to_check, self._checks = trio.open_memory_channel(MAX_CHECKS)

    def own(self, message: Incoming) -> None:
        """A message on one of our request topics."""
        asked = self._topics.parse(message.topic)
        if not isinstance(asked, Request):
            self._refuse(NO_CLIENT, message, self._topics.response(ALL_CLIENTS))
            return
        wanted = message.response_topic
        named = wanted is not None and self._topics.answers_to(wanted)
        topic = wanted if named and wanted is not None else self._topics.response(asked.client)
        self._take(message, topic)

    def compatible(self, message: Incoming) -> None:
        """A message on the incumbent's request topic."""
        assert self._settings.compatible is not None
        self._take(message, self._settings.compatible[1])

    async def run(self) -> None:
        """Look up the tokens of requests, in their order."""
        async for message, topic in self._checks:
            text, shown = _without_token(message.payload)
            shown = message.token or shown
            if shown is None:
                self._refuse(NO_TOKEN, message, topic)
                continue
            try:
                grant = await self._authenticate(shown)
            except AuthError as error:
                self._refuse(GeneralError(error.text), message, topic)
                continue
            self._ask(text, message.correlation, topic, grant.rights, grant)

    def _take(self, message: Incoming, topic: str) -> None:
        if message.retained:
            if message.topic not in self._retained and len(self._retained) < MAX_CLIENTS:
                self._retained.add(message.topic)
                log.warning("a retained request on %s was refused", message.topic[:200])
            self._refuse(RETAINED, message, topic)
        elif len(message.payload) > MAX_MESSAGE:
            self._refuse(TOO_LARGE, message, topic)
        elif self._settings.require_token:
            try:
                self._to_check.send_nowait((message, topic))
            except trio.WouldBlock:
                self._refuse(TOO_MANY, message, topic)
        else:
            self._ask(message.payload, message.correlation, topic, self._settings.rights, None)

    def _ask(
        self,
        text: bytes,
        correlation: bytes | None,
        topic: str,
        rights: Rights,
        grant: Grant | None,
    ) -> None:
        self._client(topic, rights, grant).ask(text, correlation, self._accept)

    def _client(self, topic: str, rights: Rights, grant: Grant | None) -> MqttClient:
        token = None if grant is None else grant.token_id
        key = (topic, rights, token)
        client = self._clients.get(key)
        if client is None or client.rights != rights:
            client = MqttClient(f"{topic[:80]} (mqtt)", rights, token, self._link, topic)
            self._clients[key] = client
        if grant is not None:
            self._holders.add(client, grant)
        self._clients.move_to_end(key)
        while len(self._clients) > MAX_CLIENTS:
            self._clients.popitem(last=False)
        return client

    def _refuse(self, error: RequestError, message: Incoming, topic: str) -> None:
        text, _ = _without_token(message.payload[:MAX_MESSAGE])
        answer = message_error(
            error, text=text, ins_id=self._settings.ins_id, msg_id=_msg_id(message.payload)
        )
        self._link.answer(topic, answer.encode(), message.correlation)


def _without_token(text: bytes) -> tuple[bytes, str | None]:
    """The message without the member `token`, which must not be logged, and that member."""
    if b'"token"' not in text:
        return text, None
    try:
        message = orjson.loads(text)
        token = message.pop("token", None)
    except (ValueError, AttributeError):
        return text, None
    return orjson.dumps(message), token if isinstance(token, str) else None
