"""The configuration of an IQRF Gateway Daemon as settings of ours."""

import pytest

from protocol.incumbent import translate

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
            "iqrf__MqttMessaging.json": {"component": "iqrf::MqttMessaging"},
            "broken.json": None,
        }
    )
    assert translation.settings == {"port.kind": "cdc"}
    assert translation.left == [
        "broken.json: it is no object",
        "iqrf__IqrfCdc.json: IqrfInterface is no str",
        "iqrf__IqrfSpi.json: iqrf::IqrfSpi is disabled",
        "iqrf__MqttMessaging.json: nothing here corresponds to iqrf::MqttMessaging",
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
