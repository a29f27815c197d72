"""What a client has asked for under an idempotency key, and what it was told."""

from shared.model.base import Entity, Instant


class Errand(Entity):
    """A write that is to happen once. `fingerprint` is a digest of the request, `seed` what its ids
    are drawn from. Without a `status` somebody is at work on it until `lease_until`, or was; `body`
    is the JSON that was answered."""

    workspace_id: str
    fingerprint: str
    seed: str
    lease_until: Instant
    expires_at: Instant
    begun: bool = False
    """Whether the work has written anything, where that is asked for."""
    done: bool = False
    status: int | None = None
    body: str = ""
