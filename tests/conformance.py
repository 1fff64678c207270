"""Holds all answers of DPA commands against published schemas: `python -m tests.conformance PATH`.

PATH is a folder of the IQRF Gateway Daemon's JSON Schemas (`<mType>-response-1-0-0.json`). Every
recorded request is answered with every outcome that a transaction can have, verbose and not. The
exit code is 1 where an answer is none that these schemas allow.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from attrs import evolve
from jsonschema import Draft7Validator
from jsonschema.validators import extend

from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.errors import ServiceError
from protocol.api.family import Row, request_of
from protocol.api.message import Answer, Message, dump, parse
from protocol.api.record import UNSENT, Record
from protocol.api.registry import REGISTRY
from protocol.dpa.packet import Request, Response
from protocol.dpa.packet import answer as response_to
from protocol.dpa.packet import parse as parse_packet
from protocol.dpa.transaction import Outcome
from protocol.network.network import Network
from tests.protocol.api.dpa.vectors import VECTORS

CODES = (*range(1, 9), 0x40, 0x7F)
"""Response codes that devices answer with: those of DPA, one of a user's own, the highest."""

UNANSWERED = (-1, -2, -3, -4, -8)
"""Statuses of transactions without a response."""

STRICT = extend(
    Draft7Validator,
    type_checker=Draft7Validator.TYPE_CHECKER.redefine("integer", lambda _, it: type(it) is int),
)
"""For it 25.0 is no integer, as for the validators of others."""

RECORD: Record = {**UNSENT, "request": "01.00.06.03.ff.ff"}


def answers(vector: Any) -> Iterator[tuple[str, Any]]:
    """What becomes of a request, in words, and the answer."""
    row = REGISTRY[vector["mType"]]
    for verbose in (True, False):
        data = {**vector["request"], "returnVerbose": verbose}
        message = parse(json.dumps({"mType": row.mtype, "data": data}))
        asked: Any = request_of(row, message)
        for fate, answer in _answers(row, message, asked, vector):
            told = dump(
                evolve(answer, raw=(RECORD,)), row.family.style, verbose=verbose, ins_id="gw"
            )
            yield f"{fate}{', verbose' if verbose else ''}", json.loads(told)


def _answers(row: Row, message: Message, asked: Any, vector: Any) -> Iterator[tuple[str, Answer]]:
    try:
        requests = _requests(row, asked)
    except ServiceError as error:
        yield "refused", row.failure(message, asked, error)
        return
    frames = (vector["answered"], *vector.get("extra", ())[1:])
    good = [_response(frame) for frame in frames]
    for fate, outcomes in _fates(requests, good):
        try:
            yield fate, _finished(row, message, asked, outcomes)
        except ServiceError as error:
            yield fate, row.failure(message, asked, error)


def _requests(row: Row, asked: Any) -> list[Request]:
    if row in COLLECTIONS:
        pair = COLLECTIONS[row].begin(asked), COLLECTIONS[row].extra(asked)
        return [request for request in pair if request is not None]
    assert row.transaction is not None
    return [row.transaction.fit(row.transaction.begin(asked), Network())]


def _fates(
    requests: list[Request], good: list[Response | None]
) -> Iterator[tuple[str, list[Outcome]]]:
    """All outcomes; of two transactions the first or the second goes wrong."""
    as_recorded = [
        _outcome(request, response) for request, response in zip(requests, good, strict=False)
    ]
    yield "as recorded", as_recorded
    for place, request in enumerate(requests):
        before = as_recorded[:place]
        for status in UNANSWERED:
            yield f"status {status}", [*before, _outcome(request, None, status)]
        for code in CODES:
            refused = response_to(request, hwpid=0xFFFF, rcode=code, dpa_value=255)
            yield f"code {code}", [*before, _outcome(request, refused)]
        known = good[place] if place < len(good) else None
        pdata = known.pdata if known else b""
        for length in {0, max(len(pdata) - 1, 0), len(pdata) + 1}:
            odd = response_to(request, hwpid=1, pdata=(pdata + b"\1")[:length][:56])
            yield f"{length} bytes", [*before, _outcome(request, odd), *as_recorded[place + 1 :]]


def _finished(row: Row, message: Message, asked: Any, outcomes: list[Outcome]) -> Answer:
    if row in COLLECTIONS:
        finish = COLLECTIONS[row].finish
        return finish(message, asked, outcomes, Network(), annotate=False)
    assert row.transaction is not None
    return row.transaction.finish(message, asked, outcomes[0])


def _response(frame: str | None) -> Response | None:
    packet = parse_packet(bytes.fromhex(frame.replace(".", ""))) if frame else None
    return packet if isinstance(packet, Response) else None


def _outcome(request: Request, response: Response | None, status: int = 0) -> Outcome:
    status = response.rcode if response else status
    return Outcome(request, status, None, response, 0.0, None, None)


def main(folder: Path) -> int:
    """Print what was found."""

    @cache
    def schema(mtype: str) -> Any:
        text = (folder / f"{mtype}-response-1-0-0.json").read_text("utf-8")
        return STRICT(json.loads(text))

    looked, wrong = Counter[str](), dict[str, str]()
    for vector in VECTORS:
        if vector["request"] is None:
            continue
        for fate, answer in answers(vector):
            looked[vector["mType"]] += 1
            error = next(schema(vector["mType"]).iter_errors(answer), None)
            if error is not None:
                where = f"{vector['id']} {vector['mType']}, {fate}: {error.json_path}"
                wrong[where] = error.message[:200]
    for where, what in wrong.items():
        print(f"{where}: {what}")
    print(f"{looked.total()} answers of {len(looked)} messages, {len(wrong)} not as published")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
