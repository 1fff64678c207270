"""What the gateway remembers, in one SQLite file."""

from iqrf_trio.store.database import inline
from iqrf_trio.store.errors import StoreError
from iqrf_trio.store.files import occupied
from iqrf_trio.store.store import Store

DATABASE_NAME = "iqrf-trio.db"
"""The file in the state directory."""

__all__ = ["DATABASE_NAME", "Store", "StoreError", "inline", "occupied"]
