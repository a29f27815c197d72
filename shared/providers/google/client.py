"""The way to Google: one client per call, which waits as long as we say and never asks twice."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.faults import Call
from shared.providers.pricing import price

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.genai import Client
    from google.genai.types import HttpOptions

NAME = "google"
STUDIO_BILLING = "https://ai.studio/projects"
"""Where credit and spending caps of the Gemini API's keys are managed."""
CLOUD_BILLING = "https://console.cloud.google.com/billing"


def check(settings: Settings, *models: str) -> None:
    """Raise `PermanentError("provider_unconfigured")` if credentials are missing.

    The prices of `models` are read too, so that a wrong one shows at the start.
    """
    if not settings.google_project and not settings.google_api_key.get_secret_value():
        raise PermanentError(
            "provider_unconfigured",
            "The google provider needs credentials: set MASCOTRY_GOOGLE_API_KEY (a key of the "
            "Gemini API), or MASCOTRY_GOOGLE_PROJECT (a Google Cloud project with Vertex).",
        )
    for model in models:
        price(model, settings.provider_prices)


def call(settings: Settings, *, paid: bool) -> Call:
    """What is about to be done, for the mapping of what goes wrong."""
    return Call(
        provider="Google",
        paid=paid,
        variables="MASCOTRY_GOOGLE_API_KEY or MASCOTRY_GOOGLE_PROJECT",
        billing=CLOUD_BILLING if settings.google_project else STUDIO_BILLING,
        busy=settings.provider_busy_delay,
        secrets=(settings.google_api_key,),
    )


def connect(
    settings: Settings, timeout: float, credentials: "Credentials | None" = None
) -> AbstractContextManager["Client"]:
    """A client to use in a `with`: Vertex with a project, else the Gemini API with the key.

    `timeout` is in seconds and bounds each wait for the network.
    """
    if settings.google_project:
        return vertex(settings, timeout, settings.google_location, credentials)
    return gemini(settings, timeout)


def gemini(settings: Settings, timeout: float) -> AbstractContextManager["Client"]:
    """The Gemini API, with the key."""
    from google.genai import Client

    return Client(
        enterprise=False,  # whatever Google's own variables in the environment say
        api_key=settings.google_api_key.get_secret_value(),
        http_options=_options(settings, timeout),
    )


def vertex(
    settings: Settings, timeout: float, location: str, credentials: "Credentials | None" = None
) -> AbstractContextManager["Client"]:
    """Vertex, in a location of the project; `credentials` are the machine's own if not given."""
    from google.genai import Client

    return Client(
        enterprise=True,
        project=settings.google_project,
        location=location,
        credentials=credentials,
        http_options=_options(settings, timeout),
    )


def _options(settings: Settings, timeout: float) -> "HttpOptions":
    from google.genai.types import HttpOptions, HttpRetryOptions

    return HttpOptions(
        base_url=settings.google_url,
        timeout=round(timeout * 1000),
        # The SDK would ask again by itself, and pay again.
        retry_options=HttpRetryOptions(attempts=1),
    )
