"""The history of values, kept beside the database and asked through it."""

from iqrf_trio.services.history.history import History, HistoryStatus
from iqrf_trio.store.history import Found, Series

__all__ = ["Found", "History", "HistoryStatus", "Series"]
