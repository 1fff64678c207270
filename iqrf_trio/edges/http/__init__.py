"""HTTP, served: the only place that knows the library underneath (h11)."""

from iqrf_trio.edges.http.connection import Answer, HttpLimits, Upgrade, serve_requests
from iqrf_trio.edges.http.idle import Idle
from iqrf_trio.edges.http.replay import Replay
from iqrf_trio.edges.http.sending import Sending

__all__ = ["Answer", "HttpLimits", "Idle", "Replay", "Sending", "Upgrade", "serve_requests"]
