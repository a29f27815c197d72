"""The certificates of those who sign tokens: fetched when they are needed, then kept."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from shared.errors import Busy
from shared.ports import Clock

log = logging.getLogger("shared.certificates")

AGAIN: Final = timedelta(minutes=1)
"""From one fetch to the next at least, whoever asks and whatever came of it."""
LONGEST: Final = timedelta(days=1)
"""How long certificates are good at most, whatever their sender says."""
STALE: Final = timedelta(days=1)
"""How much longer they do while no others are to be had."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class Verifier(Protocol):
    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is that of the message, by RSA with SHA-256."""
        ...


Fetch = Callable[[], tuple[Mapping[str, Verifier], timedelta]]
"""Gets verifiers by the ids of their keys, and for how long they are good; may raise anything."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known at one moment. A thread sees all of it or none."""

    verifiers: Mapping[str, Verifier] = field(default_factory=dict)
    fresh_until: datetime = _NEVER
    next_fetch: datetime = _NEVER
    failed: bool = False

    def wants(self, key_id: str, now: datetime) -> bool:
        """Whether to fetch before answering for this key."""
        outdated = now >= self.fresh_until or key_id not in self.verifiers
        return outdated and now >= self.next_fetch

    def usable(self, key_id: str, now: datetime) -> Verifier | None:
        return self.verifiers.get(key_id) if now - self.fresh_until < STALE else None


class Certificates:
    """The certificates of one issuer, as this process knows them. May be used from any thread.

    However many requests need them at once, one fetches. The others wait for it only if they have
    nothing to go on with.
    """

    def __init__(self, clock: Clock, fetch: Fetch) -> None:
        self._clock = clock
        self._fetch = fetch
        self._kept = _Kept()
        self._fetching = threading.Lock()

    def verifier(self, key_id: str) -> Verifier | None:
        """What checks the signatures of a key; None when nobody signs with it.

        Busy when that can't be told, since the certificates are not to be had.
        """
        kept, now = self._kept, self._clock.now()
        if kept.wants(key_id, now):
            must_wait = kept.usable(key_id, now) is None
            if self._fetching.acquire(blocking=must_wait):
                try:
                    if self._kept.wants(key_id, now):  # and nobody has fetched meanwhile
                        self._kept = self._fetched(now)
                finally:
                    self._fetching.release()
            kept = self._kept
        found = kept.usable(key_id, now)
        if found is None and kept.failed:
            raise Busy(
                "Tokens can't be checked at this moment: Google's certificates are out of reach.",
                retry_after=int(AGAIN.total_seconds()),
            )
        return found

    def _fetched(self, now: datetime) -> _Kept:
        """What is known after a fetch; if it fails, what was known before."""
        old = self._kept
        try:
            verifiers, max_age = self._fetch()
        except Exception:
            # Whatever it is, the old ones do for a while, and the next one tries again.
            log.exception("could not fetch the certificates that tokens are checked by")
            return _Kept(old.verifiers, old.fresh_until, now + AGAIN, failed=True)
        return _Kept(verifiers, now + max(AGAIN, min(max_age, LONGEST)), now + AGAIN)
