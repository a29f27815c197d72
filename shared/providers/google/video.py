"""Films by Google: Veo with a project on Vertex, Omni with an API key alone."""

from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.errors import PermanentError
from shared.providers.base import Film, Later, Progress, Refused, VideoRequest, Waiting
from shared.providers.google import client
from shared.providers.google.omni import OmniFilms
from shared.providers.google.veo import VeoFilms

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

VEO, OMNI = "veo", "omni"


class GoogleFilms:
    """Moves stills. An operation is `veo:<name>` or `omni:<id>`: who polls may have other settings
    than who submitted."""

    name = client.NAME
    repeatable = False

    def __init__(self, settings: Settings, credentials: "Credentials | None" = None) -> None:
        model = (
            settings.google_video_model if settings.google_project else settings.google_omni_model
        )
        client.check(settings, model)
        self._settings = settings
        self._veo = VeoFilms(settings, credentials)
        self._omni = OmniFilms(settings)

    def submit(
        self, request: VideoRequest, folder: Path, progress: Progress
    ) -> Waiting | Refused | Later:
        """Start a film. Raises as `shared.providers.faults` says."""
        kind = VEO if self._settings.google_project else OMNI
        started = self._maker(kind).submit(request, progress)
        if not isinstance(started, str):
            return started
        return Waiting(f"{kind}:{started}", self._settings.provider_poll_interval)

    def poll(
        self, operation: str, request: VideoRequest, folder: Path, progress: Progress
    ) -> Film | Waiting | Refused | Later:
        """Ask after a film, and fetch it when it is done."""
        kind, _, name = operation.partition(":")
        state = self._maker(kind).poll(name, request, folder)
        return Waiting(operation, state.delay) if isinstance(state, Waiting) else state

    def _maker(self, kind: str) -> VeoFilms | OmniFilms:
        if kind == VEO and self._settings.google_project:
            return self._veo
        if kind == OMNI and self._settings.google_api_key.get_secret_value():
            return self._omni
        raise PermanentError(
            "provider_unconfigured",
            f"A film of {kind!r} was started, but its credentials are no longer set: "
            "MASCOTRY_GOOGLE_PROJECT for veo, MASCOTRY_GOOGLE_API_KEY for omni.",
        )
