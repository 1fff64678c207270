"""`make repository`: an apt that trusts nothing but its key takes the package from it."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

CONTROL = """\
Package: iqrf-trio
Version: 0.2.0+deb12
Architecture: all
Maintainer: iqrf-trio <iqrf-trio@localhost>
Description: nothing but a name
"""

for program in ("apt-ftparchive", "apt-get", "dpkg-deb", "gpg"):
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here", allow_module_level=True)


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """The environment of a user with a key of her own."""
    home = tmp_path / "keys"
    home.mkdir(mode=0o700)
    environment = {**os.environ, "GNUPGHOME": str(home)}
    words = ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "us", "ed25519"]
    subprocess.run(["gpg", *words, "sign"], env=environment, check=True)
    yield environment
    subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=environment, check=True)


def repository(dist: Path, environment: Mapping[str, str], key: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            "make",
            "--silent",
            "repository",
            f"DIST={dist}",
            f"KEY={key}",
            f"URL=file:{dist}/repository",
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def packed(dist: Path) -> None:
    (dist / "package/DEBIAN").mkdir(parents=True)
    (dist / "package/DEBIAN/control").write_text(CONTROL)
    package = dist / "iqrf-trio_0.2.0+deb12_all.deb"
    subprocess.run(["dpkg-deb", "--build", dist / "package", package], check=True)


def apt(folder: Path, dist: Path, program: str, *words: str) -> str:
    """What apt says that knows this repository alone."""
    sources = folder / "sources"
    sources.mkdir(parents=True, exist_ok=True)
    told = (dist / "repository/iqrf-trio-bookworm.sources").read_text()
    key = dist / "repository/iqrf-trio.gpg"
    (sources / "it.sources").write_text(told.replace("/usr/share/keyrings/iqrf-trio.gpg", str(key)))
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": sources,
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
        "APT::Architecture": "armhf",
        "APT::Architectures": "armhf",
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    done = subprocess.run([program, *given, *words], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_apt_takes_the_package_from_it(keys: Mapping[str, str], tmp_path: Path) -> None:
    packed(tmp_path)
    code, said = repository(tmp_path, keys, "us")
    assert code == 0, said
    said = apt(tmp_path / "apt", tmp_path, "apt-get", "update")
    assert "W:" not in said, said
    assert "E:" not in said, said
    policy = apt(tmp_path / "apt", tmp_path, "apt-cache", "policy", "iqrf-trio")
    assert "Candidate: 0.2.0+deb12" in policy


def test_what_was_changed_after_the_signature_is_refused(
    keys: Mapping[str, str], tmp_path: Path
) -> None:
    packed(tmp_path)
    assert repository(tmp_path, keys, "us")[0] == 0
    release = tmp_path / "repository/dists/bookworm/InRelease"
    release.write_text(release.read_text().replace("Origin: iqrf-trio", "Origin: iqrf-duo"))
    assert "invalid" in apt(tmp_path / "apt", tmp_path, "apt-get", "update")


def test_without_a_key_it_says_how_one_is_made(keys: Mapping[str, str], tmp_path: Path) -> None:
    for key in ("", "nobody"):
        code, said = repository(tmp_path, keys, key)
        assert code != 0
        assert "gpg --quick-generate-key" in said
    code, said = repository(tmp_path, keys, "us")
    assert code != 0
    assert "make deb or make release makes one" in said
