"""Films by Veo, on Vertex: with a first frame, and a last one where the film ends somewhere."""

from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.base import Film, Later, Progress, Refused, VideoRequest, Waiting
from shared.providers.faults import Call, reads_as_refusal
from shared.providers.google import client
from shared.providers.google.faults import expected, fault
from shared.providers.pricing import price
from shared.providers.square import WIDE, longer, padded, square_film

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.genai.types import GenerateVideosConfig, GenerateVideosOperation

SEEDS = 2**32
NOT_FOUND = 404


class VeoFilms:
    """Moves stills in 16:9, from which the square is cropped. An operation is Google's name."""

    def __init__(self, settings: Settings, credentials: "Credentials | None" = None) -> None:
        self._settings = settings
        self._credentials = credentials

    def submit(self, request: VideoRequest, progress: Progress) -> str | Refused | Later:
        """Start a film; its operation. Raises as `shared.providers.faults` says."""
        from google.genai.types import GenerateVideosSource, Image

        settings = self._settings
        call = client.call(settings, paid=True)
        source = GenerateVideosSource(
            prompt=request.prompt,
            image=Image(
                image_bytes=padded(request.still, request.background, WIDE),
                mime_type="image/png",
            ),
        )
        config = self._config(request)
        progress(0.0)
        try:
            with client.vertex(
                settings,
                settings.provider_timeout,
                settings.google_video_location,
                self._credentials,
            ) as google:
                started = google.models.generate_videos(
                    model=settings.google_video_model, source=source, config=config
                )
        except expected() as error:
            return fault(call, error)
        if not started.name:
            raise call.malformed("no name of an operation")
        return started.name

    def poll(
        self, operation: str, request: VideoRequest, folder: Path
    ) -> Film | Waiting | Refused | Later:
        """Ask after a film; the `Waiting` carries the bare operation."""
        from google.genai.errors import APIError
        from google.genai.types import GenerateVideosOperation

        settings = self._settings
        call = client.call(settings, paid=False)
        try:
            with client.vertex(
                settings,
                settings.provider_poll_timeout,
                settings.google_video_location,
                self._credentials,
            ) as google:
                asked = GenerateVideosOperation.model_validate({"name": operation})
                state = google.operations.get(asked)
        except expected() as error:
            if isinstance(error, APIError) and error.code == NOT_FOUND:
                raise PermanentError(
                    "provider_expired", "Google no longer knows of the film."
                ) from None
            return fault(call, error)
        if not state.done:
            return Waiting(operation, settings.provider_poll_interval)
        if refused := _refusal(call, state):
            return refused
        return self._film(_video(call, state), _model(operation), request, folder)

    def _config(self, request: VideoRequest) -> "GenerateVideosConfig":
        from google.genai.types import GenerateVideosConfig, Image

        end = request.still if request.loop else request.end_still
        last = padded(end, request.background, WIDE) if end else None
        return GenerateVideosConfig(
            last_frame=Image(image_bytes=last, mime_type="image/png") if last else None,
            duration_seconds=longer(request.duration, self._settings.google_video_durations),
            aspect_ratio="16:9",
            generate_audio=False,
            number_of_videos=1,
            seed=request.seed % SEEDS,
        )

    def _film(self, video: bytes, model: str, request: VideoRequest, folder: Path) -> Film:
        source, target = folder / "veo-source.mp4", folder / "veo.mp4"
        source.write_bytes(video)
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


def _model(operation: str) -> str:
    """The model in `projects/…/models/<model>/operations/<id>`."""
    return operation.rpartition("/operations/")[0].rpartition("/")[2]


def _refusal(call: Call, state: "GenerateVideosOperation") -> Refused | None:
    """The refusal in a finished operation; what else failed is raised."""
    if state.error:
        message = str(state.error.get("message", ""))
        if reads_as_refusal(message):
            return call.refused("Google does not make what was asked for", message)
        raise PermanentError(
            "provider_failed", f"Google could not make the film{call.quote(message)}."
        )
    if state.response and state.response.rai_media_filtered_reasons:
        said = " ".join(state.response.rai_media_filtered_reasons)
        return call.refused("Google's safety filter stopped the film", said)
    if state.response and state.response.rai_media_filtered_count:
        return call.refused("Google's safety filter stopped the film")
    return None


def _video(call: Call, state: "GenerateVideosOperation") -> bytes:
    made = state.response.generated_videos if state.response else None
    video = made[0].video if made else None
    if video is None or not video.video_bytes:
        raise call.malformed("no film")
    return video.video_bytes
