"""iqmeshNetwork_Backup and _Restore: copies of devices, so that they can be replaced."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Literal, TypedDict

from attrs import frozen

from protocol.api.db.descriptions import Address
from protocol.api.errors import ServiceError
from protocol.api.family import Final, Row
from protocol.api.iqmesh.family import FAMILY
from protocol.dpa.errors import DpaError
from protocol.iqmesh import statuses
from protocol.strict.checks import Range
from protocol.strict.shape import Unit
from protocol.vault.blocks import (
    BadBackupError,
    DeviceBackup,
    WrongCheckError,
    WrongSizeError,
    pack,
    unpack,
)

COMPLETE = 100
"""Percent; the answer with this progress is the last one."""

_WRONG_SIZE = 1004
_WRONG_CHECK = 1005
"""Statuses of Restore alone: the data are too long or too short, or damaged."""


@frozen(kw_only=True)
class Backup:
    """What to copy."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Address
    whole_network: Annotated[bool, "the coordinator and all nodes instead"] = False


@frozen(kw_only=True)
class Restore:
    """What to give to which device."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Address
    data: Annotated[str, "what Backup said of it, in hexadecimal digits"]
    restart_coordinator: Annotated[bool, "restart it afterwards, if it is the coordinator"] = False

    def blocks(self) -> tuple[bytes, ...]:
        """The blocks in `data`; raises ServiceError for what is no whole backup."""
        try:
            return unpack(bytes.fromhex(self.data))
        except ValueError:
            text = "data: must be hexadecimal digits"
            raise ServiceError(statuses.BAD_PARAMETERS, text) from None
        except WrongSizeError as error:
            raise ServiceError(_WRONG_SIZE, f"Incorrect backupData size. {error}") from None
        except WrongCheckError as error:
            raise ServiceError(_WRONG_CHECK, f"BackupData CRC8 mismatch. {error}") from None
        except BadBackupError as error:
            raise ServiceError(statuses.BAD_PARAMETERS, f"data: {error}") from None


def failure(error: DpaError | BadBackupError) -> ServiceError:
    """How a device that cannot be copied or restored is told about."""
    if isinstance(error, DpaError):
        return FAMILY.failure(error)
    return ServiceError(statuses.FAILED, str(error))


Progress = Annotated[int, Range(0, COMPLETE), Unit("%"), "100 in the last answer"]


class Copied(TypedDict):
    """A device that was copied."""

    deviceAddr: Address
    online: Annotated[Literal[True], "it answered"]
    mid: Annotated[int, "module's identification"]
    dpaVer: Annotated[int, "DPA version, 0x0417 for 4.17"]
    data: Annotated[str, "the copy in hexadecimal digits; it holds keys of the network"]


class NotCopied(TypedDict):
    """A device that was not copied."""

    deviceAddr: Address
    online: Annotated[Literal[False], "it did not answer"]


class BackedUp(TypedDict):
    """How far the copying is, and what became of one device."""

    progress: Progress
    devices: Annotated[list[Copied | NotCopied], "one of them"]


class GivenBack(TypedDict):
    """What became of a device that was to have its copy back."""

    deviceAddr: Address
    restoreStatus: Annotated[bool, "whether it has"]


class Restored(TypedDict):
    """What became of a device that was to have its copy back."""

    progress: Progress
    devices: Annotated[list[GivenBack], "that one"]


def backed_up(progress: int, backup: DeviceBackup) -> BackedUp:
    """`rsp` about a device that was copied."""
    copied = Copied(
        deviceAddr=backup.address,
        online=True,
        mid=backup.mid,
        dpaVer=backup.dpa,
        data=pack(backup.blocks).hex(),
    )
    return BackedUp(progress=progress, devices=[copied])


def not_backed_up(progress: int, address: int) -> BackedUp:
    """`rsp` about a device that was not copied."""
    return BackedUp(progress=progress, devices=[NotCopied(deviceAddr=address, online=False)])


def restored(address: int, *, success: bool) -> Restored:
    """`rsp` of iqmeshNetwork_Restore."""
    device = GivenBack(deviceAddr=address, restoreStatus=success)
    return Restored(progress=COMPLETE, devices=[device])


def no_backup(request: Backup) -> BackedUp:
    """`rsp` of an iqmeshNetwork_Backup that failed before any device."""
    return not_backed_up(COMPLETE, request.device_addr)


def no_restore(request: Restore) -> Restored:
    """`rsp` of an iqmeshNetwork_Restore that failed."""
    return restored(request.device_addr, success=False)


def progress_after(done: int, devices: Iterable[int]) -> int:
    """Percent after so many of the devices."""
    return round(COMPLETE * done / len(tuple(devices)))


BACKUP = Row(
    FAMILY,
    "Backup",
    "Copy a device, or the coordinator and all nodes, so that it can be replaced.",
    Backup,
    BackedUp,
    example={"deviceAddr": 1, "wholeNetwork": False},
    failed=no_backup,
    final=Final("progress", COMPLETE, by_device=True),
)
# Of node 1 of the generated mesh.
_EXAMPLE = "0100df0101010100fffff804000201b64c0481" + 33 * "00"

RESTORE = Row(
    FAMILY,
    "Restore",
    "Give a device what Backup said of it, or of the one that it replaces.",
    Restore,
    Restored,
    example={"deviceAddr": 1, "data": _EXAMPLE, "restartCoordinator": False},
    failed=no_restore,
    final=Final("progress", COMPLETE),
)

ROWS = (BACKUP, RESTORE)
