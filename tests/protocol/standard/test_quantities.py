"""Every quantity decodes as the standard's formulas say, written here a second time, and back."""

import math
import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import LocalProtocolError, RemoteProtocolError
from protocol.standard.quantities import (
    QUANTITIES,
    NoValue,
    decode,
    decode_frc,
    direct_width,
    encode,
    encode_frc,
    native_frc,
    quantity,
)

FRC_2BIT, FRC_1BYTE, FRC_2BYTE, FRC_4BYTE = 0x10, 0x90, 0xE0, 0xF9

Formula = Callable[[int], float | None]


def s16(word: int) -> int:
    return word - 0x10000 if word >= 0x8000 else word


def degrees(raw: int) -> float | None:
    degree, flags, low, lower = raw.to_bytes(4, "big")
    if degree == 0xFF or not flags & 0x40:
        return None
    minutes = (flags & 0x3F) + (((low & 0x3F) << 8) + lower) * 0.0001
    return (-1 if flags & 0x80 else 1) * (degree + minutes / 60)


def binary32(raw: int) -> float | None:
    (value,) = struct.unpack(">f", raw.to_bytes(4, "big"))
    return float(value) if math.isfinite(value) else None


# By type: the value of a raw value, and what the raw value of an error is.
DIRECT: dict[int, Formula] = {
    **dict.fromkeys((1, 6), lambda raw: None if raw == 0x8000 else s16(raw) / 16),
    **dict.fromkeys((2, 3, 17), lambda raw: None if raw == 0x8000 else raw),
    **dict.fromkeys((4, 7), lambda raw: None if raw == 0x8000 else s16(raw) / 1e3),
    5: lambda raw: None if raw == 0x8000 else s16(raw) / 1e7,
    8: lambda raw: None if raw == 0xFFFF else raw / 4,
    **dict.fromkeys((9, 12, 13, 23, 24), lambda raw: None if raw == 0xFFFF else raw / 1000),
    **dict.fromkeys((10, 11, 28, 29, 30), lambda raw: None if raw == 0xFFFF else raw),
    14: lambda raw: None if raw == 0xFFFF else raw / 100,
    15: lambda raw: None if raw == 0xFFFF else raw / 10000,
    16: lambda raw: None if raw == 0xFFFF else raw / 16,
    **dict.fromkeys((18, 25, 26, 27, 32), lambda raw: None if raw == 0x8000 else raw / 4),
    19: lambda raw: None if raw == 0x8000 else raw / 16,
    20: lambda raw: None if raw == 0xFFFF else raw / 4 - 1024,
    21: lambda raw: None if raw == 0x8000 else s16(raw) / 256,
    22: lambda raw: None if raw == 0xFFFF else raw / 10,
    31: lambda raw: None if raw >= 0x8000 else raw,
    128: lambda raw: None if raw == 0xEE else raw / 2,
    129: lambda raw: None if raw >= 0x80 else raw,
    130: lambda raw: None if raw == 0xEE else raw / 200,
    131: lambda raw: None if raw == 0xFF else raw / 8,
    132: lambda raw: None if raw == 0xFF else raw / 16,
    133: lambda raw: None if raw == 0xFF else raw / 2 - 127,
    134: lambda raw: None if raw == 0xFB else raw,
    160: lambda raw: None if raw >= 0x80000000 else raw & 0x3FFFFFFF,
    **dict.fromkeys((161, 162, 168), lambda raw: None if raw == 0xFFFFFFFF else raw),
    163: lambda raw: None if raw == 0xFFFFFFFF else raw / 16,
    **dict.fromkeys((164, 165), degrees),
    **dict.fromkeys((166, 167), binary32),
}

# By type and FRC command: the value of an FRC value from 4 on.
FRC: dict[tuple[int, int], Formula] = {
    (1, FRC_1BYTE): lambda frc: frc / 2 - 22,
    (2, FRC_1BYTE): lambda frc: frc * 16 - 64,
    (3, FRC_1BYTE): lambda frc: frc * 16 - 64,
    **dict.fromkeys(((1, FRC_2BYTE), (6, FRC_2BYTE)), lambda frc: (frc - 0x8000) / 16),
    **dict.fromkeys(((4, FRC_2BYTE), (7, FRC_2BYTE)), lambda frc: (frc - 0x8000) / 1000),
    (5, FRC_2BYTE): lambda frc: (frc - 0x8000) / 1e7,
    (21, FRC_2BYTE): lambda frc: (frc - 0x8000) / 256,
    **{(type_, FRC_2BYTE): lambda frc: frc - 4 for type_ in (2, 3, 10, 11, 17, 28, 29, 30)},
    **{(type_, FRC_2BYTE): lambda frc: (frc - 4) / 4 for type_ in (8, 18, 25, 26, 27, 32)},
    **{(type_, FRC_2BYTE): lambda frc: (frc - 4) / 1000 for type_ in (9, 12, 13, 23, 24)},
    (14, FRC_2BYTE): lambda frc: (frc - 4) / 100,
    (15, FRC_2BYTE): lambda frc: (frc - 4) / 10000,
    (16, FRC_2BYTE): lambda frc: (frc - 4) / 16,
    (19, FRC_2BYTE): lambda frc: (frc - 4) / 16,
    (20, FRC_2BYTE): lambda frc: (frc - 4) / 4 - 1024,
    (22, FRC_2BYTE): lambda frc: (frc - 4) / 10,
    (31, FRC_2BYTE): lambda frc: None if frc >= 0x8000 else frc,
    (128, FRC_1BYTE): lambda frc: (frc - 4) / 2,
    (129, FRC_1BYTE): lambda frc: frc - 4,
    (130, FRC_1BYTE): lambda frc: (frc - 4) / 200,
    (131, FRC_1BYTE): lambda frc: (frc - 4) / 8,
    (132, FRC_1BYTE): lambda frc: (frc - 4) / 16,
    (133, FRC_1BYTE): lambda frc: (frc - 258) / 2,
    (134, FRC_1BYTE): lambda frc: frc - 4,
    (160, FRC_2BYTE): lambda frc: frc - 4,
    **{(type_, FRC_4BYTE): lambda frc: frc - 4 for type_ in (160, 161, 162, 168)},
    (163, FRC_4BYTE): lambda frc: (frc - 4) / 16,
    **{(type_, FRC_4BYTE): degrees for type_ in (164, 165)},
    **{(type_, FRC_4BYTE): lambda frc: binary32(frc - 4) for type_ in (166, 167)},
}

BITS = {FRC_1BYTE: 8, FRC_2BYTE: 16, FRC_4BYTE: 32}
POSITIONS = (164, 165)
FLOATS = (166, 167)
INEXACT = {*POSITIONS, *FLOATS}
"""Some raw values mean the same, or the same after rounding: these round trip by value."""


WORDS = st.lists(st.integers(0, 0xFFFFFFFF), min_size=30, max_size=60)


def raws(bits: int, words: list[int]) -> set[int]:
    """The edges of that many bits, and something from everywhere in between."""
    top, half = (1 << bits) - 1, 1 << bits - 1
    edges = {*range(6), *range(half - 5, half + 6), *range(top - 5, top + 1), 0xEE}
    return edges | {word & top for word in words}


def assert_near(type_: int, value: object, expected: float | None) -> None:
    """Equal after rounding; positions may round to either side."""
    if expected is None:
        assert value is None
    else:
        places = QUANTITIES[type_].decimals
        slack = 1.01e-7 if type_ in POSITIONS else 0
        assert value == pytest.approx(round(expected, places), rel=1e-15, abs=slack)


def test_the_table_is_complete() -> None:
    assert sorted(QUANTITIES) == [*range(1, 33), *range(128, 135), *range(160, 169), 192]
    assert sorted({*DIRECT, 192}) == sorted(QUANTITIES)
    offered = {(type_, frc) for type_, row in QUANTITIES.items() for frc in row.frcs}
    assert offered == {*FRC, (129, FRC_2BIT)}


def test_rows_agree_with_the_ranges_of_types() -> None:
    for type_, row in QUANTITIES.items():
        assert row.type == type_
        assert row.width == direct_width(type_)
        assert list(row.frcs) == sorted(row.frcs)
        assert row.name
        assert row.short_name
    assert len({row.text_id for row in QUANTITIES.values()}) == len(QUANTITIES)


@pytest.mark.parametrize("type_", sorted(DIRECT))
@settings(max_examples=10)
@given(words=WORDS)
def test_direct_values(type_: int, words: list[int]) -> None:
    width = direct_width(type_)
    for raw in raws(8 * width, words):
        value = decode(type_, raw.to_bytes(width, "little"))
        assert_near(type_, value, DIRECT[type_](raw))
        if isinstance(value, float | int):
            assert isinstance(value, float if QUANTITIES[type_].decimals else int)
            if type_ not in INEXACT and type_ != 160:
                assert encode(type_, value) == raw.to_bytes(width, "little")
            elif abs(value) <= 90:
                assert decode(type_, encode(type_, value)) == value


@pytest.mark.parametrize(("type_", "command"), sorted(FRC))
@settings(max_examples=10)
@given(words=WORDS)
def test_frc_values(type_: int, command: int, words: list[int]) -> None:
    kind = quantity(type_)
    # A device sends no greater ones; they are decoded by the formula all the same.
    limit = {(129, FRC_1BYTE): 0x7F, (160, FRC_2BYTE): 0x7FFF, (160, FRC_4BYTE): 0x3FFFFFFF}
    for frc in raws(BITS[command], words):
        value = decode_frc(type_, command, frc)
        if frc < 4:
            assert value is None
            assert kind.why_none(command, frc) is list(NoValue)[frc]
            continue
        expected = FRC[type_, command](frc)
        assert_near(type_, value, expected)
        assert kind.why_none(command, frc) is (NoValue.ERROR if expected is None else None)
        sendable = frc <= limit.get((type_, command), frc) + 4
        if value is not None and sendable and type_ not in INEXACT:
            assert encode_frc(type_, command, value) == frc


def carried(type_: int, raw: int) -> bool:
    """Whether a raw value has an FRC value that is none of the four codes."""
    if type_ in (1, 4, 5, 6, 7, 21):
        return raw not in range(0x8000, 0x8004)
    if type_ in (31, *POSITIONS):
        return raw > 3
    return raw <= (1 << 8 * direct_width(type_)) - 5


@pytest.mark.parametrize("type_", sorted(DIRECT))
@settings(max_examples=10)
@given(words=WORDS)
def test_what_a_node_says_directly_arrives_by_frc(type_: int, words: list[int]) -> None:
    width = direct_width(type_)
    command = {1: FRC_1BYTE, 2: FRC_2BYTE, 4: FRC_4BYTE}[width]
    for raw in raws(8 * width, words):
        value = decode(type_, raw.to_bytes(width, "little"))
        frc = encode_frc(type_, command, value)
        beyond = type_ in POSITIONS and isinstance(value, float) and abs(value) > 90
        if value is None or (type_ not in FLOATS and not carried(type_, raw)):
            assert frc == 2
        elif not beyond:
            assert decode_frc(type_, command, frc) == value


@given(st.floats(-90, 90))
def test_positions_keep_a_ten_thousandth_of_a_minute(angle: float) -> None:
    for type_ in (164, 165):
        near = decode(type_, encode(type_, angle))
        assert near == pytest.approx(angle, abs=0.5e-4 / 60 + 1e-7)
        assert decode_frc(type_, FRC_4BYTE, encode_frc(type_, FRC_4BYTE, angle)) == near


def test_minutes_carry_into_degrees() -> None:
    assert encode(164, 49.9999999).hex() == "00004032"
    assert decode(164, encode(164, -0.00000001)) == 0.0
    assert math.copysign(1, float(str(decode(164, encode(164, -0.00000001))))) == 1


@pytest.mark.parametrize(
    ("type_", "raw", "value"),
    [
        (164, "681a5932", 50.4279333),
        (165, "f406560f", 15.3696333),
        (164, "681ad932", -50.4279333),
        (164, "681a1932", None),
        (164, "681a59ff", None),
        (164, "ff1a5932", 50 + (25 + 6911 / 10000) / 60),
        (1, "c801", 28.5),
        (2, "8709", 2439),
        (1, "70fe", -25.0),
        (133, "5e", -80.0),
        (192, "0401020304", (1, 2, 3, 4)),
        (192, "00", ()),
    ],
)
def test_vectors_of_direct_values(type_: int, raw: str, value: float | None) -> None:
    expected = round(value, 7) if isinstance(value, float) else value
    assert decode(type_, bytes.fromhex(raw)) == expected


@pytest.mark.parametrize(
    ("type_", "command", "frc", "value"),
    [
        (2, FRC_2BYTE, 0x03EC, 1000),
        (16, FRC_2BYTE, 0x3E84, 1000.0),
        (1, FRC_2BYTE, 0x8640, 100.0),
        (1, FRC_2BYTE, 0x79C0, -100.0),
        (1, FRC_1BYTE, 94, 25.0),
        (1, FRC_1BYTE, 4, -20.0),
        (1, FRC_1BYTE, 255, 105.5),
        (2, FRC_1BYTE, 255, 4016),
        (130, FRC_1BYTE, 204, 1.0),
        (132, FRC_1BYTE, 0x74, 7.0),
        (23, FRC_2BYTE, 0x303D, 12.345),
        (21, FRC_2BYTE, 0x89CF, 9.80859375),
        (133, FRC_1BYTE, 118, -70.0),
        (20, FRC_2BYTE, 0x8004, 7168.0),
        (164, FRC_4BYTE, 0x32591A68, 50.4279333),
        (166, FRC_4BYTE, 0x41CA6666 + 4, 25.2999992),
        (166, FRC_4BYTE, 0x7FC00004, None),
    ],
)
def test_vectors_of_frc_values(type_: int, command: int, frc: int, value: float | None) -> None:
    assert decode_frc(type_, command, frc) == value
    assert type_ == 166 or encode_frc(type_, command, value) == frc


@pytest.mark.parametrize(
    ("type_", "command", "value"),
    [
        (1, FRC_1BYTE, 105.8),
        (1, FRC_1BYTE, -20.5),
        (1, FRC_2BYTE, 2048.0),
        (1, FRC_2BYTE, 3000.0),
        (1, FRC_2BYTE, -2047.9375),
        (1, FRC_2BYTE, math.nan),
        (1, FRC_2BYTE, None),
        (2, FRC_1BYTE, 4032),
        (8, FRC_2BYTE, 0xFFFC / 4),
        (8, FRC_2BYTE, -0.25),
        (31, FRC_2BYTE, 3),
        (31, FRC_2BYTE, 0x8000),
        (128, FRC_1BYTE, 126.0),
        (129, FRC_1BYTE, 128),
        (160, FRC_4BYTE, 1 << 30),
        (161, FRC_4BYTE, 0xFFFFFFFC),
        (164, FRC_4BYTE, 90.1),
        (165, FRC_4BYTE, -180.1),
        (166, FRC_4BYTE, math.inf),
        (166, FRC_4BYTE, 1e39),
    ],
)
def test_what_an_frc_cannot_carry_is_an_error(type_: int, command: int, value: float) -> None:
    assert encode_frc(type_, command, value) == NoValue.ERROR.value


@pytest.mark.parametrize(
    ("type_", "value", "raw"),
    [
        (1, None, "0080"),
        (1, 2048.0, "0080"),
        (1, 3000.0, "0080"),
        (8, None, "ffff"),
        (31, None, "0080"),
        (128, 200.0, "ee"),
        (129, None, "80"),
        (134, None, "fb"),
        (160, None, "00000080"),
        (163, -1.0, "ffffffff"),
        (164, None, "000000ff"),
        (166, math.inf, "0000c07f"),
        (192, None, "00"),
        (7, math.nan, "0080"),
    ],
)
def test_no_value_and_out_of_range_are_sent_as_the_error_value(
    type_: int, value: float | None, raw: str
) -> None:
    assert encode(type_, value) == bytes.fromhex(raw)
    assert decode(type_, bytes.fromhex(raw)) in (None, ())


@given(st.integers(0, 0x7F), st.integers(0, 6))
def test_a_bit_of_binary_data7_by_two_bit_frc(value: int, bit: int) -> None:
    frc = encode_frc(129, FRC_2BIT, value, extra=bit)
    assert frc == (3 if value & 1 << bit else 2)
    assert decode_frc(129, FRC_2BIT, frc, extra=bit) == value >> bit & 1


def test_the_codes_of_a_two_bit_frc() -> None:
    kind = quantity(129)
    assert [kind.decode_frc(FRC_2BIT, frc) for frc in range(4)] == [None, None, 0, 1]
    assert [kind.why_none(FRC_2BIT, frc) for frc in range(4)] == [
        NoValue.SILENT,
        NoValue.UNSUPPORTED,
        None,
        None,
    ]
    assert kind.encode_frc(FRC_2BIT, None) == NoValue.UNSUPPORTED.value


@given(st.integers(0, 0x3FFFFFFF))
def test_binary_data30_in_two_halves(value: int) -> None:
    low, high = (
        decode_frc(160, FRC_2BYTE, encode_frc(160, FRC_2BYTE, value, extra=half), extra=half)
        for half in (0, 1)
    )
    assert isinstance(low, int)
    assert isinstance(high, int)
    assert low | high << 15 == value
    assert max(low, high) <= 0x7FFF


def test_native_forms_carry_the_whole_value() -> None:
    natives = {1: FRC_2BYTE, 2: FRC_2BYTE, 129: FRC_1BYTE, 160: FRC_4BYTE, 164: FRC_4BYTE}
    assert {type_: native_frc(type_) for type_ in natives} == natives
    assert native_frc(192) is None
    assert native_frc(0xC5) is None


@pytest.mark.parametrize(
    ("type_", "frcs", "raw", "value"),
    [
        (0x7F, (FRC_2BYTE,), "0080", 0x8000),
        (0x9F, (FRC_1BYTE,), "ff", 0xFF),
        (0xBF, (FRC_4BYTE,), "ffffffff", 0xFFFFFFFF),
        (0xFF, (), "020907", (9, 7)),
        (0, (FRC_2BYTE,), "0100", 1),
    ],
)
def test_an_unknown_type_is_a_plain_number(
    type_: int, frcs: tuple[int, ...], raw: str, value: int
) -> None:
    row = quantity(type_)
    assert row.name == f"Unknown sensor type {type_}"
    assert (row.short_name, row.unit, row.decimals, row.frcs) == ("?", "?", 0, frcs)
    assert row.decode(bytes.fromhex(raw)) == value
    if frcs:
        assert row.decode_frc(frcs[0], 4 + 9) == 9


def test_a_quantity_refuses_what_is_not_its_own() -> None:
    with pytest.raises(LocalProtocolError, match="0xF9 does not read Temperature"):
        decode_frc(1, FRC_4BYTE, 100)
    with pytest.raises(LocalProtocolError, match="does not read Data block"):
        decode_frc(192, FRC_4BYTE, 100)
    assert encode_frc(1, FRC_4BYTE, 20.0) == NoValue.UNSUPPORTED.value
    assert encode_frc(192, FRC_1BYTE, (1,)) == NoValue.UNSUPPORTED.value
    for type_, value in ((1, (1, 2)), (192, 5), (192, (256,)), (192, (0,) * 256)):
        with pytest.raises(LocalProtocolError):
            encode(type_, value)
    with pytest.raises(LocalProtocolError):
        encode_frc(1, FRC_2BYTE, (1, 2))
    for type_, raw in ((1, b""), (1, b"\1"), (161, bytes(5)), (192, b""), (192, b"\2\1")):
        with pytest.raises(RemoteProtocolError):
            decode(type_, raw)
