"""What a node reports of its sensors unasked, as an answer of iqrfSensor_ReadSensorsWithTypes."""

from attrs import frozen

from protocol.api.dpa.breakdowns import of_report
from protocol.api.dpa.sensors import told_values
from protocol.api.message import Answer
from protocol.api.record import UNSENT, Record
from protocol.dpa.errors import BadResponseError, status_text
from protocol.dpa.packet import Response, parse
from protocol.errors import ProtocolError
from protocol.network.network import Network
from protocol.standard.sensor import REPORT

MTYPE = "iqrfSensor_ReadSensorsWithTypes"

_ANSWER = 0x80
_PCMD, _RCODE = 3, 6
"""Where they stand in a frame."""


@frozen
class Report:
    """A frame that a node sent on its own; `number` counts such reports from 1 on."""

    frame: bytes
    number: int
    at: str
    """When it came, in ISO 8601."""

    def answer(self, network: Network) -> Answer:
        """The message, which is a verbose one; what cannot be read in the frame is status -7.

        `network` says what the products of nodes mean by generic quantities.
        """
        # Reports come with and without the response flag.
        frame = bytearray(self.frame)
        frame[_PCMD] |= _ANSWER
        packet = parse(bytes(frame))
        assert isinstance(packet, Response)
        rsp: dict[str, object] = {
            "nAdr": packet.nadr,
            "pnum": packet.pnum,
            "pcmd": packet.pcmd | _ANSWER,
            "hwpId": packet.hwpid,
            "rCode": frame[_RCODE],
            "dpaVal": packet.dpa_value,
        }
        status, cause = 0, status_text(0)
        if packet.rcode:
            status, cause = BadResponseError.code, "BAD_RESPONSE rcode"
            rsp["errorStr"] = "rcode error"
        else:
            try:
                sensors = told_values(REPORT.decode(packet.pdata))
                rsp["result"] = {"sensors": of_report(sensors, network.get(packet.nadr))}
            except ProtocolError as error:
                status, cause = BadResponseError.code, status_text(BadResponseError.code)
                rsp["errorStr"] = str(error)
        raw: Record = {**UNSENT, "response": self.frame.hex("."), "responseTs": self.at}
        msg_id = f"async-{self.number}"
        return Answer(MTYPE, msg_id, rsp, status, cause, raw=(raw,))


def is_report(frame: bytes) -> bool:
    """Whether a node reports its sensors."""
    return len(frame) > _RCODE + 1 and (frame[2], frame[_PCMD] & ~_ANSWER) == REPORT.key
