"""A certificate that nobody has signed but its own key, for a network of one's own."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address

from attrs import field, frozen

MAX_DAYS = 36500


class NoCryptographyError(Exception):
    """The library that makes keys is not installed."""


@frozen
class Certificate:
    """A certificate and its private key, both as PEM."""

    certificate: bytes
    key: bytes = field(repr=False)
    fingerprint: str
    """SHA-256 of the certificate, as browsers show it."""


def self_signed(names: Sequence[str], begins_at: datetime, days: int) -> Certificate:
    """A certificate for these host names and IP addresses, at least one.

    The key is one of the curve P-256, which every client knows. Raises NoCryptographyError, and
    ValueError for a name that is none.
    """
    try:
        from cryptography import x509  # noqa: PLC0415 - an extra, which few need
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - as above
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 - as above
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415 - as above
    except ImportError:
        raise NoCryptographyError from None

    def named(text: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ip_address(text))
        except ValueError:
            return x509.DNSName(text)

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins_at)
        .not_valid_after(begins_at + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([named(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Certificate(
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        made.fingerprint(hashes.SHA256()).hex(":").upper(),
    )
