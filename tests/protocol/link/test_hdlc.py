import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError
from protocol.link import hdlc

messages = st.binary(min_size=1, max_size=hdlc.MAX_DATA)

VECTORS = {
    # DPA guide, UART: data and CRC with bytes that are stuffed.
    "2f000501ffff007e7d": "7e2f000501ffff007d5e7d5d7d5e7e",
    # OS Read of the coordinator.
    "00000200ffff": "7e00000200ffffe57e",
}


@pytest.mark.parametrize(("data", "frame"), VECTORS.items())
def test_vectors(data: str, frame: str) -> None:
    assert hdlc.encode(bytes.fromhex(data)).hex() == frame
    assert hdlc.Decoder().feed(bytes.fromhex(frame)) == [bytes.fromhex(data)]


@given(messages)
def test_the_crc_of_data_with_its_crc_is_zero(data: bytes) -> None:
    assert hdlc.crc(data + bytes((hdlc.crc(data),))) == 0


@given(messages)
def test_flags_stand_only_at_the_ends(data: bytes) -> None:
    frame = hdlc.encode(data)
    assert frame[0] == frame[-1] == hdlc.FLAG
    assert hdlc.FLAG not in frame[1:-1]
    assert len(frame) <= 132


@pytest.mark.parametrize("size", [0, 65])
def test_what_no_frame_carries_is_refused(size: int) -> None:
    with pytest.raises(LocalProtocolError, match=f"not {size}"):
        hdlc.encode(bytes(size))


@given(st.lists(messages, max_size=5), st.lists(st.integers(1, 40), min_size=1), st.booleans())
def test_frames_come_through_however_they_are_cut_and_joined(
    sent: list[bytes], cuts: list[int], shares_flags: bool
) -> None:
    stream = b"".join(map(hdlc.encode, sent))
    if shares_flags:
        stream = stream.replace(b"\x7e\x7e", b"\x7e")
    decoder, got, at, turn = hdlc.Decoder(), [], 0, 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        got += decoder.feed(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert got == sent
    assert decoder.errors == 0


@given(messages, st.data())
def test_one_wrong_bit_never_makes_a_frame(sent: bytes, data: st.DataObject) -> None:
    frame = bytearray(hdlc.encode(sent))
    # Within the frame: a bit of a flag cuts or joins frames, which is the next test.
    at = data.draw(st.integers(1, len(frame) - 2))
    frame[at] ^= 1 << data.draw(st.integers(0, 7))
    if hdlc.FLAG in frame[1:-1] or hdlc.ESCAPE in bytes((frame[at], hdlc.encode(sent)[at])):
        return
    decoder = hdlc.Decoder()
    assert decoder.feed(bytes(frame)) == []
    assert decoder.errors == 1


@given(st.binary(max_size=200), messages)
def test_after_any_noise_the_second_frame_is_heard(noise: bytes, data: bytes) -> None:
    # The first flag may close the noise, and an escape before it is an abort.
    stream = hdlc.encode(data)
    decoder = hdlc.Decoder()
    assert data in decoder.feed(noise + stream + stream)


def test_an_escaped_flag_aborts_a_frame() -> None:
    decoder = hdlc.Decoder()
    good = hdlc.encode(b"\x01\x02")
    assert decoder.feed(b"\x7e\x01\x02\x7d" + good) == [b"\x01\x02"]
    assert decoder.errors == 1


def test_a_frame_without_end_is_given_up() -> None:
    decoder = hdlc.Decoder()
    assert decoder.feed(b"\x7e" + bytes(1000)) == []
    assert decoder.errors == 1
    assert decoder.feed(hdlc.encode(b"\x01")) == [b"\x01"]


def test_empty_frames_are_no_errors() -> None:
    decoder = hdlc.Decoder()
    assert decoder.feed(b"\x7e\x7e\x7e") == []
    assert decoder.errors == 0
