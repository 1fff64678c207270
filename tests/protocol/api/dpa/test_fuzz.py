"""A flood of bad requests, and of answers that are none: each one is told in the right form."""

import gc
import json
from collections import Counter, defaultdict
from itertools import chain, islice, zip_longest
from random import Random
from typing import Any

import pytest

from protocol.api.dpa import FAMILIES
from protocol.api.dpa.collected import COLLECTIONS
from protocol.api.errors import RequestError, ServiceError, message_error
from protocol.api.family import Row, request_of
from protocol.api.message import Answer, Message, dump, parse
from protocol.api.registry import row_of
from protocol.dpa.packet import MAX_PDATA, Request, Response
from protocol.dpa.packet import answer as response_to
from protocol.dpa.packet import parse as parse_packet
from protocol.dpa.peripherals.frc import FRC_EXTRA_RESULT
from protocol.dpa.transaction import Outcome
from protocol.network.network import Network
from tests.protocol.api.mutations import Mutations
from tests.schemas import complaint_about_answer

from .vectors import VECTORS

COUNT, WARM_UP = 100_000, 10_000

ROWS = tuple(row for _, rows in FAMILIES for row in rows)
MTYPES = tuple(row.mtype for row in ROWS)

GOOD = tuple(
    {"mType": each["mType"], "data": each["request"]} for each in VECTORS if each["request"]
)


def data_of(frames: str | None) -> bytes:
    packet = parse_packet(bytes.fromhex((frames or "00" * 8).replace(".", "")))
    return packet.pdata if isinstance(packet, Response) else b""


ANSWERS: dict[tuple[int, int], list[bytes]] = defaultdict(list)
"""PDATA of good responses by PNUM and PCMD."""

for _each in VECTORS:
    if _each["kind"] == "ok":
        asked = bytes.fromhex(_each["bytes"].replace(".", ""))
        ANSWERS[asked[2], asked[3]].append(data_of(_each["answered"]))
        if "extra" in _each:
            ANSWERS[FRC_EXTRA_RESULT.key].append(data_of(_each["extra"][1]))


class Campaign:
    """What becomes of messages: devices answer something, or nothing."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.fates: Counter[object] = Counter()

    def tell(self, text: str) -> None:
        """Have one message answered, and look at the answer."""
        try:
            message = parse(text)
            row = row_of(message.mtype)
            asked = request_of(row, message)
        except RequestError as error:
            told = json.loads(message_error(error, text=text, ins_id="gw"))
            assert told["mType"] == "messageError"
            self.fates["refused"] += 1
        else:
            try:
                answer = self.answer(row, message, asked)
            except ServiceError as error:
                answer = row.failure(message, asked, error)
            style = row.family.style
            told = json.loads(dump(answer, style, verbose=message.verbose, ins_id="gw"))
            assert told["mType"] == message.mtype
            assert told["data"]["msgId"] == message.msg_id
            self.fates[told["data"]["status"]] += 1
        assert complaint_about_answer(told["mType"], told) is None

    def answer(self, row: Row, message: Message, asked: Any) -> Answer:
        """The answer to a good message; raises ServiceError for one that cannot be sent."""
        if row in COLLECTIONS:
            collection = COLLECTIONS[row]
            requests = (collection.begin(asked), collection.extra(asked))
            outcomes = [self.outcome(request) for request in requests if request is not None]
            return collection.finish(message, asked, outcomes, Network(), annotate=False)
        assert row.transaction is not None
        request = row.transaction.fit(row.transaction.begin(asked), Network())
        assert len(request.encode()) <= 64
        return row.transaction.finish(message, asked, self.outcome(request))

    def outcome(self, request: Request) -> Outcome:
        """What may become of a request."""
        fate = self.random.randrange(8)
        if fate == 0:
            status = self.random.choice((-1, -2, -3, -4, -8))
            return Outcome(request, status, None, None, 0.0, None, None)
        if request.nadr == 0xFF:
            return Outcome(request, 0, None, None, 0.0, 0.0, None)
        if fate == 1:
            code = self.random.randrange(1, 0x80)
            response = response_to(request, hwpid=1, rcode=code)
            return Outcome(request, code, None, response, 0.0, None, 0.0)
        response = response_to(request, hwpid=0xFFFF, pdata=self.pdata(request), dpa_value=255)
        return Outcome(request, 0, None, response, 0.0, None, 0.0)

    def pdata(self, request: Request) -> bytes:
        """The data of a response: good ones, good ones gone wrong, or anything."""
        known = ANSWERS.get((request.pnum, request.pcmd))
        data = self.random.choice(known) if known else b""
        way = self.random.randrange(6)
        if way == 0:
            return data[: self.random.randrange(len(data) + 1)]
        if way == 1:
            return (data + self.random.randbytes(3))[:MAX_PDATA]
        if way == 2:
            return self.random.randbytes(self.random.randrange(MAX_PDATA + 1))
        if way == 3 and data:
            torn = bytearray(data)
            torn[self.random.randrange(len(torn))] ^= 1 << self.random.randrange(8)
            return bytes(torn)
        return data


@pytest.mark.slow
def test_a_hundred_thousand_requests() -> None:
    random = Random(3)
    campaign = Campaign(random)
    mutations = Mutations(random, MTYPES, GOOD)
    both = zip_longest(mutations.inner(), mutations.inner(), mutations)
    messages = chain.from_iterable(both)
    for text in islice(messages, WARM_UP):
        campaign.tell(text)
    gc.collect()
    before = len(gc.get_objects())
    for text in islice(messages, COUNT - WARM_UP):
        campaign.tell(text)
    gc.collect()
    assert len(gc.get_objects()) - before < 1000
    fates = campaign.fates
    assert fates.total() == COUNT
    assert all(fates[fate] > 500 for fate in ("refused", 0, -1, -6, -7, 1, 256)), fates
