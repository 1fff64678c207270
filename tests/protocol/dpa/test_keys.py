"""Which bytes of a frame are keys, and that nothing else of it is hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa.describe import describe
from protocol.dpa.keys import key_positions, shown
from protocol.errors import RemoteProtocolError

KEY = "a0.a1.a2.a3.a4.a5.a6.a7.a8.a9.aa.ab.ac.ad.ae.af"
"""A byte of it stands nowhere else in the frames below."""

BLOCK = ".".join(f"{0xA0 + number % 48:02x}" for number in range(49))

HIDDEN = ".".join(["**"] * 16)

FRAMES = {
    "access password": f"03.00.02.06.ff.ff.00.{KEY}",
    "user key to all": f"ff.00.02.06.ff.ff.01.{KEY}",
    "SmartConnect": f"00.00.00.12.ff.ff.01.01.{KEY}.04.03.02.01.00.ff" + ".00" * 14,
    "OS Read": f"03.00.02.80.02.04.00.30.01.02.00.81.43.24.08.08.50.27.04.75.{KEY}.17.04",
    "OS Read, unasked": f"03.00.02.80.02.04.80.30.01.02.00.81.43.24.08.08.50.27.04.75.{KEY}",
    "batch": f"03.00.02.05.ff.ff.05.06.01.ff.ff.16.02.06.ff.ff.01.{KEY}.05.07.01.ff.ff.00",
    "selective batch": "ff.00.02.0b.ff.ff" + ".08" * 30 + f".16.02.06.ff.ff.01.{KEY}.00",
    "acknowledged broadcast": f"00.00.0d.00.ff.ff.02.16.02.06.ff.ff.01.{KEY}",
    "the same, a byte per node": f"00.00.0d.00.ff.ff.81.16.02.06.ff.ff.01.{KEY}",
    "the same, selective": "00.00.0d.02.ff.ff.02" + ".08" * 30 + f".16.02.06.ff.ff.01.{KEY}",
    "bridge": f"00.00.00.0e.ff.ff.03.00.02.06.ff.ff.00.{KEY}",
    "bridge of a bridge": f"00.00.00.0e.ff.ff.00.00.00.0e.ff.ff.03.00.02.06.ff.ff.00.{KEY}",
    "answer over a bridge": "00.00.00.8e.02.04.00.30.03.00.02.80.02.04.00.30.01.02.00.81.43.24.08"
    f".08.50.27.04.75.{KEY}",
    "batch in a broadcast": f"00.00.0d.00.ff.ff.02.1c.02.05.ff.ff.16.02.06.ff.ff.01.{KEY}.00",
}

BLOCKS = {
    "backup of the coordinator": f"00.00.00.8b.00.00.00.00.{BLOCK}",
    "restore of the coordinator": f"00.00.00.0c.ff.ff.{BLOCK}",
    "backup of a node": f"03.00.01.86.00.00.00.00.{BLOCK}",
    "restore of a node": f"03.00.01.07.ff.ff.{BLOCK}",
}

OPEN = {
    "confirmation": "03.00.02.06.ff.ff.ff.30.01.04.01",
    "AuthorizeBond": "00.00.00.0d.ff.ff.05.01.02.00.81",
    "answer to Set Security": "03.00.02.86.02.04.00.30",
    "OS Read of an old module": "03.00.02.80.02.04.00.30.01.02.00.81.43.24.08.08.50.27.04.75",
    "ReadCfg": "03.00.02.82.02.04.00.30" + ".34" * 34,
    "another FRC": f"00.00.0d.00.ff.ff.00.16.02.06.ff.ff.01.{KEY}",
    "no DPA": "03.00.02",
    "nothing": "",
}


def of(text: str) -> bytes:
    return bytes.fromhex(text.replace(".", ""))


@pytest.mark.parametrize("text", FRAMES.values(), ids=FRAMES)
def test_keys_are_hidden(text: str) -> None:
    assert shown(of(text)) == text.replace(KEY, HIDDEN)


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS)
def test_blocks_of_a_backup_are_hidden(text: str) -> None:
    assert shown(of(text)) == text.replace(BLOCK, ".".join(["**"] * 49))


@pytest.mark.parametrize("text", OPEN.values(), ids=OPEN)
def test_everything_else_is_shown(text: str) -> None:
    assert shown(of(text)) == text


@pytest.mark.parametrize("text", [*FRAMES.values(), *BLOCKS.values()])
def test_nothing_that_is_hidden_is_described(text: str) -> None:
    frame = of(text)
    said = describe(frame, key_positions(frame))
    assert "**" in said
    assert "a3.a4" not in said
    hidden = key_positions(frame)
    others = bytes(0x55 if at in hidden else byte for at, byte in enumerate(frame))
    assert describe(others, hidden) == said


def test_what_is_not_hidden_is_described() -> None:
    frame = of(FRAMES["OS Read"])
    said = describe(frame, key_positions(frame))
    assert said.startswith("response, node 3: OS Read: HWPID 0402, DpaValue 48, mid 2164261377")
    assert f"ibk {HIDDEN}" in said


@given(st.binary(max_size=70))
def test_any_bytes_are_shown(frame: bytes) -> None:
    hidden = key_positions(frame)
    assert hidden <= set(range(len(frame)))
    assert len(shown(frame).split(".")) == max(1, len(frame))
    try:
        describe(frame, hidden)
    except RemoteProtocolError:
        return


@given(st.sampled_from(sorted(FRAMES.values())), st.integers(0, 60))
def test_a_torn_frame_shows_no_key_either(text: str, size: int) -> None:
    assert "a3" not in shown(of(text)[:size])
