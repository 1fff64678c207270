"""Which libraries a Debian package takes along, and which it takes from the distribution.

apt and pip are stand-ins here: apt knows the versions of a table, pip "installs" by writing the
metadata that a table has for a library.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

NEEDS = {
    "iqrf-trio": (
        "0.2.0",
        ["attrs>=23.1", "trio>=0.24", "h11>=0.14", 'spidev>=3.6; extra == "spi"', "odd==1.2"],
    ),
    "attrs": ("25.0", []),
    "trio": ("0.27", ["attrs>=23.2", "sniffio>=1.3,!=1.3.1", 'cffi>=1.14; os_name == "nt"']),
    "sniffio": ("1.3.2", []),
    "odd": ("1.2", []),
}
"""What a library would be installed as, and what it demands."""

APT = """\
#!{python}
import sys
version = {known!r}.get(sys.argv[2])
print("  Candidate: " + version if version else "")
"""

PIP = """\
import json, re, sys
from pathlib import Path
if sys.argv[1:] == ["--version"]:
    sys.exit()
folder = Path(sys.argv[sys.argv.index("--target") + 1])
for what in sys.argv[sys.argv.index("--target") + 2:]:
    name = re.match(r"[\\w-]+", what)[0]
    version, needs = json.loads(Path("{needs}").read_text())[name]
    info = folder / f"{{name.replace('-', '_')}}-{{version}}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {{name}}", f"Version: {{version}}"]
    lines += ["Provides-Extra: spi", *(f"Requires-Dist: {{need}}" for need in needs)]
    (info / "METADATA").write_text("\\n".join(lines) + "\\n")
"""


def bundled(folder: Path, known: dict[str, str], *words: str) -> tuple[set[str], list[str]]:
    """What is in the folder afterwards, and the dependencies; `known` is what apt has."""
    (folder / "bin").mkdir()
    apt = folder / "bin/apt-cache"
    apt.write_text(APT.format(python=sys.executable, known=known))
    apt.chmod(0o755)
    (folder / "needs").write_text(json.dumps(NEEDS))
    (folder / "pip").mkdir()
    (folder / "pip/__main__.py").write_text(PIP.format(needs=folder / "needs"))
    import pip._vendor  # noqa: PLC0415 - the stand-in keeps what is beside the real one

    (folder / "pip/__init__.py").touch()
    (folder / "pip/_vendor").symlink_to(Path(next(iter(pip._vendor.__path__))))
    target = folder / "target"
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "packaging/debian/bundle.py",
            *words,
            "iqrf-trio",
            "spi",
            target,
        ],
        env={"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    names = {path.name.partition("-")[0] for path in target.glob("*.dist-info")}
    return names - {"iqrf_trio"}, done.stdout.strip().split(", ")


OLD = {
    "python3-attr": "22.2.0-1",
    "python3-trio": "0.22.0-0.2",
    "python3-h11": "0.14.0-1.1~deb12u1",
}
NEW = {"python3-attr": "25.3.0-1", "python3-trio": "1:0.29.0-1", "python3-h11": "0.14.0-1.1"}
SPIDEV = {"python3-spidev": "3.6-1+b1"}


def test_what_an_older_suite_lacks_comes_along(tmp_path: Path) -> None:
    names, depends = bundled(tmp_path, OLD | SPIDEV)
    assert names == {"attrs", "trio", "sniffio", "odd"}
    assert depends == ["python3-h11 (>= 0.14)", "python3-spidev (>= 3.6)"]


def test_what_a_newer_suite_has_is_a_dependency(tmp_path: Path) -> None:
    names, depends = bundled(tmp_path, NEW | SPIDEV)
    assert names == {"odd"}  # a comparison that Debian does not know
    assert depends == [
        "python3-attr (>= 23.1)",
        "python3-h11 (>= 0.14)",
        "python3-spidev (>= 3.6)",
        "python3-trio (>= 0.24)",
    ]


def test_the_demands_of_what_comes_along_count_too(tmp_path: Path) -> None:
    known = OLD | SPIDEV | {"python3-attr": "23.1.0-1", "python3-sniffio": "1.3.1-1"}
    names, _ = bundled(tmp_path, known)
    assert names == {"attrs", "trio", "sniffio", "odd"}  # trio's attrs>=23.2, sniffio!=1.3.1


def test_nothing_comes_along_where_that_is_asked(tmp_path: Path) -> None:
    names, depends = bundled(tmp_path, {}, "--nothing")
    assert names == set()
    assert "python3-odd" in depends
    assert "python3-trio (>= 0.24)" in depends


def test_what_another_system_needs_is_left_out(tmp_path: Path) -> None:
    names, depends = bundled(tmp_path, OLD | SPIDEV)
    assert "cffi" not in names
    assert not [it for it in depends if "cffi" in it]
