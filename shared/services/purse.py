"""A workspace's purse: how many credits of each bucket can be spent, and how many are held.

It is kept along with the entries. Each counter of each bucket is the sum of some documents, its
shards (`shared.model.shards`), so that no document is written too often. What a job holds, captures
and releases is counted in the shard of the job's id; a grant is spread over all of them.

What may be refused replaces the shards that it takes from, on the condition that nobody has changed
them, so that two requests never spend the same credit. What can't be refused only adds, and so
waits for nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.model import paths, shards
from shared.model.base import instant_text
from shared.model.credit import METERED, Balance, Bucket, Counter, Entry, EntryKind, counts, less
from shared.model.shards import SHARDS
from shared.ports import Create, Document, Increment, Ports, Put, Replace, Write

FIELD: Final = "credits"

Key = tuple[Bucket, Counter]
Place = tuple[Bucket, Counter, int]
"""A shard of a counter."""

KEYS: Final = tuple((bucket, counter) for bucket in Bucket for counter in Counter)


@dataclass(frozen=True, slots=True)
class Purse:
    """The counters of a workspace, or some of their shards, as they were read."""

    workspace_id: str
    documents: Mapping[Place, Document | None]

    @property
    def numbers(self) -> Mapping[Key, int]:
        """The counters of which something was read."""
        total: dict[Key, int] = {}
        for (bucket, counter, _), document in self.documents.items():
            key = (bucket, counter)
            total[key] = total.get(key, 0) + _credits(document)
        return total

    def _shards(self, bucket: Bucket) -> dict[int, Document | None]:
        """What was read of what can be spent of a bucket."""
        return {
            shard: document
            for (one, counter, shard), document in self.documents.items()
            if (one, counter) == (bucket, Counter.AVAILABLE)
        }

    def spendable(self, bucket: Bucket) -> dict[int, int]:
        """What can be spent of a bucket, by the shards that were read."""
        return {shard: _credits(document) for shard, document in self._shards(bucket).items()}

    @property
    def _subscription(self) -> Document | None:
        """A shard of it, which says when it ends, as all do; None if there never was one."""
        return next(filter(None, self._shards(Bucket.SUBSCRIPTION).values()), None)

    @property
    def ends_at(self) -> datetime | None:
        """When what is left of the subscription expires."""
        text = self._subscription.data.get("ends_at") if self._subscription else None
        return datetime.fromisoformat(text) if text else None

    def has_ended(self, now: datetime) -> bool:
        """Whether the period of the subscription is over."""
        return self.ends_at is not None and self.ends_at <= now

    def left_over(self, now: datetime) -> int:
        """What is left of a subscription whose period is over."""
        return sum(self.spendable(Bucket.SUBSCRIPTION).values()) if self.has_ended(now) else 0

    def is_open(self, bucket: Bucket, now: datetime) -> bool:
        """Whether there may be something to spend in some shard of a bucket."""
        if bucket is not Bucket.SUBSCRIPTION:
            return True
        return self._subscription is not None and not self.has_ended(now)

    def balance(self, now: datetime) -> Balance:
        """What there is; what should have expired by now is not."""
        numbers = self.numbers
        available, held = (
            {bucket: numbers[bucket, counter] for bucket in METERED}
            for counter in (Counter.AVAILABLE, Counter.HELD)
        )
        over = {Bucket.SUBSCRIPTION: self.left_over(now)}
        return Balance(available=less(available, over), held=held, ends_at=self.ends_at)

    def changed(self, bucket: Bucket, by: Mapping[int, int], **more: str | None) -> list[Write]:
        """What can be spent of a bucket, replaced in some shards if they are as they were read."""
        writes: list[Write] = []
        for shard, amount in by.items():
            place = (bucket, Counter.AVAILABLE, shard)
            document = self.documents[place]
            left = _credits(document) + amount
            data = {**(document.data if document else {}), **more, FIELD: left}
            if document is None:
                path = paths.credit_counter(self.workspace_id, *place)
                writes.append(Create(path, data))
            else:
                writes.append(Replace(document.path, data, document.version))
        return writes

    def is_as(self, other: "Purse") -> bool:
        """Whether nothing was written between the readings of two."""
        pairs = [(self.documents[place], other.documents[place]) for place in self.documents]
        return all((one and one.version) == (two and two.version) for one, two in pairs)


def _credits(document: Document | None) -> int:
    return int(document.data[FIELD]) if document else 0


def read(ports: Ports, workspace_id: str, keys: Iterable[Key] = KEYS) -> Purse:
    """Counters of a workspace, with all their shards, at one instant."""
    return _read(ports, workspace_id, [(*key, shard) for key in keys for shard in range(SHARDS)])


def _read(ports: Ports, workspace_id: str, places: Sequence[Place]) -> Purse:
    found = ports.documents.get_many(
        [paths.credit_counter(workspace_id, *place) for place in places]
    )
    return Purse(workspace_id, dict(zip(places, found, strict=True)))


@dataclass(frozen=True, slots=True)
class Taken:
    """Credits by the bucket that they are taken from, and the writes that take them."""

    buckets: Mapping[Bucket, int]
    writes: Sequence[Write]


def take(ports: Ports, workspace_id: str, amount: int, first: int) -> Taken:
    """Take an amount from what can be spent, or as much of it as was found.

    This reads the first shard of each bucket, and the others of a bucket only if that has too
    little. So not all is read at one instant: before a request is refused, read it all.
    """
    found = _read(ports, workspace_id, [(one, Counter.AVAILABLE, first) for one in METERED])
    now = ports.clock.now()
    buckets: dict[Bucket, int] = {}
    writes: list[Write] = []
    for bucket in METERED:
        wanted = amount - sum(buckets.values())
        if not found.is_open(bucket, now):
            continue
        if found.spendable(bucket)[first] < wanted:
            places = [(bucket, Counter.AVAILABLE, one) for one in range(SHARDS) if one != first]
            others = _read(ports, workspace_id, places)
            found = Purse(workspace_id, {**found.documents, **others.documents})
        parts = shards.gather(found.spendable(bucket), wanted, first)
        if parts:
            buckets[bucket] = sum(parts.values())
            writes += found.changed(bucket, {shard: -part for shard, part in parts.items()})
    return Taken(buckets, writes)


def booked(
    ports: Ports, workspace_id: str, entries: Sequence[Entry], replaced: Sequence[Write] = ()
) -> list[Write]:
    """The writes of entries: themselves; their effects on the counters; and that they are audited
    after this day. If some of what can be spent is `replaced`, that is their whole effect on it."""
    creations = [Create(paths.credit_entry(workspace_id, one.id), one.stored()) for one in entries]
    increments = [
        Increment(paths.credit_counter(workspace_id, *place), FIELD, by)
        for place, by in _effects(entries).items()
        if by and not (replaced and place[1] is Counter.AVAILABLE)
    ]
    today = ports.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = audit_at(workspace_id, today + timedelta(days=1), _shard(entries[0]))
    return [*creations, *replaced, *increments, tomorrow]


def _effects(entries: Iterable[Entry]) -> Mapping[Place, int]:
    total: dict[Place, int] = {}
    for entry in entries:
        home = _shard(entry)
        for (bucket, counter), by in counts([entry]).items():
            spread = entry.kind is EntryKind.GRANT
            for shard, part in (shards.split(by, home) if spread else {home: by}).items():
                place = (bucket, counter, shard)
                total[place] = total.get(place, 0) + part
    return total


def _shard(entry: Entry) -> int:
    """The shard in which an entry is counted: that of its job, for all entries of the job."""
    return shards.of(entry.job_id or entry.id)


def audit_at(workspace_id: str, at: datetime, shard: int = 0) -> Write:
    """The sweeper's entry. It is the same for whatever else is written on that day in a shard."""
    text = instant_text(at)
    data = {"at": text, "workspace_id": workspace_id}
    return Put(paths.audit(workspace_id, text, shard), data)
