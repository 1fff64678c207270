"""DPA packets: request, confirmation and response as values, and their bytes."""

from attrs import field, frozen

from protocol.errors import LocalProtocolError, RemoteProtocolError

COORDINATOR = 0x00
MAX_NODE = 0xEF
TEMPORARY = 0xFE
BROADCAST = 0xFF

ANY_HWPID = 0xFFFF
"""As HWPID of a request: execute whatever the device's profile is (DPA guide, HWPID)."""

MAX_PDATA = 56
"""Bytes of PDATA that fit a frame of 64 bytes (DPA guide, "Message parameters")."""

_RESPONSE_FLAG = 0x80
_ASYNC_FLAG = 0x80
_STATUS_CONFIRMATION = 0xFF
_REQUEST_HEADER = 6
_RESPONSE_HEADER = 8
_CONFIRMATION_LENGTH = 11

MAX_FRAME = _RESPONSE_HEADER + MAX_PDATA
"""Bytes of the longest frame."""


@frozen
class Request:
    """NADR, PNUM, PCMD (0x00..0x7F), HWPID, PDATA (at most 56 bytes)."""

    nadr: int
    pnum: int
    pcmd: int
    pdata: bytes = field(default=b"", repr=lambda data: data.hex("."))
    hwpid: int = ANY_HWPID

    def __attrs_post_init__(self) -> None:
        """Refuse what no frame can carry, so that an invalid request cannot exist."""
        for name, value, limit in (
            ("NADR", self.nadr, 0xFF),
            ("PNUM", self.pnum, 0xFF),
            ("PCMD", self.pcmd, 0x7F),
            ("HWPID", self.hwpid, 0xFFFF),
            ("length of PDATA", len(self.pdata), MAX_PDATA),
        ):
            if not 0 <= value <= limit:
                raise LocalProtocolError(f"{name} {value} is not in 0..{limit}")

    def encode(self) -> bytes:
        """The bytes of the frame."""
        return _header(self.nadr, self.pnum, self.pcmd, self.hwpid) + self.pdata


@frozen
class Confirmation:
    """The coordinator's word that a request to a node is on the air, with its routing.

    `hops` and `hops_response` count as sent (one more slot is used), `timeslot` is in units of
    10 ms.
    """

    nadr: int
    pnum: int
    pcmd: int
    hwpid: int
    dpa_value: int
    hops: int
    timeslot: int
    hops_response: int

    @property
    def timeslot_ms(self) -> int:
        """Length of one slot on the way to the node."""
        return self.timeslot * 10

    def encode(self) -> bytes:
        """The eleven bytes of the frame."""
        return _header(self.nadr, self.pnum, self.pcmd, self.hwpid) + bytes(
            (_STATUS_CONFIRMATION, self.dpa_value, self.hops, self.timeslot, self.hops_response)
        )


@frozen
class Response:
    """A device's answer, or what it sent on its own (`asynchronous`).

    `pcmd` is the command without the response flag, `rcode` the response code without the
    asynchronous flag.
    """

    nadr: int
    pnum: int
    pcmd: int
    hwpid: int
    rcode: int = 0
    dpa_value: int = 0
    pdata: bytes = field(default=b"", repr=lambda data: data.hex("."))
    asynchronous: bool = False

    def encode(self) -> bytes:
        """The bytes of the frame."""
        rcode = self.rcode | (_ASYNC_FLAG if self.asynchronous else 0)
        return (
            _header(self.nadr, self.pnum, self.pcmd | _RESPONSE_FLAG, self.hwpid)
            + bytes((rcode, self.dpa_value))
            + self.pdata
        )


Packet = Request | Confirmation | Response


def address_of(packet: Packet) -> tuple[int, int, int]:
    """By what an answer is matched with its request: NADR, PNUM, PCMD."""
    return packet.nadr, packet.pnum, packet.pcmd


def answer(
    request: Request, *, hwpid: int, pdata: bytes = b"", rcode: int = 0, dpa_value: int = 0
) -> Response:
    """The response a device of `hwpid` gives to `request`."""
    return Response(request.nadr, request.pnum, request.pcmd, hwpid, rcode, dpa_value, pdata)


def parse(frame: bytes) -> Packet:
    """Tell what `frame` is by its bytes (as the vendor's host library does).

    A frame that is no response and no confirmation is a request: on the gateway's side of the
    interface that is something a node sent unasked.

    Raises RemoteProtocolError for a frame too short or too long to be any of them.
    """
    if not _REQUEST_HEADER <= len(frame) <= MAX_FRAME:
        raise RemoteProtocolError(f"a DPA frame has 6 to 64 bytes, not {len(frame)}")
    nadr = frame[0] | frame[1] << 8
    pnum, pcmd = frame[2], frame[3]
    hwpid = frame[4] | frame[5] << 8
    if pcmd & _RESPONSE_FLAG:
        if len(frame) < _RESPONSE_HEADER:
            raise RemoteProtocolError(f"a DPA response has at least 8 bytes, not {len(frame)}")
        rcode = frame[6]
        return Response(
            nadr=nadr,
            pnum=pnum,
            pcmd=pcmd & ~_RESPONSE_FLAG,
            hwpid=hwpid,
            rcode=rcode & ~_ASYNC_FLAG,
            dpa_value=frame[7],
            pdata=frame[8:],
            asynchronous=bool(rcode & _ASYNC_FLAG),
        )
    if len(frame) == _CONFIRMATION_LENGTH and frame[6] == _STATUS_CONFIRMATION:
        return Confirmation(nadr, pnum, pcmd, hwpid, *frame[7:])
    try:
        return Request(nadr, pnum, pcmd, frame[6:], hwpid)
    except LocalProtocolError as error:
        raise RemoteProtocolError(str(error)) from error


def _header(nadr: int, pnum: int, pcmd: int, hwpid: int) -> bytes:
    return bytes((nadr & 0xFF, nadr >> 8, pnum, pcmd, hwpid & 0xFF, hwpid >> 8))
