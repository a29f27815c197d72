"""What a month on Google Cloud costs, by prices and quantities: `python -m infra.costs`.

The quantities of one animation (a still, its cut-out, and a film of three seconds in three formats,
each also in 256 and 128 pixels) were counted and timed on the real steps with the offline artist;
what can't be measured is an assumption, and says so. Prices are list prices in us-central1, without
discounts for volume. What models charge is computed apart, since it is most of it.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.providers.pricing import PRICES

GIB: Final = 2**30
MONTH: Final = 730 * 3600
"""Seconds."""
VOLUMES: Final = (100, 10_000, 1_000_000)
"""Animations in a month."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for `unit`, of which the first `free` units of a month cost nothing; `read` is
    when the page at `source` said so."""

    dollars: float
    unit: str
    source: str
    read: str
    free: float = 0.0

    def of(self, quantity: float) -> float:
        return max(0.0, quantity - self.free) * self.dollars


def _run(dollars: float, unit: str, free: float) -> Price:
    return Price(dollars, unit, "https://cloud.google.com/run/pricing", "2025-09", free)


def _firestore(dollars: float, unit: str, free: float) -> Price:
    return Price(dollars, unit, "https://cloud.google.com/firestore/pricing", "2026-10", free)


def _storage(dollars: float, unit: str, free: float = 0.0) -> Price:
    return Price(dollars, unit, "https://cloud.google.com/storage/pricing", "2026-09", free)


def _cdn(dollars: float, unit: str) -> Price:
    return Price(dollars, unit, "https://cloud.google.com/cdn/pricing", "2026-09")


def _balancer(dollars: float, unit: str) -> Price:
    return Price(dollars, unit, "https://cloud.google.com/load-balancing/pricing", "2026-09")


_DAYS: Final = 730 / 24

PRICE: Final[Mapping[str, Price]] = {
    "vcpu": _run(24e-6, "vCPU-second", 180_000),
    "memory": _run(2.5e-6, "GiB-second", 360_000),
    "requests": _run(0.4e-6, "request", 2_000_000),
    "reads": _firestore(0.03 / 100_000, "document read", 50_000 * _DAYS),
    "writes": _firestore(0.09 / 100_000, "document written", 20_000 * _DAYS),
    "documents": _firestore(0.18, "GiB of documents and indexes, a month", 1),
    "files": _storage(0.02, "GiB of files, a month", 5),
    "changes": _storage(0.005 / 1_000, "class A operation", 5_000),
    "looks": _storage(0.0004 / 1_000, "class B operation", 50_000),
    "sent": _storage(0.12, "GiB sent to viewers by Cloud Storage", 100),
    "tasks": Price(
        0.4e-6, "task call or delivery", "https://cloud.google.com/tasks/pricing", "2026", 1_000_000
    ),
    "events": Price(
        40 / 1024, "GiB of events", "https://cloud.google.com/pubsub/pricing", "2026-09", 10
    ),
    "cached": _cdn(0.08, "GiB sent to viewers by Cloud CDN"),
    "filled": _cdn(0.01, "GiB that the CDN fetches"),
    "lookups": _cdn(0.0075 / 10_000, "look into the CDN's cache"),
    "rule": _balancer(0.025, "hour of the load balancer"),
    "balanced": _balancer(0.008, "GiB through the load balancer"),
}


@dataclass(frozen=True, slots=True)
class Work:
    """One delivery of a step: the CPU time that was measured, how long it waits for a model at
    least (assumed), and the size that its function has in functions.tf."""

    name: str
    seconds: float
    vcpus: int
    memory: float
    waits: float = 0.0

    def billed(self) -> float:
        """Seconds that its instance is paid for."""
        return self.seconds / (self.vcpus * BUSY) + self.waits


# --- measured in November 2026 on two cores, Python 3.11; a film of 512 pixels ------------------

WORK: Final = (
    Work("image", 0.3, 1, 2, waits=15),
    Work("cutout", 0.4, 1, 2),
    Work("validate", 0.2, 1, 1, waits=5),
    Work("video", 6.9, 2, 2, waits=10),
    Work("transcode", 18.7, 2, 2),
)
STEPS: Final = tuple(work.name for work in WORK)
READS: Final = 52
"""Counted, as the writes are, of a character's first animation with a third size."""
WRITES: Final = 81
FILES_MADE: Final = 12
FILE_BYTES: Final = 2_480_000
CHANGES: Final = 49
"""Objects that are put, copied and listed: placeholders, work area, public names, stable URLs."""
LOOKS: Final = 17
"""Objects that are read, and whose metadata are."""
TASKS: Final = 12
"""Enqueued and delivered."""
EVENTS: Final = 36
"""Objects finalized in the public bucket: placeholders, files and their copies at stable URLs."""
DOCUMENT_BYTES: Final = 45_400
REQUEST_SECONDS: Final = 0.03
SWEEPS: Final = MONTH / 60
SWEEP_READS: Final = 6
WALK: Final = 100
"""Files, and as many assets, that a sweep compares at most."""
WALKS: Final = 120
"""Rounds through all of them in a month, if there is time: one begins 6 hours after the last."""

# --- assumed --------------------------------------------------------------------------------------

BUSY: Final = 0.7
"""The share of the paid time that a function's CPUs compute."""
CALLS: Final = 5
"""Requests of the client for one animation, one of which waits."""
WAITED: Final = 60
"""Seconds that it waits; the job is read every half second meanwhile."""
POLL: Final = 0.5
AT_ONCE: Final = 200
"""Waits that one instance of `events` holds."""
INDEXED: Final = 2.0
"""Bytes in Firestore for a byte of JSON, with its indexes."""
MONTHS_KEPT: Final = 12
"""Animations of so many months are stored."""
VIEWS: Final = 100
"""How often an animation is loaded in a month, …"""
VIEW_BYTES: Final = 162_000
"""… each time as VP9 in 256 pixels, which is measured."""
MISSES: Final = 0.05
"""The share of what the CDN sends that it has to fetch."""
EVENT_BYTES: Final = 2_048
"""Of an event's way in and out, each."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what it is for, and dollars at each volume."""

    name: str
    dollars: tuple[float, ...]


def waiting(animations: float) -> float:
    """Seconds in a month in which an instance that holds waits is paid for.

    Waits that overlap share one, so it is the time in which there is any: 1 - exp(-λt), for those
    that come at random; and one instance more for each `AT_ONCE` of them.
    """
    at_once = animations * WAITED / MONTH
    return MONTH * max(-math.expm1(-at_once), at_once / AT_ONCE)


def quantities(animations: float) -> dict[str, float]:
    """What a month with so many animations takes of everything that has a price."""
    stored = animations * MONTHS_KEPT
    compared = min(SWEEPS * WALK, stored * FILES_MADE * WALKS)
    work = [(work.billed() * animations, work) for work in WORK]
    quick = animations * (CALLS + EVENTS) * REQUEST_SECONDS + SWEEPS * 0.1
    held = waiting(animations)
    gib = animations * VIEWS * VIEW_BYTES / GIB
    deliveries = len(WORK)
    return {
        "vcpu": sum(seconds * work.vcpus for seconds, work in work) + quick + held,
        "memory": sum(seconds * work.memory for seconds, work in work) + (quick + held) / 2,
        "requests": animations * (CALLS + EVENTS + deliveries) + SWEEPS,
        "reads": animations * (READS + CALLS + WAITED / POLL) + SWEEPS * SWEEP_READS + 2 * compared,
        "writes": animations * WRITES,
        "documents": stored * DOCUMENT_BYTES * INDEXED / GIB,
        "files": stored * FILE_BYTES / GIB,
        "changes": animations * CHANGES + compared / WALK,
        "looks": animations * (LOOKS + VIEWS) + compared,
        "sent": gib,
        "tasks": animations * TASKS,
        "events": animations * EVENTS * 2 * EVENT_BYTES / GIB,
        "cached": gib,
        "filled": gib * MISSES,
        "lookups": animations * VIEWS,
        "rule": 730,
        "balanced": gib,
    }


GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "Cloud Run": ("vcpu", "memory", "requests"),
    "Firestore": ("reads", "writes", "documents"),
    "Cloud Storage": ("files", "changes", "looks"),
    "Cloud Tasks, Pub/Sub": ("tasks", "events"),
    "files to viewers": ("sent",),
}
BALANCED: Final = ("cached", "filled", "lookups", "rule", "balanced")
MODELS: Final[Mapping[str, tuple[str, str, str, int]]] = {
    "models: Google, films by Veo fast": (
        *("gemini-nano-banana-2.1", "gemini-3.8-flash", "veo-3.1-fast-generate-001"),
        4,
    ),
    "models: Google, films by Kling on fal": (
        *("gemini-nano-banana-2.1", "gemini-3.8-flash"),
        "fal-ai/kling-video/v2.5-turbo/pro/image-to-video",
        5,
    ),
}
TAKES: Final = 1.2
"""Pictures for one that is accepted: assumed."""
LOOKED: Final = (3_000, 1_000)
"""Tokens of one look at a picture: assumed."""


def models(still: str, looks: str, film: str, seconds: int) -> float:
    """Dollars of models for one animation."""
    look = PRICES[looks].tokens(*LOOKED)
    return TAKES * (PRICES[still].picture + look) + PRICES[film].second * seconds


def rows(volumes: Sequence[int] = VOLUMES) -> list[Row]:
    """The table: Google Cloud by what is charged, both ways to serve the files, then the models."""
    taken = [quantities(volume) for volume in volumes]

    def dollars(names: Sequence[str]) -> tuple[float, ...]:
        return tuple(sum(PRICE[name].of(one[name]) for name in names) for one in taken)

    parts = [Row(name, dollars(names)) for name, names in GROUPS.items()]
    total = tuple(map(sum, zip(*(row.dollars for row in parts), strict=True)))
    other = tuple(
        whole - sent + balanced
        for whole, sent, balanced in zip(total, dollars(["sent"]), dollars(BALANCED), strict=True)
    )
    each = {name: models(*chosen) for name, chosen in MODELS.items()}
    return [
        *parts,
        Row("**all of it**", total),
        Row("the same with the load balancer and Cloud CDN", other),
        *(Row(name, tuple(one * volume for volume in volumes)) for name, one in each.items()),
    ]


def table() -> str:
    """The rows in Markdown."""
    head = ["dollars a month for", *(f"{volume:,} animations" for volume in VOLUMES)]
    lines = [head, ["---", *("---:" for _ in VOLUMES)]]
    lines += [[row.name, *(shown(one) for one in row.dollars)] for row in rows()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def shown(dollars: float) -> str:
    return f"{dollars:,.2f}" if dollars < 100 else f"{dollars:,.0f}"


if __name__ == "__main__":
    sys.stdout.write(table())
