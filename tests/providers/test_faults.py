"""What a call came to: the parts that no provider's own tests show."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from pydantic import SecretStr

from shared.errors import PermanentError, TransientError
from shared.providers.base import Later
from shared.providers.faults import Call, wait_until

CALL = Call(
    "Zoo", True, "MASCOTRY_ZOO_KEY", "https://zoo.example/billing", 30.0, (SecretStr("s3cret"),)
)


def test_a_secret_is_taken_out_of_what_a_provider_says() -> None:
    with pytest.raises(PermanentError) as raised:
        CALL.answered(400, "The key s3cret is\n not\tvalid.")
    assert raised.value.message == "Zoo did not take the request: The key … is not valid."
    assert "s3cret" not in repr(CALL)


def test_a_long_message_is_cut() -> None:
    assert len(CALL.quote("no " * 1000)) < 310


@pytest.mark.parametrize("status", [200, 204, 302])
def test_a_status_that_says_nothing_is_no_answer(status: int) -> None:
    with pytest.raises(PermanentError) as raised:
        CALL.answered(status, "")
    assert raised.value.reason == "provider_answer"


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("no"), httpx.ConnectTimeout("no"), httpx.PoolTimeout("no")],
)
def test_what_was_not_sent_may_be_sent_again(error: httpx.HTTPError) -> None:
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    for each in (error, wrapped):
        assert isinstance(CALL.broken(each), TransientError)


@pytest.mark.parametrize(
    "error",
    [httpx.ReadTimeout("?"), httpx.ReadError("?"), httpx.WriteError("?"), OSError("?")],
)
def test_what_may_have_been_sent_is_not(error: Exception) -> None:
    assert CALL.broken(error).reason == "provider_outcome_unknown"
    assert not CALL.broken(error).retryable


def test_a_wait_may_be_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    seconds = wait_until(soon)
    assert seconds is not None
    assert 0 < seconds <= 90
    assert wait_until("soon") is None


def test_a_wait_is_neither_nothing_nor_for_ever() -> None:
    assert CALL.later(None) == Later(30.0)
    assert CALL.later(-5.0) == Later(1.0)
    assert CALL.later(1e9) == Later(3600.0)
