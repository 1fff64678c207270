"""What is published of the time when the broker was away."""

import json

import pytest

from protocol.outward.mqtt.backfill import cycles, missing

SERIES = {1: (0xA, 0), 2: (0xA, -1), 3: (0xB, 0)}


@pytest.mark.parametrize(
    ("last", "now", "limit_s", "span"),
    [
        (None, 1000, 60, None),
        (900, 1000, 86400, range(901, 1001)),
        (900.7, 1000.2, 86400, range(901, 1001)),
        (0, 1000, 60, range(941, 1001)),
        (900, 1000, 0, None),
        (1001, 1000, 60, None),
        (1000, 1000, 60, None),
    ],
)
def test_the_range(last: float | None, now: float, limit_s: float, span: range | None) -> None:
    assert missing(last, now, limit_s) == span


def test_one_message_for_each_moment() -> None:
    rows = [(100, 1, 21.5), (100, 3, 4.0), (100, 9, 1.0), (160, 2, -62.0), (220, 9, 1.0)]
    found = [(at, json.loads(text)) for at, text in cycles(rows, SERIES)]
    assert found == [
        (
            100,
            {
                "at": "1970-01-01T00:01:40.000Z",
                "values": [["0000000a", 0, 21.5], ["0000000b", 0, 4.0]],
            },
        ),
        (160, {"at": "1970-01-01T00:02:40.000Z", "values": [["0000000a", -1, -62.0]]}),
    ]


def test_nothing() -> None:
    assert not list(cycles([], SERIES))
