"""iqrfRaw and iqrfRawHdp: DPA requests of the client's own making, and what comes unasked."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar

from attrs import field, frozen

from protocol.api.converter import register
from protocol.api.members import AtMost, MemberError, Range, string
from protocol.api.message import ASYNC, Answer, Message
from protocol.api.shape import json_name
from protocol.dpa.errors import status_text
from protocol.dpa.packet import ANY_HWPID, MAX_PDATA, Confirmation, Request, Response
from protocol.dpa.transaction import Outcome
from protocol.errors import LocalProtocolError
from protocol.network.network import JsonObject

_HEADER = 6
_HEX_BYTES = re.compile(r"[0-9a-f]{1,2}([. ][0-9a-f]{1,2})*", re.IGNORECASE)


def _request_in(value: object) -> Request:
    text: str = string(value).strip()
    if not text:
        raise MemberError("must not be empty")
    if not _HEX_BYTES.fullmatch(text):
        raise MemberError("must be bytes in hexadecimal digits, separated by dots")
    frame = bytes([int(byte, 16) for byte in text.replace(".", " ").split()])
    if not _HEADER <= len(frame) <= _HEADER + MAX_PDATA:
        raise MemberError(f"must be {_HEADER} to {_HEADER + MAX_PDATA} bytes, not {len(frame)}")
    nadr, hwpid = (int.from_bytes(word, "little") for word in (frame[:2], frame[4:6]))
    try:
        return Request(nadr, frame[2], frame[3], frame[_HEADER:], hwpid)
    except LocalProtocolError as error:
        raise MemberError(str(error)) from None


register(Request, _request_in)


@frozen
class Raw:
    """A DPA request, written as bytes."""

    open_to_extras: ClassVar[bool] = True

    request: Request = field(metadata=json_name("rData"))


@frozen
class RawHdp:
    """A DPA request, written as its header and data."""

    open_to_extras: ClassVar[bool] = True

    nadr: Annotated[int, Range(0, 0xFF)] = field(metadata=json_name("nAdr"))
    pnum: Annotated[int, Range(0, 0xFF)] = field(metadata=json_name("pNum"))
    pcmd: Annotated[int, Range(0, 0x7F)] = field(metadata=json_name("pCmd"))
    hwpid: Annotated[int, Range(None, 0xFFFF)] = field(
        default=ANY_HWPID, metadata=json_name("hwpId")
    )
    pdata: Annotated[tuple[Annotated[int, Range(0, 0xFF)], ...], AtMost(MAX_PDATA)] = field(
        default=(), metadata=json_name("pData")
    )

    @property
    def request(self) -> Request:
        """The request; a negative HWPID means any."""
        hwpid = ANY_HWPID if self.hwpid < 0 else self.hwpid
        return Request(self.nadr, self.pnum, self.pcmd, bytes(self.pdata), hwpid)


def raw(response: Response | None) -> dict[str, object]:
    """`rsp` of iqrfRaw; without response (a broadcast, a failure) `rData` is empty."""
    return {"rData": _hex(response)}


def raw_hdp(response: Response | None) -> dict[str, object]:
    """`rsp` of iqrfRawHdp; without response everything is zero."""
    if response is None:
        return dict.fromkeys(("nAdr", "pNum", "pCmd", "hwpId", "rCode", "dpaVal"), 0) | {
            "pData": []
        }
    frame = response.encode()
    return {
        "nAdr": response.nadr,
        "pNum": response.pnum,
        "pCmd": frame[3],
        "hwpId": response.hwpid,
        "rCode": frame[6],
        "dpaVal": response.dpa_value,
        "pData": list(response.pdata),
    }


def annotated(rsp: dict[str, object], metadata: JsonObject | None) -> dict[str, object]:
    """`rsp` together with what the user stored about the device that was addressed."""
    return rsp | {"metaData": metadata}


def answer(
    message: Message,
    rsp: dict[str, object],
    outcome: Outcome,
    local_time: Callable[[float], datetime],
) -> Answer:
    """The answer that tells `outcome`; `local_time` is an instant of its clock with the zone."""
    return Answer(
        message.mtype,
        message.msg_id,
        rsp,
        outcome.status,
        status_text(outcome.status),
        raw=(transaction(outcome, local_time),) if message.verbose else None,
        timeout=message.timeout,
    )


def transaction(outcome: Outcome, local_time: Callable[[float], datetime]) -> dict[str, object]:
    """One record of `raw`: the three packets and their times, empty where there is none."""

    def time(at: float | None) -> str:
        return "" if at is None else local_time(at).isoformat(timespec="milliseconds")

    return {
        "request": _hex(outcome.request),
        "requestTs": time(outcome.requested_at),
        "confirmation": _hex(outcome.confirmation),
        "confirmationTs": time(outcome.confirmed_at),
        "response": _hex(outcome.response),
        "responseTs": time(outcome.responded_at),
    }


def unasked(frame: bytes) -> Answer:
    """The message for a DPA packet that the coordinator sent on its own."""
    return Answer("iqrfRaw", ASYNC, {"rData": frame.hex(".")})


def no_raw(_request: Any) -> dict[str, object]:
    """`rsp` of an iqrfRaw that failed before the radio."""
    return raw(None)


def no_raw_hdp(_request: Any) -> dict[str, object]:
    """`rsp` of an iqrfRawHdp that failed before the radio."""
    return raw_hdp(None)


def _hex(packet: Request | Confirmation | Response | None) -> str:
    return packet.encode().hex(".") if packet is not None else ""
