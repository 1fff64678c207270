"""The topics of a gateway, and what a topic that came in asks for.

All of them begin with `<prefix>/<gateway>/`, so that any number of gateways share a broker. Nodes
are named by MID: addresses and names change.
"""

import re
from collections.abc import Iterator
from enum import StrEnum

from attrs import frozen

PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
"""What a prefix may be: levels without wildcards, none of them empty."""

GATEWAY = re.compile(r"[a-z0-9_-]{1,32}")
"""What a gateway's id may be; it also stands in ids of Home Assistant."""

MAX_TOPIC = 256
"""Characters of a response topic; a longer one is not answered to."""

ALL_CLIENTS = "all"
"""The client to whom requests are answered that name none."""

_CLIENT = re.compile(r"[^+#\x00/]{1,64}")
_MID = re.compile(r"[0-9a-f]{8}")
_OUTPUT = re.compile(r"[0-9]|[12][0-9]|3[01]")


@frozen
class Request:
    """A message of the JSON API; `client` is who wants the answers."""

    client: str


class Act(StrEnum):
    """What can be done to a node; the values stand in topics."""

    OUTPUT = "output"
    """A binary output is to be switched."""
    LIGHT = "light"
    NAME = "name"
    IDENTIFY = "identify"
    """It is to show itself by its LED."""


@frozen
class NodeCommand:
    """Something is to be done to a node; `output` is which one, for Act.OUTPUT."""

    mid: int
    act: Act
    output: int = 0

    @property
    def told(self) -> str:
        """What stands behind `set/` in its topic, and in its result."""
        return f"output/{self.output}" if self.act is Act.OUTPUT else self.act.value


class GatewayCommand(StrEnum):
    """What the gateway is to do; the values stand in topics."""

    READ = "read"
    """All sensors are to be read now."""
    READING = "reading"
    """Periodic readings are to begin or to end."""
    ENUMERATE = "enumerate"
    """The network is to be learnt again."""

    @property
    def told(self) -> str:
        """What stands behind `set/` in its topic, and in its result."""
        return self.value


Command = NodeCommand | GatewayCommand
"""What topics for people and dashboards ask for; the payload says the rest."""


@frozen
class Topics:
    """The topics of the gateway with the id `gateway`."""

    prefix: str
    gateway: str

    @property
    def root(self) -> str:
        """What all of them begin with."""
        return f"{self.prefix}/{self.gateway}"

    @property
    def status(self) -> str:
        """Whether the gateway is there: online or offline."""
        return f"{self.root}/status"

    @property
    def info(self) -> str:
        """What the gateway is."""
        return f"{self.root}/info"

    @property
    def state(self) -> str:
        """What it is doing."""
        return f"{self.root}/state"

    @property
    def event(self) -> str:
        """Messages that nobody asked for."""
        return f"{self.root}/event"

    @property
    def alert(self) -> str:
        """What somebody should know soon."""
        return f"{self.root}/alert"

    @property
    def history(self) -> str:
        """Values of the time when the broker was away."""
        return f"{self.root}/history"

    @property
    def result(self) -> str:
        """What became of commands to the gateway."""
        return f"{self.root}/result"

    @property
    def responses(self) -> str:
        """What the topics of all answers begin with."""
        return f"{self.root}/response/"

    def response(self, client: str) -> str:
        """Where a client is answered that names no response topic."""
        return self.responses + client

    def node(self, mid: int) -> str:
        """The latest values of a node."""
        return f"{self.root}/node/{mid:08x}"

    def node_info(self, mid: int) -> str:
        """What a node is."""
        return f"{self.node(mid)}/info"

    def availability(self, mid: int) -> str:
        """Whether a node answers: online or offline."""
        return f"{self.node(mid)}/availability"

    def light(self, mid: int) -> str:
        """The state of a light."""
        return f"{self.node(mid)}/light"

    def node_result(self, mid: int) -> str:
        """What became of commands to a node."""
        return f"{self.node(mid)}/result"

    def retained_of(self, mid: int) -> tuple[str, ...]:
        """All topics of a node that a broker keeps."""
        return self.node_info(mid), self.node(mid), self.availability(mid), self.light(mid)

    def filters(self, *, commands: bool, requests: bool) -> Iterator[str]:
        """What to subscribe to; never more than somebody may send."""
        if commands:
            yield f"{self.root}/node/+/set/#"
            yield f"{self.root}/set/+"
        if requests:
            yield f"{self.root}/request"
            yield f"{self.root}/request/+"

    def parse(self, topic: str) -> Request | Command | None:
        """What a topic that came in asks for; None for one that means nothing."""
        if not topic.startswith(f"{self.root}/"):
            return None
        match topic.removeprefix(f"{self.root}/").split("/"):
            case ["request"]:
                return Request(ALL_CLIENTS)
            case ["request", client] if _CLIENT.fullmatch(client):
                return Request(client)
            case ["set", what]:
                return next((each for each in GatewayCommand if each == what), None)
            case ["node", mid, "set", *rest] if _MID.fullmatch(mid):
                return _of_node(int(mid, 16), rest)
        return None

    def answers_to(self, response_topic: str) -> bool:
        """Whether a response topic that a client names may be published to.

        Elsewhere anybody who may ask could have the gateway write to any topic.
        """
        rest = response_topic.removeprefix(self.responses)
        return (
            rest != response_topic
            and len(response_topic) <= MAX_TOPIC
            and all(_CLIENT.fullmatch(level) for level in rest.split("/"))
        )


def _of_node(mid: int, what: list[str]) -> NodeCommand | None:
    match what:
        case ["output", number] if _OUTPUT.fullmatch(number):
            return NodeCommand(mid, Act.OUTPUT, int(number))
        case ["light" | "name" | "identify" as act]:
            return NodeCommand(mid, Act(act))
    return None


def matches(topic_filter: str, topic: str) -> bool:
    """Whether a topic belongs to a filter with the wildcards + and #."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    for number, level in enumerate(wanted):
        if level == "#":
            return True
        if number >= len(levels) or level not in {"+", levels[number]}:
            return False
    return len(wanted) == len(levels)
