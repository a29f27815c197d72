"""Films by an image-to-video model of fal: submitted to its queue, asked after, fetched."""

import base64
from pathlib import Path
from typing import Any

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.base import Film, Later, Progress, Refused, VideoRequest, Waiting
from shared.providers.fal import client
from shared.providers.fal.client import AnsweredError, BrokenError
from shared.providers.faults import Call, reads_as_refusal, wait_until
from shared.providers.fetching import fetch
from shared.providers.pricing import price
from shared.providers.square import SQUARE, WIDE, longer, padded, square_film

REFUSED = frozenset({"content_policy_violation"})
SPENT = ("exhausted balance", "top up", "top_up")
"""Reasons for which fal locks an account until it is topped up."""


class FalFilms:
    """Moves stills. An operation is `<model>#<request id>`, so that it outlives the settings."""

    name = client.NAME
    repeatable = False

    def __init__(self, settings: Settings) -> None:
        client.check(settings, settings.fal_video_model)
        self._settings = settings

    def submit(
        self, request: VideoRequest, folder: Path, progress: Progress
    ) -> Waiting | Refused | Later:
        """Put a film into the queue. Raises as `shared.providers.faults` says."""
        settings = self._settings
        call = client.call(settings, paid=True)
        arguments = self._arguments(request)
        progress(0.0)
        try:
            with client.connect(settings, settings.provider_timeout) as fal:
                handle = fal.submit(settings.fal_video_model, arguments)
        except AnsweredError as error:
            return _answered(call, error)
        except BrokenError as error:
            raise call.broken(error) from None
        except (ValueError, KeyError, TypeError):
            raise call.malformed("no request id") from None
        return self._waiting(f"{settings.fal_video_model}#{handle.request_id}")

    def poll(
        self, operation: str, request: VideoRequest, folder: Path, progress: Progress
    ) -> Film | Waiting | Refused | Later:
        """Ask after a film, and fetch it when it is done."""
        from fal_client import Completed

        call = client.call(self._settings, paid=False)
        model, _, request_id = operation.partition("#")
        try:
            with client.connect(self._settings, self._settings.provider_poll_timeout) as fal:
                status = fal.status(model, request_id)
                if not isinstance(status, Completed):
                    return self._waiting(operation)
                if status.error:
                    return _failed(call, status.error)
                url = fal.result(model, request_id)["video"]["url"]
        except AnsweredError as error:
            if error.status == 404:
                raise PermanentError(
                    "provider_expired", "fal no longer knows of the film."
                ) from None
            return _answered(call, error)
        except BrokenError as error:
            raise call.broken(error) from None
        except (ValueError, KeyError, TypeError):
            raise call.malformed("no film") from None
        return self._film(str(url), model, request, folder)

    def _arguments(self, request: VideoRequest) -> dict[str, Any]:
        settings = self._settings
        size = WIDE if settings.fal_wide else SQUARE
        arguments: dict[str, Any] = {
            "prompt": request.prompt,
            settings.fal_start_field: _data(padded(request.still, request.background, size)),
            "duration": str(longer(request.duration, settings.fal_video_durations)),
        }
        end = request.still if request.loop else request.end_still
        if end and settings.fal_end_field:
            arguments[settings.fal_end_field] = _data(padded(end, request.background, size))
        return arguments | settings.fal_arguments

    def _film(self, url: str, model: str, request: VideoRequest, folder: Path) -> Film:
        settings = self._settings
        source, target = folder / "fal-source.mp4", folder / "fal.mp4"
        fetch(url, source, settings.provider_poll_timeout, plain=settings.fal_url is not None)
        ended = bool(settings.fal_end_field) and (request.loop or request.end_still is not None)
        sent = WIDE if settings.fal_wide else SQUARE
        squared = square_film(source, target, request, sent, ended=ended)
        seconds = round(squared.seconds)
        return Film(
            path=target,
            model=model,
            cost_usd=seconds * price(model, settings.provider_prices).second,
            parameters={"seconds": seconds, "last_frame": ended},
            metadata=squared.notes,
        )

    def _waiting(self, operation: str) -> Waiting:
        return Waiting(operation, self._settings.provider_poll_interval)


def _data(picture: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def _answered(call: Call, error: AnsweredError) -> Later | Refused:
    """fal answers a model's errors with a list of typed objects, and its own with a sentence."""
    detail = error.body.get("detail") if isinstance(error.body, dict) else None
    first = detail[0] if isinstance(detail, list) and detail else {}
    kind = first.get("type") if isinstance(first, dict) else None
    message = str(first.get("msg", "")) if isinstance(first, dict) else ""
    if isinstance(detail, str):
        message = detail
    if kind in REFUSED or (error.status in (400, 422) and reads_as_refusal(message)):
        return call.refused("The model does not make what was asked for", message)
    if error.status == 403 and "user is locked" in message.lower():
        if any(word in message.lower() for word in SPENT):
            raise call.spent(message)
        raise PermanentError(
            "provider_rejected",
            f"fal has locked the account{call.quote(message)}. Only its support can unlock it.",
        )
    wait = wait_until(error.headers.get("retry-after"))
    return call.answered(error.status, message, wait, own=bool(message))


def _failed(call: Call, message: str) -> Refused:
    """The work ended without a film; a refusal, or the fault that is raised."""
    if reads_as_refusal(message):
        return call.refused("The model does not make what was asked for", message)
    raise PermanentError("provider_failed", f"fal could not make the film{call.quote(message)}.")
