"""Films by Omni, with an API key: from a first frame and words, and a last frame that tags name."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.base import Film, Later, Progress, Refused, VideoRequest, Waiting
from shared.providers.faults import Call, reads_as_refusal
from shared.providers.google import client
from shared.providers.google.faults import answered, expected, fault
from shared.providers.pricing import price
from shared.providers.square import WIDE, longer, padded, square_film

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.interactions import ImageContentParam, Interaction

WORKING = frozenset({"queued", "in_progress", "requires_continuation"})
NOT_FOUND = 404


class OmniFilms:
    """Moves stills in 16:9, from which the square is cropped. An operation is Google's id."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def submit(self, request: VideoRequest, progress: Progress) -> str | Refused | Later:
        """Start a film; its operation. Raises as `shared.providers.faults` says."""
        from google.genai.interactions import Interaction

        settings = self._settings
        call = client.call(settings, paid=True)
        stills = _stills(request)
        seconds = longer(request.duration, settings.google_omni_durations)
        progress(0.0)
        try:
            with client.gemini(settings, settings.provider_timeout) as google:
                started = google.interactions.create(
                    model=settings.google_omni_model,
                    input=[
                        *(_part(padded(each, request.background, WIDE)) for each in stills),
                        {"type": "text", "text": _words(request)},
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
                video = _video(call, state, google)
                if video is None:
                    return Waiting(operation, settings.provider_poll_interval)
                source.write_bytes(video)
        except _expected() as error:
            if getattr(error, "status_code", None) == NOT_FOUND:
                raise PermanentError(
                    "provider_expired", "Google no longer knows of the film."
                ) from None
            return _fault(call, error)
        return self._film(source, str(state.model or settings.google_omni_model), request, folder)

    def _film(self, source: Path, model: str, request: VideoRequest, folder: Path) -> Film:
        target = folder / "omni.mp4"
        ended = request.loop or request.end_still is not None
        squared = square_film(source, target, request, WIDE, ended=ended)
        seconds = round(squared.seconds)
        return Film(
            path=target,
            model=model,
            cost_usd=seconds * price(model, self._settings.provider_prices).second,
            parameters={"seconds": seconds, "last_frame": ended},
            metadata=squared.notes,
        )


def _stills(request: VideoRequest) -> list[Path]:
    """The first frame, and the last unless it is the same."""
    if request.end_still is None or request.loop:
        return [request.still]
    return [request.still, request.end_still]


def _words(request: VideoRequest) -> str:
    """The prompt between the tags that say which picture is which frame.

    Left to itself the model cuts between several shots.
    """
    if request.loop:
        tags = "<FIRST_FRAME>@Image1 <LAST_FRAME>@Image1"
        roles = "Use this image as the first frame and the last frame."
    elif request.end_still is not None:
        tags = "<FIRST_FRAME>@Image1 <LAST_FRAME>@Image2"
        roles = "Use Image1 as the first frame and Image2 as the last frame."
    else:
        tags = "<FIRST_FRAME>@Image1"
        roles = "Use this image as the starting frame."
    return f"[# Sources {tags}] {request.prompt}\nOne continuous shot, no dialogue. {roles}"


def _part(picture: bytes) -> "ImageContentParam":
    data = base64.b64encode(picture).decode()
    return {"type": "image", "data": data, "mime_type": "image/png"}


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
        wait = error.response.headers.get("retry-after")
        return answered(call, error.status_code or 0, error.body, wait)
    if isinstance(error, APIResponseValidationError):
        raise call.malformed("no answer of the API") from None
    if isinstance(error, APIError):
        raise call.broken(error) from None
    return fault(call, error)


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


def _video(call: Call, state: "Interaction", google: "Client") -> bytes | None:
    """The film of a finished interaction; None while Google is still putting its file away."""
    video = state.output_video
    if video is not None and video.data:
        try:
            return base64.b64decode(str(video.data), validate=True)
        except binascii.Error:
            raise call.malformed("no film") from None
    if video is None or not video.uri:
        raise call.malformed("no film")
    # The SDK takes the file's name from the address and asks its own server for it, so that the
    # key goes to nobody else.
    file = google.files.get(name=video.uri)
    match file.state.name if file.state else "ACTIVE":
        case "PROCESSING":
            return None
        case "FAILED":
            raise PermanentError("provider_failed", "Google could not store the film.")
        case _:
            return google.files.download(file=video.uri)
