"""Every fault does what it says, as often as it was armed, and to nobody else."""

import pytest

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh
from protocol.dpa.packet import parse
from protocol.errors import RemoteProtocolError
from tests.iqrf_trio.simulator.talk import Talk

LED_ON = "01.00.06.01.ff.ff"
PING = "00.00.0d.00.ff.ff.00.00.00"


@pytest.fixture
def mesh() -> Mesh:
    return generate(3)


@pytest.fixture
def talk(mesh: Mesh) -> Talk:
    return Talk(mesh)


def kinds(frames: list[str]) -> str:
    """C for a confirmation, R for a response."""
    return "".join("C" if int(frame[9:11], 16) < 0x80 else "R" for frame in frames)


def test_a_coordinator_that_does_not_react(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.SILENT, times=2)
    assert talk.ask(LED_ON) == []
    assert talk.ask("00.00.00.00.ff.ff") == []
    assert kinds(talk.ask(LED_ON)) == "CR"
    assert mesh.counters.ignored == 2


def test_a_lost_confirmation(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.NO_CONFIRMATION)
    assert kinds(talk.ask(LED_ON)) == "R"
    assert kinds(talk.ask(LED_ON)) == "CR"


def test_a_lost_response_leaves_the_effect(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.NO_RESPONSE)
    assert kinds(talk.ask(LED_ON)) == "C"
    assert talk.lit(1)


def test_a_lost_response_measured_nothing(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.NO_RESPONSE, times=2)
    talk.ask("01.00.5e.00.ff.ff")
    talk.ask("00.00.0d.00.ff.ff.90.5e.01.00.00")
    assert mesh.measured == {}
    # The coordinator is still busy with the FRC whose end nobody heard of.
    talk.now += 10
    talk.ask("02.00.5e.00.ff.ff")
    assert set(mesh.measured) == {(2, 0)}


def test_a_response_that_comes_twice(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.TWO_RESPONSES)
    _, *responses = talk.ask(LED_ON)
    assert len(responses) == 2
    assert len(set(responses)) == 1


def test_a_response_that_comes_late(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.LATE_RESPONSE, 2.5)
    talk.ask(LED_ON)
    assert talk.times_ms == [3, 2663]


def test_garbage_before_the_response(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.GARBAGE, 4)
    _, garbage, response = talk.ask(LED_ON)
    assert len(bytes.fromhex(garbage.replace(".", ""))) == 4
    with pytest.raises(RemoteProtocolError):
        parse(bytes.fromhex(garbage.replace(".", "")))
    assert kinds([response]) == "R"


def test_a_response_that_is_cut_off(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.CUT_RESPONSE, 3)
    assert len(talk.pdata("01.00.02.00.ff.ff").split(".")) == 3


def test_a_refusal_executes_nothing(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.REFUSAL, 1)
    assert talk.rcode(LED_ON) == 1
    assert not talk.lit(1)


def test_an_frc_that_ends_with_an_error(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.FRC_STATUS, 0xFD)
    # Whatever is no FRC does not use it up.
    assert kinds(talk.ask(LED_ON)) == "CR"
    assert talk.pdata(PING) == ".".join(["fd"] + ["00"] * 55)
    assert talk.pdata(PING).startswith("03.0e")


def test_a_fault_can_be_for_some_requests_only(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.NO_RESPONSE, when=lambda request: request.nadr == 2)
    assert kinds(talk.ask(LED_ON)) == "CR"
    assert kinds(talk.ask("02.00.06.01.ff.ff")) == "C"
    assert kinds(talk.ask("02.00.06.01.ff.ff")) == "CR"


def test_faults_for_ever_end_when_disarmed(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.NO_RESPONSE, times=None)
    assert [kinds(talk.ask(LED_ON)) for _ in range(5)] == ["C"] * 5
    mesh.faults.disarm()
    assert kinds(talk.ask(LED_ON)) == "CR"


def test_faults_add_up(mesh: Mesh, talk: Talk) -> None:
    mesh.faults.arm(Fault.TWO_RESPONSES)
    mesh.faults.arm(Fault.NO_CONFIRMATION)
    mesh.faults.arm(Fault.LATE_RESPONSE, 1.0)
    assert kinds(talk.ask(LED_ON)) == "RR"
    assert talk.times_ms[0] > 1000
