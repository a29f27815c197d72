"""One seed: a storm over the real code, then calm until nothing moves, then a look at what is left.

The storm is made of moves, each of which the dice choose: somebody works on, something is
delivered, a client asks for something, time passes, somebody sweeps, somebody dies.
"""

import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest

from functions.steps import canvas, purge, sizes
from shared.adapters.embedded.events import EVENTS_QUEUE
from shared.config import Settings
from shared.errors import MascotryError
from shared.model.asset import Asset, AssetStatus
from shared.model.job import StepKind
from shared.ports import MAX_UPLOAD, Bucket, Create, Json, Ports, Write
from shared.services import findings, losses, orphans, runner, sweeper, triggers, uploads
from shared.services.decoding import LocalDecoder
from shared.services.steps import Delivery
from shared.services.webhooks import delivery as webhook_delivery
from shared.services.webhooks import outbox
from shared.services.webhooks.sender import Answer
from tests.graph.fakes import CountingIds, FakeClock, no_pause
from tests.simulation import invariants, store
from tests.simulation.broken import Broken
from tests.simulation.client import Ask, Client
from tests.simulation.hub import Hub, Outage, Worker
from tests.simulation.provider import Provider, Unforeseen
from tests.simulation.transitions import Transitions
from tests.simulation.weather import CALM, forecast

MOVES: Final = 700
"""Of which a storm has at most so many."""
REST: Final = 4_000
"""Far more moves than it takes until nothing moves."""
AT_ONCE: Final = 6
HOME: Final = Path("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108

OWN: Final = {
    StepKind.PURGE: purge.run,
    StepKind.SIZES: sizes.run,
    StepKind.CANVAS: canvas.run,
}
"""The steps that ask nobody else."""
EXPECTED = (Outage, Unforeseen, MascotryError)
"""What may be raised; anything else is a mistake of ours."""


class World:
    """Everything around the real code, for one seed."""

    def __init__(self, seed: int, tell: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.dice = Random(seed)
        self.clock = FakeClock()
        self.hub = Hub(self.dice, CALM, tell)
        self.hub.on_hurt, self.hub.on_end = self._on_hurt, self._on_end
        self.transitions = Transitions()
        self.hurt: Counter[tuple[str, ...]] = Counter()
        """How often whoever was at something was interrupted for good, or slept too long."""
        self.mistakes: list[str] = []
        self.links: dict[str, Json] = {}
        """Every link that was ever stored."""
        self.heard: list[tuple[str, str]] = []
        """What a webhook's endpoint took: the message's id and its body."""
        self.documents = store.Documents(self._watch)
        self.tasks = store.Tasks(self.clock)
        self.blobs = store.Blobs(self.clock, self.tasks)
        self.calm = Ports(
            self.documents,
            self.blobs,
            self.tasks,
            self.clock,
            CountingIds(),
            LocalDecoder(self.blobs),
            no_pause,
        )
        self.ports = self.hub.ports(self.calm)
        self.settings = Settings(
            home=Path("/nowhere"), metered=self.dice.random() < 0.5, progress_interval=0
        )
        self.client = Client(self.hub, self.ports, self.calm, self.documents, self.settings)
        self.forecast = forecast(self.dice)
        self.provider = Provider(self.hub, paid=self.dice.random() < 0.7)
        self._eager = self.dice.random() < 0.5
        """Whether the sweeper suspects what was written just now, and never rests."""
        self._haste = self.dice.choice((0.05, 0.2, 1.0))
        """How soon clients ask for more."""
        self._asks = self.dice.choice((1, 1, 1, 2, 2, 3, 4, 6))

    # --- the history -----------------------------------------------------------------------------

    def storm(self) -> None:
        """Everything that can go wrong, until all that was asked for is done, or long enough."""
        self.hub.weather = self.forecast
        for name, ask in self.client.first():
            self._ask(name, ask)
        moves = (
            *(self._work,) * 10,
            *(self._deliver,) * 8,
            *(self._pass_time,) * 3,
            *(self._request, self._sweep, self._harm),
        )
        for _ in range(MOVES):
            self.dice.choice(moves)()
            if not (self._asks or self.hub.workers or self.tasks.waiting or self.due()):
                return

    def interruption(self) -> None:
        """In calm, a canvas is made, and canceled when a video is there without its formats."""
        ask = self.client.animates() if self.dice.random() < 0.2 else None
        if ask is None:
            return
        self._ask("animate", ask)
        for _ in range(MOVES):
            if stop := self.client.stops():
                self._ask("stop", stop)
                return
            self.dice.choice((self._work, self._work, self._deliver, self._pass_time))()

    def encore(self) -> None:
        """Everybody asks again for what is missing, all at the same time."""
        if self.dice.random() < 0.5:
            return
        self.hub.weather = self.forecast
        for name, ask in self.client.asks_again():
            self._ask(f"{name} again", ask)
        moves = (*(self._work,) * 10, *(self._deliver,) * 8, self._pass_time, self._sweep)
        for _ in range(MOVES // 3):
            self.dice.choice(moves)()

    def rest(self) -> None:
        """No more faults, and nothing new: deliveries and sweeps, until nothing moves. Where
        nothing was ever lost or taken away, deliveries alone have to do."""
        self.hub.weather = CALM
        self._asks = 0
        if self.forecast.fair and not self.client.destroys:
            self._settle(sweeps=False)
            if left := [job["id"] for job in self.client.of("jobs") if not job["settled"]]:
                raise Broken(f"without a sweeper nobody looks after {left}")
        self._settle(sweeps=True)

    def _settle(self, *, sweeps: bool) -> None:
        for _ in range(REST):
            if self.hub.workers:
                self._work()
                continue
            tasks = (waiting.due for waiting in self.tasks.waiting.values())
            due = (datetime.fromisoformat(entry["at"]) for entry in self.due() if sweeps)
            at = min((*tasks, *due), default=None)
            if at is None:
                return
            self.clock.advance_to(at)
            if not self._deliver():
                self._sweep()
                self.clock.advance(timedelta(seconds=1))
        raise Broken(f"it does not come to rest: {[*self.tasks.waiting]}, {self.due()}")

    @contextmanager
    def paced(self) -> Iterator[None]:
        """A sweeper that looks at a few files and assets at a time; an eager one meets everything
        that is under way, and spares nothing because it is young."""
        with pytest.MonkeyPatch.context() as patch:
            for walk in (orphans, losses):
                patch.setattr(walk, "PAGE", 4)
                if self._eager:
                    patch.setattr(walk, "REST", timedelta(0))
            if self._eager:
                patch.setattr(orphans, "GRACE", timedelta(0))
            yield

    def decay(self) -> None:
        """What no code of ours does: files are lost, and others are nobody's."""
        for data in self.client.of("assets"):
            asset = Asset.load(data)
            if asset.job_id and asset.status is AssetStatus.READY and self.dice.random() < 0.3:
                self.calm.blobs.delete(Bucket.ASSETS, asset.path)
        stranger = self.calm.ids.uuid()
        for kind in ("job", "item"):
            self.calm.blobs.put(
                Bucket.ASSETS,
                f"nobody/{kind}.png",
                b"?",
                content_type="image/png",
                metadata={
                    "workspace": self.client.who.workspace_id,
                    "asset": stranger,
                    **({"job": stranger} if kind == "job" else {}),
                },
            )

    def inspect(self) -> None:
        """Sweeps that see all there is: the first goes on where the last one was, the second begins
        anew, and the third looks again."""
        for _ in range(3):
            self.clock.advance(max(orphans.GRACE, orphans.REST, losses.REST))
            self.hub.begin(Worker("sweeper", ("sweep",), lambda: _swept(self.ports)), alone=True)
            self._settle(sweeps=True)

    def due(self) -> list[Json]:
        """What the sweeper has to look at."""
        return [row.data for row in self.documents.rows.get("due", {}).values()]

    # --- moves -----------------------------------------------------------------------------------

    def _work(self) -> None:
        if self.hub.workers:
            self.hub.resume(self.dice.choice(self.hub.workers))

    def _deliver(self) -> bool:
        """Deliver something that is due, in any order; whether there was anything."""
        weather, now = self.hub.weather, self.clock.now()
        if len(self.hub.workers) >= AT_ONCE:
            return False
        again = weather.repeat and self.dice.random() < weather.repeat
        due = [
            name
            for name, waiting in self.tasks.waiting.items()
            if waiting.due <= now and (again or not waiting.hands)
        ]
        if not due:
            return False
        name = self.dice.choice(due)
        waiting = self.tasks.waiting[name]
        if weather.loss and self.dice.random() < weather.loss / 10 and self._is_missed(waiting):
            self.hub.met["task lost"] += 1
            self.hub.say(f"a task of {name[0]} is lost")
            del self.tasks.waiting[name]
            return True
        self.hub.met["delivered again"] += bool(waiting.hands)
        waiting.hands += 1
        queue, payload = name[0], waiting.task.payload
        about = (payload["job_id"], payload["step"]) if "step" in payload else (queue,)
        told = ".".join(str(value) for key, value in payload.items() if key != "workspace_id")
        worker = Worker(f"{queue} {told[-60:]}", about, lambda: self._handle(queue, payload))
        worker.task = name
        self.hub.begin(worker)
        return True

    def _is_missed(self, waiting: store.Waiting) -> bool:
        """Whether somebody looks after what this delivery is for, so that its loss is noticed: that
        is, while its job goes on."""
        payload = waiting.task.payload
        id_ = payload.get("job_id") or payload.get("metadata", {}).get("job")
        return any(job["id"] == id_ and not job["settled"] for job in self.client.of("jobs"))

    def _request(self) -> None:
        if (self.hub.workers or self.tasks.waiting) and self.dice.random() > self._haste:
            return
        if self._asks and len(self.hub.workers) < AT_ONCE:
            self._ask(*self.client.wants())

    def _ask(self, name: str, ask: Ask) -> None:
        self._asks -= 1
        self.hub.met[f"client: {name}"] += 1
        self.hub.begin(Worker(f"client {name}", ("client", name), lambda: _answered(ask)))

    def _sweep(self) -> None:
        if len(self.hub.workers) < AT_ONCE:
            self.hub.begin(Worker("sweeper", ("sweep",), lambda: _swept(self.ports)))

    def _pass_time(self) -> None:
        """Only who sleeps too long sees time go by in his sleep: a lease outlives honest work."""
        if not self.hub.workers or self.hub.weather.sleep:
            seconds = self.dice.choice((0.01, 1, 30, 120, 1200))
        else:
            seconds = self.dice.choice((0.001, 0.01))
        if seconds > 1:
            for worker in self.hub.workers:
                self.hub.hurt(worker, "overslept")
        self.clock.advance(timedelta(seconds=seconds))

    def _harm(self) -> None:
        """Violence: a worker is killed, or the only process is, and the next one begins."""
        violence = self.hub.weather.violence
        if not violence or self.dice.random() >= violence:
            return
        if self.dice.random() < 0.6:
            if self.hub.workers:
                self.hub.kill(self.dice.choice(self.hub.workers))
            return
        self.hub.met["restart"] += 1
        self.hub.say("everybody is killed, and the next process begins")
        while self.hub.workers:
            self.hub.kill(self.hub.workers[0])
        sweeper_ = Worker("first sweep", ("sweep",), lambda: _swept(self.ports, orphaned=True))
        self.hub.begin(sweeper_, alone=True)

    # --- what workers do -------------------------------------------------------------------------

    def _handle(self, queue: str, payload: Json) -> None:
        if queue == EVENTS_QUEUE:
            triggers.object_finalized(
                self.ports,
                Bucket(payload["bucket"]),
                payload["name"],
                payload["generation"],
                payload["metadata"],
            )
        elif queue == uploads.QUEUE:
            uploads.receive(
                self.ports, payload["name"], max_bytes=MAX_UPLOAD, max_film_bytes=MAX_UPLOAD
            )
        elif queue == outbox.QUEUE:
            errand = outbox.Errand.parse(payload)
            webhook_delivery.deliver(self.ports, self.settings, errand, self._post)
        else:
            code = OWN.get(StepKind(queue), self.provider.run)
            runner.deliver(self.ports, self.settings, Delivery.parse(payload), code)

    def _post(self, url: str, body: str, headers: Mapping[str, str], *, loopback: bool) -> Answer:
        """A webhook's endpoint."""
        del url, loopback
        chance = self.hub.weather.endpoint
        self.hub.before("endpoint.post")
        if chance and self.dice.random() < chance:
            self.hub.met["endpoint failed"] += 1
            return self.dice.choice((Answer(status=500), Answer(error="It timed out.")))
        self.heard.append((headers["webhook-id"], body))
        self.hub.before("endpoint.answer")
        return Answer(status=200)

    def _on_end(self, worker: Worker) -> None:
        """Acknowledge a task, or have it come back."""
        if worker.error and not isinstance(worker.error, EXPECTED):
            self.mistakes.append(f"{worker.name}: {worker.error!r}")
        waiting = self.tasks.waiting.get(worker.task) if worker.task else None
        if waiting is None or worker.task is None:
            return
        waiting.hands -= 1
        if worker.died:
            waiting.due = self.clock.now() + timedelta(seconds=self.dice.choice((0, 10, 400)))
        elif worker.error:
            waiting.due = self.clock.now() + timedelta(seconds=2)
        elif self.hub.weather.repeat and self.dice.random() < self.hub.weather.repeat / 2:
            self.hub.met["acknowledgement lost"] += 1
            self.hub.say("  … which the queue does not hear of")
        else:
            del self.tasks.waiting[worker.task]

    def _on_hurt(self, worker: Worker) -> None:
        self.hurt[worker.about] += 1

    def _watch(self, write: Write) -> None:
        if isinstance(write, Create) and "/links/" in write.path:
            self.links[write.path] = write.data


def _answered(ask: Ask) -> None:
    ask()


def _swept(ports: Ports, *, orphaned: bool = False) -> None:
    sweeper.sweep(ports, orphaned=orphaned)


@contextmanager
def prepared() -> Iterator[None]:
    """What a history needs that is not given through the ports: folders in memory, and nobody who
    reads the log."""
    log, folder = logging.getLogger("shared"), tempfile.tempdir
    level, propagates = log.level, log.propagate
    tempfile.tempdir = str(HOME) if HOME else folder
    log.setLevel(logging.ERROR)
    log.propagate = False
    try:
        yield
    finally:
        tempfile.tempdir = folder
        log.setLevel(level)
        log.propagate = propagates


class Found(logging.Handler):
    """What the sweeper tells of."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        self._world.hub.met[f"finding: {record.__dict__['finding']}"] += 1


class Mistakes(logging.Handler):
    """What is logged as unforeseen, and was not foreseen here either."""

    def __init__(self, world: World) -> None:
        super().__init__(logging.ERROR)
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is None or not isinstance(error, EXPECTED):
            self._world.mistakes.append(f"{record.getMessage()}: {error!r}")


def simulate(seed: int, tell: Callable[[str], None] | None = None) -> World:
    """Live through a seed; Broken when something does not hold that should. The world that comes
    out tells what was met on the way."""
    with prepared():
        world = World(seed, tell)
        try:
            with world.transitions.watched(), _heard(world):
                with world.paced():
                    world.storm()
                    world.rest()
                    world.interruption()
                    world.rest()
                    invariants.check(world)
                    world.encore()
                    world.rest()
                invariants.check(world)
                world.decay()
                world.inspect()
        finally:
            world.hub.clear()
        invariants.check(world)
    return world


@contextmanager
def _heard(world: World) -> Iterator[None]:
    """Listen to the log."""
    log, found, mistakes = logging.getLogger("shared"), Found(world), Mistakes(world)
    level = findings.log.level
    log.addHandler(mistakes)
    findings.log.addHandler(found)
    findings.log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(mistakes)
        findings.log.removeHandler(found)
        findings.log.setLevel(level)
