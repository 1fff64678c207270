"""What a gateway needs besides its module: the time, room on a disk, a port, a sound database."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from iqrf_trio.config import Config
from iqrf_trio.doctor.findings import Finding, error, note, ok, warning
from iqrf_trio.doctor.machine import SERVICE, Machine
from iqrf_trio.store import DATABASE_NAME, StoreError, backups
from iqrf_trio.store.sqlite import connect_foreign, translated

EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
"""Before this program was made no clock is right."""

_SYNCHRONIZED = "/run/systemd/timesync/synchronized"
_OTHER_CLOCKS = ("/run/chrony", "/run/ntpd.pid", "/run/openntpd")

FULL_MB, SCARCE_MB = 20, 200
"""Room below which the database cannot grow, and below which a log may soon fill the rest."""

_FORGETFUL = {"tmpfs", "ramfs", "overlay"}
_UNSUITED = {"nfs", "nfs4", "cifs", "smb3", "9p", "vfat", "exfat", "fuse.sshfs"}
"""Where a database in WAL mode cannot live: no shared memory, or no permissions."""

_LISTENING = "0A"
"""State of a socket in /proc/net/tcp (include/net/tcp_states.h, TCP_LISTEN)."""


def clock(machine: Machine, now: datetime) -> Iterator[Finding]:
    """Tokens expire by the clock, and a Raspberry Pi has none that runs without power."""
    if now < EARLIEST:
        yield error(
            "clock",
            f"it shows {now:%Y-%m-%d}: tokens are judged wrongly",
            "sudo timedatectl set-ntp true",
        )
    elif machine.exists(_SYNCHRONIZED) or any(map(machine.exists, _OTHER_CLOCKS)):
        yield ok("clock", "it is set by the network")
    else:
        yield warning("clock", "nothing sets it", "sudo timedatectl set-ntp true")


def disk(machine: Machine, config: Config) -> Iterator[Finding]:
    """The directory of the database: there, private, on a file system that keeps it, with room."""
    directory = config.gateway.state_dir
    access = machine.access(directory)
    if access is None:
        yield warning(
            "state-directory",
            f"there is no {directory}",
            f"sudo systemd-tmpfiles --create {SERVICE}.conf",
        )
        return
    if SERVICE in machine.users and access.owner != SERVICE:
        yield error(
            "state-directory",
            f"{directory} belongs to {access.owner}",
            f"sudo chown -R {SERVICE}: {directory}",
        )
    elif access.mode & 0o077:
        yield warning(
            "state-directory", f"others may look into {directory}", f"sudo chmod 700 {directory}"
        )
    else:
        yield ok("state-directory", f"{directory} is private")
    yield from _file_system(machine, directory)
    yield from _room(machine, directory)


def _file_system(machine: Machine, directory: Path) -> Iterator[Finding]:
    mounts = [line.split() for line in (machine.text("/proc/mounts") or "").splitlines()]
    under = [
        (Path(place), kind, options.split(","))
        for _, place, kind, options, *_ in (mount for mount in mounts if len(mount) > 3)
        if directory.is_relative_to(place)
    ]
    if not under:
        yield note("file-system", f"it is not known what {directory} is on")
        return
    # Of mounts at the same place the last one counts.
    place, kind, options = max(under, key=lambda mount: len(mount[0].parts))
    if "ro" in options:
        yield error("file-system", f"{place} is read-only", f"sudo mount -o remount,rw {place}")
    elif kind in _UNSUITED:
        yield error(
            "file-system",
            f"{directory} is on {kind}, which cannot hold the database",
            "name a directory on ext4, btrfs or f2fs in gateway.state_dir",
        )
    elif kind in _FORGETFUL:
        yield warning(
            "file-system",
            f"{directory} is on {kind}: it may be forgotten when the power goes",
            "name a directory on a disk in gateway.state_dir",
        )
    else:
        yield ok("file-system", f"{directory} is on {kind}")


def _room(machine: Machine, directory: Path) -> Iterator[Finding]:
    status = os.statvfs(machine.path(directory))
    room = status.f_bavail * status.f_frsize // 1_000_000
    yield from judge_room(room, directory)


def judge_room(room_mb: int, directory: Path) -> Iterator[Finding]:
    """What `room_mb` megabytes mean for the database and the log beside it."""
    fix = "sudo journalctl --vacuum-size=100M && sudo apt clean; df -h shows the rest"
    if room_mb < FULL_MB:
        yield error("disk-space", f"{room_mb} MB are left for {directory}", fix)
    elif room_mb < SCARCE_MB:
        yield warning("disk-space", f"{room_mb} MB are left for {directory}", fix)
    else:
        yield ok("disk-space", f"{room_mb} MB are left for {directory}")


def ports(machine: Machine, config: Config) -> Iterator[Finding]:
    """What listens already where we want to."""
    listening = frozenset(_listening(machine))
    websocket = config.websocket
    for port in filter(None, (websocket.port, websocket.tls_port)):
        if port not in listening:
            yield ok("port-free", f"port {port} is free")
        elif machine.service_runs:
            yield ok("port-free", f"port {port} is served by {SERVICE}")
        else:
            yield error(
                "port-free",
                f"something listens on port {port} already",
                f"sudo ss -ltnp 'sport = :{port}' shows what; stop it, or choose another port",
            )


def _listening(machine: Machine) -> Iterator[int]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in (machine.text(table) or "").splitlines()[1:]:
            fields = line.split()
            if len(fields) > 3 and fields[3] == _LISTENING:
                yield int(fields[1].rpartition(":")[2], 16)


def database(machine: Machine, config: Config) -> Iterator[Finding]:
    """The database: there, sound, and for nobody else's eyes."""
    name = config.gateway.state_dir / DATABASE_NAME
    path = machine.path(name)
    access = machine.access(name)
    if access is None and (trace := backups.trace(path)) is not None:
        yield error(
            "database",
            f"there is no {name}, but there is {trace.name} beside it",
            f"sudo systemctl restart {SERVICE} puts the newest good copy back; "
            "`iqrf-trio db new` begins anew",
        )
        return
    if access is None:
        yield note("database", f"there is no {name} yet; the first start makes it")
        return
    try:
        with translated(path), closing(connect_foreign(path)) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except StoreError as failure:
        verdict = str(failure)
    if verdict != "ok":
        yield error(
            "database",
            f"{name} cannot be used: {verdict}",
            f"sudo systemctl restart {SERVICE}: a damaged one is set aside for the last backup",
        )
    elif access.mode & 0o077:
        yield warning("database", f"others may read {name}", f"sudo chmod 600 {name}")
    else:
        yield ok("database", f"{name} is sound")
