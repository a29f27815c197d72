"""How long a Retry-After asks to wait."""

from datetime import UTC, datetime

import pytest

from shared.model.retry_after import seconds_until

NOW = datetime(1994, 11, 6, 8, 48, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 1994 09:49:37 +0100",
    ],
)
def test_each_form_of_a_date(date: str) -> None:
    assert seconds_until(date, NOW) == 90


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("120", 120.0), ("1.5", 1.5)])
def test_seconds(text: str, seconds: float) -> None:
    assert seconds_until(text, NOW) == seconds


def test_what_is_past_asks_for_no_wait() -> None:
    assert seconds_until("Sat, 05 Nov 1994 08:49:37 GMT", NOW) == 0


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", "soon", "nan", "inf", "1_0", "1e3", "-1", "１０"),
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        "Sun, 66 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +999999",
    ],
)
def test_what_cannot_be_read(text: str | None) -> None:
    assert seconds_until(text, NOW) is None
