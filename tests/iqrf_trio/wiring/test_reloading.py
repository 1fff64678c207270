"""What a running gateway takes up of another configuration, and what it refuses."""

import logging
import shutil
import ssl
from functools import partial
from pathlib import Path

import pytest
import trio
from attrs import evolve

from iqrf_trio import config, logs
from iqrf_trio.config.differences import differences, with_changes
from iqrf_trio.edges.notify import Notifier
from iqrf_trio.edges.tcp.listeners import open_listeners
from iqrf_trio.edges.websocket import Server
from iqrf_trio.edges.websocket import serve as serve_websockets
from iqrf_trio.messaging.announcements import Announcer, Outlet
from iqrf_trio.radio.jobs import Job
from iqrf_trio.wiring.reloading import Reloading, limits_of
from protocol.queue.lanes import Priority
from protocol.queue.scheduling import QueueFull
from protocol.readings.settings import Messaging
from tests.iqrf_trio.house import House, house

VECTORS = Path(__file__).parents[2] / "vectors" / "tls"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "iqrf-trio.toml"
    file.write_text("")
    return file


def rewrite(file: Path, text: str | None) -> None:
    """Have other text in the configuration, or no file any more."""
    file.unlink()
    if text is not None:
        file.write_text(text)


async def serve(connection: object) -> None:
    """Nobody comes."""


def reloading_of(home: House, file: Path, outlet: Outlet | None = None) -> Reloading:
    running = config.load(file, (), environment={})
    server = Server(serve, limits_of(running.websocket))
    return Reloading(
        running,
        lambda: config.load(file, (), environment={}),
        Notifier(),
        (),
        server,
        home.gateway.scheduler,
        home.gateway.worker,
        outlet or Outlet(lambda _: None),
    )


async def test_limits_queues_and_worker_follow_the_file(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "iqrf_trio.reloading")
    async with house(tmp_path / "state") as home:
        reloading = reloading_of(home, file)
        await home.gateway.scheduler.pause()
        rewrite(
            file,
            "[websocket]\nmax_clients = 2\nauth_failures_per_minute = 3\nheartbeat = 5\n"
            "[queue]\nnetwork_capacity = 1\n[sensor_data]\nperiod = 7\n",
        )
        await reloading.reload()
        assert reloading._server.clients.limits.max_clients == 2
        assert reloading._server.failures.per_minute == 3
        assert reloading.config.websocket.heartbeat == 5
        assert home.gateway.worker.settings.period == 7
        job = Job(Priority.INTERACTIVE, trio.lowlevel.checkpoint, lambda: None)
        home.gateway.scheduler.submit_network(job)
        with pytest.raises(QueueFull):
            home.gateway.scheduler.submit_network(job)
    assert "needs a restart" not in caplog.text
    assert caplog.messages[-1] == (
        "reloaded; changed: websocket.auth_failures_per_minute, websocket.max_clients, "
        "websocket.heartbeat, queue.network_capacity, sensor_data.period"
    )


async def test_asynchronous_messages_are_switched_off_and_on(tmp_path: Path, file: Path) -> None:
    told: list[str] = []
    outlet = Outlet(told.append)
    announcer = Announcer("id", {Messaging("ws", "WebsocketMessaging"): outlet})
    async with house(tmp_path / "state") as home:
        reloading = reloading_of(home, file, outlet)
        for wanted, messages in (("true", 1), ("false", 1), ("true", 2)):
            rewrite(file, f"[websocket]\nasync_messages = {wanted}\n")
            await reloading.reload()
            announcer.frame(b"\1\0\x06\x81\0\0\x80\0")
            assert len(told) == messages


async def test_what_clients_set_is_not_undone_by_a_file_that_says_nothing_new(
    tmp_path: Path, file: Path
) -> None:
    async with house(tmp_path / "state") as home:
        reloading = reloading_of(home, file)
        home.gateway.worker.settings = home.gateway.worker.settings.__class__(period=99)
        rewrite(file, "[sensor_data]\nretry_period = 3\n")
        await reloading.reload()
        assert home.gateway.worker.settings.period == 99
        assert home.gateway.worker.settings.retry_period == 3


async def test_what_needs_a_restart_is_refused_every_time(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path / "state") as home:
        reloading = reloading_of(home, file)
        rewrite(file, '[port]\nkind = "tcp"\n[websocket]\nport = 1\nmax_handshakes = 5\n')
        for _ in range(2):
            await reloading.reload()
        assert reloading.config.port.kind == "spi"
        assert reloading._server.limits.max_handshakes == 64
    refused = "needs a restart: websocket.port, websocket.max_handshakes, port.kind"
    assert caplog.messages.count(refused) == 2


@pytest.mark.parametrize(
    "text",
    ["port =", "[queue]\nnetwork_capacity = -1", "[nope]\n", "\x00", "[websocket]\nport=true"],
)
async def test_a_bad_file_changes_nothing(
    tmp_path: Path, file: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path / "state") as home:
        reloading = reloading_of(home, file)
        before = reloading.config
        rewrite(file, text)
        await reloading.reload()
        assert reloading.config is before
    assert f"the configuration stays as it was: {file}" in caplog.text


async def test_a_file_that_has_gone_changes_nothing(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(tmp_path / "state") as home:
        reloading = reloading_of(home, file)
        rewrite(file, None)
        await reloading.reload()
    assert "No such file" in caplog.text


def test_every_key_is_either_taken_up_or_refused() -> None:
    running = config.load(None, ["gateway.instance_id=a"], environment={})
    new = config.load(None, ["log.level=debug", "gateway.instance_id=b"], environment={})
    assert differences(running, new) == ("gateway.instance_id", "log.level")
    mixed = with_changes(running, new)
    assert differences(running, mixed) == ("log.level",)
    assert differences(mixed, new) == ("gateway.instance_id",)


def test_a_tls_port_that_is_taken_out_of_the_file_keeps_its_certificate() -> None:
    tls = ["websocket.tls_port=0", "websocket.certificate=a", "websocket.private_key=b"]
    running = config.load(None, tls, environment={})
    new = config.load(None, ["websocket.max_clients=2"], environment={})
    mixed = with_changes(running, new)
    assert differences(running, mixed) == ("websocket.max_clients",)
    assert differences(mixed, new) == (
        "websocket.tls_port",
        "websocket.certificate",
        "websocket.private_key",
    )


def test_the_log_gets_louder_and_quieter_within_its_levels() -> None:
    ours = logging.getLogger(logs.AREA_ROOT)
    before = ours.level
    try:
        ours.setLevel(logging.INFO)
        assert [logs.louder(), logs.louder()] == ["debug", "debug"]
        assert [logs.quieter() for _ in range(4)] == ["info", "warning", "error", "error"]
    finally:
        ours.setLevel(before)


async def served_certificate(port: int) -> str:
    """The certificate that a client of `port` is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    stream = await trio.open_ssl_over_tcp_stream("127.0.0.1", port, ssl_context=context)
    async with stream:
        await stream.do_handshake()
        return ssl.DER_cert_to_PEM_cert(stream.getpeercert(binary_form=True))


@pytest.mark.parametrize(
    "broken",
    [
        ("certificate.pem", "malformed.pem"),
        ("certificate.pem", "encrypted-key.pem"),
        ("other-certificate.pem", "key.pem"),
    ],
)
async def test_a_renewed_certificate_is_served_and_a_bad_one_is_not(
    tmp_path: Path, file: Path, broken: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"

    def renew(name: str, key_name: str) -> str:
        """Put another pair into the files that the configuration names."""
        shutil.copy(VECTORS / name, certificate)
        shutil.copy(VECTORS / key_name, key)
        return certificate.read_text().strip()

    first = renew("certificate.pem", "key.pem")
    rewrite(
        file,
        "[websocket]\nport = 'off'\ntls_port = 0\n"
        f"certificate = '{certificate}'\nprivate_key = '{key}'\n",
    )
    running = config.load(file, (), environment={})
    async with house(tmp_path / "state") as home, trio.open_nursery() as nursery:
        endpoints = await open_listeners(running.websocket)
        listen = partial(serve_websockets, endpoints, serve, limits_of(running.websocket))
        reloading = evolve(reloading_of(home, file), endpoints=endpoints)
        await nursery.start(listen)
        assert (await served_certificate(endpoints[0].port)).strip() in first
        renew(*broken)
        await reloading.reload()
        assert "the certificate stays as it was: private key" in caplog.text
        assert (await served_certificate(endpoints[0].port)).strip() in first
        second = renew("other-certificate.pem", "other-key.pem")
        await reloading.reload()
        assert (await served_certificate(endpoints[0].port)).strip() in second
        nursery.cancel_scope.cancel()


async def test_the_names_of_a_refused_certificate_are_not_in_force(
    tmp_path: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """They are tried again by the next reload, which says that they have changed."""
    caplog.set_level("INFO")
    new_certificate, new_key = tmp_path / "new.pem", tmp_path / "new-key.pem"

    def named(certificate: Path, key: Path) -> str:
        return (
            "[websocket]\nport = 'off'\ntls_port = 0\n"
            f"certificate = '{certificate}'\nprivate_key = '{key}'\n"
        )

    rewrite(file, named(VECTORS / "certificate.pem", VECTORS / "key.pem"))
    running = config.load(file, (), environment={})
    async with house(tmp_path / "state") as home, trio.open_nursery() as nursery:
        endpoints = await open_listeners(running.websocket)
        listen = partial(serve_websockets, endpoints, serve, limits_of(running.websocket))
        reloading = evolve(reloading_of(home, file), config=running, endpoints=endpoints)
        await nursery.start(listen)
        first = await served_certificate(endpoints[0].port)
        rewrite(file, named(new_certificate, new_key))  # they are not there yet
        await reloading.reload()
        assert reloading.config.websocket == running.websocket
        assert await served_certificate(endpoints[0].port) == first
        assert "reloaded; changed: nothing" in caplog.text
        assert "needs a restart" not in caplog.text
        shutil.copy(VECTORS / "other-certificate.pem", new_certificate)
        shutil.copy(VECTORS / "other-key.pem", new_key)
        await reloading.reload()
        assert reloading.config.websocket.certificate == str(new_certificate)
        assert await served_certificate(endpoints[0].port) != first
        assert "reloaded; changed: websocket.certificate, websocket.private_key" in caplog.text
        nursery.cancel_scope.cancel()
