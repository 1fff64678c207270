"""What a configuration needs beside the base is asked for at the start."""

from pathlib import Path

import pytest

from iqrf_trio import config
from iqrf_trio.config import ConfigError
from iqrf_trio.wiring.packages import require
from iqrf_trio.wiring.ports import port_of
from iqrf_trio.wiring.vault import flash_shelf, passphrase_of


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without extras."""
    monkeypatch.setattr("iqrf_trio.wiring.packages.find_spec", lambda _: None)


def load(*sets: str) -> config.Config:
    return config.load(None, sets, environment={})


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize(
    ("sets", "error"),
    [
        ([], "port.kind needs the package spidev, which is not installed"),
        (
            ["port.kind=uart", "port.uart.board=iqube"],
            "--set: port.uart.board needs the package gpiod",
        ),
    ],
)
def test_a_port_says_at_once_what_is_missing(sets: list[str], error: str) -> None:
    with pytest.raises(ConfigError) as failed:
        port_of(load(*sets))
    assert str(failed.value).startswith(error)
    assert "install iqrf-trio with the extra [spi]" in str(failed.value)


@pytest.mark.usefixtures("base")
def test_a_vault_says_at_once_what_is_missing(tmp_path: Path) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("correct horse")
    secret.chmod(0o600)
    with pytest.raises(ConfigError, match=r"vault\.passphrase_file needs the package cryptography"):
        passphrase_of(load(f"vault.passphrase_file={secret}"))
    with pytest.raises(ConfigError, match=r"vault\.device needs the package pyspiflash.*\[vault\]"):
        flash_shelf(load("vault.device=/dev/spidev0.1"))


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize(
    "sets",
    [
        ["port.kind=tcp"],
        ["port.kind=simulator"],
        ["port.kind=uart", "port.device=/dev/ttyS0"],
        ["port.kind=cdc", "port.device=/dev/ttyACM0"],
    ],
)
def test_other_ports_need_nothing_but_the_base(sets: list[str]) -> None:
    port_of(load(*sets))


def test_what_is_there_is_not_missed() -> None:
    require(load(), "port.kind", "trio", extra="spi")
