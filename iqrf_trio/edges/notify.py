"""What the service manager is told: datagrams on the socket that systemd names (sd_notify(3))."""

import logging
import os
import socket
import time
from collections.abc import Mapping

from attrs import define, field

log = logging.getLogger("iqrf_trio.notify")

SOCKET_VARIABLE = "NOTIFY_SOCKET"

PERIOD_VARIABLE = "WATCHDOG_USEC"
"""Microseconds after which a service that said nothing is taken for dead."""

PROCESS_VARIABLE = "WATCHDOG_PID"
"""The process that is meant; children inherit the environment."""


@define(eq=False)
class Notifier:
    """The way to the service manager; where there is none, everything is said to nobody.

    Sending never blocks and never fails: that nobody listens is no reason to stop serving.
    """

    address: str = ""
    watchdog_s: float | None = None
    """How long the service manager waits for the next `alive`; None if it does not."""
    _deaf: bool = field(init=False, default=False)

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "Notifier":
        """The notifier that systemd's variables describe."""
        return cls(environment.get(SOCKET_VARIABLE, ""), _watchdog_s(environment))

    def starting(self, status: str, seconds: float) -> None:
        """The service does not serve yet, for the reason in `status`; give it so long from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}", f"STATUS={_one_line(status)}")

    def ready(self, status: str) -> None:
        """The service serves, for the first time or again after `reloading`."""
        self._send("READY=1", f"STATUS={status}")

    def status(self, text: str) -> None:
        """What `systemctl status` shows in its line."""
        self._send(f"STATUS={_one_line(text)}")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` must follow."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service finishes what it has begun."""
        self._send("STOPPING=1")

    def alive(self) -> None:
        """The service works; to be said well before `watchdog_s` is over."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self.address:
            return
        # A name that starts with @ is an abstract one, without a file.
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            if not self._deaf:
                log.warning("the service manager at %s does not listen: %s", self.address, error)
            self._deaf = True
        else:
            self._deaf = False


def _one_line(text: str) -> str:
    return text.replace("\n", " ")


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    period = environment.get(PERIOD_VARIABLE, "")
    process = environment.get(PROCESS_VARIABLE, "")
    if not period.isdecimal() or int(period) == 0 or process not in {"", str(os.getpid())}:
        return None
    return int(period) / 1e6
