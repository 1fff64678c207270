"""iqmeshNetwork_Backup and _Restore: copies of devices, so that they can be replaced."""

from collections.abc import Iterable
from typing import ClassVar

from attrs import frozen

from protocol.api.db import Address
from protocol.api.errors import ServiceError
from protocol.dpa.errors import EXCLUSIVE_ACCESS, DpaError
from protocol.vault.blocks import BadBackupError, DeviceBackup, pack, unpack

Json = dict[str, object]

COMPLETE = 100
"""Percent; the answer with this progress is the last one."""

_FAILED = 1000
_BAD_PARAMETERS = 1001
_RADIO_TAKEN = 1002
"""Statuses of the services of this family: the service failed, its parameters make no sense,
somebody else has the radio to himself."""


@frozen(kw_only=True)
class Backup:
    """Copy one device, or, with `whole_network`, the coordinator and all nodes."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Address
    whole_network: bool = False


@frozen(kw_only=True)
class Restore:
    """Give a device what Backup said of it, in hexadecimal digits."""

    open_to_extras: ClassVar[bool] = True

    device_addr: Address
    data: str
    restart_coordinator: bool = False

    def blocks(self) -> tuple[bytes, ...]:
        """The blocks in `data`; raises ServiceError for what is no whole backup."""
        try:
            return unpack(bytes.fromhex(self.data))
        except ValueError:
            raise ServiceError(_BAD_PARAMETERS, "data: must be hexadecimal digits") from None
        except BadBackupError as error:
            raise ServiceError(_BAD_PARAMETERS, f"data: {error}") from None


def failure(error: DpaError | BadBackupError) -> ServiceError:
    """How a device that cannot be copied or restored is told about."""
    if isinstance(error, DpaError):
        status = _RADIO_TAKEN if error.status == EXCLUSIVE_ACCESS else _FAILED
        return ServiceError(status, f"Transaction error: {error}")
    return ServiceError(_FAILED, str(error))


def backed_up(progress: int, backup: DeviceBackup) -> Json:
    """`rsp` about a device that was copied."""
    device = {
        "deviceAddr": backup.address,
        "online": True,
        "mid": backup.mid,
        "dpaVer": backup.dpa,
        "data": pack(backup.blocks).hex(),
    }
    return {"progress": progress, "devices": [device]}


def not_backed_up(progress: int, address: int) -> Json:
    """`rsp` about a device that was not copied."""
    return {"progress": progress, "devices": [{"deviceAddr": address, "online": False}]}


def restored(address: int, *, success: bool) -> Json:
    """`rsp` of iqmeshNetwork_Restore."""
    device = {"deviceAddr": address, "restoreStatus": success}
    return {"progress": COMPLETE, "devices": [device]}


def no_backup(request: Backup) -> Json:
    """`rsp` of an iqmeshNetwork_Backup that failed before any device."""
    return not_backed_up(COMPLETE, request.device_addr)


def no_restore(request: Restore) -> Json:
    """`rsp` of an iqmeshNetwork_Restore that failed."""
    return restored(request.device_addr, success=False)


def progress_after(done: int, devices: Iterable[int]) -> int:
    """Percent after so many of the devices."""
    return round(COMPLETE * done / len(tuple(devices)))
