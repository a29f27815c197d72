"""A tenant, and the keys that open it."""

from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from shared.model.base import Entity, Instant, matching
from shared.model.request import ImageProviderName, VideoProviderName, VisionProviderName


class Scope(StrEnum):
    """What a key may do; each scope includes those before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@lru_cache
def including(scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """The scopes together with all that they include."""
    order, given = tuple(Scope), set(scopes)
    highest = max((place for place, scope in enumerate(order, 1) if scope in given), default=0)
    return order[:highest]


class KeyKind(StrEnum):
    """A secret key belongs on a server; a publishable one may be in everybody's hands."""

    SECRET = "secret"  # noqa: S105 - the name of a kind
    PUBLISHABLE = "publishable"


Origin = Annotated[
    str,
    matching(
        r"(?!https://.*:443$|http://.*:80$)"
        r"[a-z][a-z0-9+.-]*://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?",
        "must be an origin as browsers send it, such as https://app.example: "
        "in lower case, without a path and without the scheme's own port",
    ),
]


class Workspace(Entity):
    """One tenant. `user_prefix` is the first part of every public path of its files; a provider
    that is None is the installation's choice."""

    name: str
    user_prefix: str
    image_provider: ImageProviderName | None = None
    video_provider: VideoProviderName | None = None
    vision_provider: VisionProviderName | None = None


class Key(Entity):
    """An API key. Its document lies at the SHA-256 of the secret, which itself is stored nowhere.

    `allowed_origins` bind a publishable key to web pages; without any it works everywhere.
    `last_four` is not known of keys from before it was kept, and `last_used_at` is a few minutes
    coarse.
    """

    workspace_id: str
    name: str
    kind: KeyKind = KeyKind.SECRET
    scopes: tuple[Scope, ...]
    allowed_origins: tuple[Origin, ...] = ()
    last_four: str | None = None
    last_used_at: Instant | None = None
