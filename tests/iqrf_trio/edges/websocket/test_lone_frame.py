"""A lone frame is read as the library reads it, and nothing else is taken for one."""

from collections.abc import Sequence
from functools import partial

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol, ParseFailed

from iqrf_trio.edges.websocket import Connection
from iqrf_trio.edges.websocket.lone_frame import text_in
from tests.iqrf_trio.raw_client import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    frame,
    unmasked,
)
from tests.iqrf_trio.rig import serving

OPCODES = (TEXT, TEXT, TEXT, CONTINUATION, BINARY, PING, PONG, CLOSE, 0x3)

PAYLOADS = st.one_of(
    st.text(max_size=40).map(lambda text: text.encode(errors="surrogatepass")),
    st.sampled_from([0, 1, 124, 125, 126, 127, 300]).map(lambda size: b"x" * size),
    st.binary(max_size=20),
    st.sampled_from([b"\x03\xe8", b"\x03\xe8bye"]),
)

FRAMES = st.builds(
    lambda opcode, payload, odd: frame(opcode, payload, **odd),
    st.sampled_from(OPCODES),
    PAYLOADS,
    st.sampled_from([{}, {}, {}, {"fin": False}, {"fin": False}, {"masked": False}, {"rsv": 4}]),
)


def library_reads(data: bytes) -> str | None:
    """The text, where the library makes one whole text message of these bytes and nothing else."""
    protocol = FrameProtocol(client=False, extensions=[])
    protocol.receive_bytes(data)
    try:
        frames = list(protocol.received_frames())
    except ParseFailed:
        return None
    if len(frames) != 1 or frames[0].opcode != TEXT or len(protocol._frame_decoder.buffer):
        return None
    (only,) = frames
    whole = only.frame_finished and only.message_finished
    return str(only.payload) if whole else None


@given(st.one_of(FRAMES, st.binary(max_size=20)), st.integers(0, 40), st.integers(0, 255))
def test_it_is_read_as_the_library_reads_it(data: bytes, at: int, byte: int) -> None:
    damaged = data[:at] + bytes((byte,)) + data[at + 1 :]
    for each in (data, damaged, data + damaged, data[:at]):
        assert text_in(each) == library_reads(each)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 1000, 65535])
def test_every_length_that_fits_one_read(size: int) -> None:
    text = "ž" * (size // 2) + "x" * (size % 2)
    assert text_in(frame(TEXT, text.encode())) == text


def test_a_length_in_more_bytes_than_it_needs_is_left_to_the_library() -> None:
    short = frame(TEXT, b"x" * 125)
    assert text_in(short) == "x" * 125
    assert text_in(short[:1] + bytes((0x80 | 126, 0, 125)) + short[2:]) is None


async def serve(chunks: Sequence[bytes], *, taking: bool) -> tuple[list[str | bytes], bytes]:
    """What a client gets through, and all that it is sent, where messages are taken or not."""
    got: list[str | bytes] = []

    async def handler(connection: Connection) -> None:
        def take(message: str | bytes) -> bool:
            if taking:
                got.append(message)
            return taking

        connection.hand_over(take)
        while True:
            got.append(await connection.receive())

    async with serving(handler) as rig:
        client = await rig.open()
        for chunk in chunks:
            try:
                await client.send_bytes(chunk)
            except trio.BrokenResourceError:
                break
            await trio.sleep(1)
        with trio.move_on_after(60):
            await client.stream.send_eof()  # type: ignore[attr-defined] # a memory stream has it
            return got, await client.until_the_end()
    return got, b""


DISGUISED = frame(BINARY, unmasked(frame(TEXT, b"e"), frame(TEXT)[2:6]))
"""Behind its sixth byte it looks like a frame of its own."""

SENSIBLE = st.sampled_from(
    [
        frame(TEXT, b"a"),
        frame(TEXT, b"b"),
        frame(TEXT, "ž".encode()),
        frame(TEXT, b"begun", fin=False),
        frame(CONTINUATION, b"going on", fin=False),
        frame(CONTINUATION, b"ended"),
        frame(BINARY, b"c"),
        frame(PING, b"d"),
        DISGUISED,
    ]
)
"""Frames of a conversation that goes on for a while, if they come in the right order."""


@given(
    st.lists(st.one_of(SENSIBLE, SENSIBLE, SENSIBLE, FRAMES), max_size=8),
    st.lists(st.sampled_from([0, 0, 0, 1, 2, 4, 6, 7]), min_size=1, max_size=8),
    st.lists(st.booleans(), min_size=1, max_size=3),
)
def test_however_frames_are_cut_the_client_sees_no_difference(
    frames: list[bytes], cuts: list[int], together: list[bool]
) -> None:
    chunks: list[bytes] = []
    for number, data in enumerate(frames):
        cut = cuts[number % len(cuts)]
        if cut and together[number % len(together)] and chunks:
            chunks[-1] += data[:cut]
        else:
            chunks.append(data[:cut])
        chunks.append(data[cut:])
    assert_no_difference([each for each in chunks if each])


@pytest.mark.parametrize(
    "chunks",
    [
        [frame(TEXT, b"begun", fin=False), frame(TEXT, b"a")],
        [frame(TEXT, b"begun", fin=False), frame(PING), frame(CONTINUATION, b"ended")],
        [DISGUISED[:6], DISGUISED[6:]],
        [frame(TEXT, b"a")[:1], frame(TEXT, b"a")[1:], frame(TEXT, b"b")],
    ],
)
def test_what_only_looks_like_a_message_of_its_own_goes_to_the_library(chunks: list[bytes]) -> None:
    assert_no_difference(chunks)


def assert_no_difference(chunks: Sequence[bytes]) -> None:
    """Whether messages are taken or not, the client and the handler see the same."""
    ways = [
        trio.run(
            partial(serve, chunks, taking=taking),
            clock=trio.testing.MockClock(autojump_threshold=0),
        )
        for taking in (True, False)
    ]
    assert ways[0] == ways[1]
