"""mngDaemon_*: parameters and answers."""

import json

import pytest

from protocol.api import mng
from protocol.api.message import dump, parse
from protocol.api.registry import row_of
from protocol.auth.rights import READ, Rights, Scope

from .asking import asked, refusal


def test_version_starts_like_the_releases_that_clients_know() -> None:
    assert mng.version("0.1.0") == {"version": "v2.7.0 (iqrf-trio 0.1.0)"}


def test_version_without_verbose_has_no_status_text() -> None:
    row = row_of("mngDaemon_Version")
    message = parse('{"mType":"mngDaemon_Version","data":{"msgId":"a"}}')
    answer = message.answer(mng.version("0.1.0"))
    assert dump(answer, row.family.style, verbose=message.verbose, ins_id="gw") == (
        '{"mType":"mngDaemon_Version","data":{"msgId":"a",'
        '"rsp":{"version":"v2.7.0 (iqrf-trio 0.1.0)"},"status":0,"insId":"gw"}}'
    )


def test_exit() -> None:
    request = asked("mngDaemon_Exit", req={"timeToExit": 5000})
    assert request == mng.Exit(5000)
    assert mng.leaving(request) == {"timeToExit": 5000}
    assert refusal("mngDaemon_Exit", req={"timeToExit": -1}) == (
        "data.req.timeToExit: must be at least 0, not -1"
    )
    assert refusal("mngDaemon_Exit", req={"timeToExit": 0.5}) == (
        "data.req.timeToExit: must be an integer, not a floating-point number"
    )


@pytest.mark.parametrize("mode", ["operational", "service", "forwarding", ""])
def test_mode_takes_the_permission_only_to_be_changed(mode: str) -> None:
    request = asked("mngDaemon_Mode", req={"operMode": mode})
    assert request.oper_mode == mode
    needed = Rights(Scope.CONTROL, service=True) if mode else READ
    assert row_of("mngDaemon_Mode").rights_for(request) == needed
    assert mng.mode("operational") == {"operMode": "operational"}


def test_a_mode_that_there_is_not() -> None:
    assert refusal("mngDaemon_Mode", req={"operMode": "Service"}) == (
        "data.req.operMode: must be one of 'operational', 'service', 'forwarding', '',"
        " not 'Service'"
    )


@pytest.mark.parametrize(("asked_for", "shown"), [("service", "service"), ("", "unknown")])
def test_a_mode_that_could_not_be_set(asked_for: str, shown: str) -> None:
    row = row_of("mngDaemon_Mode")
    data = {"msgId": "a", "req": {"operMode": asked_for}}
    message = parse(json.dumps({"mType": "mngDaemon_Mode", "data": data}))
    request = asked("mngDaemon_Mode", req={"operMode": asked_for})
    answer = row.failure(message, request, mng.ManagementError("no"))
    assert dump(answer, row.family.style, verbose=True, ins_id="gw") == (
        '{"mType":"mngDaemon_Mode","data":{"msgId":"a","rsp":{"operMode":"' + shown + '"},'
        '"errorStr":"no","insId":"gw","statusStr":"err","status":-1}}'
    )
