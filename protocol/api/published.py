"""The types of messages that the IQRF Gateway Daemon publishes, and what to use where we have none.

A client of that daemon may send any of them: it is told whether the type is a mistake or one that
this gateway does not answer.
"""

from collections.abc import Mapping

_NAMES: Mapping[str, str] = {
    "": """
        iqrfRaw iqrfRawHdp messageError
    """,
    "cfgDaemon_": """
        Component
    """,
    "infoDaemon_": """
        Enumerate GetBinaryOutputs GetLights GetMidMetaData GetNodeMetaData GetNodes GetSensors
        MidMetaDataAnnotate Reset SetMidMetaData SetNodeMetaData
    """,
    "iqmeshNetwork_": """
        AutoNetwork Backup BondNodeLocal DpaHops DpaValue EnumerateDevice FrcParams
        MaintenanceDuplicatedAddresses MaintenanceFrcResponseTime
        MaintenanceInconsistentMIDsInCoord MaintenanceTestRF MaintenanceUselessPrebondedNodes
        OtaUpload Ping ReadTrConf RemoveBond RemoveBondOnlyInC Restart Restore SmartConnect
        WriteTrConf
    """,
    "iqrfBinaryoutput_": """
        Enumerate SetOutput
    """,
    "iqrfDali_": """
        Frc SendCommands SendCommandsAsync
    """,
    "iqrfDb_": """
        Enumerate GetBinaryOutputs GetDevice GetDeviceMetadata GetDevices GetLights
        GetNetworkTopology GetSensors MetadataAnnotation Reset SetDeviceMetadata
    """,
    "iqrfEmbedCoordinator_": """
        AddrInfo AuthorizeBond Backup BondNode BondedDevices ClearAllBonds
        ClearRemotelyBondedMid DiscoveredDevices Discovery DiscoveryData EnableRemoteBonding
        ReadRemotelyBondedMid RebondNode RemoveBond Restore SetDpaParams SetHops SetMID
        SmartConnect
    """,
    "iqrfEmbedEeeprom_": """
        Read Write
    """,
    "iqrfEmbedEeprom_": """
        Read Write
    """,
    "iqrfEmbedExplore_": """
        Enumerate MorePeripheralsInformation PeripheralInformation
    """,
    "iqrfEmbedFrc_": """
        ExtraResult Send SendSelective SetParams
    """,
    "iqrfEmbedIo_": """
        Direction Get Set
    """,
    "iqrfEmbedLedg_": """
        Flashing Get Pulse Set SetOff SetOn
    """,
    "iqrfEmbedLedr_": """
        Flashing Get Pulse Set SetOff SetOn
    """,
    "iqrfEmbedNode_": """
        Backup ClearRemotelyBondedMid EnableRemoteBonding Read ReadRemotelyBondedMid RemoveBond
        Restore ValidateBonds
    """,
    "iqrfEmbedOs_": """
        Batch FactorySettings Indicate LoadCode Read ReadCfg Reset Restart Rfpgm SelectiveBatch
        SetSecurity Sleep TestRfSignal WriteCfg WriteCfgByte
    """,
    "iqrfEmbedRam_": """
        Read Write
    """,
    "iqrfEmbedSpi_": """
        WriteRead
    """,
    "iqrfEmbedThermometer_": """
        Read
    """,
    "iqrfEmbedUart_": """
        ClearWriteRead Close Open WriteRead
    """,
    "iqrfLight_": """
        FrcLaiRead FrcLdiSend SendLdiCommands SendLdiCommandsAsync SetLai
    """,
    "iqrfSensorData_": """
        GetConfig Invoke ReportAsync SetConfig Start Status Stop
    """,
    "iqrfSensor_": """
        Enumerate Frc ReadSensorsWithTypes
    """,
    "mngDaemon_": """
        Exit Mode StartNetworkQueue StopNetworkQueue UpdateCache Version
    """,
    "mngScheduler_": """
        AddTask EditTask GetTask List RemoveAll RemoveTask StartTask StopTask
    """,
    "ntfDaemon_": """
        InvokeMonitor Monitor
    """,
}
"""What follows each prefix."""

PUBLISHED: frozenset[str] = frozenset(
    prefix + name for prefix, names in _NAMES.items() for name in names.split()
)
"""All published types: requests, and messages that only a gateway sends."""

_INSTEAD: Mapping[str, str] = {
    "infoDaemon_Enumerate": "iqrfDb_Enumerate",
    "infoDaemon_GetNodes": "iqrfDb_GetDevices",
    "infoDaemon_GetSensors": "iqrfDb_GetSensors",
    "infoDaemon_GetBinaryOutputs": "iqrfDb_GetBinaryOutputs",
    "infoDaemon_GetLights": "iqrfDb_GetLights",
    "infoDaemon_GetMidMetaData": "iqrfDb_GetDeviceMetadata",
    "infoDaemon_GetNodeMetaData": "iqrfDb_GetDeviceMetadata",
    "infoDaemon_SetMidMetaData": "iqrfDb_SetDeviceMetadata",
    "infoDaemon_SetNodeMetaData": "iqrfDb_SetDeviceMetadata",
    "infoDaemon_MidMetaDataAnnotate": "iqrfDb_MetadataAnnotation",
    "infoDaemon_Reset": "iqrfDb_Reset",
    "cfgDaemon_Component": "the configuration file and a reload",
    "mngDaemon_UpdateCache": "`iqrf-trio products import`",
}

_INSTEAD_OF_PREFIX: Mapping[str, str] = {
    "iqrfEmbed": "iqrfRaw, iqrfRawHdp",
    "iqrfSensor_": "iqrfRaw, iqrfDb_GetSensors, iqrfSensorData_*",
    "iqrfBinaryoutput_": "iqrfRaw, iqrfDb_GetBinaryOutputs",
    "iqrfLight_": "iqrfRaw, iqrfDb_GetLights",
    "iqrfDali_": "iqrfRaw",
}


def instead_of(mtype: str) -> str:
    """What does the same or nearly so, where this gateway does not answer a published type."""
    if exact := _INSTEAD.get(mtype):
        return exact
    prefixed = (told for prefix, told in _INSTEAD_OF_PREFIX.items() if mtype.startswith(prefix))
    return next(prefixed, "")
