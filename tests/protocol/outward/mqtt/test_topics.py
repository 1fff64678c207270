"""Topics that come in, and those that may be answered to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.outward.mqtt.topics import Act, GatewayCommand, NodeCommand, Request, Topics, matches

TOPICS = Topics("iqrf", "gw1")


@pytest.mark.parametrize(
    ("topic", "meaning"),
    [
        ("iqrf/gw1/request", Request("all")),
        ("iqrf/gw1/request/node-red", Request("node-red")),
        ("iqrf/gw1/set/read", GatewayCommand.READ),
        ("iqrf/gw1/set/reading", GatewayCommand.READING),
        ("iqrf/gw1/set/enumerate", GatewayCommand.ENUMERATE),
        ("iqrf/gw1/node/81026ed2/set/output/0", NodeCommand(0x81026ED2, Act.OUTPUT, 0)),
        ("iqrf/gw1/node/81026ed2/set/output/31", NodeCommand(0x81026ED2, Act.OUTPUT, 31)),
        ("iqrf/gw1/node/81026ed2/set/light", NodeCommand(0x81026ED2, Act.LIGHT)),
        ("iqrf/gw1/node/81026ed2/set/name", NodeCommand(0x81026ED2, Act.NAME)),
        ("iqrf/gw1/node/81026ed2/set/identify", NodeCommand(0x81026ED2, Act.IDENTIFY)),
        ("iqrf/gw1/node/81026ed2/set/output/32", None),
        ("iqrf/gw1/node/81026ed2/set/output/01", None),
        ("iqrf/gw1/node/81026ed2/set/output", None),
        ("iqrf/gw1/node/81026ED2/set/light", None),
        ("iqrf/gw1/node/5/set/light", None),
        ("iqrf/gw1/request/a/b", None),
        ("iqrf/gw1/request/#", None),
        ("iqrf/gw1/request/", None),
        ("iqrf/gw2/request", None),
        ("iqrf/gw1", None),
        ("iqrf/gw1/status", None),
        ("", None),
    ],
)
def test_what_a_topic_asks_for(topic: str, meaning: object) -> None:
    assert TOPICS.parse(topic) == meaning


@given(st.text())
def test_no_topic_is_too_strange(text: str) -> None:
    TOPICS.parse(text)
    TOPICS.parse(f"iqrf/gw1/{text}")
    TOPICS.answers_to(text)


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("iqrf/gw1/response/me", True),
        ("iqrf/gw1/response/me/17", True),
        ("iqrf/gw1/response/", False),
        ("iqrf/gw1/response", False),
        ("iqrf/gw1/response/+", False),
        ("iqrf/gw1/response/me/#", False),
        ("iqrf/gw1/status", False),
        ("iqrf/gw2/response/me", False),
        ("homeassistant/device/x/config", False),
        ("iqrf/gw1/response/" + "x" * 65535, False),
    ],
)
def test_answers_go_below_our_own_prefix(topic: str, allowed: bool) -> None:
    assert TOPICS.answers_to(topic) is allowed


@pytest.mark.parametrize(
    ("name", "topic", "belongs"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("a", "a/b", False),
        ("devices/x/messages/devicebound/#", "devices/x/messages/devicebound/y=1&z=2", True),
    ],
)
def test_filters(name: str, topic: str, belongs: bool) -> None:
    assert matches(name, topic) is belongs


def test_what_is_subscribed_to() -> None:
    assert not list(TOPICS.filters(commands=False, requests=False))
    everything = list(TOPICS.filters(commands=True, requests=True))
    assert "#" not in everything
    assert all(name.startswith("iqrf/gw1/") for name in everything)
    published = [TOPICS.status, TOPICS.event, TOPICS.node(1), *TOPICS.retained_of(1)]
    published += [TOPICS.response("x"), TOPICS.result, TOPICS.node_result(1), TOPICS.history]
    assert not any(matches(name, topic) for name in everything for topic in published)
