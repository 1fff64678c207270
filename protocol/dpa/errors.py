"""What can become of a DPA transaction other than success, with the codes clients know."""

from typing import ClassVar

from protocol.errors import ProtocolError

EXCLUSIVE_ACCESS = -8
"""Status of a request for the radio while somebody else has it all to himself."""

# Response codes (DPA.h 4.16, "Response codes") and the transaction codes below zero of the
# gateway API; the texts are those the JSON API shows in `statusStr`.
_STATUS_TEXTS = {
    0: "ok",
    1: "ERROR_FAIL",
    2: "ERROR_PCMD",
    3: "ERROR_PNUM",
    4: "ERROR_ADDR",
    5: "ERROR_DATA_LEN",
    6: "ERROR_DATA",
    7: "ERROR_HWPID",
    8: "ERROR_NADR",
    9: "ERROR_IFACE_CUSTOM_HANDLER",
    10: "ERROR_MISSING_CUSTOM_DPA_HANDLER",
    63: "ERROR_USER_TO",
    255: "STATUS_CONFIRMATION",
    -1: "ERROR_TIMEOUT",
    -2: "ERROR_IFACE_QUEUE_FULL",
    -3: "ERROR_ABORTED",
    -4: "ERROR_IFACE",
    -5: "ERROR_IFACE_BUSY",
    -6: "BAD_REQUEST",
    -7: "BAD_RESPONSE",
    EXCLUSIVE_ACCESS: "ERROR_IFACE_EXCLUSIVE_ACCESS",
}


def status_text(status: int) -> str:
    """The name of a transaction status, as `statusStr` of raw messages shows it."""
    return _STATUS_TEXTS.get(status) or f"TRN_ERROR_USER_{status:x}"


NO_NODES = 0xFF
"""Status of an FRC in a network without nodes."""


class DpaError(ProtocolError):
    """A transaction that did not bring a good answer; `status` is its code in the API."""

    status: int

    def __init__(self, status: int, detail: str = "") -> None:
        self.status = status
        text = status_text(status)
        super().__init__(f"{text}: {detail}" if detail else text)


class _FixedDpaError(DpaError):
    code: ClassVar[int]

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.code, detail)


class DpaTimeoutError(_FixedDpaError):
    """Nobody answered within the time that the timing model allows."""

    code = -1


class DpaAbortedError(_FixedDpaError):
    """The transaction was given up before it could finish."""

    code = -3


class InterfaceError(_FixedDpaError):
    """The port to the coordinator is down or refused the frame."""

    code = -4


class BadRequestError(_FixedDpaError):
    """The request is no DPA request that a coordinator could be given."""

    code = -6


class BadResponseError(_FixedDpaError):
    """The response came, but its data are not what the command promises."""

    code = -7


class FrcStatusError(BadResponseError):
    """The coordinator answered an FRC, but with a status that says that there is no result."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the FRC ended with status 0x{status:02x}")
        self.frc_status = status

    @property
    def no_nodes(self) -> bool:
        """Whether the reason is that no node is bonded."""
        return self.frc_status == NO_NODES


class ResponseCodeError(DpaError):
    """A device answered with a response code other than 0 (`status` is that code)."""
