"""The way to OpenAI: one client per call, which waits as long as we say and never asks twice."""

from typing import TYPE_CHECKING

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.faults import Call
from shared.providers.pricing import price

if TYPE_CHECKING:
    from openai import OpenAI

NAME = "openai"


def check(settings: Settings, *models: str) -> None:
    """Raise `PermanentError("provider_unconfigured")` if the key is missing.

    The prices of `models` are read too, so that a wrong one shows at the start.
    """
    if not settings.openai_api_key.get_secret_value():
        raise PermanentError(
            "provider_unconfigured",
            "The openai provider needs a key: set MASCOTRY_OPENAI_API_KEY.",
        )
    for model in models:
        price(model, settings.provider_prices)


def call(settings: Settings, *, paid: bool) -> Call:
    """What is about to be done, for the mapping of what goes wrong."""
    return Call(
        provider="OpenAI",
        paid=paid,
        variables="MASCOTRY_OPENAI_API_KEY",
        billing="https://platform.openai.com/settings/organization/billing",
        busy=settings.provider_busy_delay,
        secrets=(settings.openai_api_key,),
    )


def connect(settings: Settings) -> "OpenAI":
    """A client to use in a `with`."""
    from openai import OpenAI

    return OpenAI(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_url,
        timeout=settings.provider_timeout,
        max_retries=0,  # the SDK would ask again by itself, and pay again
    )
