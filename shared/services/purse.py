"""A workspace's purse: how many credits of each bucket can be spent, and how many are held.

It is kept along with the entries, as one document for each counter of each bucket, since a batch
can add to one field of a document. What may be refused replaces the counters that it takes from, on
the condition that nobody has touched them, so that two requests never spend the same credit. What
can't be refused only adds, and so waits for nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.model import paths
from shared.model.base import instant_text
from shared.model.credit import METERED, Balance, Bucket, Counter, Entry, counts, less
from shared.ports import Create, Document, Increment, Ports, Put, Replace, Write

FIELD: Final = "credits"

Key = tuple[Bucket, Counter]

KEYS: Final = tuple((bucket, counter) for bucket in Bucket for counter in Counter)


@dataclass(frozen=True, slots=True)
class Purse:
    """The counters of a workspace as they were read."""

    workspace_id: str
    documents: Mapping[Key, Document | None]

    @property
    def numbers(self) -> Mapping[Key, int]:
        return {
            key: int(document.data[FIELD]) if document else 0
            for key, document in self.documents.items()
        }

    @property
    def ends_at(self) -> datetime | None:
        """When what is left of the subscription expires."""
        document = self.documents[Bucket.SUBSCRIPTION, Counter.AVAILABLE]
        text = document.data.get("ends_at") if document else None
        return datetime.fromisoformat(text) if text else None

    def left_over(self, now: datetime) -> int:
        """What is left of a subscription whose period is over."""
        if self.ends_at is None or self.ends_at > now:
            return 0
        return self.numbers[Bucket.SUBSCRIPTION, Counter.AVAILABLE]

    def balance(self, now: datetime) -> Balance:
        """What there is; what should have expired by now is not."""
        available, held = (
            {bucket: self.numbers[bucket, counter] for bucket in METERED}
            for counter in (Counter.AVAILABLE, Counter.HELD)
        )
        over = {Bucket.SUBSCRIPTION: self.left_over(now)}
        return Balance(available=less(available, over), held=held, ends_at=self.ends_at)

    def changed(self, bucket: Bucket, by: int, **more: str | None) -> Write:
        """What can be spent of a bucket, replaced if it still is what was read."""
        key = (bucket, Counter.AVAILABLE)
        document = self.documents[key]
        data = {**(document.data if document else {}), **more, FIELD: self.numbers[key] + by}
        if document is None:
            return Create(paths.credit_counter(self.workspace_id, *key), data)
        return Replace(document.path, data, document.version)

    def is_as(self, other: "Purse") -> bool:
        """Whether nothing was written between the readings of two."""
        pairs = [(self.documents[key], other.documents[key]) for key in KEYS]
        return all((one and one.version) == (two and two.version) for one, two in pairs)


def read(ports: Ports, workspace_id: str) -> Purse:
    """The counters of a workspace at one instant."""
    found = ports.documents.get_many([paths.credit_counter(workspace_id, *key) for key in KEYS])
    return Purse(workspace_id, dict(zip(KEYS, found, strict=True)))


def booked(
    ports: Ports, workspace_id: str, entries: Sequence[Entry], replaced: Sequence[Write] = ()
) -> list[Write]:
    """The writes of entries: themselves; their effects on the counters, as far as those are not
    replaced; and that they are audited after this day."""
    done = {write.path for write in replaced}
    creations = [Create(paths.credit_entry(workspace_id, one.id), one.stored()) for one in entries]
    increments = [
        Increment(path, FIELD, by)
        for key, by in counts(entries).items()
        if (path := paths.credit_counter(workspace_id, *key)) not in done
    ]
    today = ports.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = audit_at(workspace_id, today + timedelta(days=1))
    return [*creations, *replaced, *increments, tomorrow]


def audit_at(workspace_id: str, at: datetime) -> Write:
    """The sweeper's entry. It is the same for whatever else is written on that day."""
    text = instant_text(at)
    return Put(paths.audit(workspace_id, text), {"at": text, "workspace_id": workspace_id})
