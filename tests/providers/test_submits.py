"""What a paid submit came to, for every provider alike: the real SDKs against a real server.

A submit that may have arrived is paid for once at most, so whatever is not sure to have failed is
an unknown outcome. The SDKs' own retries are part of what is tested: each case counts requests.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

from shared.errors import PermanentError, StepError, TransientError
from shared.providers.fal.video import FalFilms
from shared.providers.google.image import GoogleImages
from shared.providers.google.video import GoogleFilms
from shared.providers.openai.image import OpenAIImages
from tests.providers.wire.material import SECRET, image_request, png, quiet, settings, video_request
from tests.providers.wire.server import Drop, Hang, Reply, Wire, closed_port


@dataclass(frozen=True)
class Submit:
    """One way to spend money. `make` submits to an address; `error` is how the provider itself
    writes an error with a status and a sentence."""

    name: str
    make: Callable[[str, Path, float], object]
    error: Callable[[int, str], Any]

    def __str__(self) -> str:
        return self.name


def google_error(status: int, words: str) -> Any:
    return {"error": {"code": status, "status": "SOME_STATUS", "message": words}}


def openai_error(status: int, words: str) -> Any:
    del status
    return {"error": {"message": words, "type": "server_error", "param": None, "code": None}}


def fal_error(status: int, words: str) -> Any:
    del status
    return {"detail": words}


def gemini_image(url: str, folder: Path, timeout: float) -> object:
    chosen = settings(google_url=url, provider_timeout=timeout)
    return GoogleImages(chosen).generate(image_request(), folder, quiet)


def vertex_image(url: str, folder: Path, timeout: float) -> object:
    chosen = settings(google_url=url, google_project="zoo", provider_timeout=timeout)
    return GoogleImages(chosen, token()).generate(image_request(), folder, quiet)


def veo_film(url: str, folder: Path, timeout: float) -> object:
    chosen = settings(google_url=url, google_project="zoo", provider_timeout=timeout)
    return GoogleFilms(chosen, token()).submit(video_request(folder), folder, quiet)


def omni_film(url: str, folder: Path, timeout: float) -> object:
    chosen = settings(google_url=url, provider_timeout=timeout)
    return GoogleFilms(chosen).submit(video_request(folder), folder, quiet)


def openai_image(url: str, folder: Path, timeout: float) -> object:
    chosen = settings(openai_url=url, provider_timeout=timeout)
    return OpenAIImages(chosen).generate(image_request(), folder, quiet)


def openai_edit(url: str, folder: Path, timeout: float) -> object:
    still = folder / "edited.png"
    still.write_bytes(png())
    chosen = settings(openai_url=url, provider_timeout=timeout)
    return OpenAIImages(chosen).generate(image_request(edited=still), folder, quiet)


def fal_film(url: str, folder: Path, timeout: float) -> object:
    chosen = settings(fal_url=url, provider_timeout=timeout)
    return FalFilms(chosen).submit(video_request(folder), folder, quiet)


def token() -> Credentials:
    return Credentials(token="ya29.token")  # type: ignore[no-untyped-call]


SUBMITS = (
    Submit("gemini-image", gemini_image, google_error),
    Submit("vertex-image", vertex_image, google_error),
    Submit("veo", veo_film, google_error),
    Submit("omni", omni_film, google_error),
    Submit("openai-image", openai_image, openai_error),
    Submit("openai-edit", openai_edit, openai_error),
    Submit("fal", fal_film, fal_error),
)
every_submit = pytest.mark.parametrize("submit", SUBMITS, ids=str)

PAGE = b"<html><title>error</title>cloudflare</html>"
ODD_BODIES = (b"", b"null", b'"late"', b"[]", b'{"error": "late"}', b'{"message": "late"}')


def failed(submit: Submit, wire: Wire, folder: Path, timeout: float = 5.0) -> StepError:
    """The fault that a submit ended with, after exactly one request."""
    with pytest.raises(StepError) as raised:
        submit.make(wire.url, folder, timeout)
    assert len(wire.requests) == 1
    assert SECRET not in raised.value.message
    return raised.value


@every_submit
@pytest.mark.parametrize(
    "status", [408, 499, 500, 501, 502, 503, 504, 507, 520, 522, 524, 527, 530, 598, 599]
)
def test_what_a_proxy_answers_is_an_unknown_outcome(
    submit: Submit, wire: Wire, tmp_path: Path, status: int
) -> None:
    wire.answer(Reply(PAGE, status, {"Retry-After": "1", "x-should-retry": "true"}))
    fault = failed(submit, wire, tmp_path)
    assert isinstance(fault, PermanentError)
    assert fault.reason == "provider_outcome_unknown"
    assert str(status) in fault.message


@every_submit
@pytest.mark.parametrize("body", ODD_BODIES)
def test_nor_is_an_answer_the_provider_s_because_it_is_json(
    submit: Submit, wire: Wire, tmp_path: Path, body: bytes
) -> None:
    wire.answer(Reply(body, 503))
    assert failed(submit, wire, tmp_path).reason == "provider_outcome_unknown"


@every_submit
@pytest.mark.parametrize("status", [502, 504, 520, 524])
def test_a_gateway_s_status_is_one_in_any_words(
    submit: Submit, wire: Wire, tmp_path: Path, status: int
) -> None:
    """The provider has gateways of its own, which write errors as it does."""
    wire.answer(Reply(submit.error(status, "Deadline exceeded."), status))
    assert failed(submit, wire, tmp_path).reason == "provider_outcome_unknown"


@every_submit
@pytest.mark.parametrize("status", [500, 503])
def test_a_provider_that_says_it_failed_may_be_asked_again(
    submit: Submit, wire: Wire, tmp_path: Path, status: int
) -> None:
    wire.answer(Reply(submit.error(status, "The model is overloaded."), status))
    fault = failed(submit, wire, tmp_path)
    assert isinstance(fault, TransientError)
    assert fault.reason == "provider_unavailable"


@every_submit
@pytest.mark.parametrize("status", [521, 523, 525, 526])
def test_what_never_arrived_may_be_sent_again(
    submit: Submit, wire: Wire, tmp_path: Path, status: int
) -> None:
    wire.answer(Reply(PAGE, status))
    fault = failed(submit, wire, tmp_path)
    assert isinstance(fault, TransientError)
    assert fault.reason == "provider_unreachable"


@every_submit
@pytest.mark.parametrize(
    "reply", [Drop(), Hang(), Reply(b'{"half": ', missing=100)], ids=["drop", "hang", "half"]
)
def test_a_connection_that_ends_early_is_an_unknown_outcome(
    submit: Submit, wire: Wire, tmp_path: Path, reply: Reply | Drop | Hang
) -> None:
    wire.answer(reply)
    timeout = 0.5 if isinstance(reply, Hang) else 5.0
    assert failed(submit, wire, tmp_path, timeout).reason == "provider_outcome_unknown"


@every_submit
def test_what_could_not_be_sent_may_be_sent_again(submit: Submit, tmp_path: Path) -> None:
    with pytest.raises(TransientError) as raised:
        submit.make(closed_port(), tmp_path, 5.0)
    assert raised.value.reason == "provider_unreachable"


@every_submit
def test_no_money_is_said_at_once_and_where_to_add_some(
    submit: Submit, wire: Wire, tmp_path: Path
) -> None:
    wire.answer(Reply(submit.error(402, f"Pay for {SECRET}."), 402))
    fault = failed(submit, wire, tmp_path)
    assert isinstance(fault, PermanentError)
    assert fault.reason == "provider_rejected"
    assert "no money left" in fault.message
    assert "https://" in fault.message
