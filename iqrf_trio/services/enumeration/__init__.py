"""Enumeration: learning the network step by step, beside the clients' requests."""

from iqrf_trio.services.enumeration.interview import Interview
from iqrf_trio.services.enumeration.orders import Enumeration, EnumerationInProgressError, Order

__all__ = ["Enumeration", "EnumerationInProgressError", "Interview", "Order"]
