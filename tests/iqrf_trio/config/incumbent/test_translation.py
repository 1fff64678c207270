"""The configuration of an IQRF Gateway Daemon as settings of ours."""

import pytest

from iqrf_trio.config.incumbent import Translation, translate

SPI = {
    "component": "iqrf::IqrfSpi",
    "instance": "iqrf::IqrfSpi-/dev/spidev0.0",
    "IqrfInterface": "/dev/spidev0.0",
    "powerEnableGpioPin": 23,
    "busEnableGpioPin": 7,
    "pgmSwitchGpioPin": 22,
    "spiReset": True,
}

WEBSOCKET = {
    "component": "iqrf::WebsocketMessaging",
    "instance": "WebsocketMessaging",
    "port": 1338,
    "acceptAsyncMsg": False,
    "acceptOnlyLocalhost": True,
    "transportMode": "both",
    "tlsMode": "modern",
    "tlsPort": 8338,
    "cert": "/etc/cert.pem",
    "privKey": "/etc/key.pem",
    "authTimeout": 30,
    "maxClients": 40,
}


def test_a_board_is_recognized_by_its_pins() -> None:
    settings = translate({"iqrf__IqrfSpi.json": SPI}).settings
    assert settings == {
        "port.kind": "spi",
        "port.device": "/dev/spidev0.0",
        "port.spi.board": "raspberry-pi",
    }


def test_a_power_pin_alone_is_that_of_a_raspberry_pi() -> None:
    other = {**SPI, "busEnableGpioPin": -1, "pgmSwitchGpioPin": -1}
    settings = translate({"iqrf__IqrfSpi.json": other}).settings
    assert settings["port.spi.board"] == "raspberry-pi"
    assert settings["port.spi.power_enable_pin"] == 23
    assert "port.spi.bus_enable_pin" not in settings


def test_pins_of_no_known_board_are_taken_one_by_one() -> None:
    other = {**SPI, "powerEnableGpioPin": 529, "busEnableGpioPin": -1, "pgmSwitchGpioPin": 5}
    settings = translate({"iqrf__IqrfSpi.json": other}).settings
    assert settings == {
        "port.kind": "spi",
        "port.device": "/dev/spidev0.0",
        "port.spi.board": "none",
        "port.spi.power_enable_pin": 17,
        "port.spi.programming_switch_pin": 5,
    }


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        (
            {
                "component": "iqrf::IqrfUart",
                "IqrfInterface": "/dev/ttyS0",
                "baudRate": 57600,
                "powerEnableGpioPin": -1,
            },
            {"port.kind": "uart", "port.device": "/dev/ttyS0", "port.uart.baud_rate": 57600},
        ),
        (
            {"component": "iqrf::IqrfCdc", "IqrfInterface": "/dev/ttyACM0"},
            {"port.kind": "cdc", "port.device": "/dev/ttyACM0"},
        ),
        (
            {"component": "iqrf::IqrfTcp", "address": "10.0.0.1", "port": 10000},
            {"port.kind": "tcp", "port.tcp.host": "10.0.0.1", "port.tcp.port": 10000},
        ),
        (
            {
                "component": "iqrf::JsonSplitter",
                "insId": "gw",
                "managementQueueCapacity": 5,
                "networkQueueCapacity": 6,
            },
            {
                "gateway.instance_id": "gw",
                "queue.management_capacity": 5,
                "queue.network_capacity": 6,
            },
        ),
        (
            {
                "component": "iqrf::IqrfSensorData",
                "autoRun": True,
                "period": 20,
                "retryPeriod": 2,
                "asyncReports": False,
            },
            {
                "sensor_data.auto_run": True,
                "sensor_data.period": 20,
                "sensor_data.retry_period": 2,
                "sensor_data.async_reports": False,
            },
        ),
        (
            {
                "component": "iqrf::IqrfDb",
                "enumerateOnLaunch": True,
                "autoEnumerateBeforeInvoked": False,
                "metadataToMessages": True,
            },
            {
                "database.enumerate_on_launch": True,
                "database.enumerate_after_bonding": False,
                "database.annotate_metadata": True,
            },
        ),
        (
            {"component": "iqrf::MonitorService", "port": 1438, "acceptOnlyLocalhost": True},
            {"monitor.port": 1438},
        ),
    ],
)
def test_each_component_that_has_a_counterpart(
    content: dict[str, object], settings: dict[str, object]
) -> None:
    translation = translate({"iqrf__It.json": content})
    assert translation.settings == settings
    assert translation.left == []
    assert len(translation.taken) == len(settings)


def test_listeners_with_tls() -> None:
    assert translate({"iqrf__WebsocketMessaging.json": WEBSOCKET}).settings == {
        "websocket.host": "127.0.0.1",
        "websocket.port": 1338,
        "websocket.certificate": "/etc/cert.pem",
        "websocket.private_key": "/etc/key.pem",
        "websocket.tls_port": 8338,
        "websocket.tls_mode": "modern",
        "websocket.auth_timeout": 30,
        "websocket.max_clients": 40,
        "websocket.async_messages": False,
    }


def test_a_listener_with_tls_alone_for_everybody() -> None:
    other = {**WEBSOCKET, "transportMode": "tls", "acceptOnlyLocalhost": False, "tlsMode": "old"}
    translation = translate({"ws.json": other})
    assert translation.settings["websocket.port"] == "off"
    assert translation.settings["websocket.host"] == "*"
    assert "websocket.tls_mode" not in translation.settings
    assert translation.left == ["ws.json: tlsMode old: clients need TLS 1.2"]


def test_what_is_left_is_told() -> None:
    translation = translate(
        {
            "config.json": {"components": [{"name": "iqrf::IqrfSpi", "enabled": False}]},
            "iqrf__IqrfSpi.json": SPI,
            "iqrf__IqrfCdc.json": {"component": "iqrf::IqrfCdc", "IqrfInterface": 5},
            "iqrf__Other.json": {"component": "iqrf::Other"},
            "broken.json": None,
        }
    )
    assert translation.settings == {"port.kind": "cdc"}
    assert translation.left == [
        "broken.json: it is no object",
        "iqrf__IqrfCdc.json: IqrfInterface is no str",
        "iqrf__IqrfSpi.json: iqrf::IqrfSpi is disabled",
        "iqrf__Other.json: iqrf::Other has no settings here",
    ]


def test_a_second_port_or_listener_is_left() -> None:
    translation = translate(
        {
            "a.json": {"component": "iqrf::IqrfCdc", "IqrfInterface": "/dev/ttyACM0"},
            "b.json": SPI,
            "c.json": WEBSOCKET,
            "d.json": WEBSOCKET,
        }
    )
    assert translation.settings["port.kind"] == "cdc"
    assert translation.left == [
        "b.json: the port is cdc already",
        "d.json: there is one place for WebSocket clients, and it is taken",
    ]


def test_a_list_of_components_that_is_none() -> None:
    several: list[object] = [None, [], {"components": 5}, {"components": [5]}]
    for components in several:
        settings = translate({"config.json": components, "s.json": SPI}).settings
        assert settings["port.kind"] == "spi"


def service(**members: object) -> dict[str, object]:
    """A listener as it stood in a file of its own before 2.7, as Debian's package shipped it."""
    return {
        "component": "shape::WebsocketCppService",
        "instance": "WebsocketCppService",
        "WebsocketPort": 1338,
        "acceptOnlyLocalhost": True,
        "tlsEnabled": False,
        "tlsMode": "intermediate",
        "certificate": "/etc/cert.pem",
        "privateKey": "/etc/key.pem",
        **members,
    }


def user(component: str, target: object, **members: object) -> dict[str, object]:
    """A component that uses such a listener."""
    interface = {"name": "shape::IWebsocketService", "target": target}
    return {"component": component, "RequiredInterfaces": [interface], **members}


MESSAGING = user("iqrf::WebsocketMessaging", {"WebsocketPort": 1338}, acceptAsyncMsg=True)
MONITOR = user("iqrf::MonitorService", {"WebsocketPort": 1438}, reportPeriod=10)


def old_style(*services: dict[str, object], messaging: object = MESSAGING) -> Translation:
    files = {f"shape__WebsocketCppService_{n}.json": each for n, each in enumerate(services)}
    return translate({**files, "ws.json": messaging, "m.json": MONITOR})


def test_listeners_of_versions_before_2_7() -> None:
    translation = old_style(
        service(), service(instance="WebsocketCppService_Monitor", WebsocketPort=1438)
    )
    assert translation.settings == {
        "websocket.host": "127.0.0.1",
        "websocket.port": 1338,
        "websocket.async_messages": True,
        "monitor.port": 1438,
        "monitor.period": 10,
    }
    assert translation.left == []


def test_a_tls_listener_before_2_7_has_no_plain_one_beside_it() -> None:
    translation = old_style(
        service(tlsEnabled=True, acceptOnlyLocalhost=False, tlsMode="modern", WebsocketPort=8338),
        messaging=user("iqrf::WebsocketMessaging", {"instance": "WebsocketCppService"}),
    )
    assert translation.settings == {
        "websocket.host": "*",
        "websocket.port": "off",
        "websocket.tls_port": 8338,
        "websocket.tls_mode": "modern",
        "websocket.certificate": "/etc/cert.pem",
        "websocket.private_key": "/etc/key.pem",
        "monitor.period": 10,
    }


@pytest.mark.parametrize("said", [True, "false", None, 0, "missing"])
def test_only_what_says_so_clearly_is_open_to_all(said: object) -> None:
    for file in (service(acceptOnlyLocalhost=said), {**WEBSOCKET, "acceptOnlyLocalhost": said}):
        if said == "missing":
            del file["acceptOnlyLocalhost"]
        files = {"a.json": file} if "port" in file else {"a.json": file, "b.json": MESSAGING}
        assert translate(files).settings["websocket.host"] == "127.0.0.1"


@pytest.mark.parametrize(
    "files",
    [
        {"ws.json": MESSAGING},
        {"ws.json": MESSAGING, "s.json": service(WebsocketPort=1339, acceptOnlyLocalhost=False)},
        {
            "ws.json": MESSAGING,
            "s.json": service(acceptOnlyLocalhost=False),
            "config.json": {
                "components": [{"name": "shape::WebsocketCppService", "enabled": False}]
            },
        },
        {"ws.json": {**MESSAGING, "RequiredInterfaces": [5, {}, {"target": {}}]}},
        {"ws.json": {**MESSAGING, "RequiredInterfaces": None}},
    ],
)
def test_a_listener_that_is_not_there_opens_nothing_to_all(files: dict[str, object]) -> None:
    assert translate(files).settings["websocket.host"] == "127.0.0.1"


def test_a_listener_without_a_user_is_told() -> None:
    assert "x.json: no component uses this listener" in translate({"x.json": service()}).left


def test_settings_of_what_was_iqrf_info() -> None:
    info = {
        "component": "iqrf::IqrfInfo",
        "enumAtStartUp": True,
        "enumPeriod": 5,
        "metaDataToMessages": False,
    }
    translation = translate({"i.json": info})
    assert translation.settings == {
        "database.enumerate_on_launch": True,
        "database.annotate_metadata": False,
    }
    assert translation.left == ["i.json: enumPeriod: the network is enumerated after it changed"]


def test_what_clients_will_miss_is_told_apart() -> None:
    translation = translate(
        {
            "a.json": {
                "component": "iqrf::MqttMessaging",
                "BrokerAddr": "wss://10.0.0.1:443",
                "TopicRequest": "Iqrf/DpaRequest",
                "TopicResponse": "Iqrf/DpaResponse",
                "Password": "secret",
            },
            "b.json": {"component": "iqrf::UdpMessaging", "LocalPort": 55300},
            "c.json": {"component": "iqrf::MqMessaging", "LocalMqName": "iqrf-daemon-110"},
            "d.json": {"component": "iqrf::BufferedMqttMessaging"},
            "config.json": {
                "components": [{"name": "iqrf::BufferedMqttMessaging", "enabled": False}]
            },
        }
    )
    assert translation.lost == [
        (
            "MQTT: clients of wss://10.0.0.1:443 (topics Iqrf/DpaRequest, Iqrf/DpaResponse) are "
            "not served, its address is none that is known here; a.json"
        ),
        "UDP: the IQRF IDE cannot connect on port 55300; b.json",
        "POSIX message queues: iqrf-daemon-110 are not served; c.json",
    ]
    assert "secret" not in repr(translation)


def test_a_broker_is_taken_with_its_topics() -> None:
    first = {
        "component": "iqrf::MqttMessaging",
        "instance": "MqttMessaging",
        "BrokerAddr": "ssl://broker:8883",
        "ClientId": "IqrfDpaMessaging",
        "Qos": 0,
        "TopicRequest": "Iqrf/DpaRequest",
        "TopicResponse": "Iqrf/DpaResponse",
        "User": "gw",
        "Password": "secret",
        "TrustStore": "/etc/ssl/ca.pem",
        "KeyStore": "",
        "KeepAliveInterval": 30,
        "acceptAsyncMsg": False,
        "EnableServerCertAuth": False,
    }
    second = first | {"instance": "Another", "BrokerAddr": "tcp://10.0.0.2:1883"}
    translation = translate({"a.json": first, "b.json": second})
    assert translation.settings == {
        "mqtt.url": "ssl://broker:8883",
        "mqtt.request_topic": "Iqrf/DpaRequest",
        "mqtt.response_topic": "Iqrf/DpaResponse",
        "mqtt.scope": "manage",
        "mqtt.instance": "MqttMessaging",
        "mqtt.username": "gw",
        "mqtt.keepalive": 30,
        "mqtt.async_messages": False,
        "mqtt.ca": "/etc/ssl/ca.pem",
    }
    assert translation.files == {"mqtt.password_file": b"secret\n"}
    assert "secret" not in repr(translation)
    assert [line.partition(": ")[2] for line in translation.left] == [
        "EnableServerCertAuth: the broker's certificate is always checked",
        "Qos: 1 is used",
    ]
    assert translation.lost == [
        (
            "MQTT: clients of tcp://10.0.0.2:1883 (topics Iqrf/DpaRequest, Iqrf/DpaResponse) are "
            "not served, there is one broker, and another is taken; b.json"
        )
    ]
