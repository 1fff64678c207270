"""Numbers of events."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from protocol.outward.mqtt.numbers import EventNumbers

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(st.lists(st.dictionaries(WORDS, WORDS | st.integers(0, 9)), min_size=1, max_size=9))
def test_a_message_keeps_its_members_and_gets_the_next_number(
    messages: list[dict[str, object]],
) -> None:
    numbers = EventNumbers("ab12")
    for number, message in enumerate(messages, 1):
        marked = orjson.loads(numbers.mark(orjson.dumps(message)))
        assert marked == message | {"run": "ab12", "seq": number}


def test_white_space_around_an_object() -> None:
    assert EventNumbers("r").mark(b' {"a": 1}\n') == b' {"a": 1,"run":"r","seq":1}'
    assert EventNumbers("r").mark(b"{}") == b'{"run":"r","seq":1}'
