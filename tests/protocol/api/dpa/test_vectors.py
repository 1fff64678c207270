"""Each vector: the request to bytes, the bytes to the answer, with all members in their order."""

import json
from typing import Any

import pytest

from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.dpa.reports import Report, is_report
from protocol.api.errors import ServiceError
from protocol.api.family import request_of
from protocol.api.message import Answer, Style, dump, parse
from protocol.api.registry import REGISTRY
from protocol.dpa.packet import Response
from protocol.dpa.packet import parse as parse_packet
from protocol.dpa.transaction import Outcome
from protocol.network.network import Device, Identity, Network, Product
from tests.schemas import complaint_about_answer, complaint_about_request

from .vectors import VECTORS, collected, masked, name_of, single

SINGLE = [vector for vector in VECTORS if single(vector)]


def coordinator(dpa: int) -> Network:
    product = Product(Identity(0, 0, 0x08C8, dpa), "4.06D")
    return Network.of([Device(0, 0x8100_0000, product=product)])


def outcome_of(vector: Any, request: Any) -> Outcome:
    answered = vector["answered"] and parse_packet(
        bytes.fromhex(vector["answered"].replace(".", ""))
    )
    assert answered is None or isinstance(answered, Response)
    status = vector["answer"]["status"]
    status = answered.rcode if answered else 0 if status == 256 else status
    return Outcome(request, status, None, answered, 0.0, None, 0.0)


@pytest.mark.parametrize("vector", SINGLE, ids=name_of)
def test_request_to_bytes_and_bytes_to_answer(vector: Any) -> None:
    row = REGISTRY[vector["mType"]]
    asked = {"mType": row.mtype, "data": vector["request"]}
    message = parse(json.dumps(asked))
    parameters = request_of(row, message)
    assert row.transaction is not None
    answer: Answer
    if vector["bytes"] is None:
        with pytest.raises(ServiceError) as refused:
            row.transaction.begin(parameters)
        answer = row.failure(message, parameters, refused.value)
    else:
        assert complaint_about_request(row, asked) is None
        network = coordinator(vector.get("dpa", 0x0417))
        request = row.transaction.fit(row.transaction.begin(parameters), network)
        assert request.encode().hex(".") == vector["bytes"]
        answer = row.transaction.finish(message, parameters, outcome_of(vector, request))
    told = json.loads(dump(answer, row.family.style, verbose=message.verbose, ins_id="gw"))
    assert complaint_about_answer(row.mtype, told) is None
    # What stands beside the row's own part is the same for all messages, and tested once.
    expected = {**vector["answer"]["rsp"]}
    expected.pop("metaData", None)
    given = masked(expected, told["data"]["rsp"])
    assert given == expected
    assert list(given) == list(expected)
    assert list(given.get("result", ())) == list(expected.get("result", ()))
    assert told["data"]["status"] == vector["answer"]["status"]
    if message.verbose:
        assert (
            masked(vector["answer"]["statusStr"], told["data"]["statusStr"])
            == (vector["answer"]["statusStr"])
        )


COLLECTED = [vector for vector in VECTORS if collected(vector)]


def network_of(vector: Any) -> Network:
    devices = []
    for address, (mid, hwpid) in vector.get("devices", {}).items():
        if mid is not None:
            product = Product(Identity(hwpid, 0, 0x08C8, 0x0417), "4.06D")
            metadata = {"room": address} if address == "1" else None
            devices.append(Device(int(address), mid, product=product, metadata=metadata))
    return Network.of(devices)


def response_of(text: str | None) -> Response | None:
    packet = text and parse_packet(bytes.fromhex(text.replace(".", "")))
    assert packet is None or isinstance(packet, Response)
    return packet


@pytest.mark.parametrize("vector", COLLECTED, ids=name_of)
def test_an_frc_to_bytes_and_its_bytes_to_the_answer(vector: Any) -> None:
    row = REGISTRY[vector["mType"]]
    collection = COLLECTIONS[row]
    asked = {"mType": row.mtype, "data": vector["request"]}
    message = parse(json.dumps(asked))
    parameters = request_of(row, message)
    request = collection.begin(parameters)
    assert request.encode().hex(".") == vector["bytes"]
    response = response_of(vector["answered"])
    first = Outcome(request, response.rcode if response else -1, None, response, 0.0, None, None)
    outcomes = [first]
    extra = collection.extra(parameters)
    if "extra" in vector:
        assert extra is not None
        assert extra.encode().hex(".") == vector["extra"][0]
        second = response_of(vector["extra"][1])
        outcomes.append(Outcome(extra, 0 if second else -1, None, second, 0.0, None, None))
    try:
        network, annotate = network_of(vector), vector.get("annotated", False)
        answer = collection.finish(message, parameters, outcomes, network, annotate=annotate)
    except ServiceError as error:
        answer = row.failure(message, parameters, error)
    told = json.loads(dump(answer, row.family.style, verbose=message.verbose, ins_id="gw"))
    assert complaint_about_request(row, asked) is None
    assert complaint_about_answer(row.mtype, told) is None
    expected = vector["answer"]["rsp"]
    given = masked(expected, told["data"]["rsp"])
    assert json.dumps(floats(given)) == json.dumps(floats(expected))
    assert told["data"]["status"] == vector["answer"]["status"]


def floats(value: Any) -> Any:
    """With each number as a floating-point one, since the vectors have whole ones either way."""
    if isinstance(value, dict):
        return {name: floats(item) for name, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("frame", [0x7B, 0xFB])
def test_a_report_has_the_header_of_its_frame(frame: int) -> None:
    (vector,) = (vector for vector in VECTORS if vector["kind"] == "async")
    sent = bytearray.fromhex(vector["answered"].replace(".", ""))
    sent[3] = frame
    assert is_report(bytes(sent))
    answer = Report(bytes(sent), 1, "now").answer(Network())
    told = json.loads(dump(answer, Style.DPA, verbose=True, ins_id="gw"))
    assert complaint_about_answer(vector["mType"], told) is None
    expected = vector["answer"]
    assert told["data"]["rsp"] == expected["rsp"]
    assert told["data"]["msgId"] == "async-1"
    assert list(told["data"]) == [*list(expected)[:3], "insId", *list(expected)[3:]]


@pytest.mark.parametrize(("rcode", "pdata"), [(0x80, b"\x01\x40"), (0x85, b"")])
def test_a_report_that_cannot_be_read_says_so(rcode: int, pdata: bytes) -> None:
    frame = bytes.fromhex("05005efb0214") + bytes((rcode, 0x40)) + pdata
    answer = Report(frame, 2, "now").answer(Network())
    assert answer.status == -7
    assert answer.rsp is not None
    assert "result" not in answer.rsp
    assert answer.rsp["errorStr"]
    assert not is_report(frame[:7])
