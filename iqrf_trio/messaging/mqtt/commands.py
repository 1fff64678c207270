"""Commands on topics for people and dashboards: each becomes a request, its answer a result."""

import logging
from collections.abc import Callable

import orjson
from attrs import define, field

from iqrf_trio.edges.mqtt import Incoming
from iqrf_trio.messaging.mqtt.link import MqttLink
from iqrf_trio.messaging.reports import Reports
from protocol.api.registry import row_of
from protocol.auth.rights import Rights
from protocol.network.network import Network
from protocol.outward.mqtt.commands import CommandError, Order, named, order, result
from protocol.outward.mqtt.topics import Act, Command, GatewayCommand, NodeCommand, Request, Topics

log = logging.getLogger("iqrf_trio.mqtt")

MAX_REMEMBERED = 64
"""Topics of which it is remembered that something on them was refused."""


@define(eq=False)
class Commander:
    """Who asks for one command, as handlers know a client."""

    remote: str
    rights: Rights
    _finish: Callable[[str], None]
    token: int | None = field(default=None, init=False)
    live: bool = field(default=True, init=False)
    lasting: bool = field(default=False, init=False)

    def reply(self, text: str, *, always: bool = False) -> bool:
        """Make a result of the answer."""
        self._finish(text)
        return True

    def owe(self, answers: int) -> None:
        """Nothing: there is one result."""

    def subscribe(self, reports: Reports) -> None:
        """Nothing: commands ask for no reports."""


Accept = Callable[[bytes, Commander], None]
"""Takes the text of a request and who asks for it."""


@define(eq=False)
class MqttCommands:
    """Takes commands, with the rights of the channel; names take `may_name`."""

    _link: MqttLink
    _topics: Topics
    _rights: Rights
    _may_name: bool
    _network: Callable[[], Network]
    _accept: Accept
    _number: int = field(default=0, init=False)
    _refused: set[str] = field(factory=set, init=False)

    def take(self, message: Incoming) -> None:
        """A message on one of the topics for commands."""
        command = self._topics.parse(message.topic)
        if command is None or isinstance(command, Request):
            self._warn(message.topic, "means nothing here")
            return
        of, topic = command.told, self._result_topic(command)
        try:
            if message.retained:
                self._warn(message.topic, "was retained, which no command may be")
                raise CommandError("retained command")
            if self._renames(command) and not self._may_name:
                raise CommandError('names are changed only with mqtt.commands = "api"')
            wanted = order(command, message.payload, self._network())
        except CommandError as error:
            told = result(of, None, -1, str(error), named(message.payload))
            self._link.event(topic, told)
            return
        self._carry_out(wanted, topic)

    def _carry_out(self, wanted: Order, topic: str) -> None:
        self._number += 1
        msg_id = f"mqtt-{self._number}"

        def finish(text: str) -> None:
            answer = orjson.loads(text)
            data = answer["data"]
            if answer["mType"] == wanted.mtype and not row_of(wanted.mtype).ends_with(data):
                return  # an enumeration tells each step
            status, said = data["status"], data.get("statusStr", "ok")
            told = result(wanted.of, wanted.wanted, status, said, wanted.id)
            self._link.event(topic, told)

        self._accept(wanted.message(msg_id), Commander(f"{topic} (mqtt)", self._rights, finish))

    def _result_topic(self, command: Command) -> str:
        if isinstance(command, GatewayCommand):
            return self._topics.result
        return self._topics.node_result(command.mid)

    @staticmethod
    def _renames(command: Command) -> bool:
        return isinstance(command, NodeCommand) and command.act is Act.NAME

    def _warn(self, topic: str, text: str) -> None:
        if topic not in self._refused and len(self._refused) < MAX_REMEMBERED:
            self._refused.add(topic)
            log.warning("what came on %s %s", topic[:200], text)
