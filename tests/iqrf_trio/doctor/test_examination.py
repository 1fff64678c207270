"""What the doctor finds: nothing on a healthy machine, and each single thing that is broken."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iqrf_trio import config
from iqrf_trio.doctor import Finding, Severity, examine
from iqrf_trio.doctor.surroundings import judge_room
from tests.iqrf_trio.doctor.machines import GPIO, TCP, Pi, healthy

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    return healthy(tmp_path)


def found(pi: Pi, *sets: str, now: datetime = NOW) -> dict[str, Finding]:
    """What is not well, by check; the room on the disk of these tests is not ours to judge."""
    loaded = config.load(Path("/dev/null"), sets, environment={})
    findings = list(examine(pi.machine, loaded, now))
    return {
        finding.check: finding
        for finding in findings
        if finding.severity is not Severity.OK and finding.check != "disk-space"
    }


def test_nothing_is_wrong_with_a_healthy_machine(pi: Pi) -> None:
    assert found(pi) == {}
    assert found(pi, "port.kind=uart", "port.device=/dev/ttyS0") == {}
    assert found(pi, "port.kind=cdc", "port.device=/dev/ttyACM0") == {}
    (pi.root / "dev/spidev0.0").unlink()
    assert found(pi, "port.kind=simulator") == {}


@pytest.mark.parametrize(
    ("text", "enabled"),
    [
        ("dtparam=spi=on", True),
        ("dtparam=spi", True),
        ("  dtparam=audio=on,spi=on # bus", True),
        ("dtparam=spi=off\ndtparam=spi=on", True),
        ("dtparam=spi=on\ndtparam=spi=off", False),
        ("#dtparam=spi=on", False),
        ("dtparam=spidev=on", False),
        ("dtoverlay=spi0-1cs", False),
        ("", False),
    ],
)
def test_spi_in_the_boot_configuration(pi: Pi, text: str, enabled: bool) -> None:
    pi.write("/boot/firmware/config.txt", f"# comment\n{text}\n")
    assert ("spi-enabled" not in found(pi)) is enabled


def test_where_older_systems_have_their_boot_configuration(pi: Pi) -> None:
    pi.remove("/boot/firmware/config.txt")
    assert found(pi)["spi-enabled"].severity is Severity.NOTE
    pi.write("/boot/config.txt", "")
    finding = found(pi)["spi-enabled"]
    assert finding.severity is Severity.ERROR
    assert finding.text == "/boot/config.txt does not enable SPI"
    assert finding.fix == "sudo raspi-config nonint do_spi 0 && sudo reboot"


def without_device(pi: Pi) -> None:
    pi.remove("/dev/spidev0.0")


def without_user(pi: Pi) -> None:
    pi.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")


def strangers_device(pi: Pi) -> None:
    """The device belongs to others, and the service is not in their group."""
    ours = (pi.root / "dev").stat()
    pi.write("/etc/passwd", f"iqrf-trio:x:77:77:::\nroot:x:{ours.st_uid}:0:::\n")
    pi.write("/etc/group", f"spi:x:{ours.st_gid}:someone\n")


def roots_device(pi: Pi) -> None:
    strangers_device(pi)
    pi.write("/etc/group", f"root:x:{(pi.root / 'dev').stat().st_gid}:\n")


def taken_pin(pi: Pi) -> None:
    pi.write("/sys/kernel/debug/gpio", GPIO.replace("iqrf-trio           ", "fan"))


def exported_pin(pi: Pi) -> None:
    pi.write("/sys/kernel/debug/gpio", GPIO.replace("iqrf-trio           ", "sysfs"))


def without_chip(pi: Pi) -> None:
    pi.remove("/dev/gpiochip0")


def without_time(pi: Pi) -> None:
    pi.remove("/run/systemd/timesync/synchronized")


def without_state(pi: Pi) -> None:
    (pi.root / "var/lib/iqrf-trio").rename(pi.root / "elsewhere")


def open_state(pi: Pi) -> None:
    (pi.root / "var/lib/iqrf-trio").chmod(0o755)


def read_only(pi: Pi) -> None:
    pi.write("/proc/mounts", "/dev/root / ext4 rw 0 0\n/dev/sda /var ext4 ro,noatime 0 0\n")


def on_the_network(pi: Pi) -> None:
    pi.write("/proc/mounts", "/dev/root / ext4 rw 0 0\nnas:/x /var/lib nfs4 rw 0 0\n")


def in_memory(pi: Pi) -> None:
    pi.write("/proc/mounts", "overlay / overlay rw 0 0\n")


def port_in_use(pi: Pi) -> None:
    pi.write("/proc/net/tcp6", TCP.replace("053A 0100007F:8000 01", "053A 0100007F:8000 0A"))


def damaged(pi: Pi) -> None:
    database = pi.root / "var/lib/iqrf-trio/iqrf-trio.db"
    database.write_bytes(b"no database" * 500)


def lost(pi: Pi) -> None:
    database = pi.root / "var/lib/iqrf-trio/iqrf-trio.db"
    database.rename(f"{database}.backup-20260101T120000.000000Z")


def open_database(pi: Pi) -> None:
    (pi.root / "var/lib/iqrf-trio/iqrf-trio.db").chmod(0o644)


ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.mark.parametrize(
    ("break_it", "check", "severity", "text", "fix"),
    [
        (without_device, "device", ERROR, "there is no /dev/spidev0.0", "raspi-config"),
        (without_user, "permission", WARNING, "there is no user iqrf-trio", "systemd-sysusers"),
        (
            strangers_device,
            "permission",
            ERROR,
            "iqrf-trio may not use /dev/spidev0.0: it is not in the group spi",
            "sudo usermod -aG spi iqrf-trio",
        ),
        (roots_device, "permission", ERROR, "only root may use /dev/spidev0.0", "udevadm"),
        (taken_pin, "pins", ERROR, "pin 23 of /dev/gpiochip0 is held by fan", "stop what is"),
        (exported_pin, "pins", ERROR, "held by sysfs", "echo 535 | sudo tee /sys/class/gpio/unex"),
        (without_chip, "pins", ERROR, "there is no /dev/gpiochip0", "gpiodetect"),
        (without_time, "clock", WARNING, "nothing sets it", "timedatectl set-ntp true"),
        (without_state, "state-directory", WARNING, "there is no /var/lib/iqrf-trio", "tmpfiles"),
        (open_state, "state-directory", WARNING, "others may look", "chmod 700 /var/lib/iqrf"),
        (read_only, "file-system", ERROR, "/var is read-only", "mount -o remount,rw /var"),
        (on_the_network, "file-system", ERROR, "is on nfs4, which cannot", "gateway.state_dir"),
        (in_memory, "file-system", WARNING, "it may be forgotten", "gateway.state_dir"),
        (port_in_use, "port-free", ERROR, "something listens on port 1338", "ss -ltnp"),
        (damaged, "database", ERROR, "iqrf-trio.db cannot be used", "systemctl restart"),
        (lost, "database", ERROR, "there is no /var/lib/iqrf-trio/iqrf-trio.db, but", "db new"),
        (open_database, "database", WARNING, "others may read", "chmod 600"),
    ],
)
def test_one_thing_that_is_broken_is_found(
    pi: Pi, break_it: Callable[[Pi], None], check: str, severity: Severity, text: str, fix: str
) -> None:
    break_it(pi)
    finding = found(pi)[check]
    assert (finding.severity, text in finding.text, fix in finding.fix) == (severity, True, True)


def test_a_console_on_the_line_of_the_module(pi: Pi) -> None:
    pi.write("/boot/firmware/cmdline.txt", "console=serial0,115200 console=tty1\n")
    finding = found(pi, "port.kind=uart", "port.device=/dev/ttyS0")["serial-console"]
    assert finding.severity is Severity.ERROR
    assert "do_serial_cons 1" in finding.fix
    assert "serial-console" not in found(pi, "port.kind=uart", "port.device=/dev/ttyAMA2")
    assert "serial-console" not in found(pi)


def test_a_clock_that_was_never_set(pi: Pi) -> None:
    finding = found(pi, now=datetime(1970, 1, 1, tzinfo=UTC))["clock"]
    assert finding.severity is Severity.ERROR


def test_a_port_that_the_service_itself_serves(pi: Pi) -> None:
    port_in_use(pi)
    pi.write("/run/systemd/units/invocation:iqrf-trio.service", "")
    assert found(pi) == {}


def test_who_holds_the_pins_is_for_root_to_see(pi: Pi) -> None:
    pi.remove("/sys/kernel/debug/gpio")
    assert found(pi)["pins"].severity is Severity.NOTE


def test_the_chip_of_the_header_is_found_by_its_label(pi: Pi) -> None:
    """As on a Raspberry Pi 5: the first chip is another one."""
    other = "gpiochip0: GPIOs 570-571, parent: platform/107d517c00.gpio, gpio-brcmstb@107d517c00:\n"
    rp1 = GPIO.replace("gpiochip0", "gpiochip4").replace("bcm2711", "rp1")
    pi.write("/sys/kernel/debug/gpio", other + rp1.replace("iqrf-trio           ", "fan"))
    pi.write("/dev/gpiochip4", "")
    pi.write("/dev/gpiochip1", "")
    assert found(pi)["pins"].text == "pin 23 of /dev/gpiochip4 is held by fan"
    named = found(pi, "port.spi.gpio_chip=/dev/gpiochip1")["pins"]
    assert named.text == "pin 23 of /dev/gpiochip1 is held by shutdown"


def test_a_board_without_pins_needs_none(pi: Pi) -> None:
    without_chip(pi)
    assert "pins" not in found(pi, "port.spi.board=none")


@pytest.mark.parametrize(
    ("megabytes", "severity"), [(19, ERROR), (20, WARNING), (199, WARNING), (200, Severity.OK)]
)
def test_room_on_the_disk(megabytes: int, severity: Severity) -> None:
    (finding,) = judge_room(megabytes, Path("/var/lib/iqrf-trio"))
    assert finding.severity is severity


def test_an_empty_machine_is_examined_to_the_end(tmp_path: Path) -> None:
    findings = found(Pi(tmp_path))
    assert findings["device"].severity is ERROR
    assert findings["database"].severity is Severity.NOTE
