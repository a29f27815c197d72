"""OpenAI's errors and refusals in our words."""

from typing import TYPE_CHECKING

from shared.providers.base import Later, Refused
from shared.providers.faults import Call, reads_as_refusal, wait_until

if TYPE_CHECKING:
    import httpx2

REFUSED = frozenset(
    {"moderation_blocked", "content_policy_violation", "image_generation_user_error"}
)
SPENT = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_limit_user_error",
    }
)
"""Codes and types that come with 429 or 400 and mean that the account has no money left."""


def expected() -> tuple[type[Exception], ...]:
    """What the SDK may raise when it is asked something; `fault` takes each of them."""
    import httpx2
    from openai import OpenAIError

    return (OpenAIError, httpx2.HTTPError, ValueError)


def fault(call: Call, error: Exception) -> Later | Refused:
    """What an exception of the SDK means: a wait or a refusal, or the fault that is raised."""
    import openai

    if isinstance(error, openai.ContentFilterFinishReasonError):
        return call.refused("OpenAI's content filter stopped the answer")
    if isinstance(error, openai.LengthFinishReasonError):
        raise call.malformed("an answer that was cut off") from None
    if isinstance(error, openai.APIStatusError):
        message = _message(error.body)
        if error.code in REFUSED or (error.status_code == 400 and reads_as_refusal(message)):
            return call.refused("OpenAI does not make what was asked for", message)
        if error.code in SPENT or error.type in SPENT:
            raise call.spent(message) from None
        wait = wait_until(error.response.headers.get("retry-after"))
        return call.answered(error.status_code, message, wait, own=_is_own(error.response))
    if isinstance(error, (ValueError, openai.APIResponseValidationError)):
        raise call.malformed("no answer of the API") from None
    raise call.broken(error) from None


def _message(body: object) -> str:
    """The sentence in an error's body; the SDK's own message has the whole body in it."""
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) else ""


def _is_own(response: "httpx2.Response") -> bool:
    """Whether an error is written as OpenAI writes it."""
    try:
        body = response.json()
    except ValueError:
        return False
    error = body.get("error") if isinstance(body, dict) else None
    return isinstance(error, dict) and "message" in error and "type" in error
