"""TLS: the two levels a server holds its clients to, certificates that can change, and trust."""

import ssl
from pathlib import Path
from typing import Literal

import trio

from iqrf_trio.edges.tcp.lingering import LingeringStream

Mode = Literal["modern", "intermediate"]

_INTERMEDIATE_CIPHERS = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    )
)
"""Mozilla's "intermediate" suites for TLS 1.2, without the DHE ones, which need parameters."""

_CERTIFICATE_MARK = "-----BEGIN CERTIFICATE-----"

_ALERTS = {"UNSUPPORTED_PROTOCOL": 70, "NO_SHARED_CIPHER": 40}
"""Alert descriptions (RFC 8446, 6.2) by the reason that OpenSSL gives."""


class TlsError(Exception):
    """A certificate or key that cannot be used; the text names the file and the reason."""


def tls_context(certificate: str | Path, key: str | Path, mode: Mode) -> ssl.SSLContext:
    """A server's context: `modern` speaks TLS 1.3 alone, `intermediate` 1.2 as well.

    `certificate` is a PEM file with the chain, `key` one with the private key, unencrypted.
    Raises TlsError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if mode == "modern":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    else:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_INTERMEDIATE_CIPHERS)
    reload(context, certificate, key)
    return context


def reload(context: ssl.SSLContext, certificate: str | Path, key: str | Path) -> None:
    """Give a context in use another certificate; connections that are open keep theirs.

    Raises TlsError, and then the context is unchanged.
    """
    # A pair that fails halfway would leave the live context with the halves of two pairs.
    _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, key)
    _load(context, certificate, key)


def _load(context: ssl.SSLContext, certificate: str | Path, key: str | Path) -> None:
    _read(certificate, "certificate", _CERTIFICATE_MARK)
    _read(key, "private key", "PRIVATE KEY-----")
    try:
        # With a passphrase given, OpenSSL never asks for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        reason = (error.reason or "one of them is malformed").replace("_", " ").lower()
        if error.reason == "KEY_VALUES_MISMATCH":
            reason = "it is not the key of this certificate"
        raise TlsError(
            f"private key {key} cannot be used with certificate {certificate}: {reason}"
        ) from None


def _read(file: str | Path, what: str, mark: str) -> None:
    if not str(file):
        raise TlsError(f"no {what} file is named")
    try:
        text = Path(file).read_text("utf-8", errors="replace")
    except OSError as error:
        raise TlsError(f"{what} {file}: {error.strerror}") from None
    if mark not in text:
        raise TlsError(f"{what} {file}: is not in PEM form")
    if "ENCRYPTED" in text:
        raise TlsError(f"{what} {file}: is encrypted; give one without a passphrase")


def client_context(trusted: Path | None = None, *, verify: bool = True) -> ssl.SSLContext:
    """A client's context: it trusts whom the system trusts, or the certificates in `trusted` alone.

    `trusted` is a PEM file with the server's own certificate or one that it was signed with. Not
    to `verify` is to talk to anybody. Raises TlsError.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trusted is None:
        context.load_default_certs()
    else:
        _read(trusted, "certificate", _CERTIFICATE_MARK)
        # Somebody's own certificate is seldom one of an authority, and it is this one they mean.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(trusted)
        except ssl.SSLError:
            raise TlsError(f"certificate {trusted}: is malformed") from None
    return context


async def shake_hands(stream: trio.SSLStream[LingeringStream]) -> None:
    """Do the TLS handshake; a client with nothing in common with us is told so.

    Raises BrokenResourceError.
    """
    try:
        await stream.do_handshake()
    except trio.BrokenResourceError as error:
        # Trio drops the alert that OpenSSL has ready.
        reason = error.__cause__.reason if isinstance(error.__cause__, ssl.SSLError) else None
        if alert := _ALERTS.get(reason or ""):
            await stream.transport_stream.send_all(bytes((21, 3, 3, 0, 2, 2, alert)))
        raise
