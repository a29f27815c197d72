"""The way to fal's queue: its own client on a wire of ours.

fal's client asks up to ten times whatever happens, a submit too, which is then paid for twice; it
sets its own timeouts, and its address can't be changed. It does all this above its HTTP client, so
the wire below ends it: a failure leaves the wire as a fault of ours, which nobody up there catches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.faults import Call
from shared.providers.pricing import price

if TYPE_CHECKING:
    import httpx
    from fal_client import SyncClient

NAME = "fal"


class AnsweredError(Exception):
    """fal answered with a status that is no success."""

    def __init__(self, status: int, body: Any, headers: "httpx.Headers") -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.headers = headers


class BrokenError(Exception):
    """There was no answer; the cause says how the connection failed."""


def check(settings: Settings, *models: str) -> None:
    """Raise `PermanentError("provider_unconfigured")` if the key is missing.

    The prices of `models` are read too, so that a wrong one shows at the start.
    """
    if not settings.fal_key.get_secret_value():
        raise PermanentError(
            "provider_unconfigured", "The fal provider needs a key: set MASCOTRY_FAL_KEY."
        )
    for model in models:
        price(model, settings.provider_prices)


def call(settings: Settings, *, paid: bool) -> Call:
    """What is about to be done, for the mapping of what goes wrong."""
    return Call(
        provider="fal",
        paid=paid,
        variables="MASCOTRY_FAL_KEY",
        billing="https://fal.ai/dashboard/billing",
        busy=settings.provider_busy_delay,
        secrets=(settings.fal_key,),
    )


@contextmanager
def connect(settings: Settings, timeout: float) -> Iterator["SyncClient"]:
    """A client whose every call is made once; it raises `AnsweredError` and `BrokenError`.

    `timeout` is in seconds and bounds each wait for the network.
    """
    import httpx
    from fal_client import SyncClient

    class Wire(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if settings.fal_url:
                request.url = httpx.URL(settings.fal_url).join(request.url.raw_path.decode())
                request.headers["Host"] = request.url.netloc.decode()
            request.extensions["timeout"] = httpx.Timeout(timeout).as_dict()
            try:
                response = super().handle_request(request)
                response.read()
            except httpx.HTTPError as error:
                raise BrokenError from error
            if response.status_code >= 300:
                raise AnsweredError(response.status_code, _json(response), response.headers)
            return response

    fal = SyncClient(key=settings.fal_key.get_secret_value(), default_timeout=timeout)
    key = f"Key {settings.fal_key.get_secret_value()}"
    with httpx.Client(transport=Wire(), headers={"Authorization": key}) as http:
        fal.__dict__["_client"] = http  # where the client would cache the one that it makes itself
        yield fal


def _json(response: "httpx.Response") -> Any:
    try:
        return response.json()
    except ValueError:
        return None
