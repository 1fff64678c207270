"""What can go wrong with the store, in words for whoever runs the gateway."""


class StoreError(Exception):
    """The database could not do what was asked; the message names the file and the reason."""


class MissingDatabaseError(StoreError):
    """There is no database yet, and the caller only wanted to look into one."""


class LostDatabaseError(StoreError):
    """There was a database here, as what stands beside it tells, and it is gone or empty."""


class DatabaseFullError(StoreError):
    """The disk has no room for what was to be written; nothing of it was."""


class DatabaseBusyError(StoreError):
    """Another program holds the database for longer than we wait."""


class DamagedDatabaseError(StoreError):
    """The file is no database, or one whose pages do not fit together."""


class ReadOnlyError(StoreError):
    """The disk is read-only: what was to be written is not kept."""


class ReplacedDatabaseError(StoreError):
    """Another file is where the open one was, or none: what is written would not be found again."""


class UnknownTokenError(StoreError):
    """No token has this number."""


class ExpiredTokenError(StoreError):
    """The token's time is over."""


class RevokedTokenError(StoreError):
    """The token has been revoked."""


REFUSALS = (UnknownTokenError, RevokedTokenError, ExpiredTokenError)
"""What a write was refused for; the database itself is well."""
