"""HTTP, served: the only place that knows the library underneath (h11)."""

from iqrf_trio.edges.http.connection import Answer, HttpLimits, Upgrade, serve_requests
from iqrf_trio.edges.http.idle import Idle
from iqrf_trio.edges.http.replay import Replay

__all__ = ["Answer", "HttpLimits", "Idle", "Replay", "Upgrade", "serve_requests"]
