"""Open pages of the console against clients that only listen, on a full network.

A page does here what tests/browser/test_cost.py shows that it does in a browser.
"""

import selectors
import socket
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection

from attrs import define, field

from bench.asking import ask, enumerate_network, message, read_again, wait_for_radio
from bench.rows import Figure, Mark, Row
from bench.servers import Server, gateway
from bench.wire import Wire

NODES = 239
CLIENTS = 20
READINGS = 6
"""Of each kind of client, by turns."""

OPENINGS = 10

SHARE = 1.05
"""Of the processor time with listeners; so much may be noise."""

GET_DEVICES = 3
"""So many GetDevices may an opened page cost at most, whose files the browser has."""

_ALL = {"sensors": True, "binouts": True, "light": True}


@define
class Page:
    """One tab: a WebSocket and a connection for HTTP that is kept."""

    server: Server
    http: HTTPConnection
    wire: Wire = field(init=False)

    def open(self) -> None:
        """Everything until the map is drawn."""
        self.get("/")
        self.wire = self.server.connect()
        self.get("/api/v1/network")
        ask(self.wire, "iqrfSensorData_GetConfig")
        self.wire.send(message("ntfDaemon_InvokeMonitor"))

    def get(self, path: str) -> None:
        """Ask over HTTP, and read the answer."""
        self.http.request("GET", path, headers={"Authorization": f"Bearer {self.server.token}"})
        self.http.getresponse().read()


def measure() -> Iterator[Row]:
    """Two gateways, one with each kind of clients, read by turns; and what opening takes."""
    port = _free_port()
    with gateway(nodes=NODES) as one, gateway(f"http.port={port}", nodes=NODES) as other:
        readers = [_reader(server) for server in (one, other)]
        listeners = [one.connect() for _ in range(CLIENTS)]
        for wire in listeners:
            wire.send(message("ntfDaemon_InvokeMonitor"))
        pages = [Page(other, HTTPConnection("127.0.0.1", port)) for _ in range(CLIENTS)]
        yield _opening(other, readers[1], pages)
        both: tuple[list[float], list[float]] = [], []
        for _ in range(READINGS):
            both[0].append(_reading(one, readers[0], listeners))
            both[1].append(_reading(other, readers[1], [page.wire for page in pages]))
    listening, open_ones = map(min, both)
    mark = Mark(SHARE * 1000 * listening, at_least=False)
    title = f"a reading of {NODES} nodes, {CLIENTS} pages open, CPU"
    share = open_ones / listening
    yield Row(title, 1000 * open_ones, "ms", share, f"of {CLIENTS} listening clients", mark)


def _reader(server: Server) -> Wire:
    """The client that has the network learnt, and read once."""
    reader = server.connect()
    wait_for_radio(server, reader)
    enumerate_network(reader)
    read_again(reader, "iqrfSensorData_Start")
    return reader


def _opening(server: Server, reader: Wire, pages: Sequence[Page]) -> Row:
    before = server.cpu_s
    for _ in range(OPENINGS):
        ask(reader, "iqrfDb_GetDevices", _ALL)
    asked = (server.cpu_s - before) / OPENINGS
    before = server.cpu_s
    for page in pages:
        page.open()
    opened = (server.cpu_s - before) / len(pages)
    mark = Mark(1000 * GET_DEVICES * asked, at_least=False)
    return Row("a page opened, CPU", 1000 * opened, "ms", opened / asked, "GetDevices", mark)


def _reading(server: Server, reader: Wire, wires: Sequence[Wire]) -> float:
    """Processor time of one reading, until each of these clients has its report."""
    before = server.cpu_s
    ask(reader, "iqrfSensorData_Invoke")
    missing = set(wires)
    with selectors.DefaultSelector() as selector:
        for wire in (reader, *wires):
            selector.register(wire, selectors.EVENT_READ, wire)
        while missing:
            for key, _ in selector.select(10):
                wire = key.data
                wire.fill()
                while (text := wire.take()) is not None:
                    if "iqrfSensorData_ReportAsync" in text and '"reading":false' in text:
                        missing.discard(wire)
    return server.cpu_s - before


def _free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


FIGURE = Figure("Pages of the console", measure)
