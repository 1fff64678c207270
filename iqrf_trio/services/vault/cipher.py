"""Encryption of snapshots with a passphrase: the only place that uses `cryptography`.

The key is derived by scrypt (RFC 7914) with a salt of its own for each snapshot; the parts are
encrypted by ChaCha20-Poly1305 (RFC 8439), each bound to its name.
"""

import hashlib
import os
import stat
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from iqrf_trio.services.vault.files import VaultError
from protocol.vault.snapshot import SealedSnapshotError

_CIPHER = "scrypt, chacha20-poly1305"
_COST, _BLOCK_SIZE, _PARALLEL = 1 << 15, 8, 1
"""32 MiB and a fraction of a second on a Raspberry Pi."""

_DEAREST = 1 << 20
"""The highest cost that a snapshot may ask for."""

_LONGEST = 4096
"""Bytes of a passphrase that are read."""

_SALT, _NONCE, _KEY = 16, 12, 32


@frozen
class Passphrase:
    """What encrypts and opens snapshots; never shown."""

    _secret: bytes = field(repr=False)

    @classmethod
    def read(cls, path: Path, groups: Collection[int] = ()) -> "Passphrase":
        """The first line of a file that nobody else can read, but for members of `groups`.

        Raises VaultError.
        """
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                secret = file.readline(_LONGEST).strip()
        except OSError as error:
            raise VaultError(f"cannot read the passphrase in {path}: {error.strerror}") from error
        allowed = 0o640 if status.st_gid in groups else 0o600
        if stat.S_IMODE(status.st_mode) & 0o077 & ~allowed:
            raise VaultError(f"others can read the passphrase in {path}; chmod {allowed:o} {path}")
        if not secret:
            raise VaultError(f"there is no passphrase in {path}; write one into its first line")
        return cls(secret)

    def seal(self) -> "PartSeal":
        """What encrypts one snapshot; blocks for as long as the key takes. Raises VaultError."""
        salt = os.urandom(_SALT)
        return PartSeal(salt, _aead(_key(self._secret, salt, _COST)))

    def unseal(self, parameters: Mapping[str, Any], name: str, sealed: bytes) -> bytes:
        """A part, decrypted; raises SealedSnapshotError, VaultError where a package is missing."""
        try:
            known = parameters["cipher"] == _CIPHER and parameters["cost"] <= _DEAREST
            salt = bytes.fromhex(parameters["salt"])
            key = _key(self._secret, salt, parameters["cost"]) if known else None
        except (KeyError, TypeError, ValueError):
            key = None
        if key is None:
            raise SealedSnapshotError("the snapshot is encrypted in a way that is not known")
        plain = _aead(key).open(name, sealed)
        if plain is None:
            raise SealedSnapshotError("the passphrase does not fit to the snapshot")
        return plain


@lru_cache(maxsize=1)
def _key(secret: bytes, salt: bytes, cost: int) -> bytes:
    """The key of one snapshot; a snapshot has many parts, and this takes its time."""
    memory = 256 * _BLOCK_SIZE * cost
    return hashlib.scrypt(
        secret, salt=salt, n=cost, r=_BLOCK_SIZE, p=_PARALLEL, maxmem=memory, dklen=_KEY
    )


@define
class _Aead:
    _cipher: Any = field(repr=False)
    _failures: type[Exception]

    def close(self, name: str, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        sealed: bytes = self._cipher.encrypt(nonce, plain, name.encode())
        return nonce + sealed

    def open(self, name: str, sealed: bytes) -> bytes | None:
        try:
            plain: bytes = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (self._failures, ValueError):
            return None
        return plain


def _aead(key: bytes) -> _Aead:
    try:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415
    except ImportError as error:
        fix = "install iqrf-trio with the extra [vault]"
        raise VaultError(f"encrypted snapshots need the package cryptography; {fix}") from error
    return _Aead(ChaCha20Poly1305(key), InvalidTag)


@frozen
class PartSeal:
    """Encrypts the parts of one snapshot; see protocol.vault.snapshot.Seal."""

    _salt: bytes
    _aead: _Aead

    @property
    def parameters(self) -> Mapping[str, Any]:
        """What stands in the manifest."""
        return {"cipher": _CIPHER, "cost": _COST, "salt": self._salt.hex()}

    def close(self, name: str, plain: bytes) -> bytes:
        """The part, encrypted."""
        return self._aead.close(name, plain)
