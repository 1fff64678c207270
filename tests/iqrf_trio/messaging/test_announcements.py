"""What is said unasked goes to the outlets that it is for."""

import json
from datetime import UTC, datetime

import pytest

from iqrf_trio.messaging.announcements import Announcer, Outlet
from protocol.api.db import Step
from protocol.readings.reading import Reading
from protocol.readings.settings import Messaging, SensorSettings

AT = datetime(2026, 4, 28, 10, tzinfo=UTC)
WS, MQTT = Messaging("ws", "WebsocketMessaging"), Messaging("mqtt", "broker")
GONE = Messaging("mqtt", "a broker that was")


class Heard:
    """An announcer, and what its outlets were given."""

    def __init__(self, *, ws: bool = True, mqtt: bool = False) -> None:
        self.ws: list[str] = []
        self.mqtt: list[str] = []
        self.announcer = Announcer(
            "id",
            {WS: Outlet(self.ws.append, unasked=ws), MQTT: Outlet(self.mqtt.append, unasked=mqtt)},
        )


def test_the_outlets_have_names() -> None:
    assert Heard().announcer.messagings == {WS, MQTT}


@pytest.mark.parametrize(
    ("listed", "ws", "mqtt"),
    [
        ((), 2, 0),
        ((WS,), 2, 0),
        ((MQTT,), 0, 2),
        ((MQTT, WS), 2, 2),
        ((GONE,), 0, 0),
    ],
)
def test_reports_go_where_the_settings_say(
    listed: tuple[Messaging, ...], ws: int, mqtt: int
) -> None:
    heard = Heard()
    settings = SensorSettings(messaging_list=listed)
    heard.announcer.started(settings, 7, AT)
    heard.announcer.finished(settings, 7, Reading(AT, (), failure="ERROR_TIMEOUT"))
    assert (len(heard.ws), len(heard.mqtt)) == (ws, mqtt)
    for texts in filter(None, (heard.ws, heard.mqtt)):
        start, end = (json.loads(text)["data"] for text in texts)
        assert (start["status"], end["status"]) == (0, 1000)
        assert start["rsp"]["reportNum"] == end["rsp"]["reportNum"] == 7


def test_reports_that_nobody_wants() -> None:
    heard = Heard(mqtt=True)
    settings = SensorSettings(async_reports=False, messaging_list=(WS,))
    heard.announcer.started(settings, 1, AT)
    heard.announcer.finished(settings, 1, Reading(AT, ()))
    assert heard.ws == heard.mqtt == []


def test_frames_go_to_all_that_take_what_is_unasked() -> None:
    heard = Heard(ws=False, mqtt=True)
    heard.announcer.frame(bytes.fromhex("01005efbff3f805201 4081"))
    assert heard.ws == []
    text, read = heard.mqtt
    assert json.loads(text)["data"]["rsp"]["rData"] == "01.00.5e.fb.ff.3f.80.52.01.40.81"
    assert json.loads(read)["mType"] == "iqrfSensor_ReadSensorsWithTypes"


def test_of_an_enumeration_begin_end_and_failure_are_news() -> None:
    heard = Heard()
    for step in Step:
        heard.announcer.enumeration(step, 0, "ok")
    heard.announcer.enumeration(Step.DEVICES, -1, "ERROR_TIMEOUT")
    steps = [json.loads(text)["data"]["rsp"]["step"] for text in heard.ws]
    assert steps == [Step.STARTED, Step.FINISHED, Step.DEVICES]
