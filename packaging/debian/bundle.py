"""Bundles the libraries that the distribution does not have, or has only in an older version.

    bundle.py [--nothing] WHEEL EXTRAS FOLDER

installs the wheel into the folder, with those of its libraries, and theirs, that no package of the
distribution satisfies (`apt-cache` knows), and prints what is left as dependencies of a Debian
package, in one line. With --nothing no library is bundled, whatever the distribution has. It runs
in an environment with pip, on a machine of the suite and the architecture that the package is for.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet

PACKAGES = {
    "attrs": "python3-attr",
    "cattrs": "python3-cattr",
    "gpiod": "python3-libgpiod",
    "pyserial": "python3-serial",
    "pyusb": "python3-usb",
}
"""Libraries whose Debian package is not called python3-NAME."""

OPERATORS = {">=": ">=", ">": ">>", "<": "<<"}
"""Comparisons that Debian knows too. A library with another one than these and != is bundled."""

Demands = dict[str, SpecifierSet]


def main() -> int:
    """Fill the folder; returns the exit code."""
    words = [word for word in sys.argv[1:] if word != "--nothing"]
    wheel, extras, folder = words[0], words[1].split(","), Path(words[2])
    _install(folder, wheel)
    root = next(iter(_bundled(folder)))
    while True:
        left = _unmet(Requirement(f"{root}[{','.join(extras)}]"), _bundled(folder))
        bundle = [f"{name}{demand}" for name, demand in left.items() if not _packaged(name, demand)]
        if not bundle or "--nothing" in sys.argv:
            break
        _install(folder, *bundle)
    sys.stdout.write(", ".join(_depends(left)) + "\n")
    return 0


def _install(folder: Path, *what: str) -> None:
    words = ["-qq", "--disable-pip-version-check", "install", "--no-deps", "--no-compile"]
    command = [sys.executable, "-m", "pip", *words, "--target", str(folder), *what]
    subprocess.run(command, check=True, stdout=sys.stderr)


def _bundled(folder: Path) -> Mapping[str, Distribution]:
    return {_normal(found.metadata["Name"]): found for found in distributions(path=[str(folder)])}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _unmet(root: Requirement, bundled: Mapping[str, Distribution]) -> Demands:
    """The libraries that are not in the folder, with all that is demanded of their versions.

    Raises:
        SystemExit: one in the folder is not as another demands it.
    """
    unmet: Demands = {}
    seen: set[str] = set()
    waiting = [root]
    while waiting:
        requirement = waiting.pop()
        name = _normal(requirement.name)
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        if name not in bundled:
            unmet[name] = unmet.get(name, SpecifierSet()) & requirement.specifier
            continue
        if not requirement.specifier.contains(bundled[name].version, prereleases=True):
            raise SystemExit(f"{requirement} is demanded, but {bundled[name].version} is bundled")
        waiting += _requirements(bundled[name], requirement.extras)
    return dict(sorted(unmet.items()))


def _requirements(library: Distribution, extras: set[str]) -> Iterator[Requirement]:
    """What a library needs on this machine, with these of its extras."""
    for line in library.requires or []:
        found = Requirement(line)
        if not found.marker or any(found.marker.evaluate({"extra": it}) for it in ("", *extras)):
            yield found


def _package(name: str) -> str:
    return PACKAGES.get(name, f"python3-{name}")


def _packaged(name: str, demand: SpecifierSet) -> bool:
    """Whether the distribution has the library in a version that will do."""
    if any(one.operator not in {*OPERATORS, "!="} for one in demand):
        return False
    said = subprocess.run(
        ["apt-cache", "policy", _package(name)], capture_output=True, text=True, check=True
    ).stdout
    version = re.search(r"Candidate: (?:\d+:)?(\d+(?:\.\d+)*)", said)
    return bool(version and demand.contains(version[1]))


def _depends(left: Demands) -> Iterator[str]:
    for name, demand in left.items():
        bounds = sorted(
            f"{_package(name)} ({OPERATORS[one.operator]} {one.version})"
            for one in demand
            if one.operator in OPERATORS
        )
        yield from bounds or [_package(name)]


if __name__ == "__main__":
    sys.exit(main())
