"""The way to the module: bus enabled, device there and permitted, pins and line left to us."""

import re
from collections.abc import Iterator

from attrs import evolve

from iqrf_trio.config import Config
from iqrf_trio.doctor.findings import Finding, error, note, ok, warning
from iqrf_trio.doctor.machine import SERVICE, Machine
from iqrf_trio.edges.gpio import CONSUMER
from iqrf_trio.wiring.ports import board_of
from protocol.link.boards import NO_PIN, Board

_SPI_ON = re.compile(r"^\s*dtparam=(?:[^#\n]*,)?spi(?:=(on|off))?\s*(?:[,#].*)?$", re.MULTILINE)
_CONSOLE = re.compile(r"\bconsole=(serial\d|tty(?:AMA|S)\d+)")

_ALIASES = {"serial0": {"ttyS0", "ttyAMA0"}, "serial1": {"ttyAMA0", "ttyS0"}}
"""What a Raspberry Pi may mean by its own names for a line; models differ."""

_PLUG_IN = "plug the module in; ls /dev/ttyACM* shows its name for port.device"
_FIXES = {
    "spi": "sudo raspi-config nonint do_spi 0 && sudo reboot, or name it in port.device",
    "uart": "sudo raspi-config nonint do_serial_hw 0 && sudo reboot, or name it in port.device",
    "cdc": _PLUG_IN,
}
"""What to do about a device that is not there, on a Raspberry Pi."""

_FIXES_ELSEWHERE = {
    "spi": 'for a module at USB set port.kind = "cdc" and port.device, for no module at all try '
    "iqrf-trio run --simulate; on a board with SPI name its device in port.device",
    "uart": "name the serial line in port.device; ls /dev/ttyS* /dev/ttyUSB* shows those there are",
    "cdc": _PLUG_IN,
}
"""The same on other machines."""

_PINS_TABLE = "/sys/kernel/debug/gpio"
_CHIP = re.compile(r"^(gpiochip\d+): GPIOs (\d+)-(\d+)")
_LINE = re.compile(r"^ gpio-(\d+)\s+\(([^|)]*)\|([^)]*)\)")


def examine_bus(machine: Machine, config: Config) -> Iterator[Finding]:
    """Everything between us and the module."""
    kind = config.port.kind
    if kind not in {"spi", "uart", "cdc"}:
        yield ok("device", f"a port of kind {kind} needs no device here")
        return
    if kind == "spi":
        yield from _spi_enabled(machine)
    if kind == "uart":
        yield from _console(machine, config.port.device)
    yield from _device(machine, config)
    # Pins of a board that is not this machine's would only lead astray.
    if kind == "spi" and (machine.boot_file("config.txt") or machine.exists(config.port.device)):
        yield from _pins(machine, board_of(config.port.spi))


def _spi_enabled(machine: Machine) -> Iterator[Finding]:
    boot = machine.boot_file("config.txt")
    if boot is None:
        yield note(
            "spi-enabled", "this is no Raspberry Pi: there is no boot configuration to check"
        )
        return
    path, text = boot
    states = [found or "on" for found in _SPI_ON.findall(text)]
    if states and states[-1] == "on":
        yield ok("spi-enabled", f"{path} enables SPI")
    else:
        yield error(
            "spi-enabled",
            f"{path} does not enable SPI",
            "sudo raspi-config nonint do_spi 0 && sudo reboot",
        )


def _console(machine: Machine, device: str) -> Iterator[Finding]:
    boot = machine.boot_file("cmdline.txt")
    name = device.removeprefix("/dev/")
    consoles = _CONSOLE.findall(boot[1]) if boot else []
    if any(name == console or name in _ALIASES.get(console, ()) for console in consoles):
        yield error(
            "serial-console",
            f"Linux talks on {device}: it is a console in the boot configuration",
            "sudo raspi-config nonint do_serial_cons 1 && sudo reboot",
        )
    else:
        yield ok("serial-console", f"no console on {device}")


def _device(machine: Machine, config: Config) -> Iterator[Finding]:
    device, kind = config.port.device, config.port.kind
    access = machine.access(device)
    if access is None:
        fixes = _FIXES if machine.boot_file("config.txt") else _FIXES_ELSEWHERE
        yield error("device", f"there is no {device}", fixes[kind])
        return
    yield ok("device", f"{device} is there")
    yield from _permitted(machine, device, access.group)


def _permitted(machine: Machine, device: str, group: str) -> Iterator[Finding]:
    if SERVICE not in machine.users:
        yield warning(
            "permission", f"there is no user {SERVICE} for the service", "sudo systemd-sysusers"
        )
        return
    access = machine.access(device)
    if access is None or access.admits(SERVICE, machine.groups_of(SERVICE)):
        yield ok("permission", f"{SERVICE} may use {device}")
    elif group == "root":
        yield error(
            "permission",
            f"only root may use {device}",
            "sudo udevadm control --reload && sudo udevadm trigger",
        )
    else:
        yield error(
            "permission",
            f"{SERVICE} may not use {device}: it is not in the group {group}",
            f"sudo usermod -aG {group} {SERVICE} && sudo systemctl restart {SERVICE}",
        )


def _pins(machine: Machine, board: Board) -> Iterator[Finding]:
    pins = {board.power, board.bus, board.programming, board.spi, board.uart, board.i2c} - {NO_PIN}
    if not pins:
        yield ok("pins", "the module needs no pins")
        return
    table = machine.text(_PINS_TABLE)
    board = evolve(board, gpio_chip=_labelled(table or "", board) or board.gpio_chip)
    if not machine.exists(board.gpio_chip):
        yield error(
            "pins",
            f"there is no {board.gpio_chip}",
            "gpiodetect lists the chips; name the one with the pins in port.spi.gpio_chip",
        )
        return
    if table is None:
        yield note("pins", "only root can see who holds them", "sudo iqrf-trio doctor")
        return
    held = _holders(table, board.gpio_chip.removeprefix("/dev/"))
    taken = {pin: held[pin] for pin in sorted(pins) if held.get(pin, CONSUMER) != CONSUMER}
    for pin, holder in taken.items():
        fix = f"echo {_exported(table, board, pin)} | sudo tee /sys/class/gpio/unexport"
        if holder != "sysfs":
            fix = f"stop what is called {holder}, or remove its overlay from the boot configuration"
        yield error("pins", f"pin {pin} of {board.gpio_chip} is held by {holder}", fix)
    if not taken:
        yield ok("pins", f"nobody else holds pins {', '.join(map(str, sorted(pins)))}")


def _labelled(table: str, board: Board) -> str | None:
    """The device of the chip that has one of the board's labels."""
    for line in table.splitlines():
        name, _, rest = line.partition(":")
        labels = (each.strip(" :") for each in rest.split(","))
        if name.startswith("gpiochip") and any(label in board.gpio_labels for label in labels):
            return f"/dev/{name}"
    return None


def _holders(table: str, chip: str) -> dict[int, str]:
    """Who holds which line of `chip`, by offset, as the kernel's debug table tells it."""
    holders: dict[int, str] = {}
    base: int | None = None
    for line in table.splitlines():
        if found := _CHIP.match(line):
            base = int(found[2]) if found[1] == chip else None
        elif base is not None and (found := _LINE.match(line)) and found[3].strip():
            holders[int(found[1]) - base] = found[3].strip()
    return holders


def _exported(table: str, board: Board, pin: int) -> int:
    """The number by which sysfs knows a line."""
    chip = board.gpio_chip.removeprefix("/dev/")
    bases = [
        int(found[2])
        for line in table.splitlines()
        if (found := _CHIP.match(line)) and found[1] == chip
    ]
    return (bases[0] if bases else 0) + pin
