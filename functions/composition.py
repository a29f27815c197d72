"""The composition root: the one place that knows which implementation stands behind a port."""

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from shared.adapters.system import SystemClock, SystemIds, pause
from shared.config import Settings, settings
from shared.errors import PermanentError
from shared.model.queues import function_address
from shared.ports import Blobs, Bucket, Decoder, Documents, Ports, Tasks
from shared.services.keys import Principal
from shared.services.limits import Limiter

if TYPE_CHECKING:
    from shared.adapters.embedded.blobs import EmbeddedBlobs
    from shared.adapters.embedded.database import Database
    from shared.adapters.embedded.queue import EmbeddedTasks
    from shared.adapters.gcp.blobs import StorageBlobs
    from shared.providers.base import ImageProvider, VideoProvider, VisionProvider
    from shared.providers.offline.artist import OfflineArtist
    from shared.services.certificates import Certificates, Verifier

P = TypeVar("P")

OFFLINE = "offline"
"""The name of the providers that need no network."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded stack's own parts, for the process that serves them."""

    database: "Database"
    blobs: "EmbeddedBlobs"
    tasks: "EmbeddedTasks"
    clock: SystemClock


@cache
def embedded() -> Embedded:
    """The embedded adapters of this process, on `MASCOTRY_HOME`."""
    from shared.adapters.embedded.blobs import EmbeddedBlobs
    from shared.adapters.embedded.database import Database
    from shared.adapters.embedded.queue import EmbeddedTasks

    chosen = settings()
    clock = SystemClock()
    database = Database(chosen.home)
    tasks = EmbeddedTasks(database, clock)
    blobs = EmbeddedBlobs(
        database,
        base_url=chosen.cdn_url or chosen.base_url,
        announce=tasks.announce,
        clock=clock,
        secret=_secret(chosen.home / "upload-secret"),
    )
    return Embedded(database, blobs, tasks, clock)


@cache
def ports() -> Ports:
    """The ports of this process, as `MASCOTRY_BACKEND` says."""
    return _google_ports() if settings().backend == "google" else _embedded_ports()


def bucket(name: str) -> Bucket | None:
    """Which bucket of ours has that name where it is kept; None for somebody else's."""
    known = {stored: bucket for bucket, stored in _bucket_names(settings()).items()}
    return known.get(name) if name else None


def _bucket_names(chosen: Settings) -> Mapping[Bucket, str]:
    if chosen.backend == "embedded":
        return {bucket: bucket.value for bucket in Bucket}
    return {
        Bucket.ASSETS: chosen.assets_bucket,
        Bucket.WORK: chosen.work_bucket,
        Bucket.UPLOADS: chosen.uploads_bucket,
    }


def _google_ports() -> Ports:
    """Google's clients, each loaded by the first request that asks something of it: most of the
    public ones read a few documents and nothing else."""
    store = Late(_cloud_storage)
    return Ports(
        documents=cast(Documents, Late(_firestore)),
        blobs=cast(Blobs, store),
        tasks=cast(Tasks, Late(_cloud_tasks)),
        clock=SystemClock(),
        ids=SystemIds(),
        decoder=cast(Decoder, Late(lambda: _decode_function(cast("StorageBlobs", store)))),
        pause=pause,
    )


def _firestore() -> Documents:
    from shared.adapters.gcp.documents import FirestoreDocuments

    return FirestoreDocuments(settings().project, settings().database)


def _cloud_storage() -> "StorageBlobs":
    from shared.adapters.gcp.blobs import StorageBlobs
    from shared.adapters.gcp.cdn import CloudCdn

    chosen = settings()
    url_map = chosen.cdn_url_map
    return StorageBlobs(
        chosen.project,
        _bucket_names(chosen),
        cdn_url=chosen.cdn_url,
        cdn=CloudCdn(chosen.project, url_map) if url_map else None,
    )


def _decode_function(store: "StorageBlobs") -> Decoder:
    from shared.adapters.gcp.decoder import DecodeFunction
    from shared.adapters.gcp.identity import IdentityToken

    address = function_address(settings().functions_url, "decode")
    return DecodeFunction(address, IdentityToken(address).text, store)


def _cloud_tasks() -> Tasks:
    from shared.adapters.gcp.tasks import CloudTasks

    chosen = settings()
    return CloudTasks(
        chosen.project,
        chosen.region,
        functions_url=chosen.functions_url,
        account=chosen.tasks_account,
        generation=chosen.queue_generation,
        endpoint=chosen.tasks_endpoint or None,
    )


class Late:
    """Something that is made when it is first used, once, whichever thread comes first."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        with self._lock:
            made = self.__dict__.get("_made")
            if made is None:
                made = self.__dict__["_made"] = self._make()
        found = getattr(made, name)
        self.__dict__[name] = found  # the next time it is found at once
        return found


def _embedded_ports() -> Ports:
    from shared.adapters.embedded.documents import EmbeddedDocuments
    from shared.services.decoding import LocalDecoder

    parts = embedded()
    return Ports(
        documents=EmbeddedDocuments(parts.database),
        blobs=parts.blobs,
        tasks=parts.tasks,
        clock=parts.clock,
        ids=SystemIds(),
        decoder=LocalDecoder(parts.blobs),
        pause=pause,
    )


@cache
def limiter() -> Limiter:
    """What counts the requests of this process."""
    chosen = settings()
    return Limiter(
        ports().documents,
        ports().clock,
        per_minute=chosen.rate_limit_per_minute,
        per_hour=chosen.rate_limit_per_hour,
    )


@cache
def certificates() -> "Certificates":
    """What this process knows of the keys that Firebase signs with."""
    return _certificates(settings().firebase_certificates_url)


@cache
def caller_certificates() -> "Certificates":
    """What it knows of the keys that Google signs with for service accounts."""
    return _certificates(settings().tasks_certificates_url)


def _certificates(url: str) -> "Certificates":
    from shared.services.certificates import Certificates

    def fetched() -> "tuple[Mapping[str, Verifier], timedelta]":
        # What this loads takes its time, and only tokens need it.
        from shared.adapters.certificates import fetch

        return fetch(url)

    return Certificates(ports().clock, fetched)


def firebase_user(ports: Ports, token: str) -> Principal:
    """Who shows a token of Firebase; loaded when the first one comes."""
    from shared.services.firebase import users

    return users.authenticate(ports, certificates(), token)


@cache
def _offline() -> "OfflineArtist":
    from shared.providers.offline.artist import OfflineArtist

    return OfflineArtist()


@cache
def _offline_vision() -> "VisionProvider":
    from shared.providers.offline.vision import OfflineVision

    return OfflineVision(settings())


@cache
def _google_images() -> "ImageProvider":
    from shared.providers.google.image import GoogleImages

    return GoogleImages(settings())


@cache
def _openai_images() -> "ImageProvider":
    from shared.providers.openai.image import OpenAIImages

    return OpenAIImages(settings())


@cache
def _google_films() -> "VideoProvider":
    from shared.providers.google.video import GoogleFilms

    return GoogleFilms(settings())


@cache
def _fal_films() -> "VideoProvider":
    from shared.providers.fal.video import FalFilms

    return FalFilms(settings())


@cache
def _google_vision() -> "VisionProvider":
    from shared.providers.google.vision import GoogleVision

    return GoogleVision(settings())


@cache
def _openai_vision() -> "VisionProvider":
    from shared.providers.openai.vision import OpenAIVision

    return OpenAIVision(settings())


IMAGE_PROVIDERS: Mapping[str, "Callable[[], ImageProvider]"] = {
    "offline": _offline,
    "google": _google_images,
    "openai": _openai_images,
}
VIDEO_PROVIDERS: Mapping[str, "Callable[[], VideoProvider]"] = {
    "offline": _offline,
    "google": _google_films,
    "fal": _fal_films,
}
VISION_PROVIDERS: Mapping[str, "Callable[[], VisionProvider]"] = {
    "offline": _offline_vision,
    "google": _google_vision,
    "openai": _openai_vision,
}


def image_provider(name: str) -> "ImageProvider":
    """The provider of stills of that name; only what it needs is imported."""
    return _named(IMAGE_PROVIDERS, name)


def video_provider(name: str) -> "VideoProvider":
    """The provider of films of that name; only what it needs is imported."""
    return _named(VIDEO_PROVIDERS, name)


def vision_provider(name: str) -> "VisionProvider":
    """The provider that looks, of that name; only what it needs is imported."""
    return _named(VISION_PROVIDERS, name)


def _named(makers: Mapping[str, Callable[[], P]], name: str) -> P:
    if name not in makers:
        raise PermanentError(
            "unknown_provider", f"There is no provider {name!r}; there is: {', '.join(makers)}."
        )
    return makers[name]()


def _secret(path: Path) -> bytes:
    """A secret that is made once and kept in a file that only its owner reads."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(32))
        try:
            path.hardlink_to(fresh)  # the first process wins, the others read what it wrote
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        return path.read_bytes()


def task_token(chosen: Settings) -> str:
    """What a task carries to prove where it comes from."""
    given = chosen.task_token.get_secret_value()
    return given or _secret(chosen.home / "task-secret").hex()
