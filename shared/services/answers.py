"""What a provider answers while a client waits for it, as the client should see it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import TypeVar

from shared.errors import BadRequest, ProviderError, RateLimited, StepError
from shared.providers.base import Later, Refused

log = logging.getLogger(__name__)

A = TypeVar("A")


@contextmanager
def faults() -> Iterator[None]:
    """Turn a provider's fault inside this block into a `ProviderError`, and log it once."""
    try:
        yield
    except StepError as error:
        log.warning("provider failed", extra={"reason": error.reason, "fault": error.message})
        raise ProviderError(error.reason, error.message, retryable=error.retryable) from error


def required(answer: A | Refused | Later, *, field: str) -> A:
    """The answer itself. BadRequest names `field` and says why the provider refused, RateLimited
    says how long it is busy."""
    if isinstance(answer, Refused):
        raise BadRequest(answer.reason, field=field)
    if isinstance(answer, Later):
        raise RateLimited("The provider is busy.", retry_after=max(1, ceil(answer.delay)))
    return answer
