"""Machines below a directory: a Raspberry Pi on which all is well, to break one thing of."""

import os
from pathlib import Path

from attrs import frozen

from iqrf_trio.doctor import Machine
from iqrf_trio.store.sqlite import connect

GPIO = """\
gpiochip0: GPIOs 512-569, parent: platform/fe200000.gpio, pinctrl-bcm2711:
 gpio-512 (ID_SDA              )
 gpio-519 (GPIO7               |spi0 CS1            ) out hi ACTIVE LOW
 gpio-535 (GPIO23              |iqrf-trio           ) out hi

gpiochip1: GPIOs 570-577, parent: platform/soc:firmware:gpio, raspberrypi-exp-gpio:
 gpio-593 (BT_ON               |shutdown            ) out hi
"""
"""What /sys/kernel/debug/gpio shows; the format is that of the kernel's gpiolib."""

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:053A 0100007F:8000 01 00000000:00000000 00:00000000 00000000     0        0 2
"""
"""SSH listens; what is at port 1338 is no listener."""


@frozen
class Pi:
    """A Raspberry Pi below `root`."""

    root: Path

    @property
    def machine(self) -> Machine:
        return Machine(self.root)

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def remove(self, path: str) -> None:
        (self.root / path.lstrip("/")).unlink()


def healthy(root: Path) -> Pi:
    """Everything as it should be. What we own ourselves belongs to the service there."""
    pi = Pi(root)
    us, ours = os.getuid(), os.getgid()
    pi.write("/etc/passwd", f"iqrf-trio:x:{us}:{ours}::/var/lib/iqrf-trio:/usr/sbin/nologin\n")
    pi.write("/etc/group", f"spi:x:{ours}:iqrf-trio\ndialout:x:20:iqrf-trio\n")
    pi.write("/boot/firmware/config.txt", "[all]\ndtparam=i2c_arm=on,spi=on\n")
    pi.write("/boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1 rootwait\n")
    for device in ("spidev0.0", "ttyS0", "ttyACM0", "gpiochip0"):
        pi.write(f"/dev/{device}", "", 0o660)
    pi.write("/sys/kernel/debug/gpio", GPIO)
    pi.write("/proc/net/tcp", TCP)
    pi.write("/proc/mounts", "/dev/root / ext4 rw,noatime 0 0\ntmpfs /run tmpfs rw 0 0\n")
    pi.write("/run/systemd/timesync/synchronized", "")
    state = root / "var/lib/iqrf-trio"
    state.mkdir(parents=True, mode=0o700)
    connect(state / "iqrf-trio.db").close()
    return pi
