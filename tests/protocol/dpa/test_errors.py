"""The names of transaction statuses, which clients read in `statusStr`."""

import pytest

from protocol.dpa.errors import DpaTimeoutError, ResponseCodeError, status_text


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "ok"),
        (1, "ERROR_FAIL"),
        (8, "ERROR_NADR"),
        (10, "ERROR_MISSING_CUSTOM_DPA_HANDLER"),
        (32, "TRN_ERROR_USER_20"),
        (62, "TRN_ERROR_USER_3e"),
        (63, "ERROR_USER_TO"),
        (255, "STATUS_CONFIRMATION"),
        (-1, "ERROR_TIMEOUT"),
        (-8, "ERROR_IFACE_EXCLUSIVE_ACCESS"),
    ],
)
def test_a_status_has_the_name_that_clients_know(status: int, text: str) -> None:
    assert status_text(status) == text


def test_an_error_says_the_name_and_the_detail() -> None:
    assert str(ResponseCodeError(7)) == "ERROR_HWPID"
    assert str(DpaTimeoutError("OS Read to 3")) == "ERROR_TIMEOUT: OS Read to 3"
