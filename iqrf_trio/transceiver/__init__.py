"""The way to the coordinator: one link after the other, one DPA transaction at a time."""

from iqrf_trio.transceiver.transceiver import LINK_PATIENCE_S, Transceiver

__all__ = ["LINK_PATIENCE_S", "Transceiver"]
