"""Films by Omni, with an API key: from a first frame and words, without a last frame."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.base import Film, Later, Progress, Refused, VideoRequest, Waiting
from shared.providers.faults import Call, reads_as_refusal, seconds_until
from shared.providers.google import client
from shared.providers.google.faults import expected, fault
from shared.providers.pricing import price
from shared.providers.square import WIDE, longer, padded, square_film

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.interactions import Interaction

WORKING = frozenset({"queued", "in_progress", "requires_continuation"})
NOT_FOUND = 404


class OmniFilms:
    """Moves stills in 16:9, from which the square is cropped. An operation is Google's id.

    It takes no last frame, so a loop's seam is only asked for in words.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def submit(self, request: VideoRequest, progress: Progress) -> str | Refused | Later:
        """Start a film; its operation. Raises as `shared.providers.faults` says."""
        from google.genai.interactions import Interaction

        settings = self._settings
        call = client.call(settings, paid=True)
        still = base64.b64encode(padded(request.still, request.background, WIDE)).decode()
        seconds = longer(request.duration, settings.google_omni_durations)
        progress(0.0)
        try:
            with client.gemini(settings, settings.provider_timeout) as google:
                started = google.interactions.create(
                    model=settings.google_omni_model,
                    input=[
                        {"type": "image", "data": still, "mime_type": "image/png"},
                        {"type": "text", "text": request.prompt},
                    ],
                    background=True,
                    store=True,
                    # Inline answers end at a few megabytes.
                    response_format={
                        "type": "video",
                        "aspect_ratio": "16:9",
                        "resolution": "720p",
                        "duration": f"{seconds}s",
                        "delivery": "uri",
                    },
                    generation_config={"video_config": {"task": "image_to_video"}},
                )
        except _expected() as error:
            return _fault(call, error)
        if not isinstance(started, Interaction) or not started.id:
            raise call.malformed("no id of an interaction")
        return started.id

    def poll(
        self, operation: str, request: VideoRequest, folder: Path
    ) -> Film | Waiting | Refused | Later:
        """Ask after a film; the `Waiting` carries the bare operation."""
        settings = self._settings
        call = client.call(settings, paid=False)
        source = folder / "omni-source.mp4"
        try:
            with client.gemini(settings, settings.provider_poll_timeout) as google:
                state = google.interactions.get(operation)
                if state.status in WORKING:
                    return Waiting(operation, settings.provider_poll_interval)
                if refused := _refusal(call, state):
                    return refused
                source.write_bytes(_video(call, state, google))
        except _expected() as error:
            if getattr(error, "status_code", None) == NOT_FOUND:
                raise PermanentError(
                    "provider_expired", "Google no longer knows of the film."
                ) from None
            return _fault(call, error)
        return self._film(source, str(state.model or settings.google_omni_model), request, folder)

    def _film(self, source: Path, model: str, request: VideoRequest, folder: Path) -> Film:
        target = folder / "omni.mp4"
        seconds = round(square_film(source, target, request, ended=False))
        return Film(
            path=target,
            model=model,
            cost_usd=seconds * price(model, self._settings.provider_prices).second,
            parameters={"seconds": seconds, "last_frame": False},
        )


def _expected() -> tuple[type[Exception], ...]:
    """Interactions have errors of their own, beside those of the rest of the SDK, and the SDK
    names them in no public module."""
    from google.genai._interactions import GeminiNextGenAPIClientError

    return (GeminiNextGenAPIClientError, *expected())


def _fault(call: Call, error: Exception) -> Later | Refused:
    """What an exception of the SDK means: a wait or a refusal, or the fault that is raised."""
    from google.genai._interactions import (
        APIError,
        APIResponseValidationError,
        APIStatusError,
    )

    if isinstance(error, APIStatusError):
        message = _message(error.body)
        if error.status_code == 400 and reads_as_refusal(message):
            return call.refused("Google does not make what was asked for", message)
        wait = seconds_until(error.response.headers.get("retry-after"))
        return call.answered(error.status_code or 0, message, wait)
    if isinstance(error, APIResponseValidationError):
        raise call.malformed("no answer of the API") from None
    if isinstance(error, APIError):
        raise call.broken(error) from None
    return fault(call, error)


def _message(body: object) -> str:
    """The sentence in an error's body; the SDK's own message has the whole body in it."""
    error = body.get("error", body) if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else ""


def _refusal(call: Call, state: "Interaction") -> Refused | None:
    """The refusal in a finished interaction; what else failed is raised."""
    faults = state.errors or []
    said = " ".join(each.message for each in faults if each.message)
    codes = " ".join(each.code for each in faults if each.code)
    if reads_as_refusal(said) or "safety" in codes.lower():
        return call.refused("Google does not make what was asked for", said)
    if state.status != "completed":
        raise PermanentError(
            "provider_failed", f"Google could not make the film ({state.status}){call.quote(said)}."
        )
    if state.output_video is None and state.output_text:
        return call.refused("Google answered with words instead", state.output_text)
    return None


def _video(call: Call, state: "Interaction", google: "Client") -> bytes:
    video = state.output_video
    if video is not None and video.data:
        try:
            return base64.b64decode(str(video.data), validate=True)
        except binascii.Error:
            raise call.malformed("no film") from None
    if video is not None and video.uri:
        # The SDK takes the file's name from the address and asks its own server for it, so that
        # the key goes to nobody else.
        return google.files.download(file=video.uri)
    raise call.malformed("no film")
