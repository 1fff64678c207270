"""The two families of protocol errors: ours, and the other end's."""


class ProtocolError(Exception):
    """Base of everything this package raises on purpose."""


class LocalProtocolError(ProtocolError):
    """We asked for something that the protocol cannot express."""


class RemoteProtocolError(ProtocolError):
    """The other end sent something that the protocol does not allow."""
