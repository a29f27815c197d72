"""Google's errors and refusals in our words."""

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.providers.base import Later, Refused
from shared.providers.faults import Call, reads_as_refusal, seconds_until

if TYPE_CHECKING:
    from google.genai.errors import APIError
    from google.genai.types import GenerateContentResponse

RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"

BLOCKED = {
    "SAFETY": "Google's safety filter stopped the request",
    "IMAGE_SAFETY": "Google's safety filter stopped the request because of a picture",
    "BLOCKLIST": "The request has a word that Google blocks",
    "PROHIBITED_CONTENT": "Google does not make what was asked for",
    "MODEL_ARMOR": "The project's Model Armor stopped the request",
    "JAILBREAK": "Google took the request for an attempt to get around its rules",
}
"""Reasons why a prompt was not even tried."""

FINISHED = {
    "SAFETY": "Google's safety filter stopped the answer",
    "RECITATION": "The answer was too close to somebody's work",
    "BLOCKLIST": "The answer had a word that Google blocks",
    "PROHIBITED_CONTENT": "Google does not make what was asked for",
    "SPII": "The answer had personal data",
    "MODEL_ARMOR": "The project's Model Armor stopped the answer",
    "IMAGE_SAFETY": "Google's safety filter stopped the picture",
    "IMAGE_PROHIBITED_CONTENT": "Google does not draw what was asked for",
    "IMAGE_RECITATION": "The picture was too close to somebody's work",
    "IMAGE_OTHER": "Google did not draw the picture and gave no reason",
    "NO_IMAGE": "Google answered without a picture",
    "OTHER": "Google did not answer and gave no reason",
}
"""Reasons why an answer ended that mean no, as opposed to those that mean a defect."""


def expected() -> tuple[type[Exception], ...]:
    """What the SDK may raise when it is asked something; `fault` takes each of them."""
    import httpx
    import httpx2
    from google.auth.exceptions import GoogleAuthError
    from google.genai.errors import APIError

    return (APIError, GoogleAuthError, httpx.HTTPError, httpx2.HTTPError, ValueError)


def fault(call: Call, error: Exception) -> Later | Refused:
    """What an exception of the SDK means: a wait or a refusal, or the fault that is raised."""
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.genai.errors import APIError

    if isinstance(error, APIError):
        message = error.message if isinstance(error.message, str) else ""
        if error.code == 400 and reads_as_refusal(message):
            return call.refused("Google does not make what was asked for", message)
        return call.answered(error.code, message, _retry_after(error))
    if isinstance(error, TransportError):
        # The token is fetched before the request is sent: nothing can have been started.
        raise replace(call, paid=False).broken(error)
    if isinstance(error, GoogleAuthError):
        return call.answered(401, "")
    if isinstance(error, ValueError):  # not JSON, or not of the shape that the SDK knows
        raise call.malformed("no answer of the API") from None
    raise call.broken(error) from None


def refusal(call: Call, answer: "GenerateContentResponse") -> Refused | None:
    """The refusal that an answer states as its reason to end; None if it states none."""
    feedback = answer.prompt_feedback
    if feedback and feedback.block_reason:
        reason = BLOCKED.get(feedback.block_reason.name, "Google stopped the request")
        return call.refused(reason, feedback.block_reason_message or "")
    candidate = answer.candidates[0] if answer.candidates else None
    if candidate is None or candidate.finish_reason is None:
        return None
    stopped = FINISHED.get(candidate.finish_reason.name)
    return call.refused(stopped, candidate.finish_message or "") if stopped else None


def words_instead(call: Call, answer: "GenerateContentResponse") -> Refused | None:
    """The refusal in an answer that came to its end with words where a picture should be."""
    candidate = answer.candidates[0] if answer.candidates else None
    if candidate is None or candidate.finish_reason is None:
        return None
    words = _said(answer)
    if candidate.finish_reason.name != "STOP" or not words:
        return None
    return call.refused("Google answered with words instead", words)


def _said(answer: "GenerateContentResponse") -> str:
    """The text of an answer, whatever else is in it (the SDK's own property warns of that)."""
    candidate = answer.candidates[0] if answer.candidates else None
    parts = (candidate.content.parts if candidate and candidate.content else None) or []
    return "".join(part.text for part in parts if part.text and not part.thought)


def _retry_after(error: "APIError") -> float | None:
    """How long to wait: the header, or the `RetryInfo` among the details ("17s")."""
    headers = getattr(error.response, "headers", {})
    if (seconds := seconds_until(headers.get("retry-after"))) is not None:
        return seconds
    try:
        details = error.details["error"]["details"]
        delay = next(d["retryDelay"] for d in details if d.get("@type") == RETRY_INFO)
        return float(str(delay).removesuffix("s"))
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration):
        return None
