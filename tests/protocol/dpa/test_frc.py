"""Every node finds its own slot in an FRC answer, at every width and number of nodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.dpa import frc
from protocol.dpa.frc import Width
from protocol.errors import LocalProtocolError

NODES = st.sets(st.integers(1, 239))
WIDTHS = st.sampled_from(Width)


@pytest.mark.parametrize(
    ("commands", "width"),
    [
        ((0x00, 0x02, 0x10, 0x7F), Width.BITS2),
        ((0x80, 0x84, 0x90, 0xDF), Width.BYTE1),
        ((0xE0, 0xE1, 0xF7), Width.BYTE2),
        ((0xF8, 0xF9, 0xFA, 0xFF), Width.BYTE4),
    ],
)
def test_the_command_tells_the_width(commands: tuple[int, ...], width: Width) -> None:
    assert {frc.width_of(command) for command in commands} == {width}


@given(NODES)
def test_bitmaps_round_trip(nodes: set[int]) -> None:
    assert frc.members(frc.bitmap(nodes)) == nodes
    assert len(frc.bitmap(nodes)) == 30


def test_bits_count_from_the_least_significant() -> None:
    assert frc.bitmap([1, 2, 8, 239])[:2] + frc.bitmap([239])[-1:] == b"\x06\x01\x80"


@pytest.mark.parametrize("address", [-1, 240])
def test_an_address_without_a_bit_is_refused(address: int) -> None:
    with pytest.raises(LocalProtocolError):
        frc.bitmap([address])


@given(NODES, WIDTHS)
def test_groups_are_ascending_complete_and_few(nodes: set[int], width: Width) -> None:
    groups = frc.groups(nodes, width.capacity)
    assert [node for group in groups for node in group] == sorted(nodes)
    assert len(groups) == -(-len(nodes) // width.capacity)
    assert all(len(group) <= width.capacity for group in groups)


def _values(width: Width, count: int) -> dict[int, int]:
    """Distinct values, no two alike within the width's range as far as that goes."""
    return {
        node: (node * 0x9E3779B1) % (width.highest_value + 1) for node in range(240 - count, 240)
    }


EDGES = [
    (Width.BITS2, 239),
    (Width.BYTE1, 54),
    (Width.BYTE1, 55),
    (Width.BYTE1, 63),
    (Width.BYTE2, 26),
    (Width.BYTE2, 27),
    (Width.BYTE2, 31),
    (Width.BYTE4, 12),
    (Width.BYTE4, 13),
    (Width.BYTE4, 15),
]


@pytest.mark.parametrize(("width", "count"), EDGES)
def test_selected_nodes_round_trip_at_the_edges(width: Width, count: int) -> None:
    values = _values(width, count)
    packed = frc.pack(width, values, values)
    assert len(packed) == 64
    assert frc.unpack(width, values, packed) == values


@pytest.mark.parametrize(("width", "count"), EDGES[1:])
def test_the_extra_result_is_needed_just_where_the_answer_is_too_short(
    width: Width, count: int
) -> None:
    values = _values(width, count)
    answer = frc.pack(width, values, values)[: frc.FRC_DATA]
    if frc.needs_extra(width, count):
        with pytest.raises(LocalProtocolError, match="FRC data at 55"):
            frc.unpack(width, values, answer)
    else:
        assert frc.unpack(width, values, answer) == values


@pytest.mark.parametrize(("highest", "extra"), [(183, False), (184, True), (239, True)])
def test_two_bit_values_stand_by_address_even_when_selected(highest: int, extra: bool) -> None:
    values = {1: 3, 7: 2, 8: 1, highest: 3}
    packed = frc.pack(Width.BITS2, values, values)
    assert frc.needs_extra(Width.BITS2, highest) == extra
    assert frc.unpack(Width.BITS2, values, packed) == values
    if extra:
        with pytest.raises(LocalProtocolError):
            frc.unpack(Width.BITS2, values, packed[: frc.FRC_DATA])
    else:
        assert frc.unpack(Width.BITS2, values, packed[: frc.FRC_DATA]) == values


@given(st.data(), WIDTHS)
def test_any_selection_round_trips(data: st.DataObject, width: Width) -> None:
    nodes = data.draw(st.sets(st.integers(1, 239), max_size=width.capacity))
    silent_or_not = st.integers(0, width.highest_value)
    values = {node: data.draw(silent_or_not) for node in sorted(nodes)}
    packed = frc.pack(width, nodes, {node: value for node, value in values.items() if value})
    assert frc.unpack(width, nodes, packed) == values
    highest = max(frc.slots(width, nodes).values(), default=0)
    assert not any(packed[frc.FRC_DATA :]) or frc.needs_extra(width, highest)


@given(st.data(), WIDTHS)
def test_asked_all_nodes_stand_by_address(data: st.DataObject, width: Width) -> None:
    nodes = data.draw(st.sets(st.integers(1, width.capacity)))
    values = {node: data.draw(st.integers(0, width.highest_value)) for node in sorted(nodes)}
    packed = frc.pack(width, nodes, values, selective=False)
    assert frc.unpack(width, nodes, packed, selective=False) == values
    if width.bytes:
        start = {node: node * width.bytes for node in nodes}
        for node, value in values.items():
            raw = packed[start[node] : start[node] + width.bytes]
            assert int.from_bytes(raw, "little") == value


def test_more_nodes_than_slots_are_refused_by_us_and_dropped_by_the_coordinator() -> None:
    nodes = range(1, 17)
    packed = frc.pack(Width.BYTE4, nodes, dict.fromkeys(nodes, 9))
    assert frc.unpack(Width.BYTE4, range(1, 16), packed) == dict.fromkeys(range(1, 16), 9)
    with pytest.raises(LocalProtocolError, match=r"BYTE4 slot 16 is not in 1\.\.15"):
        frc.unpack(Width.BYTE4, nodes, packed)


@pytest.mark.parametrize(("width", "value"), [(Width.BITS2, 4), (Width.BYTE1, 256)])
def test_a_value_too_large_for_its_slot_is_refused(width: Width, value: int) -> None:
    with pytest.raises(LocalProtocolError, match="FRC value"):
        frc.pack(width, [1], {1: value})


def test_a_prebonded_read_of_ten_nodes() -> None:
    # Memory read 4B + 1 of the MID; the last byte of the answer is that of slot 13.
    data = bytes.fromhex(
        "00000000" "217c1181" "267c1181" "397c1181" "3f7c1181" "487c1181" "497c1181" "507c1181"
        "435c1181" "445c1181" "117c1181"
    ).ljust(frc.FRC_DATA, b"\0")  # fmt: skip
    raw = frc.unpack(Width.BYTE4, range(1, 11), data)
    assert (raw[1] - 1, raw[10] - 1) == (0x81117C20, 0x81117C10)


def test_user_data_of_memory_reads() -> None:
    assert frc.memory_read(frc.RESPONSE_BUFFER, 0x02, 0x00) == bytes.fromhex("a004020000")
    read = frc.memory_read_4b(0x04A7, 0xFF, 0x3F, plus_one=True)
    assert read == bytes.fromhex("0100a704ff3f00")
    with pytest.raises(LocalProtocolError):
        frc.memory_read(0x10000, 2, 0)
    with pytest.raises(LocalProtocolError):
        frc.memory_read_4b(0x04A0, 2, 0, bytes(16), plus_one=False)


def test_user_data_of_an_acknowledged_broadcast_counts_itself() -> None:
    assert frc.acknowledged_broadcast(0x02, 0x08, 0xFFFF) == bytes.fromhex("050208ffff")


@pytest.mark.parametrize(
    ("params", "ms"),
    [(0, 40), (0x0F, 40), (0x10, 360), (0x20, 680), (0x30, 1320), (0x78, 20520), (0xF0, 20520)],
)
def test_response_time_stands_in_bits_4_to_6(params: int, ms: int) -> None:
    assert frc.response_time_ms(params) == ms
