"""The configuration from its sources: a TOML file, the environment, and the command line."""

import errno
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from iqrf_trio.config.keys import OFF, ListenPort
from iqrf_trio.config.sections.whole import Config
from iqrf_trio.config.writing import toml
from protocol.strict.errors import MemberError
from protocol.strict.toml import TomlWords, text, toml_reader, whole_number

DEFAULT_FILE = Path("/etc/iqrf-trio/iqrf-trio.toml")
"""Read where no file is named, if it exists."""

FILE_VARIABLE = "IQRF_TRIO_CONFIG"
"""Names the file to read instead of DEFAULT_FILE; when it is set but empty, no file is read."""

STATE_DIR_VARIABLE = "IQRF_TRIO_STATE_DIR"
"""Wins over the file's `gateway.state_dir`, so that the token tool finds what the daemon uses."""

_SET = "--set"

_FIXES = {
    errno.EACCES: "run this with sudo, or name a file that this user may read",
}
"""What to do about a file that cannot be read, by the system's reason."""


class ConfigError(Exception):
    """A configuration that cannot be used: where it stands, which key, why, and what to write."""

    def __init__(self, file: str, key: str, reason: str, fix: str) -> None:
        self.file = file
        self.key = key
        self.reason = reason
        self.fix = fix
        where = f"{file}: " if file else ""
        super().__init__(f"{where}{key} {reason}; {fix}" if key else f"{where}{reason}; {fix}")


@frozen
class Given:
    """A value for a dotted key, and who gave it: "--port" for an option of a command."""

    key: str
    value: object
    origin: str


def load(
    path: Path | None,
    sets: Sequence[str],
    *,
    options: Iterable[Given] = (),
    usual: Sequence[Given] = (),
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """The configuration of a file, the environment, `options` and `sets` ("KEY=VALUE").

    What comes later in this row wins. Without a path the file of FILE_VARIABLE is read; without
    that DEFAULT_FILE if it exists, unless there are `usual` values to be used in its place.
    Raises ConfigError.
    """
    file = path or _usual_file(environment, installed=not usual)
    table = _read(file) if file else {}
    origins = {key: str(file) for key in _leaves(table)}
    given = [*(usual if file is None else ()), *_of_environment(environment), *options]
    for each in given:
        _put(table, origins, each.origin, each.key, each.value)
    for each_set in sets:
        key, equals, value = each_set.partition("=")
        if not equals:
            raise ConfigError(_SET, each_set, "has no value", f"write {_SET} {each_set}=VALUE")
        _put(table, origins, _SET, key.strip(), meant(value))
    try:
        return _in_force(evolve(_config(table), origins=origins))
    except MemberError as error:
        key = error.path.lstrip(".").partition("[")[0]  # of a list the whole is shown
        origin = _blamed(key, origins) or str(file or "")
        fix = error.fix or f"for example {_example(key, origin)}"
        raise ConfigError(origin, key, error.reason, fix) from None


def _in_force(config: Config) -> Config:
    """Whoever takes any free port for WebSockets wants no fixed one for HTTP by default."""
    follows = config.websocket.port == 0 and "http.port" not in config.origins
    if not follows or config.http.port is None:
        return config
    origins = {**config.origins, "http.port": "websocket.port = 0"}
    return evolve(config, http=evolve(config.http, port=0), origins=origins)


def _usual_file(environment: Mapping[str, str], *, installed: bool) -> Path | None:
    """The file that is read where none is named on the command line."""
    named = environment.get(FILE_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    return DEFAULT_FILE if installed and _is_there(DEFAULT_FILE) else None


def _is_there(file: Path) -> bool:
    """Whether there is a file, or may be one: reading it tells what keeps us from it."""
    try:
        return file.exists()
    except OSError:
        return True


def _of_environment(environment: Mapping[str, str]) -> Iterator[Given]:
    if state_dir := environment.get(STATE_DIR_VARIABLE):
        yield Given("gateway.state_dir", state_dir, STATE_DIR_VARIABLE)


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        fix = _FIXES.get(error.errno or 0, "name a file that exists and that this user may read")
        raise ConfigError(str(file), "", error.strerror or str(error), fix) from None
    except UnicodeDecodeError:
        raise ConfigError(str(file), "", "is not UTF-8 text", "save it as UTF-8") from None
    except ValueError as error:
        fix = "write key = value, texts in quotes"
        raise ConfigError(str(file), "", f"is not TOML: {error}", fix) from None


def meant(text: str) -> object:
    """What `text` means as a TOML value; where it means nothing, the text itself."""
    try:
        table = tomllib.loads(f"value = {text}")
    except ValueError:
        return text
    return table["value"] if len(table) == 1 else text


def _leaves(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The dotted keys of all values in `table`."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield path + name


def _put(
    table: dict[str, Any], origins: dict[str, str], origin: str, key: str, value: object
) -> None:
    """Set `key` in the nested `table`, whatever stood in its way."""
    *sections, name = key.split(".")
    for section in sections:
        if not isinstance(table.get(section), dict):
            table[section] = {}
        table = table[section]
    table[name] = value
    origins.update(dict.fromkeys(_leaves({key: value}), origin))


def _blamed(key: str, origins: Mapping[str, str]) -> str | None:
    """Where `key`, or something within the section `key`, came from."""
    within = (origin for name, origin in origins.items() if name.startswith(f"{key}."))
    return origins.get(key) or next(within, None)


def _example(key: str, origin: str) -> str:
    """How the default of `key` would be written where the wrong value stands."""
    default = toml(attrgetter(key)(Config()))
    if origin == _SET:
        return f"{_SET} {key}={default}"
    if origin.startswith("--"):
        return f"{origin} {default}"
    return f"{key.rpartition('.')[2]} = {default}"


def _path(value: object) -> Path:
    if not text(value):
        raise MemberError("must not be empty")
    return Path(str(value))


def _listen_port(value: object) -> int | None:
    if value == OFF:
        return None
    if isinstance(value, str):
        raise MemberError(f'must be a port or "{OFF}", not {TomlWords().shown(value)}')
    port: int = whole_number(value)
    return port


_READER = toml_reader()
_READER.register(Path, _path)
_READER.register(ListenPort, _listen_port)
_config = _READER.reading(Config, lambda refused: refused)
