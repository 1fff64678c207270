"""The history of values, kept beside the database and asked through it."""

from iqrf_trio.services.history.history import History, HistoryStatus

__all__ = ["History", "HistoryStatus"]
