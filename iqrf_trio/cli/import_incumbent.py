"""Moving in: the configuration and the databases of an IQRF Gateway Daemon, written as ours."""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from iqrf_trio import config
from iqrf_trio.cli import Failure
from iqrf_trio.store import DATABASE_NAME, StoreError, network_import, token_import
from iqrf_trio.store.sqlite import opened, transact
from protocol.incumbent import Translation, translate
from protocol.network.identity import listed

HELP = """Take over the configuration directory, the certificates and the databases of an IQRF
Gateway Daemon 2.x: its port and pins, WebSocket listeners, queues, sensor data service, API tokens,
devices and their metadata. What is taken and what is left is listed. The daemon may be running; its
files are not changed."""

CONFIGURATION = Path("/etc/iqrf-gateway-daemon")
DATABASES = Path("/usr/share/iqrf-gateway-daemon/DB")

TOKENS, DEVICES = "IqrfAuthDb.db", "IqrfDb.db"

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
        "--output",
        metavar="FILE",
        type=Path,
        default=config.DEFAULT_FILE,
        help="our configuration (default: %(default)s)",
    )
    parser.add_argument("--state-dir", metavar="DIR", type=Path, help="where our database is")
    parser.add_argument("--force", action="store_true", help="replace an edited configuration")


def run(arguments: argparse.Namespace) -> int:
    """Returns the exit code. Raises Failure."""
    output: Path = arguments.output
    if _is_edited(output) and not arguments.force:
        raise Failure(f"{output} was edited", "name another --output, or replace it with --force")
    translation = translate(_read(arguments.directory))
    _settle_certificates(translation, arguments.directory, output.parent)
    if arguments.state_dir is not None:
        translation.settings["gateway.state_dir"] = str(arguments.state_dir)
    state_dir = _write(translation, output)
    _import_tokens(arguments.databases / TOKENS, state_dir / DATABASE_NAME, translation)
    _import_devices(arguments.databases / DEVICES, state_dir / DATABASE_NAME, translation)
    print(f"Written: {output}")
    for title, lines in (("Taken", translation.taken), ("Left", translation.left)):
        print(f"{title}:", *(f"  {line}" for line in lines or ["nothing"]), sep="\n")
    return 0


def _is_edited(file: Path) -> bool:
    """Whether somebody has written there; the default that came with us is nobody's work."""
    try:
        return file.read_text("utf-8") not in {"", config.default_file()}
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"cannot read {file}: {error}") from None


def _read(directory: Path) -> Mapping[str, object]:
    """The files of the configuration directory, by name."""
    if not (directory / "config.json").is_file():
        raise Failure(f"{directory} has no config.json", "name the old gateway's configuration")
    files: dict[str, object] = {}
    for file in sorted(directory.glob("*.json")):
        try:
            files[file.name] = json.loads(file.read_bytes())
        except OSError as error:
            raise Failure(f"cannot read {file}: {error.strerror}", "run me as root") from None
        except ValueError:
            files[file.name] = None
    return files


def _settle_certificates(translation: Translation, source: Path, target: Path) -> None:
    """Copy certificate and key to where our user can read them, or do without TLS."""
    for key, name in _CERTIFICATES.items():
        named = str(translation.settings.get(key, ""))
        if not named:
            continue
        copy = target / name
        try:
            target.mkdir(parents=True, exist_ok=True)
            _copy_private(source / "certs" / named, copy)
        except OSError as error:
            for lost in (*_CERTIFICATES, "websocket.tls_port", "websocket.tls_mode"):
                translation.settings.pop(lost, None)
            if translation.settings.get("websocket.port") == "off":
                del translation.settings["websocket.port"]
            translation.leave(named, f"{error.strerror}; there will be no TLS")
            return
        translation.settings[key] = str(copy)


def _copy_private(source: Path, target: Path) -> None:
    """A copy that nobody reads but root and the directory's group."""
    with source.open("rb") as read:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with open(descriptor, "wb") as written:  # noqa: PTH123 - for its mode
            os.fchmod(descriptor, 0o640)
            if os.geteuid() == 0:
                os.fchown(descriptor, 0, target.parent.stat().st_gid)
            shutil.copyfileobj(read, written)


def _write(translation: Translation, output: Path) -> Path:
    """Write the configuration, once it is known to be good; returns where our database will be."""
    sets = [f"{key}={config.toml(value)}" for key, value in translation.settings.items()]
    try:
        loaded = config.load(Path(os.devnull), sets, environment={})
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=output.parent, delete=False) as file:
            file.write(_text(translation))
        made = Path(file.name)
        made.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(made, 0, output.parent.stat().st_gid)
        made.replace(output)
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


def _import_tokens(source: Path, path: Path, translation: Translation) -> None:
    if not source.is_file():
        translation.leave("API tokens", f"there is no {source}")
        return
    try:
        records = token_import.read(source)
        with opened(path) as connection:
            records = transact(connection, partial(token_import.take_over, records=records))
    except StoreError as error:
        raise Failure(str(error)) from None
    for record in records:
        if not record.token:
            translation.leave(f"API token {record.id} of {record.owner}", str(record.obstacle))
    taken = sum(record.token is not None for record in records)
    translation.taken.append(f"{taken} of {len(records)} API tokens from {source}")


def _import_devices(source: Path, path: Path, translation: Translation) -> None:
    if not source.is_file():
        translation.leave("devices", f"there is no {source}")
        return
    try:
        imported = network_import.read(source)
        with opened(path) as connection:
            taken = transact(connection, partial(network_import.take_over, imported=imported))
    except StoreError as error:
        raise Failure(str(error)) from None
    if taken.refused:
        refused = listed(taken.refused)
        translation.leave(f"devices at {refused}", "other modules have their addresses here")
    translation.taken.append(
        f"{len(taken.added)} of {len(imported)} devices with their metadata from {source}"
    )
