"""The SPI master against a simulated module that answers byte by byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio.simulator.faults import Fault
from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import BOOT_S
from iqrf_trio.simulator.serving.bus_faults import BusFault
from protocol.dpa.packet import Confirmation, Request, Response, parse
from protocol.dpa.peripherals.coordinator import ADDR_INFO, addr_info
from protocol.dpa.peripherals.frc import frc_send
from protocol.dpa.peripherals.os import os_read
from protocol.dpa.timing import estimate_ms, frc_ms, soonest_ms
from protocol.link import spi
from protocol.link.spi_master import (
    ABSENCE_S,
    ATTEMPTS,
    BUSY_POLL_S,
    DOUBT_S,
    IDLE_POLL_S,
    PATIENCE_S,
    ROUTING_POLL_S,
    STORM,
    TIGHT_POLL_S,
    Order,
    Watch,
)
from protocol.link.tr_info import TrInfo
from tests.iqrf_trio.simulator.serving.spi_wire import Wire

ADDR_INFO_REQUEST = addr_info().request
OS_READ_REQUEST = os_read(0).request
LED = Request(1, 0x06, 0x01)


@pytest.fixture
def wire() -> Wire:
    return Wire(generate(3, 1))


def minimum_us(*exchanged: bytes) -> int:
    """The packets and, before each, the status twice: what the protocol asks for."""
    return sum(
        spi.duration_us(len(frame) + 4, spi.FAST_GAP_US) + 2 * spi.duration_us(1, spi.FAST_GAP_US)
        for frame in exchanged
    )


# --- messages -----------------------------------------------------------------------------------


def test_a_request_is_answered(wire: Wire) -> None:
    (frame,) = wire.ask(ADDR_INFO_REQUEST)
    packet = parse(frame)
    assert isinstance(packet, Response)
    assert ADDR_INFO.decode(packet.pdata).bonded == 3
    assert wire.slave.hurried == 0


def test_a_unicast_is_confirmed_and_answered(wire: Wire) -> None:
    confirmation, response = map(parse, wire.ask(LED, 2))
    assert isinstance(confirmation, Confirmation)
    assert isinstance(response, Response)


@pytest.mark.parametrize(
    "request_", [ADDR_INFO_REQUEST, OS_READ_REQUEST], ids=["shortest", "longer"]
)
def test_the_bus_is_used_little_more_than_the_protocol_asks_for(
    wire: Wire, request_: Request
) -> None:
    wire.ask(ADDR_INFO_REQUEST)  # the first look at the module is behind us
    before = wire.bus_us
    (frame,) = wire.ask(request_)
    assert wire.bus_us - before <= 1.1 * minimum_us(request_.encode(), frame)


def test_a_local_command_takes_little_longer_than_the_bus_and_the_module(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    start = wire.now
    wire.ask(ADDR_INFO_REQUEST)
    assert wire.now - start < 0.010  # 4.4 ms on the bus, 3 ms for the command


def test_an_idle_module_is_looked_at_rarely(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.run(lambda: False, 2)
    before = wire.exchanges
    wire.run(lambda: False, 10)
    assert wire.exchanges - before <= 10 / IDLE_POLL_S + 1


def test_what_comes_unasked_is_fetched(wire: Wire) -> None:
    wire.run(lambda: False, 5)
    wire.mesh.emit_report(1, wire.now)
    start = wire.now
    wire.run(lambda: bool(wire.master.received))
    assert wire.now - start < 2 * IDLE_POLL_S
    (frame,) = wire.master.received
    assert frame[0] == 1


def test_messages_of_all_lengths_pass() -> None:
    wire = Wire(generate(1, 1))
    for size in range(1, 65):
        wire.slave.offer(bytes(range(size)))
    wire.run(lambda: len(wire.master.received) == 64)
    assert list(wire.master.received) == [bytes(range(size)) for size in range(1, 65)]


def test_data_pending_does_not_keep_a_request_waiting(wire: Wire) -> None:
    wire.slave.offer(b"\x01\x00\x06\x3f\xff\xff")
    assert len(wire.ask(ADDR_INFO_REQUEST, 2)) == 2


def test_gaps_are_longer_for_old_modules() -> None:
    wire = Wire(generate(1, 1), slow=True)
    wire.faults.set(BusFault.SLOW)
    assert len(wire.ask(ADDR_INFO_REQUEST)) == 1
    assert wire.slave.hurried == 0


def test_gaps_grow_when_the_module_asks_for_it(wire: Wire) -> None:
    wire.faults.set(BusFault.SLOW)
    assert len(wire.ask(ADDR_INFO_REQUEST)) == 1
    # The bytes sent before it could ask for it were torn, at most a look.
    assert wire.slave.hurried <= 2


def test_a_request_withdrawn_in_time_is_never_sent(wire: Wire) -> None:
    wire.faults.set(BusFault.BUSY)
    order = Order(ADDR_INFO_REQUEST.encode())
    wire.master.send(order)
    wire.run(lambda: False, 0.1)
    wire.master.withdraw(order)
    wire.faults.clear()
    wire.run(lambda: False, 1)
    assert not order.done
    assert wire.mesh.counters.received == 0


def test_an_answer_is_fetched_as_soon_as_it_may_be_there(wire: Wire) -> None:
    order = Order(LED.encode())
    wire.master.send(order)
    wire.run(lambda: bool(wire.master.received))
    confirmation = parse(wire.master.received.popleft())
    assert isinstance(confirmation, Confirmation)
    confirmed_at, before = wire.now, wire.exchanges
    soonest_s = soonest_ms(confirmation) / 1000
    wire.master.expect(soonest_s, estimate_ms(confirmation) / 1000)
    wire.run(lambda: wire.now >= confirmed_at + soonest_s)
    # Until then looks would be of no use.
    assert wire.exchanges - before <= soonest_s / ROUTING_POLL_S + 2
    before, tight_from = wire.exchanges, wire.now
    wire.run(lambda: bool(wire.master.received))
    # A look takes as long as the bus does, and is followed by the pause.
    look_s = spi.duration_us(1, spi.FAST_GAP_US) / 1e6
    looks = (wire.now - tight_from) / (TIGHT_POLL_S + look_s)
    assert looks > 20
    assert wire.exchanges - before == pytest.approx(looks, abs=4)
    assert isinstance(parse(wire.master.received.popleft()), Response)


def test_what_never_comes_is_not_waited_for_tightly(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.master.expect(0.1, 0.2)
    wire.run(lambda: False, 2)
    before = wire.exchanges
    wire.run(lambda: False, 1)
    assert wire.exchanges - before <= 1 / IDLE_POLL_S + 1


def test_a_module_at_work_is_looked_at_more_often_than_an_idle_one(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.faults.set(BusFault.BUSY)
    wire.run(lambda: False, 1.5)
    before = wire.exchanges
    wire.run(lambda: False, 1)
    assert wire.exchanges - before == pytest.approx(1 / BUSY_POLL_S, rel=0.1)


def test_a_module_that_is_watched_counts_as_well_until_it_is_not(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.run(lambda: False, 2)
    watch = wire.master.next(wire.now)
    assert isinstance(watch, Watch)
    # Nothing was to be told for longer than any patience.
    wire.now += 10 * PATIENCE_S
    wire.master.shifted(bytes((spi.NO_MODULE,)), wire.now)
    assert wire.master.failure == ""


# --- TR info ------------------------------------------------------------------------------------


def introduced(wire: Wire) -> TrInfo | None:
    wire.master.introduce()
    wire.run(lambda: not wire.master.curious)
    assert not wire.master.curious
    return wire.master.tr_info


@pytest.mark.parametrize(
    "info",
    [TrInfo(0x8100528A, 0x42, 0x24, 8), TrInfo(0x8100528A, 0x46, 0x24, 8, bytes(range(16)))],
    ids=["without key", "with key"],
)
def test_a_module_tells_who_it_is(wire: Wire, info: TrInfo) -> None:
    wire.info = info.encode()
    assert introduced(wire) == info
    assert wire.now < 0.030
    assert wire.slave.hurried == 0
    assert len(wire.ask(ADDR_INFO_REQUEST)) == 1


def test_a_module_that_keeps_its_key_tells_the_rest(wire: Wire) -> None:
    info = TrInfo(0x8100528A, 0x46, 0x24, 8)
    wire.info = info.encode()
    assert introduced(wire) == info


def test_a_module_that_does_not_know_the_question_is_left_alone(wire: Wire) -> None:
    assert introduced(wire) is None
    assert wire.master.failure == ""
    assert wire.master.bad_checksums == 0
    assert len(wire.ask(ADDR_INFO_REQUEST)) == 1


def test_torn_information_is_asked_for_again(wire: Wire) -> None:
    info = TrInfo(0x8100528A, 0x42, 0x24, 8)
    wire.info = info.encode()
    wire.faults.set(BusFault.GARBLED, every=2)
    wire.faults.strikes(BusFault.GARBLED)  # the next one is torn
    assert introduced(wire) == info


def test_what_the_module_has_to_say_goes_first(wire: Wire) -> None:
    wire.info = TrInfo(0x8100528A, 0x42, 0x24, 8).encode()
    wire.slave.offer(ADDR_INFO_REQUEST.encode())
    assert introduced(wire)
    assert list(wire.master.received) == [ADDR_INFO_REQUEST.encode()]


def test_nobody_to_ask_is_no_failure_before_its_time(wire: Wire) -> None:
    wire.faults.set(BusFault.STUCK, status=spi.NO_MODULE)
    wire.master.introduce()
    wire.run(lambda: not wire.master.curious, 0.5)
    wire.master.incurious()
    assert wire.master.tr_info is None
    assert wire.master.failure == ""


# --- faults -------------------------------------------------------------------------------------


def test_a_packet_rejected_is_sent_again(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.faults.set(BusFault.GARBLED, every=2)
    requests = wire.mesh.counters.received
    order = Order(ADDR_INFO_REQUEST.encode())
    wire.master.send(order)
    wire.run(lambda: bool(wire.master.received) or order.done)
    wire.run(lambda: bool(wire.master.received), 0.2)
    assert order.accepted
    assert wire.mesh.counters.received == requests + 1


def test_a_packet_rejected_over_and_over_is_given_up(wire: Wire) -> None:
    wire.faults.set(BusFault.GARBLED)
    order = Order(ADDR_INFO_REQUEST.encode())
    wire.master.send(order)
    wire.run(lambda: order.done)
    assert order.refusal == "rejected for its checksum"
    assert order.attempts == ATTEMPTS
    assert wire.mesh.counters.received == 0
    wire.faults.clear()
    assert len(wire.ask(ADDR_INFO_REQUEST)) == 1


def test_a_storm_of_wrong_checksums_is_a_failure(wire: Wire) -> None:
    wire.faults.set(BusFault.GARBLED)
    for _ in range(STORM):
        wire.slave.offer(ADDR_INFO_REQUEST.encode())
    wire.run(lambda: False)
    assert wire.master.failure == f"{STORM} wrong checksums in a row, the last one received"
    assert not wire.master.received


def test_a_good_message_in_between_ends_a_storm(wire: Wire) -> None:
    for _ in range(3):
        wire.faults.set(BusFault.GARBLED)
        for _ in range(STORM - 1):
            wire.slave.offer(ADDR_INFO_REQUEST.encode())
        wire.run(lambda: False, 0.5)
        wire.faults.clear()
        wire.slave.offer(ADDR_INFO_REQUEST.encode())
        wire.run(lambda: bool(wire.master.received), 0.5)
        wire.master.received.clear()
    assert wire.master.bad_checksums == 3 * (STORM - 1)
    assert wire.master.failure == ""


def test_a_packet_accepted_in_between_ends_a_storm(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.mesh.faults.arm(Fault.SILENT, times=None)
    wire.faults.set(BusFault.GARBLED, every=2)
    for _ in range(STORM + 1):
        order = Order(ADDR_INFO_REQUEST.encode())
        wire.master.send(order)
        wire.run(lambda: order.done, 0.5)  # noqa: B023 - it is run at once
        assert order.accepted
    assert wire.master.bad_checksums >= STORM
    assert wire.master.failure == ""


def test_torn_looks_lead_to_nothing_wrong(wire: Wire) -> None:
    wire.faults.set(BusFault.GLITCH, every=3)
    for _ in range(20):
        assert len(wire.ask(ADDR_INFO_REQUEST)) == 1
    assert wire.master.bad_checksums == 0
    assert wire.mesh.counters.received == 20


@pytest.mark.parametrize(
    ("status", "after_s"),
    [
        (spi.DISABLED, PATIENCE_S),
        (spi.SUSPENDED, PATIENCE_S),
        (spi.ACCEPTED, PATIENCE_S),
        (spi.REJECTED, PATIENCE_S),
        (spi.PROGRAMMING, PATIENCE_S),
        (spi.NO_MODULE, ABSENCE_S),
    ],
)
def test_a_status_that_sticks_is_a_failure_soon(wire: Wire, status: int, after_s: float) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.faults.set(BusFault.STUCK, status=status)
    start = wire.now
    wire.run(lambda: False, 60)
    assert wire.master.failure.startswith(spi.status_name(status))
    assert wire.now - start == pytest.approx(after_s, abs=0.1)


def test_an_odd_status_behind_a_packet_is_looked_into(wire: Wire) -> None:
    order, start = Order(ADDR_INFO_REQUEST.encode()), wire.now
    wire.master.send(order)
    # Two looks, then the packet; the module dies in the middle of it.
    wire.step()
    wire.step()
    wire.faults.set(BusFault.STUCK, status=0x13)
    wire.run(lambda: order.done, 1)
    assert order.attempts == 1
    assert order.refusal == "status 0x13"
    assert wire.now - start == pytest.approx(DOUBT_S, abs=0.01)


def test_a_long_command_is_waited_for(wire: Wire) -> None:
    request = frc_send(0, bytes(2)).request
    order = Order(request.encode(), patience_s=30)
    wire.master.send(order)
    duration = frc_ms(wire.mesh.coordinator.timing()) / 1000
    wire.run(lambda: bool(wire.master.received), duration + 1)
    assert wire.master.failure == ""
    assert len(wire.master.received) == 1


def test_a_restart_is_lived_through(wire: Wire) -> None:
    wire.ask(ADDR_INFO_REQUEST)
    wire.mesh.reset(wire.now)
    wire.slave.restart(wire.now + BOOT_S)
    wire.run(lambda: bool(wire.master.received))
    assert wire.master.failure == ""
    assert wire.master.received.popleft()[2:4] == b"\xff\x3f"
    assert len(wire.ask(ADDR_INFO_REQUEST)) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from([mode for mode in BusFault if mode is not BusFault.SILENT]),
            st.integers(1, 5),
            st.sampled_from([ADDR_INFO_REQUEST, OS_READ_REQUEST]),
        ),
        max_size=8,
    )
)
def test_whatever_happens_orders_end_and_no_message_is_invented(
    history: list[tuple[BusFault, int, Request]],
) -> None:
    wire = Wire(generate(1, 1))
    for mode, every, request in history:
        wire.faults.set(mode, every, status=spi.DISABLED)
        order = Order(request.encode())
        wire.master.send(order)
        wire.run(lambda order=order: order.done, 1)  # type: ignore[misc]
        wire.master.withdraw(order)
        wire.faults.clear()
        wire.run(lambda: False, 0.1)
    if wire.master.failure:
        return
    answers = [parse(frame) for frame in wire.master.received]
    assert all(isinstance(answer, Response) and answer.nadr == 0 for answer in answers)
    assert len(answers) <= len(history)
    wire.master.received.clear()
    assert len(wire.ask(ADDR_INFO_REQUEST)) == 1
