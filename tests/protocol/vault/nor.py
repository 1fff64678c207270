"""A NOR flash as an array for tests of the ring: bits only fall, power fails at a chosen byte."""

from random import Random

from attrs import define, field

from protocol.vault.geometry import Erase, Geometry, Operation, Program, Read
from protocol.vault.ring import Steps, T


class PowerCut(Exception):  # noqa: N818 - what happens to the chip
    """The power failed in the middle of something."""


@define
class Nor:
    """`power` is how many steps are left before it fails: a byte programmed, or erased, is one."""

    geometry: Geometry
    power: int | None = None
    memory: bytearray = field(init=False)
    erased: list[int] = field(init=False)
    random: Random = field(factory=lambda: Random(1))

    def __attrs_post_init__(self) -> None:
        self.memory = bytearray(b"\xff" * self.geometry.size)
        self.erased = [0] * (self.geometry.size // self.geometry.block)

    def run(self, steps: Steps[T]) -> T:
        answer = b""
        try:
            operation = next(steps)
            while True:
                answer = self.do(operation)
                operation = steps.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value

    def do(self, operation: Operation) -> bytes:
        match operation:
            case Read(address, length):
                return bytes(self.memory[address : address + length])
            case Erase(address, length):
                self._erase(address, length)
            case Program(address, data):
                self._program(address, data)
        return b""

    def _erase(self, address: int, length: int) -> None:
        assert address % self.geometry.erase_size == length % self.geometry.erase_size == 0
        self.erased[address // self.geometry.block] += 1
        spent = self._spend(length)
        if spent < length:
            # Cells on their way to 1 read as they like, all over what is being erased.
            for place in range(address, address + length):
                self.memory[place] |= self.random.getrandbits(8)
            raise PowerCut
        self.memory[address : address + length] = b"\xff" * length

    def _program(self, address: int, data: bytes) -> None:
        page = self.geometry.page_size
        assert address // page == (address + len(data) - 1) // page, "over the end of a page"
        spent = self._spend(len(data))
        for place, byte in enumerate(data[:spent], address):
            assert self.memory[place] == 0xFF, "programmed twice"
            self.memory[place] &= byte
        if spent < len(data):
            # The byte under way: some of its bits have fallen.
            self.memory[address + spent] &= data[spent] | self.random.getrandbits(8)
            raise PowerCut

    def _spend(self, steps: int) -> int:
        if self.power is None:
            return steps
        spent = min(steps, self.power)
        self.power -= spent
        return spent
