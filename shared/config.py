"""Settings: the environment, read once into one frozen value."""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from shared.errors import MascotryError
from shared.wording import WORDS, said

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

ROOT = Path(__file__).resolve().parent.parent
PREFIX: Final = "MASCOTRY_"


class SettingsError(MascotryError):
    """The environment chooses what cannot be; the message has one sentence per variable."""


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or brackets around no address
        fits = False
    if not fits or any(character.isspace() for character in text):
        raise ValueError("must be an address such as https://cdn.example.com")
    return text


Address = Annotated[str, AfterValidator(_address)]
"""An http or https URL with a host."""
MaybeAddress = Annotated[str, AfterValidator(lambda text: _address(text) if text else text)]
"""An address, or empty for none."""
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda text: text.upper() if isinstance(text, str) else text),
]


class Settings(BaseModel):
    """What a deployment may choose; each is the environment variable `MASCOTRY_<NAME>`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    backend: Literal["embedded", "google"] = "embedded"
    """What stands behind the ports: one process with a folder, or Google Cloud."""
    home: Path = Path(".mascotry")
    """Where the embedded stack keeps everything."""
    base_url: Address = "http://127.0.0.1:8080"
    """The address at which clients reach the API; poll URLs start with it."""
    cdn_url: Address | None = None
    """The address of the public bucket; the base URL when it is not given."""
    task_token: SecretStr = SecretStr("")
    """What a task must carry for a step function to accept it (embedded stack)."""

    project: str = ""
    """The Google Cloud project that holds everything (backend `google`), …"""
    region: str = ""
    """… where its queues are, …"""
    database: str = "(default)"
    """… its Firestore database, …"""
    assets_bucket: str = ""
    work_bucket: str = ""
    uploads_bucket: str = ""
    """… and its three buckets: one public, two private."""
    cdn_url_map: str = ""
    """The URL map of the load balancer whose CDN serves the public one; empty: there is none."""
    queue_generation: str = ""
    """What the names of its queues end with, where those without were deleted not long ago."""
    functions_url: MaybeAddress = ""
    """The address of a function, with `{function}` where its name stands."""
    tasks_account: str = ""
    """The service account whose tokens the queues and the scheduler carry, by e-mail."""
    events_account: str = ""
    """The one that storage events are delivered as; the same if it is not given."""
    platform_checks_callers: bool = False
    """Whether this is a private function on Cloud Run, which has checked the caller's token (IAM)
    and has put a marker in place of its signature. Never true where anybody can call."""
    decode_callers: tuple[str, ...] = ()
    """Those that may have something decoded: the service accounts of the functions that ask for it,
    by e-mail."""
    storage_url: Address = "https://storage.googleapis.com"
    """The address of Cloud Storage: `decode` fetches from no other, and sends to no other."""
    tasks_certificates_url: Address = "https://www.googleapis.com/oauth2/v1/certs"
    """Where the certificates are that those tokens are checked by."""
    tasks_endpoint: str = ""
    """Another address of Cloud Tasks, without encryption: a server on this machine."""

    weights: Path = ROOT / ".models"
    """The folder with the background-removal weights."""
    image_provider: str = "offline"
    video_provider: str = "offline"
    vision_provider: str = "offline"

    provider_timeout: float = Field(default=180.0, gt=0)
    """Seconds for a call that draws, submits or looks; less than the lease of a step."""
    provider_poll_timeout: float = Field(default=60.0, gt=0)
    """Seconds for asking after a film, and for each wait while it is fetched."""
    provider_poll_interval: float = Field(default=10.0, gt=0)
    """Seconds between two such questions."""
    provider_busy_delay: float = Field(default=30.0, gt=0)
    """Seconds to wait for a provider that is busy and does not say for how long."""
    provider_prices: dict[str, dict[str, float]] = {}
    """Prices in front of those in `shared/providers/pricing.py`, by model."""

    google_api_key: SecretStr = SecretStr("")
    """A key of the Gemini API; not needed with a project."""
    google_project: str = ""
    """A Google Cloud project: everything is then asked of Vertex, as the machine's own account."""
    google_location: str = "global"
    google_video_location: str = "us-central1"
    google_image_model: str = "gemini-nano-banana-2.1"
    google_image_size: str = "1K"
    google_vision_model: str = "gemini-3.8-flash"
    google_video_model: str = "veo-3.1-generate-001"
    """Makes films with a project."""
    google_video_durations: tuple[int, ...] = (4, 6, 8)
    google_omni_model: str = "gemini-omni-1.2-flash"
    """Makes films with a key alone."""
    google_omni_durations: tuple[int, ...] = (4, 6, 8, 10)
    google_url: Address | None = None
    """Another address of the API: a gateway, or a test's server."""

    openai_api_key: SecretStr = SecretStr("")
    openai_image_model: str = "gpt-image-2.5-flare"
    openai_image_quality: Literal["low", "medium", "high", "auto"] = "medium"
    openai_vision_model: str = "gpt-5.6-luna"
    openai_url: Address | None = None

    fal_key: SecretStr = SecretStr("")
    fal_video_model: str = "fal-ai/kling-video/v2.5-turbo/pro/image-to-video"
    fal_video_durations: tuple[int, ...] = (5, 10)
    fal_start_field: str = "image_url"
    """What the model calls the first frame, …"""
    fal_end_field: str = "tail_image_url"
    """… and the last; empty if it takes none."""
    fal_wide: bool = False
    """Whether the model takes only 16:9, so that the still is padded."""
    fal_arguments: dict[str, str | int | float | bool] = {}
    """More arguments for the model, as it names them."""
    fal_url: Address | None = None

    rate_limit_per_minute: int = Field(default=60, ge=0)
    """Requests of one key in a minute, over all instances; 0 for as many as it likes."""
    rate_limit_per_hour: int = Field(default=1_000, ge=0)
    max_body_bytes: int = Field(default=1_000_000, gt=0)
    max_upload_bytes: int = Field(default=10_000_000, gt=0)
    max_film_bytes: int = Field(default=200_000_000, gt=0)
    """Of a film that is sent by a signed URL."""
    firebase_certificates_url: Address = (
        "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
    )
    """Where the certificates are that Firebase's tokens are checked by."""
    progress_interval: float = Field(default=3.0, ge=0)
    """Seconds between two notes of how far a step is; each costs a read and a write, and all steps
    of a job share a document, which a cloud wants to be written no more than once a second."""
    metered: bool = False
    """Whether who has no credits left is refused; they are counted in any case."""
    webhook_loopback: bool = False
    """Whether webhooks may go to this machine and by plain http, too: for development."""
    log_level: LogLevel = "INFO"
    otlp_endpoint: MaybeAddress = ""
    """An OpenTelemetry collector that takes spans over HTTP; empty: no spans are made."""


@cache
def settings() -> Settings:
    """The settings of this process."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment chooses; a list or a table is written as JSON there.

    A SettingsError says what is wrong, by the names of the variables and never with the value of
    one, which may be a secret. (pydantic-settings reads the environment too, and a new instance
    would wait a twentieth of its start for all that it loads.)
    """
    chosen: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        given = environment.get(f"{PREFIX}{name.upper()}")
        # An empty variable is how many tools unset one, yet a text may be meant to be empty.
        if given or (given is not None and field.annotation is str):
            is_json = get_origin(field.annotation) in (tuple, dict)
            chosen[name] = _parsed(given) if is_json else given
    try:
        return Settings(**chosen)
    except ValidationError as error:
        raise SettingsError(" ".join(_sentence(fault) for fault in error.errors())) from None


_WORDS: Final = {
    **WORDS,
    "finite_number": "must be a number",
    "tuple_type": "must be a list as in JSON",
    "dict_type": "must be a table as in JSON",
}


def _sentence(fault: "ErrorDetails") -> str:
    """What is wrong with one variable, and what would be right."""
    name, *inside = (str(part) for part in fault["loc"])
    otherwise = f"cannot be read: {fault['msg']}"
    rule = said(fault["type"], fault.get("ctx", {}), otherwise=otherwise, words=_WORDS)
    where = f" (at {'.'.join(inside)})" if inside else ""
    return f"{PREFIX}{name.upper()}{where} {rule}."


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # which is told to be no list, and no table
