"""Rate limits: how often a key may ask in a minute and in an hour, over all instances.

An instance takes requests out of the key's document a few at a time, by compare-and-set, and counts
them off by itself until they are used up. So no more than the limit is ever given out, whoever asks
at once, and most requests touch no document. One instance alone is exact; what another one holds
and does not use is at most a twentieth of the limit.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter

from shared.errors import Busy, Conflict
from shared.model import paths
from shared.model.base import instant_text
from shared.ports import Clock, Create, Documents, Json, Put, Replace, Write
from shared.services.keys import Principal

MINUTE, HOUR = 60, 3_600
MAX_SUBJECTS = 10_000
SHARE = 20
KEPT = timedelta(days=1)
"""How long the counts of a person stay after the last request; no window is as long."""
_ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether a request may be answered, and how many more in which window.

    `reset` is when the window ends, in seconds since 1970; `retry_after` the seconds until then.
    """

    granted: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int


class Limiter:
    """Counts the requests of this instance. May be used from any thread."""

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        *,
        per_minute: int,
        per_hour: int,
        max_subjects: int = MAX_SUBJECTS,
    ) -> None:
        """A limit of 0 is none. What is known of the least recent subjects is forgotten."""
        limits = ((MINUTE, per_minute), (HOUR, per_hour))
        self._limits = [(seconds, limit) for seconds, limit in limits if limit]
        self._documents = documents
        self._clock = clock
        self._max_subjects = max_subjects
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._guard = threading.Lock()

    def take(self, who: Principal) -> Allowance | None:
        """Count one request, unless it is one too many; None when nothing is limited."""
        if not self._limits:
            return None
        account = self._account(who)
        # Whoever waits here asks for the same key, and would otherwise reserve for itself.
        with account.lock:
            now = self._clock.now().timestamp()
            for window in account.windows:
                window.turn(now)
            if not account.holds():
                self._reserve(account)
            if not account.holds():
                spent = [window for window in account.windows if not window.remaining]
                return _told(max(spent, key=_end), now, granted=False)
            for window in account.windows:
                window.held -= 1
            return _told(min(account.windows, key=_remaining), now, granted=True)

    def _account(self, who: Principal) -> "_Account":
        path = paths.limits(who.workspace_id, who.subject)
        with self._guard:
            account = self._accounts.get(path)
            if account is None:
                windows = [_Window(seconds, limit) for seconds, limit in self._limits]
                expiry = paths.expiring(who.subject) if who.person else None
                account = self._accounts[path] = _Account(path, windows, expiry)
                if len(self._accounts) > self._max_subjects:
                    self._accounts.popitem(last=False)
            else:
                self._accounts.move_to_end(path)
            return account

    def _reserve(self, account: "_Account") -> None:
        """See to it that some of every window is held, unless one is used up.

        Who loses against another instance tries again, and sees what that one took. There are only
        so many leases in a window, so this comes to an end.
        """
        if account.spent():
            return
        for _ in range(_ATTEMPTS):
            document = self._documents.get(account.path)
            stored = document.data if document else {}
            for window in account.windows:
                window.learn(stored.get(window.name))
            if account.spent():
                return
            sizes = [0 if window.held else window.next_lease() for window in account.windows]
            data = {
                window.name: {"number": window.number, "taken": window.taken + size}
                for window, size in zip(account.windows, sizes, strict=True)
            }
            writes: list[Write] = [
                Replace(account.path, data, document.version)
                if document
                else Create(account.path, data)
            ]
            if account.expiry:
                until = instant_text(self._clock.now() + KEPT)
                writes.append(Put(account.expiry, {"at": until, "path": account.path}))
            try:
                self._documents.commit(writes)
            except Conflict:
                continue
            for window, size in zip(account.windows, sizes, strict=True):
                window.hold(size)
            return
        raise Busy("This key is counted by too many at this moment; try again.", retry_after=1)


class _Window:
    """One window of one subject: what everybody has taken of it, and what of that is held here."""

    __slots__ = ("held", "lease", "limit", "name", "number", "seconds", "taken")

    def __init__(self, seconds: int, limit: int) -> None:
        self.seconds = seconds
        self.limit = limit
        self.name = f"per_{seconds}"
        self.number = -1
        self.taken = self.held = self.lease = 0

    @property
    def end(self) -> int:
        return (self.number + 1) * self.seconds

    @property
    def remaining(self) -> int:
        """What may still be asked, as far as is known here; nobody can give anything back."""
        return max(0, self.limit - self.taken) + self.held

    def turn(self, now: float) -> None:
        """Begin the window of this moment, unless another clock has begun the next one already."""
        number = int(now // self.seconds)
        if self.number not in (number, number + 1):
            self._begin(number)

    def learn(self, stored: Json | None) -> None:
        """Take over what was written down, of this window or of the next: clocks differ a little.

        Anything further ahead was written by a clock that was wrong.
        """
        if stored and stored["number"] in (self.number, self.number + 1):
            if stored["number"] != self.number:
                self._begin(stored["number"])
            self.taken = stored["taken"]

    def next_lease(self) -> int:
        """How many to take: twice as many as before, so that who asks little holds little, and
        fewer towards the end, so that little is lost where it is scarce."""
        left = self.limit - self.taken
        most = max(1, min(self.limit // SHARE, left // 8))
        return min(max(1, 2 * self.lease), most)

    def hold(self, size: int) -> None:
        self.taken += size
        self.held += size
        self.lease = size or self.lease

    def _begin(self, number: int) -> None:
        self.number = number
        self.taken = self.held = self.lease = 0


class _Account:
    """What one instance knows of one subject."""

    __slots__ = ("expiry", "lock", "path", "windows")

    def __init__(self, path: str, windows: Sequence[_Window], expiry: str | None) -> None:
        self.path = path
        self.windows = windows
        self.expiry = expiry
        """Where to write down when it can be forgotten; keys are few, and take theirs along."""
        self.lock = threading.Lock()

    def holds(self) -> bool:
        """Whether a request can be answered out of what is held here."""
        return all(window.held for window in self.windows)

    def spent(self) -> bool:
        """Whether a window is known to be used up, so that there is nothing to ask for."""
        return not all(window.remaining for window in self.windows)


_end, _remaining = attrgetter("end"), attrgetter("remaining")


def _told(window: _Window, now: float, *, granted: bool) -> Allowance:
    return Allowance(
        granted=granted,
        limit=window.limit,
        remaining=window.remaining,
        reset=window.end,
        retry_after=max(1, math.ceil(window.end - now)),
    )
