"""Google's errors and refusals in our words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from shared.providers.base import Later, Refused
from shared.providers.faults import Call, reads_as_refusal, wait_until

if TYPE_CHECKING:
    from google.genai.types import GenerateContentResponse

RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"

SPENT: Final = re.compile(
    r"prepayment credits|spending cap|billing to be enabled|enable billing|billing (?:is )?disabled"
    r"|dunning|\blimit: 0(?!\.?\d)",
    re.IGNORECASE,
)
"""What Google says, with 400, 403 or 429, of an account that has no money left or never had any:
credit that is used up, a cap that is reached, a bill that was not paid, a quota of nothing."""

BILLING_DISABLED: Final = "BILLING_DISABLED"
API_KEY_INVALID: Final = "API_KEY_INVALID"
WRONG_KEY: Final = re.compile(r"api key (?:is )?(?:not valid|not found|invalid|expired)", re.I)

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
        headers = getattr(error.response, "headers", {})
        return answered(call, error.code, error.details, headers.get("retry-after"))
    if isinstance(error, TransportError):
        # The token is fetched before the request is sent: nothing can have been started.
        raise replace(call, paid=False).broken(error)
    if isinstance(error, GoogleAuthError):
        return call.answered(401, "")
    if isinstance(error, ValueError):  # not JSON, or not of the shape that the SDK knows
        raise call.malformed("no answer of the API") from None
    raise call.broken(error) from None


def answered(call: Call, status: int, body: object, retry_after: str | None) -> Later | Refused:
    """What an HTTP status other than success means, with the parsed `body` of the answer: a wait
    or a refusal, or the fault that is raised."""
    error = _error(body)
    said = error.get("message")
    message = said if isinstance(said, str) else ""
    reasons = _reasons(error)
    if status == 400 and reads_as_refusal(message):
        return call.refused("Google does not make what was asked for", message)
    if status == 400 and (API_KEY_INVALID in reasons or WRONG_KEY.search(message)):
        return call.answered(401, message)
    if status in (400, 403, 429) and (
        BILLING_DISABLED in reasons or SPENT.search(message) or _has_no_quota(error)
    ):
        raise call.spent(message)
    wait = wait_until(retry_after)
    return call.answered(
        status, message, wait if wait is not None else _delay(error), own=bool(error)
    )


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


def _error(body: object) -> dict[str, Any]:
    """The error in an answer of Google's; empty for what has another form."""
    # Streams answer with a list of one.
    body = body[0] if isinstance(body, list) and len(body) == 1 else body
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) and ("code" in error or "status" in error) else {}


def _details(error: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The typed details of an error (google.rpc.ErrorInfo, RetryInfo, QuotaFailure, …)."""
    details = error.get("details")
    for each in details if isinstance(details, list) else ():
        if isinstance(each, dict):
            yield each


def _reasons(error: Mapping[str, Any]) -> set[str]:
    return {str(each["reason"]) for each in _details(error) if "reason" in each}


def _has_no_quota(error: Mapping[str, Any]) -> bool:
    """Whether a quota of nothing was exceeded, which no waiting changes."""
    for each in _details(error):
        metadata = each.get("metadata")
        if isinstance(metadata, dict) and str(metadata.get("quota_limit_value")) == "0":
            return True
        violations = each.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and str(violation.get("quotaValue")) == "0":
                return True
    return False


def _delay(error: Mapping[str, Any]) -> float | None:
    """How long to wait, by the `RetryInfo` among the details ("17s")."""
    for each in _details(error):
        if each.get("@type") == RETRY_INFO:
            try:
                return float(str(each.get("retryDelay")).removesuffix("s"))
            except ValueError:
                return None
    return None
