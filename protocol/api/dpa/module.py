"""iqrfEmbedOs_*, iqrfEmbedEeprom_*, iqrfEmbedEeeprom_*, iqrfEmbedRam_*: a module and its memory."""

from protocol.api.dpa.command import command_row
from protocol.auth.rights import MANAGE
from protocol.dpa.peripherals import memory as m
from protocol.dpa.peripherals import os as o

_MODULE = (
    "mid:u32 module, osVersion:u8, trMcuType:u8, osBuild:u16, "
    "rssi:u8 of the last reception; 130 more than dBm, supplyVoltage:supply (V), "
    "flags:u8, slotLimits:u8, ibk?:b16 from DPA 3.03 on, "
    "dpaVer?:u16 from DPA 4.10 on, perNr:u8 number of user peripherals, embeddedPers:bits4 PNUMs, "
    "hwpid:u16, hwpidVer:u16, flagsEnum:u8, userPer:bits/32 PNUMs"
)
_BATCH = "requests:batch one after the other"
_SETTINGS = "configuration:b31 bytes at the addresses 1 to 31, rfpgm:u8 byte at the address 32"
_READ = "address:u8 where to read, len:u8 how many bytes"
_READ_FAR = "address:u16 where to read, len:u8 how many bytes"
_WRITE = "address:u8 where to write, pData:data the bytes"
_WRITE_FAR = "address:u16 where to write, pData:data the bytes"
_INDICATE = {"pnum": "06", "pcmd": "03", "hwpid": "ffff"}

# fmt: off
ROWS = (
    command_row("EmbedOs_Read", o.OS_READ, "Which module a device is, and how it is.", "", _MODULE),
    command_row("EmbedOs_Reset", o.OS_RESET, "Reset a module, after it has answered."),
    command_row("EmbedOs_ReadCfg", o.OS_READ_CONFIG, "Read the configuration of a module.", "",
                f"checksum:u8, {_SETTINGS}, undocumented:u8"),
    command_row("EmbedOs_Rfpgm", o.OS_RFPGM,
                "Let a device wait for being programmed over the air.", rights=MANAGE),
    command_row("EmbedOs_Sleep", o.OS_SLEEP, "Put a node to sleep.",
                "time:u16 how long; in 2.097 s or in 32.768 ms, "
                "control:u8 bit 4: short units; bit 0: wake up by the pin", "",
                example={"time": 1, "control": 16}),
    command_row("EmbedOs_Batch", o.OS_BATCH, "Execute several requests.", _BATCH, "",
                example={"requests": [_INDICATE]}),
    command_row("EmbedOs_SetSecurity", o.OS_SET_SECURITY, "Set a key of a module.",
                "type:u8 0 access password; 1 user key, data:data 16 bytes", "",
                example={"type": 1, "data": [0] * 16}, rights=MANAGE),
    command_row("EmbedOs_Indicate", o.OS_INDICATE, "Let a device show itself.",
                "control:u8 0 off; 1 on; 2 for 1 s; 3 for 10 s", "", example={"control": 2}),
    command_row("EmbedOs_Restart", o.OS_RESTART, "Start the software of a module anew."),
    command_row("EmbedOs_WriteCfgByte", o.OS_WRITE_CONFIG_BYTE,
                "Change bytes of the configuration of a module.",
                "bytes:(address:u8 1 to 31; 32 is rfpgm, value:u8, mask:u8 bits that are changed)",
                "", example={"bytes": [{"address": 8, "value": 7, "mask": 255}]}, rights=MANAGE),
    command_row("EmbedOs_LoadCode", o.OS_LOAD_CODE, "Load a program from the external memory.",
                "flags:u8 bit 0: load it; not only verify, address:u16, length:u16, checkSum:u16",
                "loadingCode:u8 bit 0: the checksum fits",
                example={"flags": 0, "address": 0, "length": 64, "checkSum": 0}, rights=MANAGE),
    command_row("EmbedOs_SelectiveBatch", o.OS_SELECTIVE_BATCH,
                "Execute several requests, by some of the nodes.",
                f"selectedNodes:bits30 addresses, {_BATCH}", "",
                example={"selectedNodes": [1], "requests": [_INDICATE]},
                echo="selectedNodes?:bits30 as asked for", closed=True, closed_param=True),
    command_row("EmbedOs_TestRfSignal", o.OS_TEST_RF_SIGNAL, "Count signals on a channel.",
                "channel:u8, rxFilter:u8 strength that counts, time:u16 how long; in 10 ms",
                "counter:u8 how many there were",
                example={"channel": 52, "rxFilter": 0, "time": 10}),
    command_row("EmbedOs_FactorySettings", o.OS_FACTORY_SETTINGS,
                "Give a module its first configuration back.", rights=MANAGE),
    command_row("EmbedOs_WriteCfg", o.OS_WRITE_CONFIG, "Replace the configuration of a module.",
                f"=00, {_SETTINGS}", "",
                example={"configuration": [0] * 31, "rfpgm": 0}, rights=MANAGE),
    command_row("EmbedEeprom_Read", m.EEPROM_READ, "Read the EEPROM.", _READ,
                "pData:data the bytes", example={"address": 0, "len": 4}),
    command_row("EmbedEeprom_Write", m.EEPROM_WRITE, "Write into the EEPROM.", _WRITE, "",
                example={"address": 0, "pData": [1, 2]}),
    command_row("EmbedEeeprom_Read", m.EEEPROM_READ, "Read the external EEPROM.", _READ_FAR,
                "pData:data the bytes", example={"address": 0, "len": 4}),
    command_row("EmbedEeeprom_Write", m.EEEPROM_WRITE, "Write into the external EEPROM.",
                _WRITE_FAR, "", example={"address": 0, "pData": [1, 2]}),
    command_row("EmbedRam_Read", m.RAM_READ, "Read the RAM.", _READ, "pData:data the bytes",
                example={"address": 0, "len": 4}),
    command_row("EmbedRam_Write", m.RAM_WRITE, "Write into the RAM.", _WRITE, "",
                example={"address": 0, "pData": [1, 2]}),
)
