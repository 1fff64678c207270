"""TR info: what a module tells about itself outside DPA (IQRF SPI technical guide)."""

from struct import Struct

from attrs import field, frozen

from protocol.dpa.peripherals.os import module_type, os_version_text
from protocol.errors import RemoteProtocolError

SHORT, LONG = 16, 32
"""Its bytes, without the individual bonding key and with it."""

_KEYED_SINCE = 0x43
"""The first OS version that tells the key."""

_HEAD = Struct("<IBBH8x")


@frozen
class TrInfo:
    """Who a module is; `ibk` is empty where it was not asked for, or there is none."""

    mid: int
    os_version: int
    mcu_type: int
    os_build: int
    ibk: bytes = field(default=b"", repr=False)

    @classmethod
    def decode(cls, data: bytes) -> "TrInfo":
        """From its 16 or 32 bytes; raises RemoteProtocolError."""
        if len(data) not in {SHORT, LONG}:
            raise RemoteProtocolError(f"TR info has 16 or 32 bytes, not {len(data)}")
        mid, os_version, mcu_type, os_build = _HEAD.unpack_from(data)
        return cls(mid, os_version, mcu_type, os_build, data[SHORT:])

    def encode(self) -> bytes:
        """Its bytes; 32 with a key."""
        return _HEAD.pack(self.mid, self.os_version, self.mcu_type, self.os_build) + self.ibk

    @property
    def keyed(self) -> bool:
        """Whether the module tells its key when it is asked for 32 bytes."""
        return self.os_version >= _KEYED_SINCE

    @property
    def module(self) -> str:
        """The type of the transceiver ("TR-72D")."""
        return module_type(self.mcu_type) or f"TR of type 0x{self.mcu_type:02x}"

    def __str__(self) -> str:
        """For logs and people; the key is a secret."""
        os_version = os_version_text(self.os_version, self.mcu_type)
        return f"{self.module} {self.mid:08X} with IQRF OS {os_version}, build {self.os_build:04X}"
