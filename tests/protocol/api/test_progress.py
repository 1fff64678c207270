"""How far a request is: at the pace so far, as a member of messages, and in words."""

import json

import pytest

from protocol.api.db import ENUMERATE
from protocol.api.errors import InvalidRequestError
from protocol.api.family import request_of
from protocol.api.message import Answer, Style, dump, parse
from protocol.api.progress import paced
from protocol.network.pace import Pace


def test_the_rest_goes_on_at_the_pace_so_far() -> None:
    progress = Pace.of("FRC", 3, 17, 6.0)
    assert progress == Pace("FRC", 3, 17, 28)
    assert str(progress) == "FRC 3 of 17, about 28 s left"
    assert str(Pace.of("node", 0, 5, 0.0)) == "node 0 of 5"


def test_the_message_has_progress_in_place_of_rsp() -> None:
    answer = Answer("iqrfDb_Enumerate", "a", progress=paced(Pace("FRC", 3, 17, 28)))
    data = json.loads(dump(answer, Style.SERVICE, verbose=False, ins_id="gw"))["data"]
    assert data == {
        "msgId": "a",
        "progress": {"done": 3, "total": 17, "state": "FRC", "seconds": 28},
        "status": 0,
        "statusStr": "ok",
        "insId": "gw",
    }
    assert not ENUMERATE.ends_with(data)


def test_it_is_only_for_those_who_ask() -> None:
    text = '{"mType":"iqrfDb_Enumerate","data":{"msgId":"a","req":{}%s}}'
    assert not parse(text % "").progress
    message = parse(text % ',"progress":true')
    assert message.progress
    request_of(ENUMERATE, message)
    with pytest.raises(InvalidRequestError, match=r"data\.progress: must be a boolean"):
        request_of(ENUMERATE, parse(text % ',"progress":1'))
