"""Under which topics a gateway is published: known from one start to the next, to leave them."""

from collections.abc import Iterator

from attrs import frozen

from protocol.outward.home_assistant import HomeAssistant
from protocol.outward.mqtt.topics import Topics


@frozen
class Place:
    """What all topics of a gateway follow from."""

    prefix: str
    gateway: str
    discovery_prefix: str

    def retained(self, mids: frozenset[int], *, discovered: bool) -> Iterator[str]:
        """All topics that a broker may keep there; `discovered`: others were told of the nodes."""
        topics = Topics(self.prefix, self.gateway)
        others = HomeAssistant(self.discovery_prefix, topics, "", commands=False)
        yield from (topics.status, topics.info, topics.state)
        if discovered:
            yield others.gateway_topic()
        for mid in sorted(mids):
            yield from topics.retained_of(mid)
            if discovered:
                yield from others.topics_of(mid)


def left_behind(
    former: Place, place: Place, mids: frozenset[int], *, discovered: bool
) -> tuple[str, ...]:
    """The topics of a former place that are none of the present one."""
    kept = frozenset(place.retained(mids, discovered=True))
    topics = former.retained(mids, discovered=discovered)
    return tuple(topic for topic in topics if topic not in kept)
