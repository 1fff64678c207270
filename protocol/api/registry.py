"""The table of all requests that this gateway answers."""

from collections.abc import Callable, Mapping
from typing import Any

from protocol.api import db, iqmesh, mng, raw, sensor_data
from protocol.api.errors import InvalidRequestError, UnsupportedTypeError
from protocol.api.message import Entry, Style
from protocol.auth.rights import CONTROL, MANAGE, READ, Rights
from protocol.queue.lanes import Lane, Priority

__all__ = ["REGISTRY", "Entry", "entry_of"]

_MANAGEMENT, _NETWORK = Lane.MANAGEMENT, Lane.NETWORK
_SERVICE, _DPA = Style.SERVICE, Style.DPA


def _raw(mtype: str, request: type, rsp_of_failure: Callable[[Any], object]) -> Entry:
    return Entry(
        mtype, request, _NETWORK, _DPA, CONTROL, rsp_of_failure, timeout_allowed=True, closed=False
    )


def _db(
    name: str,
    request: type,
    rights: Rights,
    rsp_of_failure: Callable[[Any], object],
    lane: Lane = _MANAGEMENT,
) -> Entry:
    return Entry(f"iqrfDb_{name}", request, lane, _SERVICE, rights, rsp_of_failure, db.failure)


def _sensor_data(name: str, rights: Rights, request: type | None = None) -> Entry:
    return Entry(f"iqrfSensorData_{name}", request, _MANAGEMENT, _SERVICE, rights)


def _procedure(mtype: str, request: type, rsp_of_failure: Callable[[Any], object]) -> Entry:
    return Entry(
        mtype,
        request,
        _NETWORK,
        _DPA,
        MANAGE,
        rsp_of_failure,
        iqmesh.failure,
        closed=False,
        priority=Priority.PROCEDURE,
    )


_ENTRIES = (
    _raw("iqrfRaw", raw.Raw, raw.no_raw),
    _raw("iqrfRawHdp", raw.RawHdp, raw.no_raw_hdp),
    _db("Enumerate", db.Enumerate, MANAGE, db.failed(), _NETWORK),
    _db("Reset", db.Anything, MANAGE, db.failed(), _NETWORK),
    _db("GetDevice", db.GetDevice, READ, db.failed(device=None)),
    _db("GetDevices", db.GetDevices, READ, db.failed(devices=[])),
    _db("GetDeviceMetadata", db.GetDeviceMetadata, READ, db.failed(devices=[])),
    _db("SetDeviceMetadata", db.SetDeviceMetadata, MANAGE, db.failed(devices=[])),
    _db("GetBinaryOutputs", db.Anything, READ, db.failed(binoutDevices=[])),
    _db("GetLights", db.Anything, READ, db.failed(lightDevices=[])),
    _db("GetSensors", db.Anything, READ, db.failed(sensorDevices=[])),
    _db("GetNetworkTopology", db.Anything, READ, db.failed(devices=[])),
    _db("MetadataAnnotation", db.MetadataAnnotation, MANAGE, db.annotation),
    _sensor_data("GetConfig", READ),
    _sensor_data("SetConfig", MANAGE, sensor_data.SetConfig),
    _sensor_data("Status", READ),
    _sensor_data("Start", MANAGE),
    _sensor_data("Stop", MANAGE),
    _sensor_data("Invoke", CONTROL),
    Entry("mngDaemon_Version", None, _MANAGEMENT, _DPA, READ, mng.no_version),
    Entry("mngDaemon_Mode", mng.Mode, _MANAGEMENT, _DPA, mng.rights_for_mode, mng.no_mode),
    Entry("mngDaemon_Exit", mng.Exit, _MANAGEMENT, _DPA, mng.LEAVING, mng.leaving),
    Entry("mngDaemon_StartNetworkQueue", None, _MANAGEMENT, _SERVICE, MANAGE),
    Entry("mngDaemon_StopNetworkQueue", None, _MANAGEMENT, _SERVICE, MANAGE),
    _procedure("iqmeshNetwork_Backup", iqmesh.Backup, iqmesh.no_backup),
    _procedure("iqmeshNetwork_Restore", iqmesh.Restore, iqmesh.no_restore),
    Entry("ntfDaemon_InvokeMonitor", None, _MANAGEMENT, _DPA, READ),
)

REGISTRY: Mapping[str, Entry] = {entry.mtype: entry for entry in _ENTRIES}

_ONLY_SENT = frozenset({"iqrfSensorData_ReportAsync", "messageError", "ntfDaemon_Monitor"})


def entry_of(mtype: str) -> Entry:
    """What is known of requests of this type.

    Raises UnsupportedTypeError for a type that is none, InvalidRequestError for one that only
    the gateway sends.
    """
    if entry := REGISTRY.get(mtype):
        return entry
    if mtype in _ONLY_SENT:
        raise InvalidRequestError(f"mType: {mtype} is sent by the gateway, it cannot be requested")
    raise UnsupportedTypeError(mtype)
