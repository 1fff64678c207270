"""The simulated mesh as a gateway's interface shows it: frames in, frames out, each at its time."""

from collections.abc import Callable, Iterable

from attrs import define, field

from iqrf_trio.simulator.coordinator import Coordinator
from iqrf_trio.simulator.counters import Counters, Kind, kind_of
from iqrf_trio.simulator.delivery import Delivery
from iqrf_trio.simulator.faults import Fault, Faults
from iqrf_trio.simulator.module import Module
from iqrf_trio.simulator.node import Node
from iqrf_trio.simulator.refusal import UNKNOWN_NADR, Refused
from iqrf_trio.simulator.world import Passage, World
from protocol.dpa.frc import SENSOR_1BYTE, SENSOR_2BIT, SENSOR_2BYTE, SENSOR_4BYTE
from protocol.dpa.packet import BROADCAST, COORDINATOR, Confirmation, Request, Response, answer
from protocol.dpa.peripherals.exploration import ENUMERATE
from protocol.dpa.pnum import SENSOR
from protocol.dpa.requests import is_deaf_to, uses_radio
from protocol.dpa.timing import LOCAL_MS, is_remote, request_ms, response_ms, slot_ms
from protocol.errors import LocalProtocolError
from protocol.standard.quantities import Value
from protocol.standard.sensor import REPORT, decode_report

_REQUEST_HEADER = 6
_SENSOR_FRCS = frozenset((SENSOR_2BIT, SENSOR_1BYTE, SENSOR_2BYTE, SENSOR_4BYTE))

BOOT_S = 0.5
"""From a reset to the reset message; the module waits that long for being programmed."""


@define(eq=False, repr=False)
class Mesh:
    """A coordinator with its nodes. Times are seconds on any clock that never goes back.

    `measured` is the truth to compare with: by address and sensor index, the last value that
    went to the gateway, as precise as its bytes can say it (None: a sensor's error).
    """

    coordinator: Coordinator
    counters: Counters = field(init=False, factory=Counters)
    measured: dict[tuple[int, int], Value | None] = field(init=False, factory=dict)
    _delivery: Delivery = field(init=False, factory=Delivery)
    _ready_at: float = field(init=False, default=0.0)
    """When the coordinator has done with its own commands."""
    _deaf_until: float = field(init=False, default=0.0)
    """Until then requests are ignored."""
    _air_free_at: float = field(init=False, default=0.0)

    @property
    def faults(self) -> Faults:
        """What goes wrong, to be armed by tests."""
        return self._delivery.faults

    @property
    def world(self) -> World:
        """The nodes that are there, and the loss."""
        return self.coordinator.world

    def node(self, address: int) -> Node:
        """The node that listens to `address`; raises LookupError."""
        node = self.world.at(address)
        if node is None:
            raise LookupError(f"no simulated node at address {address}")
        return node

    def on_frame(self, wake: Callable[[], None]) -> None:
        """Let `wake` be called whenever a frame has got its time; only the last one is."""
        self._delivery.outbox.wake = wake

    @property
    def next_at(self) -> float | None:
        """When the next frame for the gateway is due, None if nothing is on its way."""
        return self._delivery.outbox.next_at

    def pop_due(self, now: float) -> list[bytes]:
        """The frames that the gateway has received by `now`."""
        due = self._delivery.outbox.pop_due(now)
        self.counters.sent += len(due)
        return due

    def receive(self, frame: bytes, now: float) -> None:
        """Take a frame from the gateway; what is no request, or comes too early, is ignored."""
        self.counters.received += 1
        request = _request(frame)
        if (
            request is None
            or now < self._deaf_until
            or self.faults.strike(Fault.SILENT, request) is not None
        ):
            self.counters.ignored += 1
        elif not is_remote(request):
            self._local(request, now)
        elif request.nadr == BROADCAST:
            self._broadcast(request, now)
        elif request.nadr in self.coordinator.bonds.mids:
            self._unicast(request, now)
        else:
            response = self._response(request, self.coordinator, UNKNOWN_NADR)
            self._delivery.respond(request, response, self._local_at(now))

    def emit(self, frame: bytes | Response, at: float = 0.0) -> None:
        """Let a frame that nobody asked for reach the gateway, at once or at the time `at`."""
        self._delivery.outbox.add(frame.encode() if isinstance(frame, Response) else frame, at)

    def emit_report(self, address: int, now: float) -> None:
        """Let a node send the values of all its sensors unasked."""
        node = self.node(address)
        pdata = node.sensors.report(now)
        node.sensors.said.clear()
        for index, (_, value) in enumerate(decode_report(pdata)):
            self.measured[address, index] = value
        self.emit(
            Response(
                nadr=address,
                pnum=REPORT.pnum,
                pcmd=REPORT.pcmd,
                hwpid=node.product.hwpid,
                dpa_value=self._dpa_value(node),
                pdata=pdata,
                asynchronous=True,
            ),
            now,
        )

    def emit_reset(self, at: float = 0.0, *, response_flag: bool = False) -> None:
        """Let the coordinator report a reset; PCMD with and without bit 7 are both seen."""
        coordinator = self.coordinator
        message = Response(
            COORDINATOR,
            *ENUMERATE.key,
            coordinator.product.hwpid,
            pdata=ENUMERATE.encode(coordinator.enumeration()),
            asynchronous=True,
        ).encode()
        if not response_flag:
            message = message[:3] + bytes((ENUMERATE.pcmd,)) + message[4:]
        self.emit(message, at)

    def reset(self, now: float) -> None:
        """Switch the coordinator off and on again."""
        self._delivery.outbox.clear()
        self._reboot(now)

    def replace_coordinator(self, mid: int, now: float = 0.0) -> None:
        """Put a coordinator in the place of this one that is as delivered: it knows nobody."""
        old = self.coordinator
        self.coordinator = Coordinator(mid, old.product, old.rf_mode, world=self.world)
        self.reset(now)

    def _reboot(self, now: float) -> None:
        self.coordinator.reset()
        self._ready_at = self._deaf_until = self._air_free_at = now + BOOT_S
        self.emit_reset(now + BOOT_S)

    def _local(self, request: Request, now: float) -> None:
        """What the coordinator does itself, with or without its nodes."""
        kind, on_air = kind_of(request), uses_radio(request)
        self.counters.requests[kind] += 1
        start = max(now, self._ready_at, self._air_free_at if on_air else 0.0)
        duration = self.coordinator.duration_ms(request, start) / 1000
        self._ready_at = end = start + duration
        if is_deaf_to(request):
            self._deaf_until = end
        if on_air:
            self._occupy(start, end)
        response = self._execute(self.coordinator, request, start)
        heard = self._delivery.respond(request, response, end)
        if kind is Kind.FRC:
            self._note(request, self.world.nodes, heard=heard)
        if self.coordinator.rebooting:
            self._reboot(end)

    def _unicast(self, request: Request, now: float) -> None:
        self.counters.requests[Kind.UNICAST] += 1
        hops, hops_response = self.coordinator.hops_to(request.nadr)
        confirmation = self._confirmation(request, hops, hops_response)
        confirmed_at, arrived_at = self._send(request, confirmation, now)
        node = self._member(request.nadr)
        reached = self.coordinator.reaches(request.nadr, min(hops, hops_response))
        passage = self.world.passage(node, arrived_at) if node and reached else Passage.LOST
        if node is None or passage is not Passage.WHOLE:
            if node is not None and passage is Passage.UNANSWERED:
                self._unheard(node, request, arrived_at)
            # The coordinator does not know, and waits as long as a short response takes.
            self._occupy(confirmed_at, arrived_at + response_ms(confirmation, 0) / 1000)
            return
        response = self._execute(node, request, arrived_at)
        answered_at = arrived_at + response_ms(confirmation, len(response.pdata)) / 1000
        self._occupy(confirmed_at, answered_at)
        self.coordinator.rssi = node.rssi
        heard = self._delivery.respond(request, response, answered_at)
        self._note(request, (node,), heard=heard)
        if node.rebooting:
            node.reset()

    def _unheard(self, node: Node, request: Request, now: float) -> None:
        """Let a node execute a request whose answer is lost."""
        self._execute(node, request, now)
        node.sensors.said.clear()
        if node.rebooting:
            node.reset()

    def _broadcast(self, request: Request, now: float) -> None:
        self.counters.requests[Kind.BROADCAST] += 1
        confirmation = self._confirmation(request, self.coordinator.broadcast_hops(), 0)
        confirmed_at, arrived_at = self._send(request, confirmation, now)
        self._occupy(confirmed_at, arrived_at)
        for node in list(self.world.members(self.coordinator.bonds.network)):
            if self.world.hears(node, arrived_at):
                self._unheard(node, request, arrived_at)

    def _member(self, address: int) -> Node | None:
        """The node at `address`, if the coordinator has the key of its network."""
        node = self.world.at(address)
        return node if node and node.network == self.coordinator.bonds.network else None

    def _send(
        self, request: Request, confirmation: Confirmation, now: float
    ) -> tuple[float, float]:
        """Confirm a request and send it; the times of both, the second of its arrival."""
        self.coordinator.collector.forget()
        # The coordinator waits until the routing before is over (DPA guide, event flow).
        at = max(self._local_at(now), self._air_free_at)
        self._delivery.confirm(request, confirmation, at)
        return at, at + request_ms(confirmation) / 1000

    def _confirmation(self, request: Request, hops: int, hops_response: int) -> Confirmation:
        slot = slot_ms(self.coordinator.rf_mode, len(request.pdata))
        return Confirmation(
            nadr=request.nadr,
            pnum=request.pnum,
            pcmd=request.pcmd,
            hwpid=request.hwpid,
            dpa_value=self._dpa_value(self.coordinator),
            hops=hops,
            timeslot=slot // 10,
            hops_response=hops_response,
        )

    def _local_at(self, now: float) -> float:
        """When the coordinator has looked at a request that comes now."""
        return max(now, self._ready_at) + LOCAL_MS / 1000

    def _occupy(self, start: float, end: float) -> None:
        self.counters.air_s += end - start
        self._air_free_at = end

    def _execute(self, module: Module, request: Request, now: float) -> Response:
        refusal = self.faults.strike(Fault.REFUSAL, request)
        if refusal is not None:
            return self._response(request, module, int(refusal))
        try:
            if module is self.coordinator:
                pdata = self.coordinator.answers(request, now)
            else:
                pdata = module.execute(
                    request.pnum, request.pcmd, request.hwpid, request.pdata, now
                )
        except Refused as refused:
            return self._response(request, module, refused.rcode)
        return self._response(request, module, pdata=pdata)

    def _response(
        self, request: Request, module: Module, rcode: int = 0, pdata: bytes = b""
    ) -> Response:
        return answer(
            request,
            hwpid=module.product.hwpid,
            pdata=pdata,
            rcode=rcode,
            dpa_value=self._dpa_value(module),
        )

    def _dpa_value(self, module: Module) -> int:
        return module.dpa_value(self.coordinator.administration.dpa_params)

    def _note(self, request: Request, speakers: Iterable[Node], *, heard: bool) -> None:
        """Keep in `measured` what `speakers` have said, if it is about sensors."""
        in_frc = kind_of(request) is Kind.FRC and request.pdata[0] in _SENSOR_FRCS
        tells = heard and (in_frc or request.pnum == SENSOR)
        for node in speakers:
            if tells and node.nadr is not None:
                for index, value in node.sensors.said.items():
                    self.measured[node.nadr, index] = value
            node.sensors.said.clear()


def _request(frame: bytes) -> Request | None:
    """The request in `frame`, None if there is none.

    To a coordinator everything is a request, also what a gateway would take for a confirmation.
    """
    if len(frame) < _REQUEST_HEADER or frame[1]:
        return None
    try:
        hwpid = int.from_bytes(frame[4:6], "little")
        return Request(frame[0], frame[2], frame[3], frame[6:], hwpid)
    except LocalProtocolError:
        return None
