"""Moving in: the configuration and the databases of an IQRF Gateway Daemon, written as ours."""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from iqrf_trio import config
from iqrf_trio.cli import Failure
from iqrf_trio.cli.support import incumbent_databases as databases
from iqrf_trio.cli.support import incumbent_files
from iqrf_trio.cli.support.privileges import give_up_root
from iqrf_trio.cli.support.rendering import pretty
from iqrf_trio.cli.support.replacing import replace
from iqrf_trio.cli.support.tables import cell
from iqrf_trio.config.incumbent import Translation, translate, without_tls
from iqrf_trio.config.incumbent.task_items import Messagings
from iqrf_trio.config.incumbent.tasks import schedule
from iqrf_trio.store import DATABASE_NAME
from protocol.tasks.agenda import Moment
from protocol.tasks.task import Task

HELP = """Take over the configuration directory, the certificates and the databases of an IQRF
Gateway Daemon 2.x: its port and pins, WebSocket listeners, MQTT broker, queues, sensor data
service, API tokens, devices and their metadata, tasks. What nobody will do here any more (a task
of a kind that is not known, UDP) is named first, then what is taken and what is left. The daemon
may be running; its files are not changed. A file of ours that is replaced is kept as .bak."""

CONFIGURATION = Path("/etc/iqrf-gateway-daemon")
DATABASES = Path("/usr/share/iqrf-gateway-daemon/DB")

TASKS = Path("/var/cache/iqrf-gateway-daemon/scheduler")

_CERTIFICATES = {"websocket.certificate": "cert.pem", "websocket.private_key": "privkey.pem"}


def configure(parser: argparse.ArgumentParser) -> None:
    """The words of the command."""
    parser.add_argument(
        "directory",
        metavar="DIR",
        type=Path,
        nargs="?",
        default=CONFIGURATION,
        help="its configuration (default: %(default)s)",
    )
    parser.add_argument(
        "--databases", metavar="DIR", type=Path, default=DATABASES, help="(default: %(default)s)"
    )
    parser.add_argument(
        "--tasks",
        metavar="PATH",
        type=Path,
        default=TASKS,
        help="a folder, a Tasks.json, or the archive that its web interface exports "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=Path,
        default=config.DEFAULT_FILE,
        help="our configuration (default: %(default)s)",
    )
    parser.add_argument("--state-dir", metavar="DIR", type=Path, help="where our database is")
    parser.add_argument("--force", action="store_true", help="replace an edited configuration")
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    output: Path = arguments.output
    if _is_edited(output) and not arguments.force:
        raise Failure(f"{output} was edited", "name another --output, or replace it with --force")
    configuration = _read(arguments.directory)
    translation = translate(configuration)
    tasks = _read_tasks(arguments, configuration, translation)
    if not arguments.json:
        _tell("Lost, for nothing here does it", translation.lost)
    _settle_certificates(translation, arguments.directory, output.parent)
    _write_secrets(translation, output.parent)
    if arguments.state_dir is not None:
        translation.settings["gateway.state_dir"] = str(arguments.state_dir)
    sources: Path = arguments.databases
    tokens = databases.read_tokens(sources / databases.TOKENS, translation)
    network = databases.read_devices(sources, translation)
    state_dir = _write(translation, output)
    give_up_root(state_dir)
    path = state_dir / DATABASE_NAME
    if tokens is not None:
        databases.import_tokens(tokens, sources / databases.TOKENS, path, translation)
    if network is not None:
        databases.import_devices(*network, path, translation)
    if tasks:
        databases.import_tasks(tasks, arguments.tasks, path, translation)
    if arguments.json:
        told = {"written": str(output), "lost": translation.lost}
        print(pretty(told | {"taken": translation.taken, "left": translation.left}))
        return 0
    print(f"Written: {output}")
    _tell("Taken", translation.taken or ["nothing"])
    _tell("Left", translation.left or ["nothing"])
    return 0


def _tell(title: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"{title}:", *(f"  {cell(line)}" for line in lines), sep="\n", flush=True)


def _is_edited(file: Path) -> bool:
    """Whether somebody has written there; the default that came with us is nobody's work."""
    try:
        return file.read_text("utf-8") not in {"", config.default_file()}
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot read {file}: {error}") from None


def _read(directory: Path) -> Mapping[str, object]:
    """What stands in the JSON files of the configuration, by name; None for what is no JSON."""
    if not (directory / "config.json").is_file():
        raise Failure(f"{directory} has no config.json", "name the old gateway's configuration")

    files: dict[str, object] = {}
    for file in sorted(directory.glob("*.json")):
        try:
            files[file.name] = json.loads(file.read_bytes())
        except OSError as error:
            raise Failure(f"cannot read {file}: {error.strerror}", "run me as root") from None
        except (ValueError, RecursionError):
            files[file.name] = None
    return files


def _settle_certificates(translation: Translation, source: Path, target: Path) -> None:
    """Copy certificate and key to where our user can read them, or do without TLS."""
    if "websocket.tls_port" not in translation.settings:
        return
    for key, name in _CERTIFICATES.items():
        named = str(translation.settings.get(key, ""))
        if not named:
            without_tls(translation, key, "no file is named")
            return
        try:
            content = (source / "certs" / named).read_bytes()
            kept = replace(target / name, content)
        except OSError as error:
            without_tls(translation, named, str(error.strerror))
            return
        _tell_kept(translation, kept)
        translation.settings[key] = str(target / name)


def _write_secrets(translation: Translation, target: Path) -> None:
    """Write passwords into files of their own, which nobody else may read."""
    for key, content in translation.files.items():
        file = target / key.replace(".", "-").replace("_file", "").replace("_", "-")
        try:
            _tell_kept(translation, replace(file, content))
        except OSError as error:
            raise Failure(f"cannot write {file}: {error.strerror}", "run me as root") from None
        translation.take(key, str(file), "its password")


def _tell_kept(translation: Translation, kept: Path | None) -> None:
    if kept is not None:
        translation.taken.append(f"{kept} is the file that was there")


def _write(translation: Translation, output: Path) -> Path:
    """Write the configuration, once it is known to be good; returns where our database will be."""
    sets = [f"{key}={config.toml(value)}" for key, value in translation.settings.items()]
    try:
        loaded = config.load(Path(os.devnull), sets, environment={})
        _tell_kept(translation, replace(output, _text(translation).encode()))
    except config.ConfigError as error:
        raise Failure(f"its settings make no sense together: {error}") from None
    except OSError as error:
        raise Failure(f"cannot write {output}: {error.strerror}", "run me as root") from None
    return loaded.gateway.state_dir


def _text(translation: Translation) -> str:
    """The settings as TOML, each in its section."""
    sections: dict[str, list[str]] = {}
    for key, value in translation.settings.items():
        section, _, name = key.rpartition(".")
        sections.setdefault(section, []).append(f"{name} = {config.toml(value)}\n")
    head = "# Taken over from an IQRF Gateway Daemon; iqrf-trio config shows all keys.\n"
    return head + "".join(
        f"\n[{section}]\n{''.join(lines)}" for section, lines in sorted(sections.items())
    )


def _read_tasks(
    arguments: argparse.Namespace, configuration: Mapping[str, object], translation: Translation
) -> Sequence[Task]:
    """The tasks that can be taken; the others are told before all else that is lost."""
    messagings = Messagings.of(configuration, _broker(translation))
    now = Moment(0.0, datetime.now(UTC).timestamp())
    found = schedule(incumbent_files.tasks(arguments.tasks, arguments.directory), messagings, now)
    translation.lost[:0] = found.lost
    translation.left += found.left
    if found.answers_websocket:
        translation.take("tasks.answers_to_all", True, "the tasks, as it was")
    return found.tasks


def _broker(translation: Translation) -> str | None:
    """The instance of our MQTT messaging, None where there will be none."""
    if "mqtt.url" not in translation.settings:
        return None
    return str(translation.settings.get("mqtt.instance", config.Config().mqtt.instance))
