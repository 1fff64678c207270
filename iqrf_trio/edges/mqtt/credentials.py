"""What a connection to a broker trusts and shows: TLS files and the password file."""

import ssl
from pathlib import Path

from iqrf_trio.edges.mqtt.values import MqttError


class _ClosingSocket(ssl.SSLSocket):
    """A socket that is closed when the handshake fails; paho leaves that to chance."""

    def do_handshake(self, block: bool = False) -> None:
        """Shake hands, or close."""
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


def tls_context(ca: str, certificate: str, private_key: str) -> ssl.SSLContext:
    """What a client trusts (`ca`, or what the system does) and shows. Raises MqttError."""
    try:
        context = ssl.create_default_context(cafile=ca or None)
        if certificate:
            context.load_cert_chain(certificate, private_key or None)
    except (OSError, ssl.SSLError) as error:
        named = " ".join(filter(None, (ca, certificate, private_key)))
        raise MqttError(f"TLS files cannot be used ({named}): {error}") from None
    context.sslsocket_class = _ClosingSocket
    return context


def password_in(file: str) -> str:
    """The first line of a file. Raises MqttError."""
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MqttError(f"mqtt.password_file {file} cannot be read: {error}") from None
    return lines[0] if lines else ""
