"""The way to the coordinator: the components of an old gateway that are one, and their pins."""

from collections.abc import Mapping

from iqrf_trio.config.incumbent.translation import Object, Translation

PORTS = {
    "iqrf::IqrfSpi": "spi",
    "iqrf::IqrfUart": "uart",
    "iqrf::IqrfCdc": "cdc",
    "iqrf::IqrfTcp": "tcp",
}
"""Components that are the way to the coordinator, and the kind of port that they mean."""

_BOARDS: Mapping[tuple[object, ...], str] = {
    # device, power, bus, programming: the presets that its web interface offers.
    ("/dev/spidev0.0", 23, 7, 22): "raspberry-pi",
    ("/dev/spidev1.0", 19, 10, 3): "orange-pi-zero",
}

_RASPBERRY_PI_POWER = 23


def port(translation: Translation, name: str, content: Object) -> None:
    """The settings of `[port]`; the first component that is a port wins."""
    kind = PORTS[str(content["component"])]
    if "port.kind" in translation.settings:
        translation.leave(name, f"the port is {translation.settings['port.kind']} already")
        return
    translation.take("port.kind", kind, name)
    members = {"address": ("port.tcp.host", str), "port": ("port.tcp.port", int)}
    if kind != "tcp":
        members = {"IqrfInterface": ("port.device", str)}
    if kind == "uart":
        members["baudRate"] = ("port.uart.baud_rate", int)
    for member, (key, type_) in members.items():
        translation.member(name, content, member, key, kind=type_)
    if kind == "spi":
        _pins(translation, name, content)
    elif kind == "uart" and any(_pin(content, member) != -1 for member in _PINS):
        translation.leave(name, "the pins: choose their board with port.uart.board")


_PINS = {
    "powerEnableGpioPin": "port.spi.power_enable_pin",
    "busEnableGpioPin": "port.spi.bus_enable_pin",
    "pgmSwitchGpioPin": "port.spi.programming_switch_pin",
}

_BUS_PINS = ("spiEnableGpioPin", "uartEnableGpioPin", "i2cEnableGpioPin")


def _pins(translation: Translation, name: str, content: Object) -> None:
    pins = {member: _pin(content, member) for member in _PINS}
    board = _BOARDS.get((str(content.get("IqrfInterface")), *pins.values()))
    if board is not None:
        translation.take("port.spi.board", board, f"{name}, whose pins are those of this board")
        return
    base = "raspberry-pi" if pins["powerEnableGpioPin"] == _RASPBERRY_PI_POWER else "none"
    translation.take("port.spi.board", base, f"{name}, whose pins are of no known board")
    for member, pin in pins.items():
        if pin != -1:
            translation.take(_PINS[member], pin, f"{name}, {member}")
    if any(_pin(content, member) != -1 for member in _BUS_PINS):
        translation.leave(name, "one pin per bus: choose their board with port.spi.board")


def _pin(content: Object, member: str) -> int:
    value = content.get(member, -1)
    # Numbers of sysfs start at 512 on kernels since 6.6; ours are those of the chip's lines.
    return -1 if not isinstance(value, int) or value < 0 else value % 512
