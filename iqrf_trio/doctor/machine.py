"""A machine as its files show it: the one we run on, or another's below a directory."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

SERVICE = "iqrf-trio"
"""The user and the unit of the service."""


@frozen
class Access:
    """What a file's mode says, and to whom."""

    mode: int
    owner: str
    group: str

    def admits(self, user: str, groups: frozenset[str]) -> bool:
        """Whether `user`, in `groups`, may read and write."""
        if user in {self.owner, "root"}:
            return user == "root" or self.mode & 0o600 == 0o600
        shift = 3 if self.group in groups else 0
        return self.mode >> shift & 0o6 == 0o6


@frozen
class Machine:
    """The machine whose files are below `root`; its absolute paths are given as it sees them."""

    root: Path = Path("/")

    def path(self, path: str | Path) -> Path:
        """Where its file is for us."""
        return self.root / str(path).lstrip("/")

    def text(self, path: str | Path) -> str | None:
        """A file's text; None if it cannot be read."""
        try:
            return self.path(path).read_text("utf-8", errors="replace")
        except OSError:
            return None

    def exists(self, path: str | Path) -> bool:
        """Whether there is such a file; also False where it cannot be told."""
        return os.path.lexists(self.path(path))

    def access(self, path: str | Path) -> Access | None:
        """Who may do what with a file; None where there is none."""
        try:
            status = self.path(path).stat()
        except OSError:
            return None
        users = {int(number): name for name, number, *_ in self._entries("/etc/passwd")}
        groups = {int(number): name for name, number, *_ in self._entries("/etc/group")}
        return Access(
            stat.S_IMODE(status.st_mode),
            users.get(status.st_uid, str(status.st_uid)),
            groups.get(status.st_gid, str(status.st_gid)),
        )

    @property
    def users(self) -> frozenset[str]:
        """The names of all users."""
        return frozenset(name for name, *_ in self._entries("/etc/passwd"))

    def groups_of(self, user: str) -> frozenset[str]:
        """The names of the groups that `user` is in."""
        own = {entry[2] for entry in self._entries("/etc/passwd") if entry[0] == user}
        return frozenset(
            name
            for name, number, *rest in self._entries("/etc/group")
            if number in own or user in rest[-1].split(",")
        )

    @property
    def service_runs(self) -> bool:
        """Whether systemd has started the service."""
        return self.exists(f"/run/systemd/units/invocation:{SERVICE}.service")

    def boot_file(self, name: str) -> tuple[str, str] | None:
        """Path and text of a Raspberry Pi's boot configuration; None on another machine."""
        for directory in ("/boot/firmware", "/boot"):
            text = self.text(f"{directory}/{name}")
            if text is not None:
                return f"{directory}/{name}", text
        return None

    def _entries(self, path: str) -> Iterator[list[str]]:
        """Name, number and further fields of a table such as /etc/passwd, without the password."""
        for line in (self.text(path) or "").splitlines():
            name, _, rest = line.partition(":")
            fields = [name, *rest.split(":")[1:]]
            if len(fields) >= 2 and fields[1].isdecimal():
                yield fields
