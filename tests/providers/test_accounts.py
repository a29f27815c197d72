"""Accounts that are out of money, and keys that are wrong: said at once, and what to do about it.

The bodies are those that the providers send, as their users have reported them.
"""

from pathlib import Path
from typing import Any

import pytest

from shared.errors import PermanentError
from shared.providers.base import Later
from shared.providers.fal.video import FalFilms
from shared.providers.google.image import GoogleImages
from shared.providers.google.video import GoogleFilms
from shared.providers.google.vision import GoogleVision
from shared.providers.openai.image import OpenAIImages
from shared.providers.openai.vision import OpenAIVision
from tests.providers.test_submits import token
from tests.providers.wire.material import SECRET, image_request, quiet, settings, video_request
from tests.providers.wire.server import Reply, Wire

RPC = "type.googleapis.com/google.rpc"
QUOTA = (
    "You exceeded your current quota, please check your plan and billing details. For more "
    "information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits. \n"
    "* Quota exceeded for metric: "
    "generativelanguage.googleapis.com/generate_content_free_tier_requests, limit: {limit}, "
    "model: gemini-2.5-flash-preview-image\nPlease retry in 45.578569677s."
)
RETRY = {"@type": f"{RPC}.RetryInfo", "retryDelay": "45s"}


def google(status: int, name: str, words: str, *details: dict[str, Any]) -> Reply:
    error = {"code": status, "status": name, "message": words, "details": list(details)}
    return Reply({"error": error}, status)


def violation(**more: str) -> dict[str, Any]:
    return {"@type": f"{RPC}.QuotaFailure", "violations": [{"quotaMetric": "requests", **more}]}


def reason(name: str, **metadata: str) -> dict[str, Any]:
    return {
        "@type": f"{RPC}.ErrorInfo",
        "reason": name,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


GOOGLE_SPENT = {
    "prepaid": google(
        429,
        "RESOURCE_EXHAUSTED",
        "Your prepayment credits are depleted. Please go to AI Studio at "
        "https://ai.studio/projects to manage your project and billing.",
    ),
    "project cap": google(
        429,
        "RESOURCE_EXHAUSTED",
        "Your project has exceeded its monthly spending cap. Please go to AI Studio at "
        "https://ai.studio/spend to manage your project spend cap.",
    ),
    "account cap": google(
        429,
        "RESOURCE_EXHAUSTED",
        "Your billing account has exceeded its monthly spending cap. Please go to AI Studio at "
        "https://aistudio.google.com to manage your billing.",
    ),
    "limit 0": google(429, "RESOURCE_EXHAUSTED", QUOTA.format(limit=0), violation(), RETRY),
    "quota of 0": google(429, "RESOURCE_EXHAUSTED", "Quota.", violation(quotaValue="0"), RETRY),
    "vertex quota of 0": google(
        429,
        "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota metric 'Requests'.",
        reason("RATE_LIMIT_EXCEEDED", quota_limit_value="0"),
    ),
    "billing disabled": google(
        403,
        "PERMISSION_DENIED",
        "This API method requires billing to be enabled. Please enable billing on project #589 by "
        "visiting https://console.developers.google.com/billing/enable?project=589 then retry.",
        reason("BILLING_DISABLED", service="aiplatform.googleapis.com"),
    ),
    "billing disabled, by reason": google(
        403, "PERMISSION_DENIED", "No.", reason("BILLING_DISABLED")
    ),
    "unpaid bill": google(
        403, "PERMISSION_DENIED", "Lightning dunning decision is deny for project: projects/883"
    ),
    "no free tier": google(
        400,
        "FAILED_PRECONDITION",
        "Gemini API free tier is not available in your country. Please enable billing on your "
        "project in Google AI Studio.",
    ),
}
GOOGLE_BUSY = {
    "minute": google(429, "RESOURCE_EXHAUSTED", QUOTA.format(limit=20), violation(), RETRY),
    "limit 0.5": google(429, "RESOURCE_EXHAUSTED", QUOTA.format(limit="0.5"), RETRY),
    "quota of 20": google(429, "RESOURCE_EXHAUSTED", "Quota.", violation(quotaValue="20"), RETRY),
    "check quota": google(
        429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", RETRY
    ),
}


def gemini_image(wire: Wire, folder: Path) -> object:
    return GoogleImages(settings(google_url=wire.url)).generate(image_request(), folder, quiet)


def omni_film(wire: Wire, folder: Path) -> object:
    return GoogleFilms(settings(google_url=wire.url)).submit(video_request(folder), folder, quiet)


def veo_film(wire: Wire, folder: Path) -> object:
    chosen = settings(google_url=wire.url, google_project="zoo")
    return GoogleFilms(chosen, token()).submit(video_request(folder), folder, quiet)


def gemini_look(wire: Wire, folder: Path) -> object:
    del folder
    return GoogleVision(settings(google_url=wire.url)).suggest("a fox", 3)


every_google = pytest.mark.parametrize("ask", [gemini_image, omni_film, veo_film, gemini_look])


def rejected(wire: Wire, ask: Any, folder: Path, code: str = "provider_rejected") -> str:
    """What a final fault says, after one request."""
    with pytest.raises(PermanentError) as raised:
        ask(wire, folder)
    assert raised.value.reason == code
    assert len(wire.requests) == 1
    return raised.value.message


@every_google
@pytest.mark.parametrize("reply", GOOGLE_SPENT.values(), ids=GOOGLE_SPENT)
def test_google_without_money(wire: Wire, tmp_path: Path, ask: Any, reply: Reply) -> None:
    wire.answer(reply)
    words = rejected(wire, ask, tmp_path)
    page = "console.cloud.google.com/billing" if ask is veo_film else "ai.studio/projects"
    assert words.startswith("The Google account has no money left for this: ")
    assert words.endswith(
        f". Add credit or raise the limit at https://{page}, then start the job again."
    )


@every_google
@pytest.mark.parametrize("reply", GOOGLE_BUSY.values(), ids=GOOGLE_BUSY)
def test_a_google_that_is_only_busy_is_waited_for(
    wire: Wire, tmp_path: Path, ask: Any, reply: Reply
) -> None:
    wire.answer(reply)
    assert ask(wire, tmp_path) == Later(45.0)
    assert len(wire.requests) == 1


@every_google
@pytest.mark.parametrize(
    "reply",
    [
        google(
            400,
            "INVALID_ARGUMENT",
            f"API key not valid. Please pass a valid API key. {SECRET}",
            reason("API_KEY_INVALID", service="generativelanguage.googleapis.com"),
        ),
        google(400, "INVALID_ARGUMENT", "Key.", reason("API_KEY_INVALID")),
        google(400, "INVALID_ARGUMENT", "API key expired. Please renew the API key."),
        google(400, "INVALID_ARGUMENT", "API Key not found. Please pass a valid API key."),
    ],
)
def test_a_wrong_key_of_google_names_its_variable(
    wire: Wire, tmp_path: Path, ask: Any, reply: Reply
) -> None:
    wire.answer(reply)
    words = rejected(wire, ask, tmp_path, "provider_unauthorized")
    assert "MASCOTRY_GOOGLE_API_KEY" in words
    assert SECRET not in words


def fal_film(wire: Wire, folder: Path) -> object:
    return FalFilms(settings(fal_url=wire.url)).submit(video_request(folder), folder, quiet)


def fal_poll(wire: Wire, folder: Path) -> object:
    films = FalFilms(settings(fal_url=wire.url))
    return films.poll("fal-ai/kling-video#1", video_request(folder), folder, quiet)


@pytest.mark.parametrize("ask", [fal_film, fal_poll])
@pytest.mark.parametrize(
    "detail",
    [
        "User is locked. Reason: Exhausted balance. Top up your balance at "
        "fal.ai/dashboard/billing.",
        "User is locked. Reason: TOP_UP.",
    ],
)
def test_fal_without_money(wire: Wire, tmp_path: Path, ask: Any, detail: str) -> None:
    wire.answer(Reply({"detail": detail}, 403))
    words = rejected(wire, ask, tmp_path)
    assert words.startswith("The fal account has no money left for this: User is locked. ")
    assert "https://fal.ai/dashboard/billing" in words


def test_an_account_that_fal_has_locked_is_no_matter_of_the_key(wire: Wire, tmp_path: Path) -> None:
    detail = "User is locked. Reason: Admin lock. Please contact support@fal.ai"
    wire.answer(Reply({"detail": detail}, 403))
    words = rejected(wire, fal_film, tmp_path)
    assert "support@fal.ai" in words
    assert "MASCOTRY_FAL_KEY" not in words


def openai_image(wire: Wire, folder: Path) -> object:
    return OpenAIImages(settings(openai_url=wire.url)).generate(image_request(), folder, quiet)


def openai_look(wire: Wire, folder: Path) -> object:
    del folder
    return OpenAIVision(settings(openai_url=wire.url)).suggest("a fox", 3)


@pytest.mark.parametrize("ask", [openai_image, openai_look])
@pytest.mark.parametrize(
    ("status", "type_", "code"),
    [
        (429, "insufficient_quota", "insufficient_quota"),
        (429, "insufficient_quota", None),
        (429, "billing_not_active", "billing_not_active"),
        (400, "invalid_request_error", "billing_hard_limit_reached"),
        (400, "billing_limit_user_error", "billing_hard_limit_reached"),
        (400, "billing_limit_user_error", None),
    ],
)
def test_openai_without_money(
    wire: Wire, tmp_path: Path, ask: Any, status: int, type_: str, code: str | None
) -> None:
    error = {"message": "Billing hard limit has been reached", "type": type_, "code": code}
    wire.answer(Reply({"error": error}, status))
    words = rejected(wire, ask, tmp_path)
    assert words.startswith("The OpenAI account has no money left for this: Billing hard limit")
    assert "https://platform.openai.com/settings/organization/billing" in words
