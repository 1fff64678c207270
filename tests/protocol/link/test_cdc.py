import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError
from protocol.link import cdc
from protocol.link.cdc import Decoder, Event, Kind, Received, Reply

messages = st.binary(min_size=1, max_size=cdc.MAX_DATA)


def received(data: bytes) -> bytes:
    return b"<DR" + bytes((len(data),)) + b":" + data + b"\r"


REPLIES = {
    b"<OK\r": Reply(Kind.TEST),
    b"<ERR\r": Reply(Kind.ERROR),
    b"<R:OK\r": Reply(Kind.RESET_DEVICE, b"OK"),
    b"<RT:OK\r": Reply(Kind.RESET_MODULE, b"OK"),
    b"<I:GW-USB-06#02.01#0104000A\r": Reply(Kind.DEVICE_INFO, b"GW-USB-06#02.01#0104000A"),
    b"<IT:" + bytes(range(32)) + b"\r": Reply(Kind.MODULE_INFO, bytes(range(32))),
    b"<S:\x80\r": Reply(Kind.STATUS, b"\x80"),
    b"<S:\r\r": Reply(Kind.STATUS, b"\r"),
    b"<DS:OK\r": Reply(Kind.DATA_SENT, b"OK"),
    b"<DS:BUSY\r": Reply(Kind.DATA_SENT, b"BUSY"),
    b"<PE:ERR1\r": Reply(Kind.UNKNOWN, b"PE:ERR1"),
    b">OK\r": Reply(Kind.TEST),
    b"<DR\x03:\r<\r\r": Received(b"\r<\r"),
}


def decoded(stream: bytes, cuts: list[int]) -> tuple[list[Event], int]:
    decoder, events, at, turn = Decoder(), list[Event](), 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        events += decoder.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    return events + decoder.flush(), decoder.errors


@pytest.mark.parametrize(("text", "event"), REPLIES.items())
@pytest.mark.parametrize("cut", [1, 2, 100])
def test_each_reply_is_understood(text: bytes, event: Event, cut: int) -> None:
    assert decoded(text, [cut]) == ([event], 0)


def test_a_request_carries_its_length_as_a_byte() -> None:
    assert cdc.send_data(b"\x00\x00\x02\x00\xff\xff") == b">DS\x06:\x00\x00\x02\x00\xff\xff\r"


@pytest.mark.parametrize("size", [0, 65])
def test_what_no_message_carries_is_refused(size: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"not {size}"):
        cdc.send_data(bytes(size))


@pytest.mark.parametrize(
    ("reply", "ok", "busy"),
    [
        (Reply(Kind.TEST), True, False),
        (Reply(Kind.DATA_SENT, b"OK"), True, False),
        (Reply(Kind.DATA_SENT, b"BUSY"), False, True),
        (Reply(Kind.DATA_SENT, b"ERR"), False, False),
        (Reply(Kind.ERROR), False, False),
    ],
)
def test_replies_say_whether_it_worked(reply: Reply, ok: bool, busy: bool) -> None:
    assert reply.ok is ok
    assert reply.busy is busy


@given(
    st.lists(st.one_of(messages.map(received), st.sampled_from(list(REPLIES))), max_size=6),
    st.lists(st.integers(1, 50), min_size=1),
)
def test_messages_and_replies_mix_however_they_are_cut(texts: list[bytes], cuts: list[int]) -> None:
    expected = [REPLIES.get(text) or Received(text[5:-1]) for text in texts]
    assert decoded(b"".join(texts), cuts) == (expected, 0)


def test_short_module_information_ends_where_nothing_follows() -> None:
    decoder = Decoder()
    short = bytes(range(16))
    assert decoder.feed(b"<IT:" + short + b"\r") == []
    assert decoder.pending
    assert decoder.flush() == [Reply(Kind.MODULE_INFO, short)]
    assert not decoder.pending


def test_short_module_information_ends_where_a_message_begins() -> None:
    short = bytes(range(16))
    events = Decoder().feed(b"<IT:" + short + b"\r<DS:OK\r")
    assert events == [Reply(Kind.MODULE_INFO, short), Reply(Kind.DATA_SENT, b"OK")]


def test_long_module_information_may_have_a_cr_where_the_short_one_ends() -> None:
    long = bytes(16) + b"\r" + bytes(15)
    assert Decoder().feed(b"<IT:" + long + b"\r") == [Reply(Kind.MODULE_INFO, long)]


@pytest.mark.parametrize(
    "noise",
    [b"\x00\xff\r", b"<DR\x00:\r", b"<DR\xff:abc\r", b"<DR\x02:abcdef\r", b"<DR\x02xab\r", b"OK\r"],
)
def test_after_nonsense_the_next_message_is_heard(noise: bytes) -> None:
    decoder = Decoder()
    assert decoder.feed(noise + received(b"\x01\x02")) == [Received(b"\x01\x02")]
    assert decoder.errors


@given(st.binary(max_size=300))
def test_no_noise_does_harm(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    decoder.flush()
    decoder.flush()
    assert decoder.feed(b"\r" + received(b"\x07") * 2)[-1:] in ([Received(b"\x07")], [])


def test_a_text_without_end_is_given_up() -> None:
    decoder = Decoder()
    assert decoder.feed(b"<" + b"x" * 100) == []
    assert decoder.errors == 1
    assert decoder.feed(b"\r<OK\r") == [Reply(Kind.TEST)]
