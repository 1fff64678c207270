"""iqrfRaw and iqrfRawHdp: DPA requests of the client's own making, and what comes unasked."""

import re
from operator import attrgetter
from typing import Annotated, ClassVar, TypedDict

from attrs import field, frozen

from protocol.api.converter import register
from protocol.api.family import Extra, Family, Row, Transaction
from protocol.api.message import ASYNC, Answer, Message, Style
from protocol.api.record import hex_of
from protocol.auth.rights import CONTROL
from protocol.dpa.errors import status_text
from protocol.dpa.packet import ANY_HWPID, MAX_PDATA, Request, Response
from protocol.dpa.transaction import Outcome
from protocol.errors import LocalProtocolError
from protocol.queue.lanes import Lane
from protocol.strict.checks import AtMost, Range
from protocol.strict.errors import MemberError
from protocol.strict.json import string
from protocol.strict.shape import json_name

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
    nadr, hwpid = frame[0] | frame[1] << 8, frame[4] | frame[5] << 8
    try:
        return Request(nadr, frame[2], frame[3], frame[_HEADER:], hwpid)
    except LocalProtocolError as error:
        raise MemberError(str(error)) from None


register(Request, _request_in)


@frozen
class Raw:
    """A DPA request, written as bytes."""

    open_to_extras: ClassVar[bool] = True

    request: Annotated[Request, "bytes in hexadecimal digits: NADR, PNUM, PCMD, HWPID, PDATA"] = (
        field(metadata=json_name("rData"))
    )


Byte = Annotated[int, Range(0, 0xFF)]


@frozen
class RawHdp:
    """A DPA request, written as its header and data."""

    open_to_extras: ClassVar[bool] = True

    nadr: Annotated[Byte, "network address"] = field(metadata=json_name("nAdr"))
    pnum: Annotated[Byte, "peripheral"] = field(metadata=json_name("pNum"))
    pcmd: Annotated[int, Range(0, 0x7F), "command"] = field(metadata=json_name("pCmd"))
    hwpid: Annotated[int, Range(None, 0xFFFF), "hardware profile; a negative one means any"] = (
        field(default=ANY_HWPID, metadata=json_name("hwpId"))
    )
    pdata: Annotated[tuple[Byte, ...], AtMost(MAX_PDATA), "data of the request"] = field(
        default=(), metadata=json_name("pData")
    )

    @property
    def request(self) -> Request:
        """The request; a negative HWPID means any."""
        hwpid = ANY_HWPID if self.hwpid < 0 else self.hwpid
        return Request(self.nadr, self.pnum, self.pcmd, bytes(self.pdata), hwpid)


class RawResult(TypedDict):
    """A DPA response, written as bytes."""

    rData: Annotated[str, "the bytes in hexadecimal digits; empty without a response"]


class RawHdpResult(TypedDict):
    """A DPA response, written as its header and data; all zero without a response."""

    nAdr: Annotated[int, "network address of the device"]
    pNum: Annotated[int, "peripheral"]
    pCmd: Annotated[int, "command, with bit 7 set"]
    hwpId: Annotated[int, "hardware profile of the device"]
    rCode: Annotated[int, "response code, 0 for success"]
    dpaVal: Annotated[int, "DpaValue"]
    pData: Annotated[list[int], "data of the response"]


def raw(response: Response | None) -> RawResult:
    """`rsp` of iqrfRaw; without response (a broadcast, a failure) `rData` is empty."""
    return RawResult(rData=hex_of(response))


def raw_hdp(response: Response | None) -> RawHdpResult:
    """`rsp` of iqrfRawHdp; without response everything is zero."""
    if response is None:
        return RawHdpResult(nAdr=0, pNum=0, pCmd=0, hwpId=0, rCode=0, dpaVal=0, pData=[])
    frame = response.encode()
    return RawHdpResult(
        nAdr=response.nadr,
        pNum=response.pnum,
        pCmd=frame[3],
        hwpId=response.hwpid,
        rCode=frame[6],
        dpaVal=response.dpa_value,
        pData=list(response.pdata),
    )


def finish_raw(message: Message, _request: Raw, outcome: Outcome) -> Answer:
    """The answer to an iqrfRaw that came to `outcome`."""
    return message.answer(raw(outcome.response), outcome.status, status_text(outcome.status))


def finish_raw_hdp(message: Message, _request: RawHdp, outcome: Outcome) -> Answer:
    """The answer to an iqrfRawHdp that came to `outcome`."""
    return message.answer(raw_hdp(outcome.response), outcome.status, status_text(outcome.status))


def unasked(frame: bytes) -> Answer:
    """The message for a DPA packet that the coordinator sent on its own."""
    return Answer(RAW.mtype, ASYNC, RawResult(rData=frame.hex(".")))


FAMILY = Family(
    prefix="iqrf",
    about="One DPA transaction as the client wants it.",
    lane=Lane.NETWORK,
    style=Style.DPA,
    rights=CONTROL,
    closed=False,
    extras=frozenset({Extra.TIMEOUT}),
    annotated=True,
)

RAW = Row(
    FAMILY,
    "Raw",
    "Send a DPA request that is written as bytes.",
    Raw,
    RawResult,
    example={"rData": "01.00.06.03.ff.ff"},
    failed=lambda _: raw(None),
    transaction=Transaction(attrgetter("request"), finish_raw),
)
RAW_HDP = Row(
    FAMILY,
    "RawHdp",
    "Send a DPA request that is written as its header and data.",
    RawHdp,
    RawHdpResult,
    example={"nAdr": 0, "pNum": 2, "pCmd": 0},
    failed=lambda _: raw_hdp(None),
    transaction=Transaction(attrgetter("request"), finish_raw_hdp),
)

ROWS = (RAW, RAW_HDP)
