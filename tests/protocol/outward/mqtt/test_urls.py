"""Addresses of brokers, and pauses between attempts."""

import pytest

from protocol.outward.mqtt.pauses import LONGEST_S, pause_s
from protocol.outward.mqtt.urls import BrokerUrl, parse_url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("mqtt://127.0.0.1", BrokerUrl("127.0.0.1", 1883, tls=False)),
        ("mqtt://127.0.0.1:18830/", BrokerUrl("127.0.0.1", 18830, tls=False)),
        ("tcp://broker:1883", BrokerUrl("broker", 1883, tls=False)),
        ("mqtts://broker", BrokerUrl("broker", 8883, tls=True)),
        ("ssl://[::1]:1", BrokerUrl("::1", 1, tls=True)),
    ],
)
def test_an_address(text: str, url: BrokerUrl) -> None:
    assert parse_url(text) == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("broker", "must begin with"),
        ("http://broker", "must begin with"),
        ("wss://broker", "WebSocket"),
        ("mqtt://user:secret@broker", "password_file"),
        ("mqtt://", "must be scheme"),
        ("mqtt://broker/path", "must be scheme"),
        ("mqtt://broker:99999", "ort"),
        ("mqtt://broker:x", "ort"),
        ("", "must begin with"),
    ],
)
def test_no_address(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as error:
        parse_url(text)
    assert "secret" not in str(error.value)


def test_pauses_grow_and_are_spread() -> None:
    assert [pause_s(n, 1) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_s(10**9, 0) == LONGEST_S / 2
