"""The architecture as a test: who may import whom, and where each outside thing is touched."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FLOORS = {
    "protocol": 0,
    "protocol.errors": 0,
    "protocol.strict": 1,
    "protocol.dpa": 1,
    "protocol.queue": 2,
    "protocol.standard": 2,
    "protocol.link": 3,
    "protocol.network": 3,
    "protocol.auth": 4,
    "protocol.readings": 4,
    "protocol.iqmesh": 5,
    "protocol.tasks": 5,
    "protocol.vault": 5,
    "protocol.api": 6,
    "protocol.outward": 7,
    "iqrf_trio": 10,  # the bare package: its version
    "iqrf_trio.shutdown": 11,
    "iqrf_trio.logs": 12,
    "iqrf_trio.config": 12,
    "iqrf_trio.edges": 12,
    "iqrf_trio.simulator": 12,
    "iqrf_trio.store": 12,
    "iqrf_trio.radio": 13,
    "iqrf_trio.messaging": 14,
    "iqrf_trio.services": 15,
    "iqrf_trio.handlers": 16,
    "iqrf_trio.http": 17,
    "iqrf_trio.wiring": 18,
    "iqrf_trio.daemon": 19,
    "iqrf_trio.doctor": 19,
    "iqrf_trio.cli": 20,
    "iqrf_trio.__main__": 21,
}
"""The floor of each module or folder (ARCHITECTURE.md, "Floors")."""

OUTSIDE = {
    "trio_websocket": "iqrf_trio/edges/websocket",
    "wsproto": "iqrf_trio/edges/websocket",
    "h11": "iqrf_trio/edges/http",
    "paho": "iqrf_trio/edges/mqtt/",
    "sqlite3": "iqrf_trio/store/sqlite.py",
    "spidev": "iqrf_trio/edges/spibus.py",
    "spiflash": "iqrf_trio/edges/flash.py",
    "gpiod": "iqrf_trio/edges/gpio.py",
    "termios": "iqrf_trio/edges/ports/serial.py",
    "cryptography": "iqrf_trio/services/vault/cipher.py iqrf_trio/edges/tcp/self_signed.py",
    "argparse": "iqrf_trio/cli iqrf_trio/__main__.py",
}
"""Each outside thing and the one place that may touch it."""

IMPURE = {"trio", "time", "logging", "os", "pathlib", "socket", "threading", "sqlite3", "random"}
"""What `protocol` never imports."""

MODULES = sorted([*ROOT.glob("protocol/**/*.py"), *ROOT.glob("iqrf_trio/**/*.py")])


def imports(path: Path) -> Iterator[str]:
    """Every module that `path` imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def unit(module: str) -> str:
    """The entry of FLOORS that `module` belongs to."""
    parts = module.split(".")
    return next(
        (name for size in (2, 1) if (name := ".".join(parts[:size])) in FLOORS), ".".join(parts[:2])
    )


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    here = unit(module_of(path))
    assert here in FLOORS, f"{here} has no floor yet"
    for imported in imports(path):
        if imported.split(".")[0] not in {"protocol", "iqrf_trio"}:
            continue
        there = unit(imported)
        if there != here:
            assert FLOORS[there] < FLOORS[here], f"{here} imports {imported}"


def files_of(path: Path) -> set[str]:
    """The files of ours that `path` imports; from a package that holds the name, its file alone."""
    names = {module_of(each) for each in MODULES}
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inside & names) if inside <= names else (inside & names) | {node.module}
    return found & names


def test_no_files_import_each_other_in_a_circle() -> None:
    files = {module_of(path): files_of(path) for path in MODULES}
    while ends := [name for name, wanted in files.items() if not wanted & files.keys()]:
        for name in ends:
            del files[name]
    assert not files, "each of these imports another one of them, in a circle or towards one"


def test_folders_have_room() -> None:
    for package in ("protocol", "iqrf_trio"):
        inside = [each for each in (ROOT / package).iterdir() if each.name != "__pycache__"]
        assert len([each for each in inside if each.is_dir()]) <= 13
        assert len([each for each in inside if each.suffix == ".py"]) <= 4


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_outside_thing_is_touched_in_one_place(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    for imported in imports(path):
        places = OUTSIDE.get(imported.split(".")[0])
        if places:
            assert name.startswith(tuple(places.split())), f"{name} imports {imported}"


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.is_relative_to(ROOT / "protocol")], ids=module_of
)
def test_protocol_is_sans_io(path: Path) -> None:
    assert not {imported.split(".")[0] for imported in imports(path)} & IMPURE


SHIELDS = "iqrf_trio/shutdown.py"
"""The only place that makes shields: each one has the shutdown's deadline."""


def shields(tree: ast.AST) -> Iterator[int]:
    """The lines on which a cancel scope is shielded: by an argument, or afterwards."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (word.value.lineno for word in node.keywords if word.arg == "shield")
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        yield from (
            target.lineno
            for target in targets
            if isinstance(target, ast.Attribute) and target.attr == "shield"
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_shields_are_made_in_one_place(path: Path) -> None:
    lines = list(shields(ast.parse(path.read_text("utf-8"))))
    assert bool(lines) == (str(path.relative_to(ROOT)) == SHIELDS), lines


@pytest.mark.parametrize(
    "code",
    [
        "trio.CancelScope(shield=True)",
        "trio.move_on_after(1, shield=True)",
        "with trio.fail_after(1, shield=is_so): pass",
        "scope.shield = True",
        "a = scope.shield = True",
        "self.scope.shield: bool = True",
        "partial(trio.CancelScope, shield=True)",
    ],
)
def test_a_shield_is_found_however_it_is_made(code: str) -> None:
    assert list(shields(ast.parse(code))) == [1]


RUNS = {"iqrf_trio/cli/run.py", "iqrf_trio/cli/support/interruption.py"}
"""Where Trio's loop is started: anywhere else Ctrl-C could interrupt it in the midst of a step."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_loops_are_started_where_ctrl_c_is_taken_care_of(path: Path) -> None:
    calls = [
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    assert ("trio.run" in calls) == (str(path.relative_to(ROOT)) in RUNS)
