"""Root's commands: what only root may open is opened first, then root is given up for good.

The state directory belongs to the service's user. Whoever breaks into the service could put links
into it, and root would follow them: read, write and change the owners of whatever they lead to. So
a command that root runs works as the user to whom the directory belongs, and whatever it makes
there is that user's.
"""

import grp
import os
import pwd
import re
import stat
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from attrs import frozen

from iqrf_trio.cli import Failure

UNIT = "iqrf-trio.service"
SERVICE = "iqrf-trio"
"""The user of the service where its unit does not say."""

UNIT_PLACES = tuple(
    Path(place, "systemd/system") for place in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
_USER = re.compile(r"^User[ \t]*=[ \t]*(\S+)[ \t]*$", re.MULTILINE)

_DEVICE_GROUPS = ("spi", "gpio", "dialout")
"""What the unit adds to the groups of its user: the module's bus, its pins, its serial line."""

_MOST_LINKS = 40

_IMPORTED_LATER = ("encodings.idna", "importlib.readers", "stringprep", "traceback")


@frozen
class Account:
    """A user: numbers, and all groups."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    def become(self) -> None:
        """Be this user from now on; there is no way back."""
        # Python may be installed where only root can read; what it would import later comes now.
        for name in _IMPORTED_LATER:
            import_module(name)
        os.setgroups(sorted({self.gid, *self.groups}))
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)


def give_up_root(directory: Path) -> None:
    """Be the user to whom `directory` belongs, where root runs this. Raises Failure."""
    if account := account_of(directory):
        account.become()


def account_of(directory: Path, unit_places: tuple[Path, ...] = UNIT_PLACES) -> Account | None:
    """Whom to become to work in `directory`; None: stay, whoever runs this.

    One that root has lost is made for the user of the service's unit. Raises Failure where
    somebody else could lead root astray.
    """
    if os.geteuid() != 0:
        return None
    way = _walk(directory)
    if way.owner is not None and way.missing is None:
        return _account(*way.owner)
    if way.controller is not None:
        if way.missing is None:
            cause = f"{directory} belongs to root, but others may put something in its place"
            raise Failure(cause, f"chown it, or name another than one below {way.path}")
        return _account(*way.controller)
    if way.missing is not None and (user := _unit_user(unit_places)) is not None:
        _make(way.missing, user)
        return user
    return None


def refuse_foreign_links(path: Path) -> None:
    """Raises Failure where root would follow a link to `path` that somebody else has made."""
    if os.geteuid() == 0:
        _walk(path)


def open_directory(path: Path) -> int:
    """A descriptor of the directory; links that root has not made are not followed.

    Raises Failure and OSError.
    """
    if os.geteuid() != 0:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open("/", flags)
    way = _walk(path)
    # By now somebody may have put a link where there was none: each step is opened by itself.
    for name in (way.missing or way.path).parts[1:]:
        try:
            following = os.open(name, flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = following
    return descriptor


@frozen
class _Way:
    """How a directory is reached: `owner` of it (None: root, or missing), `controller` of the
    first directory on the way that is not root's, `missing` what is to be made."""

    path: Path
    owner: tuple[int, int] | None = None
    controller: tuple[int, int] | None = None
    missing: Path | None = None


def _walk(directory: Path) -> _Way:
    """Go there from the top; of links only those that root has made are followed."""
    path, rest, links = Path("/"), list(directory.absolute().parts[1:]), 0
    owner = controller = None
    while rest:
        name = rest.pop(0)
        if name == "..":
            path = path.parent
            continue
        here = path / name
        try:
            status = here.lstat()
        except FileNotFoundError:
            return _Way(path, None, controller, here.joinpath(*rest))
        except OSError:
            break  # such as a file in the place of a directory: the command will say so itself
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if status.st_uid != 0 or controller is not None or links > _MOST_LINKS:
                cause = f"{here} is a link that root did not make"
                raise Failure(cause, "name the directory itself")
            target = here.readlink()
            path = Path("/") if target.is_absolute() else path
            rest = [part for part in target.parts if part != "/"] + rest
            continue
        owner = None if status.st_uid == 0 else (status.st_uid, status.st_gid)
        controller = controller or owner
        path = here
    return _Way(path, owner, controller)


def _make(directory: Path, account: Account) -> None:
    """Make a directory that only `account` can enter, where its parent exists."""
    try:
        directory.mkdir(mode=0o700)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            os.fchown(descriptor, account.uid, account.gid)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Failure(f"cannot make {directory}: {error.strerror}") from None


def _account(uid: int, gid: int) -> Account:
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        return Account(uid, gid)
    groups = {*os.getgrouplist(name, gid), *(_device_groups() if name == SERVICE else ())}
    return Account(uid, gid, tuple(groups))


def _device_groups() -> Iterator[int]:
    for name in _DEVICE_GROUPS:
        try:
            yield grp.getgrnam(name).gr_gid
        except KeyError:
            continue


def _unit_user(places: tuple[Path, ...]) -> Account | None:
    """The user of the service's unit; None where there is no such user."""
    name = SERVICE
    for place in places:
        try:
            text = (place / UNIT).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if found := _USER.findall(text):
            name = found[-1]
        break
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except KeyError:
        return Account(int(name), int(name)) if name.isdecimal() else None
    groups = {*os.getgrouplist(entry.pw_name, entry.pw_gid), *_device_groups()}
    return Account(entry.pw_uid, entry.pw_gid, tuple(groups))
