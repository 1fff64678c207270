"""How the device is opened, with a stand-in for the compiled module: versions differ in it."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import define, field

from iqrf_trio.edges.ports import PortError
from iqrf_trio.edges.spibus import SpiBus


@define(slots=False)
class Before37:
    """A device of spidev 3.6, as Debian 12 and 13 have it."""

    opened: list[tuple[int, int]] = field(factory=list)

    def open(self, bus: int, device: int) -> None:
        self.opened.append((bus, device))

    def close(self) -> None:
        pass


@define(slots=False)
class Since37:
    """A device of spidev 3.7 and later."""

    opened: list[str] = field(factory=list)

    def open_path(self, path: str) -> None:
        self.opened.append(path)


def spidev(monkeypatch: pytest.MonkeyPatch, device: object) -> None:
    monkeypatch.setitem(sys.modules, "spidev", SimpleNamespace(SpiDev=lambda: device))


def test_a_path_is_opened_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Since37()
    spidev(monkeypatch, device)
    SpiBus.open("/dev/any-name", 250_000, 10)
    assert device.opened == ["/dev/any-name"]


def test_an_older_spidev_is_given_bus_and_device(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    device = Before37()
    spidev(monkeypatch, device)
    SpiBus.open("/dev/spidev0.1", 250_000, 10)
    link = tmp_path / "iqrf"
    link.symlink_to("/dev/spidev32766.0")
    SpiBus.open(str(link), 250_000, 10)
    assert device.opened == [(0, 1), (32766, 0)]


def test_an_older_spidev_says_what_it_cannot_open(monkeypatch: pytest.MonkeyPatch) -> None:
    spidev(monkeypatch, Before37())
    with pytest.raises(PortError, match=r"spi /dev/any-name: .*/dev/spidevBUS\.DEVICE"):
        SpiBus.open("/dev/any-name", 250_000, 10)
