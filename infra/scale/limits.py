"""What Google Cloud and the models' providers allow, and what nobody could measure here."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

SEEN: Final = "2026-11"


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that somebody else sets, and the page that said so when it was `read`."""

    value: float
    unit: str
    source: str
    read: str = SEEN


_FIRESTORE = "https://cloud.google.com/firestore/docs/best-practices"
_TASKS = "https://cloud.google.com/tasks/docs/quotas"
_RATES = (
    "https://cloud.google.com/java/docs/reference/google-cloud-tasks/2.23.0/"
    "com.google.cloud.tasks.v2beta2.RateLimits"
)
_NEW = "https://github.com/googlecodelabs/feedback/issues/1856 (what a new project is refused with)"
_STORAGE = "https://cloud.google.com/storage/docs/request-rate"

LIMITS: Final[Mapping[str, Limit]] = MappingProxyType(
    {
        "document": Limit(1, "sustained writes of one document a second", _FIRESTORE),
        "collection": Limit(500, "writes a second where an indexed field only grows", _FIRESTORE),
        "ramp": Limit(500, "operations a second to begin with, +50 % each 5 minutes", _FIRESTORE),
        "dispatches": Limit(500, "dispatches of one queue a second", _TASKS),
        "at_once": Limit(5_000, "dispatches of one queue at once", _RATES),
        "calls": Limit(100_000, "API requests of a project a second (6,000,000 a minute)", _TASKS),
        "vcpus": Limit(20, "vCPUs of all instances in a region, in a new project", _NEW),
        "memory": Limit(40, "GiB of all instances in a region, in a new project", _NEW),
        "files": Limit(1_000, "files of a bucket written a second, to begin with", _STORAGE),
    }
)
"""Firestore has no limit to all writes together; the first three are what it asks of its users."""


CPU_QUOTA: Final = "CpuAllocPerProjectRegion"
MEMORY_QUOTA: Final = "MemAllocPerProjectRegion"
"""What Cloud Run's refusals call the two, and `gcloud beta quotas`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Who draws, looks and animates. The seconds are assumed: they depend on model, size and hour.

    What is over `films_per_minute` or `pictures_per_minute` is answered with 429; what is over
    `films_at_once` waits in the provider's own queue. None: no limit that is published. `films`
    is the row of `infra.costs` that says what the models charge, `quota` what the limit is called.
    """

    name: str
    pictures_per_minute: float | None = None
    films_per_minute: float | None = None
    films_at_once: int | None = None
    picture_seconds: float = 15.0
    look_seconds: float = 5.0
    film_seconds: float = 60.0
    films: str | None = None
    quota: str = ""
    source: str = ""
    read: str = SEEN


PROVIDERS: Final[Mapping[str, Provider]] = MappingProxyType(
    {
        "google": Provider(
            name="google",
            films_per_minute=50,
            films="models: Google, films by Veo fast",
            quota="quota long_running_online_prediction_requests_per_base_model of Vertex AI",
            source="https://www.aifreeapi.com/es/posts/veo-3-1-api-rate-limit quotes Google so, "
            "and speaks of 10 at once, too: look at your project's quotas",
            read="2026-03",
        ),
        "fal": Provider(
            name="fal",
            films_at_once=40,
            films="models: Google, films by Kling on fal",
            source="https://docs.fal.ai/faq (2 for a new account, up to 40 with purchases)",
        ),
        "unlimited": Provider(
            name="unlimited",
            films="models: Google, films by Veo fast",
            source="as fast as Google's, for as many as there are",
        ),
        "offline": Provider(
            name="offline",
            picture_seconds=0,
            look_seconds=0,
            film_seconds=0,
            source="drawn by the functions themselves",
        ),
    }
)

# --- assumed --------------------------------------------------------------------------------------

SPREAD: Final = 0.3
"""Every time is drawn evenly from ± this share of its mean."""
COLD_START: Final = 10.0
"""Seconds until a new instance of the media image answers."""
TURNED_AWAY: Final = 0.05
"""Seconds of a delivery that is dropped, refused or repeated: a read, and perhaps a write."""
ASKED: Final = 1.0
"""Seconds of a delivery that submits a film, or asks after one that is not finished."""
EVENT: Final = 1.0
"""Seconds from a public file to the storage trigger's commit."""
SWEPT: Final = 0.06
"""Seconds that the sweeper takes for one entry: six round trips to Firestore, one by one."""
SWEEP_EVERY: Final = 60.0
SWEEP_TIMEOUT: Final = 900.0
