"""Credits: entries of a ledger that never change, and the balance that they add up to."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from pydantic import Field

from shared.model.base import Entity, Instant, Value


class Part(StrEnum):
    """What a job is paid for."""

    STILL = "still"
    FILM = "film"


class Bucket(StrEnum):
    """Where credits lie, in the order in which they are spent."""

    SUBSCRIPTION = "subscription"
    """Granted for a period, at whose end the rest expires."""
    TOPUP = "topup"
    UNMETERED = "unmetered"
    """What is spent where credits are not metered: it is counted, and lacks the other two
    nothing."""


METERED = (Bucket.SUBSCRIPTION, Bucket.TOPUP)


class EntryKind(StrEnum):
    GRANT = "grant"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    EXPIRY = "expiry"


class Counter(StrEnum):
    """What is counted of each bucket: what can be spent, and what jobs under way hold."""

    AVAILABLE = "available"
    HELD = "held"


EFFECTS: Mapping[EntryKind, Mapping[Counter, int]] = MappingProxyType(
    {
        EntryKind.GRANT: {Counter.AVAILABLE: 1},
        EntryKind.HOLD: {Counter.AVAILABLE: -1, Counter.HELD: 1},
        EntryKind.CAPTURE: {Counter.HELD: -1},
        EntryKind.RELEASE: {Counter.AVAILABLE: 1, Counter.HELD: -1},
        EntryKind.EXPIRY: {Counter.AVAILABLE: -1},
    }
)
"""What each credit of an entry does to its bucket."""

Counts = Mapping[tuple[Bucket, Counter], int]


class Entry(Entity):
    """One movement of credits. `buckets` says how many, and where they came from or went.

    The id of a job's entry is made of the job's and the kind, that of a grant of its `reference`,
    so that none can be written twice.
    """

    kind: EntryKind
    buckets: dict[Bucket, int]
    job_id: str | None = None
    item_id: str | None = None
    item_name: str | None = None
    reference: str | None = None
    ends_at: Instant | None = None

    @property
    def amount(self) -> int:
        return sum(self.buckets.values())


class Balance(Value):
    """What a workspace has. `ends_at` is when what is left of the subscription expires."""

    available: dict[Bucket, int] = Field(default_factory=dict)
    held: dict[Bucket, int] = Field(default_factory=dict)
    ends_at: Instant | None = None

    @property
    def spendable(self) -> int:
        return sum(self.available.values())

    @property
    def total(self) -> int:
        """What can be spent and what is held, together."""
        return self.spendable + sum(self.held.values())


def spend(buckets: Mapping[Bucket, int], amount: int) -> dict[Bucket, int]:
    """An amount out of some buckets, or as much of it as they have; each bucket is emptied before
    the next is begun."""
    spent = {}
    for bucket in Bucket:
        share = min(amount, buckets.get(bucket, 0))
        if share > 0:
            spent[bucket] = share
            amount -= share
    return spent


def less(buckets: Mapping[Bucket, int], spent: Mapping[Bucket, int]) -> dict[Bucket, int]:
    """What is left of some buckets."""
    left = {bucket: amount - spent.get(bucket, 0) for bucket, amount in buckets.items()}
    return {bucket: amount for bucket, amount in left.items() if amount}


def counts(entries: Iterable[Entry]) -> Counts:
    """What entries do to the counters, all together; a counter on which they have no effect is
    absent."""
    total: dict[tuple[Bucket, Counter], int] = {}
    for counter, by in _effects(entries):
        total[counter] = total.get(counter, 0) + by
    return {counter: by for counter, by in total.items() if by}


def _effects(entries: Iterable[Entry]) -> Iterator[tuple[tuple[Bucket, Counter], int]]:
    for entry in entries:
        for bucket, amount in entry.buckets.items():
            for counter, sign in EFFECTS[entry.kind].items():
                yield (bucket, counter), sign * amount
