"""Encrypted snapshots: only the passphrase opens them, and nothing else says what is in them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from iqrf_trio.services.vault.cipher import Passphrase
from iqrf_trio.services.vault.files import VaultError
from protocol.vault.snapshot import SealedSnapshotError, Snapshot, decode, encode, verify

SECRET = bytes(range(49))
WHOLE = Snapshot(
    datetime(2026, 6, 1, tzinfo=UTC), "gateway", None, {"coordinator": SECRET, "database": SECRET}
)


def passphrase(path: Path, text: str = "correct horse\nsecond line\n") -> Passphrase:
    file = path / "passphrase"
    file.touch(0o600)
    file.write_text(text)
    return Passphrase.read(file)


def test_what_was_sealed_opens_with_the_same_passphrase_only(tmp_path: Path) -> None:
    mine = passphrase(tmp_path)
    data = encode(WHOLE, mine.seal())
    assert SECRET not in data
    assert verify(data).seal is not None
    assert decode(data, passphrase(tmp_path, "correct horse").unseal) == WHOLE
    with pytest.raises(SealedSnapshotError, match="the passphrase does not fit"):
        decode(data, passphrase(tmp_path, "wrong horse").unseal)


def test_no_two_seals_are_alike(tmp_path: Path) -> None:
    mine = passphrase(tmp_path)
    first, second = mine.seal(), mine.seal()
    assert first.parameters["salt"] != second.parameters["salt"]
    assert first.close("a", SECRET) != first.close("a", SECRET)
    # A part of one name is not taken for another one.
    with pytest.raises(SealedSnapshotError):
        mine.unseal(first.parameters, "b", first.close("a", SECRET))


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"cipher": "rot13", "cost": 32768, "salt": "00"},
        {"cipher": "scrypt, chacha20-poly1305", "cost": 1 << 30, "salt": "00"},
        {"cipher": "scrypt, chacha20-poly1305", "cost": 3, "salt": "00"},
        {"cipher": "scrypt, chacha20-poly1305", "cost": "x", "salt": "00"},
        {"cipher": "scrypt, chacha20-poly1305", "cost": 32768, "salt": "zz"},
        {"cipher": "scrypt, chacha20-poly1305", "cost": 32768, "salt": 5},
    ],
)
def test_seals_of_another_kind_are_refused(parameters: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(SealedSnapshotError, match="in a way that is not known"):
        passphrase(tmp_path).unseal(parameters, "a", bytes(40))


@pytest.mark.parametrize("sealed", [b"", bytes(11), bytes(27), bytes(28)])
def test_torn_parts_do_not_open(sealed: bytes, tmp_path: Path) -> None:
    mine = passphrase(tmp_path)
    with pytest.raises(SealedSnapshotError):
        mine.unseal(mine.seal().parameters, "a", sealed)


def test_the_file_of_the_passphrase_is_private_and_has_one(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match=r"there is no passphrase in .*; write one"):
        passphrase(tmp_path, "\n")
    with pytest.raises(VaultError, match=r"cannot read the passphrase in .*: No such file"):
        Passphrase.read(tmp_path / "nowhere")
    (tmp_path / "passphrase").chmod(0o640)
    with pytest.raises(VaultError, match=r"others can read the passphrase in .*; chmod 600"):
        Passphrase.read(tmp_path / "passphrase")


def test_the_passphrase_does_not_show(tmp_path: Path) -> None:
    mine = passphrase(tmp_path)
    assert "horse" not in repr(mine)
    assert "horse" not in repr(mine.seal())


def test_the_service_s_group_may_read_it_and_nobody_else(tmp_path: Path) -> None:
    passphrase(tmp_path)
    file = tmp_path / "passphrase"
    group = file.stat().st_gid
    file.chmod(0o640)
    Passphrase.read(file, {group})
    with pytest.raises(VaultError, match=r"others can read .*; chmod 600"):
        Passphrase.read(file, {group + 1})
    for mode in (0o644, 0o660, 0o641):
        file.chmod(mode)
        with pytest.raises(VaultError, match=r"others can read .*; chmod 640"):
            Passphrase.read(file, {group})
