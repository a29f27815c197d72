"""Batches that clients ask for: under one Idempotency-Key each, and as often as it takes to hear an
answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from shared.config import Settings
from shared.errors import Busy, InsufficientCredits
from shared.model.request import GenerateRequest
from shared.ports import Ports
from shared.services import batches
from shared.services.errands import _Ids as Seeded
from shared.services.keys import Principal
from tests.simulation.hub import Outage


@dataclass(eq=False, slots=True)
class Order:
    """A batch, and what is known of it: what its tries proposed, and how they were answered."""

    key: str
    collection_id: str
    requests: Sequence[GenerateRequest]
    price: int = 0
    job_ids: set[str] = field(default_factory=set)
    item_ids: set[str] = field(default_factory=set)
    tries: int = 0
    refusals: int = 0
    is_begun: bool = False
    """Whether a try was answered with 202."""

    @property
    def is_refused(self) -> bool:
        """Whether every try was refused for want of credits; one that was cut off is not."""
        return 0 < self.tries == self.refusals

    @property
    def is_open(self) -> bool:
        """Whether a try was cut off, and none was answered with 202."""
        return self.refusals < self.tries and not self.is_begun

    def ask(self, ports: Ports, settings: Settings, who: Principal) -> None:
        """Ask once more if the answer was lost."""
        try:
            self._ask(ports, settings, who)
        except Outage:
            self._ask(ports, settings, who)

    def _ask(self, ports: Ports, settings: Settings, who: Principal) -> None:
        self.tries += 1
        seeded = replace(ports, ids=Seeded(self.key))
        batch = batches.propose(seeded, settings, who, self.collection_id, self.requests)
        self.price = batch.price
        self.job_ids |= {job.id for job in batch.jobs}
        self.item_ids |= {item.id for item in batch.items}
        try:
            batches.begin(ports, settings, who, batch)
        except (InsufficientCredits, Busy):
            self.refusals += 1
            raise
        self.is_begun = True
