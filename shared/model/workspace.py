"""A tenant, and the keys that open it."""

from enum import StrEnum

from shared.model.base import Entity


class Scope(StrEnum):
    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class Workspace(Entity):
    """One tenant. `user_prefix` is the first part of every public path of its files."""

    name: str
    user_prefix: str


class Key(Entity):
    """An API key; its id is the SHA-256 of the secret, which itself is stored nowhere."""

    workspace_id: str
    name: str
    scopes: tuple[Scope, ...]
