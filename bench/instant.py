"""An instant coordinator over TCP, as a process: `python -m bench.instant`.

What it answers is what the simulated coordinator says, asked once for each different request; so
it costs next to nothing, and its process takes no time from the one that is measured.
"""

import socket
from contextlib import suppress
from itertools import count

from iqrf_trio.simulator.files.plan import generate
from iqrf_trio.simulator.mesh import Mesh

_NODES = 12
_RECEIVE = 4096
_LATER_S = 3600.0
"""On the clock of the mesh between two requests: each one finds the air free."""


class Answers:
    """What the coordinator of a mesh answers."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh
        self._known: dict[bytes, list[bytes]] = {}
        self._clock = count(1)

    def to(self, frame: bytes) -> list[bytes]:
        """The frames that answer this one."""
        if (known := self._known.get(frame)) is None:
            now = next(self._clock) * _LATER_S
            self._mesh.receive(frame, now)
            known = self._known[frame] = self._mesh.pop_due(now + _LATER_S / 2)
        return known


def main() -> None:
    """Serve one gateway after the other; each segment is one message."""
    answers = Answers(generate(_NODES))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"ready: tcp://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                while frame := connection.recv(_RECEIVE):
                    for answer in answers.to(frame):
                        connection.sendall(answer)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt, ConnectionError):
        main()
