"""Messages come out of a TCP stream whole, wherever the stream was cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.link.segments import Segments

# The vendor's published exchanges, and the reset message of its simulation.
LED_CONFIRMATION = bytes.fromhex("01000601ffffff3b010401")
LED_RESPONSE = bytes.fromhex("010006810200004b")
ADDR_INFO = bytes.fromhex("00000080000000a71e08")
BONDED = bytes.fromhex("0000008200000047" + "0e" + "00" * 31)
FRC = bytes.fromhex("00000d8000000000" + "0f00" + "80" * 54)
EXTRA = bytes.fromhex("00000d810000004f" + "00" * 9)
PERIPHERAL = bytes.fromhex("010001bf0200005003023800")
REFUSED = bytes.fromhex("0000008400000100")
RESET = bytes.fromhex("0000ff3f00008000020300fd260000000000000001")
OS_READ = bytes.fromhex("0000028000000037582d10814324bf0837280031ae8ba71ca8149b11ca5508e3ca913168")
REPORT = bytes.fromhex("01005efb1510804001c881")

OF_KNOWN_LENGTH = (
    LED_CONFIRMATION,
    LED_RESPONSE,
    ADDR_INFO,
    BONDED,
    FRC,
    EXTRA,
    PERIPHERAL,
    REFUSED,
)


def fed(*segments: bytes) -> list[bytes]:
    """What comes of these segments, with what is kept at the end."""
    machine = Segments()
    messages = [message for segment in segments for message in machine.feed(segment)]
    return messages + machine.flush()


@pytest.mark.parametrize("message", OF_KNOWN_LENGTH)
def test_a_segment_of_its_own_is_a_message(message: bytes) -> None:
    machine = Segments()
    assert machine.feed(message) == [message]
    assert not machine.pending


OF_UNKNOWN_LENGTH = (RESET, OS_READ, REPORT)


@pytest.mark.parametrize("message", OF_UNKNOWN_LENGTH)
def test_a_message_of_unknown_length_ends_by_silence(message: bytes) -> None:
    machine = Segments()
    for byte in message:
        assert machine.feed(bytes((byte,))) == []
        assert machine.pending
    assert machine.flush() == [message]
    assert not machine.pending


@pytest.mark.parametrize("message", [*OF_KNOWN_LENGTH, *OF_UNKNOWN_LENGTH])
@pytest.mark.parametrize("first", OF_UNKNOWN_LENGTH)
def test_a_message_of_unknown_length_ends_where_a_segment_begins_another(
    first: bytes, message: bytes
) -> None:
    assert fed(first, message) == [first, message]


def test_the_longest_message_needs_no_silence() -> None:
    longest = OS_READ[:8] + bytes(range(56))
    assert Segments().feed(longest) == [longest]


@pytest.mark.parametrize("reset", [RESET, RESET[:3] + b"\xbf" + RESET[4:]])
def test_an_answer_and_a_reset_message_in_one_segment(reset: bytes) -> None:
    assert fed(OS_READ + reset) == [OS_READ, reset]


@pytest.mark.parametrize("answer", [OS_READ, ADDR_INFO, LED_CONFIRMATION, LED_RESPONSE])
@pytest.mark.parametrize("unasked", [RESET, REPORT, bytes.fromhex("0300067f0200aabb")])
def test_an_unasked_message_and_what_was_asked_for_in_one_segment(
    unasked: bytes, answer: bytes
) -> None:
    machine = Segments()
    machine.sent(answer[:3] + bytes((answer[3] & 0x7F,)) + b"\xff\xff")
    assert machine.feed(unasked + answer) + machine.flush() == [unasked, answer]


def report(node: int, pcmd: int = 0xFB, hwpid: int = 0x8015) -> bytes:
    """What a node sends unasked."""
    head = bytes((node, 0, 0x5E, pcmd)) + hwpid.to_bytes(2, "little")
    return head + b"\x80\x40" + bytes((0x01, node, 0x01)) * (1 + node % 3)


@given(st.lists(st.integers(1, 239), min_size=1, max_size=100), st.integers(20, 4096))
def test_a_flood_of_unasked_messages_loses_none(nodes: list[int], size: int) -> None:
    messages = [report(node, hwpid=0x1015 + node % 4) for node in nodes]
    stream = b"".join(messages)
    assert fed(*(stream[at : at + size] for at in range(0, len(stream), size))) == messages


@given(st.lists(st.integers(1, 239), min_size=1, max_size=100))
def test_a_flood_of_messages_built_like_requests_loses_none(nodes: list[int]) -> None:
    messages = [bytes((node, 0)) + bytes.fromhex("067f0200aabb") for node in nodes]
    assert fed(b"".join(messages)) == messages


@given(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=100))
def test_a_flood_of_several_kinds_loses_none_once_they_are_known(nodes: list[int]) -> None:
    kinds = {1: report(1), 2: report(2, pcmd=0x80), 3: bytes.fromhex("0300067f0200aabb")}
    machine = Segments()
    for each in kinds.values():
        assert machine.feed(each) + machine.flush() == [each]
    messages = [kinds[node] for node in nodes]
    assert machine.feed(b"".join(messages)) + machine.flush() == messages


@pytest.mark.parametrize("cut", range(1, 11 + 64))
def test_confirmation_and_response_in_every_two_pieces(cut: int) -> None:
    stream = LED_CONFIRMATION + FRC
    assert fed(stream[:cut], stream[cut:]) == [LED_CONFIRMATION, FRC]


@pytest.mark.parametrize("first", range(1, 19))
def test_confirmation_and_response_in_every_three_pieces(first: int) -> None:
    stream = LED_CONFIRMATION + LED_RESPONSE
    for second in range(first, len(stream)):
        pieces = stream[:first], stream[first:second], stream[second:]
        assert fed(*filter(None, pieces)) == [LED_CONFIRMATION, LED_RESPONSE]


def test_byte_by_byte() -> None:
    stream = LED_CONFIRMATION + LED_RESPONSE + ADDR_INFO + BONDED
    assert fed(*(bytes((byte,)) for byte in stream)) == [
        LED_CONFIRMATION,
        LED_RESPONSE,
        ADDR_INFO,
        BONDED,
    ]


@given(st.lists(st.sampled_from(OF_KNOWN_LENGTH), max_size=6), st.data())
def test_messages_of_known_length_in_any_pieces(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(messages)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(len(stream) - 1, 1)))))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert fed(*filter(None, pieces)) == messages


@pytest.mark.parametrize("last", OF_UNKNOWN_LENGTH)
def test_a_message_of_unknown_length_ends_with_its_segment(last: bytes) -> None:
    assert fed(LED_CONFIRMATION + LED_RESPONSE + last, ADDR_INFO) == [
        LED_CONFIRMATION,
        LED_RESPONSE,
        last,
        ADDR_INFO,
    ]


@pytest.mark.parametrize("cut", range(1, 8))
def test_its_header_can_come_in_pieces(cut: int) -> None:
    assert fed(OS_READ[:cut], OS_READ[cut:]) == [OS_READ]


@pytest.mark.parametrize("cut", range(1, 62))
def test_a_request_tells_how_long_a_read_will_be(cut: int) -> None:
    machine = Segments()
    machine.sent(bytes.fromhex("00000402ffff004036"))
    read = bytes.fromhex("0000048200000000") + b"\x81" * 54
    assert machine.feed(read[:cut]) == []
    assert machine.feed(read[cut:] + ADDR_INFO) == [read, ADDR_INFO]


def test_a_request_tells_how_many_lamps_will_answer() -> None:
    machine = Segments()
    machine.sent(bytes.fromhex("04004a00ffff0000ff90fff1"))
    answers = bytes.fromhex("04004a800000005480008160810d")
    assert machine.feed(answers + LED_CONFIRMATION) == [answers, LED_CONFIRMATION]


def test_what_a_later_version_appends_stays_with_its_message() -> None:
    longer = ADDR_INFO + b"\x11\x22\x33"
    assert fed(longer, LED_RESPONSE) == [longer, LED_RESPONSE]


def test_a_message_shorter_than_promised_is_given_up_on_demand() -> None:
    machine = Segments()
    assert machine.feed(BONDED[:20]) == []
    assert machine.pending
    assert machine.flush() == [BONDED[:20]]
    assert machine.feed(LED_RESPONSE) == [LED_RESPONSE]
    assert machine.flush() == []


def test_garbage_does_not_take_the_next_message_with_it() -> None:
    assert fed(b"\xa5\xa5\xa5", LED_CONFIRMATION + LED_RESPONSE) == [
        b"\xa5\xa5\xa5",
        LED_CONFIRMATION,
        LED_RESPONSE,
    ]


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=8))
def test_no_byte_is_lost_or_invented(segments: list[bytes]) -> None:
    assert b"".join(fed(*segments)) == b"".join(segments)


@given(st.lists(st.binary(min_size=1, max_size=80), max_size=8))
def test_after_giving_up_everything_works_again(segments: list[bytes]) -> None:
    machine = Segments()
    for segment in segments:
        machine.feed(segment)
    machine.flush()
    assert machine.feed(LED_CONFIRMATION + LED_RESPONSE) == [LED_CONFIRMATION, LED_RESPONSE]
