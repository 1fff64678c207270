"""How a simulated device says no: the response code instead of data."""

# Response codes (DPA.h 4.16, "Response codes").
FAIL = 1
UNKNOWN_PCMD = 2
UNKNOWN_PNUM = 3
WRONG_ADDRESS = 4
WRONG_LENGTH = 5
WRONG_DATA = 6
WRONG_HWPID = 7
UNKNOWN_NADR = 8


class Refused(Exception):  # noqa: N818 - it is an answer of the protocol, not an error here
    """The device answers with `rcode` and without PDATA."""

    def __init__(self, rcode: int) -> None:
        super().__init__(f"response code {rcode}")
        self.rcode = rcode


def of_length(pdata: bytes, *lengths: int) -> bytes:
    """`pdata`, if it has one of these lengths; otherwise raises Refused."""
    if len(pdata) not in lengths:
        raise Refused(WRONG_LENGTH)
    return pdata
