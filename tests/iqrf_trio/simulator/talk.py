"""A gateway of a few lines for tests: frames as hexadecimal text, and when they came."""

from attrs import define, field

from iqrf_trio.simulator.mesh import Mesh
from iqrf_trio.simulator.peripherals.inputs_outputs import Led
from protocol.dpa.pnum import LEDR


@define
class Talk:
    """Asks a mesh one thing after the other, each when all was quiet again."""

    mesh: Mesh
    now: float = 0.0
    times_ms: list[int] = field(factory=list)
    """When the frames of the last answer came, counted from the request."""

    def ask(self, request: str) -> list[str]:
        """Everything that comes back."""
        asked_at = self.now
        self.mesh.receive(bytes.fromhex(request.replace(".", "")), self.now)
        self.times_ms, frames = [], list[str]()
        while (due := self.mesh.next_at) is not None:
            for frame in self.mesh.pop_due(due):
                self.times_ms.append(round((due - asked_at) * 1000))
                frames.append(frame.hex("."))
            self.now = max(self.now, due)
        return frames

    def answer(self, request: str) -> str:
        """The last thing that comes back."""
        return self.ask(request)[-1]

    def pdata(self, request: str) -> str:
        """PDATA of the response, which must be a good one."""
        fields = self.answer(request).split(".")
        assert fields[6] == "00", fields
        return ".".join(fields[8:])

    def lit(self, address: int, pnum: int = LEDR) -> bool:
        """Whether an LED of a node is on, which it does not tell itself."""
        led = self.mesh.node(address).peripherals[pnum]
        assert isinstance(led, Led)
        return led.lit

    def rcode(self, request: str) -> int:
        """The response code of a response, which must be without data unless it is 0."""
        fields = self.answer(request).split(".")
        rcode = int(fields[6], 16)
        assert rcode == 0 or len(fields) == 8
        return rcode
