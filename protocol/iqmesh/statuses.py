"""How a network service that failed is told about: its status and the text that goes with it."""

from protocol.dpa.errors import EXCLUSIVE_ACCESS, DpaError, FrcStatusError, status_text
from protocol.errors import ProtocolError

FAILED = 1000
"""What has no status of its own: the journal could not be written, for example."""
BAD_PARAMETERS = 1001
RADIO_TAKEN = 1002
NO_NODES = 1003
"""From here on a status means something else in each service; this is its commonest meaning."""
CANCELLED = 1011


class ServiceFailure(ProtocolError):  # noqa: N818 - a result of the service, not a fault of it
    """A service that ends without success by its own decision."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def no_bonded_nodes() -> ServiceFailure:
    """There is nobody to be served."""
    return ServiceFailure(NO_NODES, "There are no bonded nodes in network.")


def cancelled() -> ServiceFailure:
    """Somebody took the request back."""
    return ServiceFailure(CANCELLED, "Cancelled")


def of_error(error: DpaError) -> ServiceFailure:
    """A failed transaction: its own status; clients compare status and text (see the API)."""
    if isinstance(error, FrcStatusError):
        # The transaction was fine; the vendor's gateway says so, and its web client compares it.
        return ServiceFailure(0, f'Bad FRC status: (int)status="{error.frc_status}" ')
    if error.status == EXCLUSIVE_ACCESS:
        return ServiceFailure(RADIO_TAKEN, f"Transaction error: {error}")
    kind = "Transaction" if error.status < 0 else "DPA"
    return ServiceFailure(error.status, f"{kind} error: {status_text(error.status)}")
