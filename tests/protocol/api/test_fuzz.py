"""A flood of bad messages: each is understood or refused, in time and memory that do not grow."""

import gc
import json
from collections import Counter
from itertools import islice
from random import Random

import pytest

from protocol.api.errors import RequestError, message_error
from protocol.api.family import request_of
from protocol.api.message import parse
from protocol.api.registry import row_of

from .mutations import Mutations

WARM_UP = 5_000
COUNT = 100_000

MEMBERS = {
    1: {"message", "error"},
    2: {"message", "error", "offset"},
    3: {"message"},
    4: {"message", "error"},
    9: {"error"},
}
"""The members of `rsp` by status, of those that a message itself can bring about."""


def fate(text: str | bytes) -> int:
    """The status of what becomes of a message; 0 for one that a handler would be given."""
    try:
        message = parse(text)
        request_of(row_of(message.mtype), message)
    except RequestError as error:
        answer = json.loads(message_error(error, text=text, ins_id="gw"))
        assert answer["mType"] == "messageError"
        data = answer["data"]
        assert list(data) == ["msgId", "rsp", "status", "statusStr", "insId"]
        assert isinstance(data["msgId"], str)
        assert set(data["rsp"]) == MEMBERS[data["status"]]
        assert len(data["rsp"].get("message", "")) <= 1025
        assert len(data["rsp"].get("error", "")) <= 1000
        return error.status
    return 0


@pytest.mark.slow
def test_a_hundred_thousand_messages() -> None:
    random = Random(1)
    messages = iter(Mutations(random))
    fates: Counter[int] = Counter(map(fate, islice(messages, WARM_UP)))
    gc.collect()
    before = len(gc.get_objects())
    for number, text in enumerate(islice(messages, COUNT - WARM_UP)):
        as_bytes = text.encode(errors="surrogatepass")
        if number % 3 == 0 and as_bytes:
            torn = bytearray(as_bytes)
            torn[random.randrange(len(torn))] ^= 1 << random.randrange(8)
            as_bytes = bytes(torn)
        fates[fate(text if number % 2 else as_bytes)] += 1
    gc.collect()
    assert len(gc.get_objects()) - before < 500
    assert fates.total() == COUNT
    assert all(fates[status] > 100 for status in (0, 1, 2, 3, 4)), fates
