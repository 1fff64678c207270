"""The code printed on devices: read, written, and refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.iqmesh.iqrf_code import ALPHABET, BadCodeError, IqrfCode, decode, encode

CODE = "YqZ5BUEcFP4ZyaUB36iRC6Ab4WxmYBGGU2"
DEVICE = IqrfCode(0x81102D55, bytes.fromhex("9a691f1a2101216503e5c588ffe7f6c2"), 0xFFFF)

CODES = st.builds(
    IqrfCode,
    st.none() | st.integers(0, 0xFFFFFFFF),
    st.none() | st.binary(min_size=16, max_size=16),
    st.none() | st.integers(0, 0xFFFF),
    st.none() | st.integers(0, 0xFF),
)


def test_a_known_code() -> None:
    assert decode(CODE) == DEVICE
    assert decode(f" {CODE}\n") == DEVICE
    assert encode(DEVICE) == CODE


@given(CODES)
def test_what_was_written_is_read(code: IqrfCode) -> None:
    assert decode(encode(code)) == code


TWINS = {ALPHABET[one]: ALPHABET[one + 28] for one in range(1, 29)} | {
    ALPHABET[one + 28]: ALPHABET[one] for one in range(1, 29)
}
"""Characters that weigh the same where they are doubled: 57 is odd, so the published check cannot
tell these apart at every second place."""


@given(CODES, st.data())
def test_one_wrong_character_is_noticed(code: IqrfCode, data: st.DataObject) -> None:
    text = encode(code)
    place = data.draw(st.integers(0, len(text) - 1))
    doubled = (len(text) - 1 - place) % 2 == 1
    alike = text[place] + (TWINS.get(text[place], "") if doubled else "")
    other = data.draw(st.sampled_from([each for each in ALPHABET if each not in alike]))
    with pytest.raises(BadCodeError):
        decode(text[:place] + other + text[place + 1 :])


@given(st.text(max_size=80) | st.text(ALPHABET, max_size=80))
def test_any_text_is_a_code_or_refused(text: str) -> None:
    with suppress(BadCodeError):
        assert decode(text) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "cannot be empty"),
        (" ", "cannot be empty"),
        (CODE[:-1] + "1", "ends by an incorrect check character"),
        (CODE[:-2], "incorrect check character"),
        ("0" + CODE, "invalid character: '0'"),
        ("1" * 201, "longer than 200"),
    ],
)
def test_what_is_no_code(text: str, reason: str) -> None:
    with pytest.raises(BadCodeError, match=reason):
        decode(text)
