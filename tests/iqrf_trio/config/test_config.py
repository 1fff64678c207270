"""Configurations: what is read, what is refused and in which words, and what is written out.

Every refusal is asserted with the words the user reads: where, which key, why, what to do.
"""

import re
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

from iqrf_trio import config
from iqrf_trio.config import Config, ConfigError, ImpossibleValueError

ROOT = Path(__file__).parents[3]


def read(text: str, *sets: str, file: Path, state_dir: str = "") -> Config:
    file.write_text(text, "utf-8")
    return config.load(file, sets, environment={"IQRF_TRIO_STATE_DIR": state_dir})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gateway.toml"


def test_an_empty_file_means_the_defaults(file: Path) -> None:
    assert read("", file=file) == Config()


def test_the_defaults_that_users_rely_on() -> None:
    default = Config()
    assert (default.websocket.host, default.websocket.port) == ("127.0.0.1", 1338)
    assert default.websocket.tls_port is None
    assert default.gateway.instance_id == "iqrfgd2-default"
    assert default.gateway.state_dir == Path("/var/lib/iqrf-trio")
    assert default.queue.network_capacity == default.queue.management_capacity == 32
    assert default.port.kind == "spi"


def test_keys_of_every_section(file: Path) -> None:
    read_back = read(
        """
        [gateway]
        state_dir = "state"
        [websocket]
        port = "off"
        tls_port = 8338
        certificate = "cert.pem"
        private_key = "key.pem"
        origins = ["http://a", "http://b"]
        [queue]
        background_wait = 2
        [port]
        kind = "uart"
        device = "/dev/ttyS0"
        [port.uart]
        baud_rate = 115200
        [simulator]
        loss = 0.25
        [log]
        json = true
        """,
        file=file,
    )
    assert read_back.gateway.state_dir == Path("state")
    assert (read_back.websocket.port, read_back.websocket.tls_port) == (None, 8338)
    assert read_back.websocket.origins == ("http://a", "http://b")
    assert isinstance(read_back.queue.background_wait, float)
    assert read_back.port.uart.baud_rate == 115200
    assert read_back.port.tcp == Config().port.tcp
    assert read_back.simulator.loss == 0.25
    assert read_back.log.json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("websocket.port=0", 0),
        ("websocket.port = 80", 80),
        ('websocket.port="off"', None),
        ("websocket.port=off", None),
    ],
)
def test_set_takes_toml_or_else_text(file: Path, text: str, value: int | None) -> None:
    tls = ("websocket.tls_port=8338", "websocket.certificate=c", "websocket.private_key=a=b")
    websocket = read("", *tls, text, file=file).websocket
    assert websocket.port == value
    assert websocket.private_key == "a=b"


def test_set_wins_over_the_file_and_the_last_set_over_the_others(file: Path) -> None:
    text = "[simulator]\nnodes = 5\nseed = 9\n"
    simulator = read(text, "simulator.nodes=6", "simulator.nodes=7", file=file).simulator
    assert (simulator.nodes, simulator.seed) == (7, 9)


def test_set_takes_whole_sections(file: Path) -> None:
    assert read("", "port.uart={baud_rate = 9600}", file=file).port.uart.baud_rate == 9600


@pytest.mark.parametrize(
    ("variable", "sets", "found"),
    [
        ("", (), "of-the-file"),
        ("of-the-environment", (), "of-the-environment"),
        ("of-the-environment", ("gateway.state_dir=of-the-flag",), "of-the-flag"),
    ],
)
def test_where_the_state_directory_comes_from(
    file: Path, variable: str, sets: tuple[str, ...], found: str
) -> None:
    text = '[gateway]\nstate_dir = "of-the-file"\n'
    assert read(text, *sets, file=file, state_dir=variable).gateway.state_dir == Path(found)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[websocket]\nprot = 1", "websocket.prot", "is no known key; did you mean port?"),
        ("[webscoket]\nport = 1", "webscoket", "is no known key; did you mean websocket?"),
        ("[gateway]\nx = 1", "gateway.x", "is no known key; known are instance_id, state_dir"),
        ("[port.spi]\nmod = 1", "port.spi.mod", "is no known key; did you mean mode?"),
        ("origins = 1", "origins", "is no known key; known are gateway, websocket, "),
        ("queue = 3", "queue", "is a section, not 3; give its keys instead: management_capac"),
        ("[[queue]]", "queue", "is a section, not a list; give its keys instead: manag"),
        (
            "[queue]\nnetwork_capacity = true",
            "queue.network_capacity",
            "must be a whole number, not true; for example network_capacity = 32",
        ),
        (
            "[queue]\nnetwork_capacity = 1.0",
            "queue.network_capacity",
            "must be a whole number, not 1.0; for example network_capacity = 32",
        ),
        (
            "[websocket]\nasync_messages = 1",
            "websocket.async_messages",
            "must be true or false, not 1; for example async_messages = true",
        ),
        (
            "[simulator]\nspeed = 'fast'",
            "simulator.speed",
            'must be a number, not the text "fast"; for example speed = 1.0',
        ),
        (
            "[gateway]\ninstance_id = 5",
            "gateway.instance_id",
            'must be a text, not 5; for example instance_id = "iqrfgd2-default"',
        ),
        (
            "[gateway]\nstate_dir = 2026-01-01",
            "gateway.state_dir",
            'must be a text, not a date; for example state_dir = "/var/lib/iqrf-trio"',
        ),
        (
            "[gateway]\nstate_dir = ''",
            "gateway.state_dir",
            'must not be empty; for example state_dir = "/var/lib/iqrf-trio"',
        ),
        (
            "[gateway]\ninstance_id = ' '",
            "gateway.instance_id",
            'must not be empty; for example instance_id = "iqrfgd2-default"',
        ),
        (
            "[websocket]\nport = 'on'",
            "websocket.port",
            'must be a port or "off", not the text "on"; for example port = 1338',
        ),
        (
            "[websocket]\ntls_port = {}",
            "websocket.tls_port",
            'must be a whole number, not a section; for example tls_port = "off"',
        ),
        (
            "[websocket]\norigins = 'http://a'",
            "websocket.origins",
            'must be a list of texts, not the text "http://a"; for example origins = []',
        ),
        (
            "[websocket]\norigins = ['http://a', 1]",
            "websocket.origins",
            "must be a text, not 1; for example origins = []",
        ),
        (
            "[port]\nkind = 'usb'",
            "port.kind",
            (
                "must be spi or uart or cdc or tcp or simulator, not the text "
                '"usb"; for example kind = "spi"'
            ),
        ),
        (
            "[port.spi]\nmode = ['fast']",
            "port.spi.mode",
            'must be fast or slow, not a list; for example mode = "fast"',
        ),
        (
            "[websocket]\nauth_timeout = 61",
            "websocket.auth_timeout",
            "must be 1 to 60, not 61; for example auth_timeout = 30",
        ),
        (
            "[websocket]\nport = 65536",
            "websocket.port",
            "must be 0 to 65535, not 65536; for example port = 1338",
        ),
        (
            "[port.tcp]\nport = 0",
            "port.tcp.port",
            "must be 1 to 65535, not 0; for example port = 10000",
        ),
        (
            "[simulator]\nspeed = nan",
            "simulator.speed",
            "must be 0 to 10000, not nan; for example speed = 1.0",
        ),
        (
            "[simulator]\nspeed = 1" + "0" * 400,
            "simulator.speed",
            "must be 0 to 10000, not inf; for example speed = 1.0",
        ),
        (
            "[sensor_data]\nperiod = 0",
            "sensor_data.period",
            "must be 1 to 2147483647, not 0; for example period = 10",
        ),
        (
            "[port.uart]\nbaud_rate = 9601",
            "port.uart.baud_rate",
            (
                "must be one of 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, "
                "not 9601; for example baud_rate = 57600"
            ),
        ),
        (
            "[websocket]\nport = 'off'",
            "websocket.port",
            "is off and so is tls_port: nobody could connect; give one of them a port",
        ),
        (
            "[websocket]\ntls_port = 8338\ncertificate = 'cert.pem'",
            "websocket.tls_port",
            'needs a certificate and its private_key; name both files, or write tls_port = "off"',
        ),
        (
            "[websocket]\ntls_port = 1338\ncertificate = 'c'\nprivate_key = 'k'",
            "websocket.tls_port",
            "is 1338 like port; give each its own",
        ),
        (
            "[port]\nkind = 'uart'",
            "port.device",
            (
                'is "/dev/spidev0.0", which is no device of kind uart; '
                'for example device = "/dev/ttyS0"'
            ),
        ),
        (
            "[port]\ndevice = '/dev/ttyACM0'",
            "port.device",
            (
                'is "/dev/ttyACM0", which is no device of kind spi; '
                'for example device = "/dev/spidev0.0"'
            ),
        ),
        (
            "[port]\nkind = 'cdc'\ndevice = ''",
            "port.device",
            'is "", which is no device of kind cdc; for example device = "/dev/ttyACM0"',
        ),
    ],
)
def test_what_is_refused(file: Path, text: str, key: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{file}: {key} {words}')}") as caught:
        read(text, file=file)
    assert (caught.value.file, caught.value.key) == (str(file), key)
    assert f"{caught.value.reason}; {caught.value.fix}".startswith(words)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("websocket.port", "--set: websocket.port has no value; write --set websocket.port=VALUE"),
        (
            "websocket.port=",
            (
                '--set: websocket.port must be a port or "off", not the text ""; '
                "for example --set websocket.port=1338"
            ),
        ),
        (
            "log.level=5",
            (
                "--set: log.level must be debug or info or warning or error, not 5; "
                'for example --set log.level="info"'
            ),
        ),
        ("log.leve=5", "--set: log.leve is no known key; did you mean level?"),
        ("lag.level=5", "--set: lag is no known key; did you mean log?"),
        ("log=5", "--set: log is a section, not 5; give its keys instead: level, areas, json"),
        (
            "log.level.x=5",
            (
                "--set: log.level must be debug or info or warning or error, not a section; "
                'for example --set log.level="info"'
            ),
        ),
        (
            "log.json=true\nlevel = 1",
            (
                '--set: log.json must be true or false, not the text "true\\nlevel = 1"; '
                "for example --set log.json=false"
            ),
        ),
    ],
)
def test_what_set_is_refused(file: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}$"):
        read("", text, file=file)


def test_the_one_who_is_to_blame_is_named(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--set: gateway is a section, not 1; give"):
        read("[gateway]\ninstance_id = 'x'\n", "gateway=1", file=file, state_dir="x")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[websocket\n", "is not TOML: Expected"),
        (b"port = \n", "is not TOML: Invalid value"),
        (b"a = 1\na = 2\n", "is not TOML: Cannot overwrite a value"),
        (b"a = " + b"1" * 5000, "is not TOML: Exceeds the limit"),
        (b"name = '\xff'", "is not UTF-8 text; save it as UTF-8"),
    ],
)
def test_files_that_are_no_toml(file: Path, content: bytes, words: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(f"{file}: {words}")):
        config.load(file, ())


def test_a_named_file_must_exist_and_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nope\.toml: No such file or directory; name a file"):
        config.load(tmp_path / "nope.toml", ())
    with pytest.raises(ConfigError, match="Is a directory; name a file"):
        config.load(tmp_path, ())


def test_a_section_cannot_be_made_impossible_in_the_program_either() -> None:
    with pytest.raises(ImpossibleValueError, match="nodes must be 1 to 239, not 240"):
        config.Simulator(nodes=240)
    with pytest.raises(ImpossibleValueError, match="nobody could connect"):
        evolve(Config().websocket, port=None)


def test_the_installed_file_is_the_default() -> None:
    # Regenerate with: iqrf-trio config --default > etc/iqrf-trio.toml
    assert (ROOT / "etc" / "iqrf-trio.toml").read_text("utf-8") == config.default_file()


def test_the_default_file_reads_back_as_the_default(file: Path) -> None:
    text = config.default_file()
    assert read(text, file=file) == Config()
    assert set(tomllib.loads(text)) == {each.name for each in fields(Config)} - {"origins"}


def test_the_description_tells_where_each_value_came_from(file: Path) -> None:
    described = config.describe(
        read("[simulator]\nnodes = 5\n", "log.level=debug", file=file, state_dir="x")
    )
    lines = [re.sub(" +# ", " # ", each) for each in described.splitlines()]
    assert f"nodes = 5 # {file}" in lines
    assert 'level = "debug" # --set' in lines
    assert 'state_dir = "x" # IQRF_TRIO_STATE_DIR' in lines
    assert "seed = 1 # default" in lines


def test_the_description_reads_back(file: Path) -> None:
    first = read("", "port.kind=simulator", "websocket.origins=['http://µ']", file=file)
    assert read(config.describe(first), file=file) == first


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS, st.lists(TEXTS)))
def test_values_written_are_values_read(value: object) -> None:
    assert tomllib.loads(f"value = {config.toml(value)}")["value"] == value


@given(TEXTS)
def test_any_text_is_a_value_or_a_text(text: str) -> None:
    with suppress(ConfigError):
        found = config.load(Path("/dev/null"), (f"gateway.instance_id={text}",), environment={})
        assert isinstance(found.gateway.instance_id, str)
