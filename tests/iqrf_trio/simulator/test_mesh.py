"""What a gateway sees of the mesh: which frames come, when, and when none do.

Bytes are written out here as the DPA guide has them; nothing is built with the functions that the
mesh itself uses. Times follow from the guide's slots: 40 ms each (STD, less than 17 bytes of
PDATA), one more than there are hops, and 3 ms until the coordinator has looked at a request.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.simulator.counters import Kind
from iqrf_trio.simulator.files.network_file import network
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import BOOT_S, Mesh
from protocol.dpa.timing import RfMode
from tests.iqrf_trio.simulator.talk import Talk

LINE = """
[[nodes]]
address = 5
product = "Two temperatures"
position = [0.8, 0.0]

[[nodes]]
address = 3
product = "Relay"
position = [1.6, 0.0]

[[nodes]]
address = 9
product = "Light"
position = [2.4, 0.0]
"""
"""Three nodes behind one another: addresses 5, 3, 9 with VRN 1, 2, 3."""


@pytest.fixture
def mesh() -> Mesh:
    return network(LINE)


def test_the_coordinator_answers_for_itself_after_a_few_milliseconds(talk: Talk) -> None:
    assert talk.ask("00.00.00.00.ff.ff") == ["00.00.00.80.00.2a.00.00.03.01"]
    assert talk.times_ms == [3]


def test_a_node_is_confirmed_then_answers(talk: Talk) -> None:
    # VRN 1: one hop each way, two slots of 40 ms each way.
    assert talk.ask("05.00.06.01.ff.ff") == [
        "05.00.06.01.ff.ff.ff.00.01.04.01",
        "05.00.06.81.20.2a.00.35",
    ]
    assert talk.times_ms == [3, 3 + 80 + 80]


def test_hops_grow_with_the_vrn_not_with_the_address(talk: Talk) -> None:
    assert talk.ask("03.00.06.01.ff.ff")[0].split(".")[8:] == ["02", "04", "02"]
    assert talk.times_ms == [3, 3 + 3 * 40 + 3 * 40]
    assert talk.ask("09.00.06.01.ff.ff")[0].split(".")[8:] == ["03", "04", "03"]
    assert talk.times_ms == [3, 3 + 4 * 40 + 4 * 40]


def test_slots_grow_with_the_data_in_each_direction(talk: Talk) -> None:
    # OS Read: no PDATA there (40 ms), 48 bytes back (60 ms).
    confirmation, response = talk.ask("05.00.02.00.ff.ff")
    assert len(response.split(".")) - 8 == 48
    assert talk.times_ms[1] == 3 + 2 * 40 + 2 * 60
    # EEPROM write with 17 bytes of PDATA: 50 ms there, 40 ms back.
    confirmation, _ = talk.ask("05.00.03.01.ff.ff.00" + ".11" * 16)
    assert confirmation.split(".")[9] == "05"
    assert talk.times_ms[1] == 3 + 2 * 50 + 2 * 40


def test_lp_slots_are_twice_as_long() -> None:
    talk = Talk(network('rf_mode = "lp"\n' + LINE))
    confirmation, _ = talk.ask("05.00.06.01.ff.ff")
    assert confirmation.split(".")[9] == "08"
    assert talk.times_ms == [3, 3 + 2 * 80 + 2 * 80]
    # Slot limits 80..100 ms, and the flags of an STD+LP network.
    os_read = talk.pdata("05.00.02.00.ff.ff").split(".")
    assert os_read[11] == "75"
    assert os_read[39] == "05"


def test_set_hops_changes_the_routing_and_can_be_too_few(talk: Talk) -> None:
    assert talk.pdata("00.00.00.09.ff.ff.01.01") == "ff.ff"
    # Zero hops: enough for who hears the coordinator.
    talk.ask("05.00.06.01.ff.ff")
    assert talk.times_ms == [3, 3 + 40 + 40]
    assert len(talk.ask("03.00.06.01.ff.ff")) == 1
    # One hop: node 5 passes it on to node 3.
    assert talk.pdata("00.00.00.09.ff.ff.02.02") == "01.01"
    assert len(talk.ask("03.00.06.01.ff.ff")) == 2
    assert len(talk.ask("09.00.06.01.ff.ff")) == 1


def test_the_next_request_waits_until_the_routing_before_is_over(mesh: Mesh) -> None:
    mesh.receive(bytes.fromhex("03000601ffff"), 10.0)
    mesh.receive(bytes.fromhex("05000601ffff"), 10.05)
    times = []
    while (due := mesh.next_at) is not None:
        times += [(round((due - 10) * 1000), frame[0]) for frame in mesh.pop_due(due)]
    assert times == [(3, 3), (243, 3), (243, 5), (403, 5)]


def test_the_coordinators_own_commands_do_not_wait_for_the_air(mesh: Mesh) -> None:
    mesh.receive(bytes.fromhex("03000601ffff"), 0.0)
    mesh.receive(bytes.fromhex("00000000ffff"), 0.05)
    assert [frame[0] for frame in mesh.pop_due(0.053 + 1e-9)] == [3, 0]


def test_a_silent_node_keeps_the_air_as_long_as_a_short_answer_would(mesh: Mesh) -> None:
    mesh.node(3).online = False
    mesh.receive(bytes.fromhex("03000200ffff"), 0.0)
    mesh.receive(bytes.fromhex("05000601ffff"), 0.0)
    assert [frame[0] for frame in mesh.pop_due(0.1)] == [3]
    assert mesh.next_at == pytest.approx(0.243)


def test_a_broadcast_is_confirmed_and_executed_but_not_answered(mesh: Mesh, talk: Talk) -> None:
    mesh.node(3).online = False
    assert talk.ask("ff.00.06.01.ff.ff") == ["ff.00.06.01.ff.ff.ff.00.02.04.00"]
    lit = {address: talk.lit(address) for address in (5, 9)}
    assert lit == {5: True, 9: True}
    mesh.node(3).online = True
    assert not talk.lit(3)


def test_a_node_that_is_not_bonded_is_refused_without_confirmation(talk: Talk) -> None:
    assert talk.ask("07.00.06.01.ff.ff") == ["07.00.06.81.00.2a.08.00"]
    assert talk.mesh.counters.radio == 0


@pytest.mark.parametrize(
    ("request_", "rcode"),
    [
        ("05.00.06.01.34.12", 7),
        ("05.00.6f.01.ff.ff", 3),
        ("05.00.06.0f.ff.ff", 2),
        ("05.00.06.01.ff.ff.00", 5),
        ("00.00.00.7f.ff.ff", 2),
        ("00.00.01.00.ff.ff", 3),
        ("00.00.04.02.ff.ff.00.7f.00", 5),
        ("00.00.04.02.ff.ff.ff.7f.02", 4),
        ("00.00.04.03.ff.ff.00.40.01", 4),
    ],
)
def test_bad_requests_are_answered_with_their_code(talk: Talk, request_: str, rcode: int) -> None:
    assert talk.rcode(request_) == rcode


def test_a_request_for_the_right_hwpid_is_executed(talk: Talk) -> None:
    assert talk.rcode("05.00.06.01.20.2a") == 0


def test_dpa_value_is_what_the_params_choose(talk: Talk) -> None:
    # Node 5 is 0.8 of the range away: -45 - 32 = -77 dBm, 130 above it is 53 = 0x35.
    assert talk.answer("05.00.06.01.ff.ff").split(".")[7] == "35"
    # What the coordinator has received last stays its own.
    assert talk.answer("00.00.06.01.ff.ff").split(".")[7] == "35"
    assert talk.pdata("00.00.00.08.ff.ff.01") == "00"
    assert talk.answer("00.00.06.01.ff.ff").split(".")[7] == "27"
    assert talk.pdata("00.00.00.08.ff.ff.00") == "01"


@pytest.mark.parametrize(
    "frame",
    ["", "01", "05.00.06.01.ff", "05.01.06.01.ff.ff", "05.00.06.81.ff.ff", "00." * 63 + "00"],
)
def test_what_is_no_request_is_ignored(mesh: Mesh, frame: str) -> None:
    mesh.receive(bytes.fromhex(frame.replace(".", "")), 0.0)
    assert mesh.next_at is None
    assert mesh.counters.ignored == 1


@given(st.binary(max_size=80))
def test_any_bytes_are_survived(frame: bytes) -> None:
    mesh = network(LINE)
    mesh.receive(frame, 0.0)
    for answer in mesh.pop_due(1e6):
        assert 6 <= len(answer) <= 64


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 127), st.binary(max_size=56))
def test_any_request_is_answered_or_ignored(nadr: int, pnum: int, pcmd: int, pdata: bytes) -> None:
    mesh = network(LINE)
    mesh.receive(bytes((nadr, 0, pnum, pcmd, 0xFF, 0xFF)) + pdata, 0.0)
    for answer in mesh.pop_due(1e6):
        assert 6 <= len(answer) <= 64


def test_eleven_bytes_with_a_confirmations_mark_are_still_a_request(talk: Talk) -> None:
    # A write to EEPROM at 0xFF looks so to a gateway; to a coordinator it cannot be one.
    assert talk.rcode("00.00.03.01.ff.ff.ff.00.00.00.00") == 4
    assert talk.mesh.counters.ignored == 0


def test_a_blocking_command_makes_the_coordinator_deaf(mesh: Mesh) -> None:
    mesh.receive(bytes.fromhex("00000d00ffff000000"), 0.0)
    mesh.receive(bytes.fromhex("00000000ffff"), 0.1)
    assert mesh.counters.ignored == 1
    assert len(mesh.pop_due(60.0)) == 1


def test_an_frc_takes_its_time(talk: Talk) -> None:
    # 3 * 30 + (3 + 2) * 110 + 40 + 220, after 3 ms in the coordinator.
    talk.ask("00.00.0d.00.ff.ff.00.00.00")
    assert talk.times_ms == [3 + 900]
    # Response time 1320 ms instead of 40.
    assert talk.pdata("00.00.0d.03.ff.ff.30") == "00"
    talk.ask("00.00.0d.00.ff.ff.00.00.00")
    assert talk.times_ms == [3 + 900 + 1280]


@pytest.mark.parametrize(
    ("nodes", "rf_mode", "frc_ms"),
    [
        (10, RfMode.STD, 1880),
        (10, RfMode.LP, 2520),
        (50, RfMode.STD, 7480),
        (239, RfMode.STD, 33_940),
    ],
)
def test_frc_times_of_larger_networks(nodes: int, rf_mode: RfMode, frc_ms: int) -> None:
    talk = Talk(generate(nodes, rf_mode=rf_mode))
    talk.ask("00.00.0d.00.ff.ff.00.00.00")
    assert talk.times_ms == [3 + frc_ms]


def test_a_discovery_takes_a_fifth_of_a_second_per_node(talk: Talk) -> None:
    assert talk.pdata("00.00.00.07.ff.ff.07.00") == "03"
    assert talk.times_ms == [250 + 3 * 220]


def test_counters_tell_radio_transactions(talk: Talk) -> None:
    for request in (
        "00.00.00.00.ff.ff",
        "05.00.06.01.ff.ff",
        "07.00.06.01.ff.ff",
        "00.00.0d.00.ff.ff.00.00.00",
        "00.00.0d.01.ff.ff",
        "00.00.00.07.ff.ff.07.00",
        "ff.00.06.01.ff.ff",
    ):
        talk.ask(request)
    counters = talk.mesh.counters
    assert counters.radio == 3
    assert counters.requests == {
        Kind.LOCAL: 1,
        Kind.UNICAST: 1,
        Kind.FRC: 1,
        Kind.EXTRA_RESULT: 1,
        Kind.DISCOVERY: 1,
        Kind.BROADCAST: 1,
    }
    assert (counters.received, counters.sent, counters.ignored) == (7, 8, 0)
    assert counters.air_s == pytest.approx(0.160 + 0.903 + 0.910 + 0.120)


def test_a_restart_is_answered_then_reported(talk: Talk) -> None:
    talk.ask("00.00.0d.03.ff.ff.70")
    talk.ask("00.00.00.09.ff.ff.05.05")
    response, reset = talk.ask("00.00.02.08.ff.ff")
    assert response == "00.00.02.88.00.2a.00.00"
    assert reset == "00.00.ff.3f.00.2a.80.00.17.04.00.fd.26.00.00.00.2a.01.00.01"
    assert talk.times_ms == [3, 3 + BOOT_S * 1000]
    assert talk.pdata("00.00.0d.03.ff.ff.00") == "00"
    assert talk.pdata("00.00.00.09.ff.ff.ff.ff") == "ff.ff"
    assert talk.pdata("00.00.00.00.ff.ff") == "03.01"


def test_a_power_cycle_loses_what_was_on_its_way(mesh: Mesh) -> None:
    mesh.receive(bytes.fromhex("03000601ffff"), 0.0)
    mesh.reset(0.1)
    mesh.receive(bytes.fromhex("00000000ffff"), 0.2)
    assert mesh.next_at == 0.1 + BOOT_S
    assert [frame[2] for frame in mesh.pop_due(60.0)] == [0xFF]


def test_asynchronous_frames_come_when_they_are_told_to(mesh: Mesh) -> None:
    mesh.emit(b"\x05\x00\x06\x81\x00\x00\x80\x00", at=2.0)
    mesh.emit_reset(at=3.0)
    mesh.emit_reset(at=4.0, response_flag=True)
    assert mesh.pop_due(1.9) == []
    assert mesh.pop_due(2.0) == [b"\x05\x00\x06\x81\x00\x00\x80\x00"]
    assert [frame[:8].hex(".") for frame in mesh.pop_due(4.0)] == [
        "00.00.ff.3f.00.2a.80.00",
        "00.00.ff.bf.00.2a.80.00",
    ]


def test_whoever_waits_is_woken_by_a_frame(mesh: Mesh) -> None:
    woken = []
    mesh.on_frame(lambda: woken.append(mesh.next_at))
    mesh.emit(b"\0" * 8, at=7.0)
    assert woken == [7.0]


def test_without_loss_everything_is_heard_and_with_it_what_the_seed_says() -> None:
    def answered(loss: float, seed: int) -> list[bool]:
        talk = Talk(generate(3, seed, loss=loss))
        return [len(talk.ask("01.00.06.01.ff.ff")) == 2 for _ in range(200)]

    assert all(answered(0.0, 1))
    assert not any(answered(1.0, 1))
    some = answered(0.25, 1)
    assert 20 < some.count(False) < 80
    assert some == answered(0.25, 1)
    assert some != answered(0.25, 2)


def test_loss_empties_the_slots_of_an_frc() -> None:
    talk = Talk(generate(60, 3, loss=0.5))
    data = bytes.fromhex(talk.pdata("00.00.0d.00.ff.ff.00.00.00").replace(".", ""))
    heard = sum(byte.bit_count() for byte in data[1:31])
    assert 15 < heard < 45
    assert data[0] == heard


def test_a_node_that_is_not_there_raises(mesh: Mesh) -> None:
    with pytest.raises(LookupError):
        mesh.node(77)
