"""A sample of all histories: whatever happens, every seed comes to its right end, and if it did not
the simulation would notice."""

import os
import subprocess
import sys
from collections import Counter

import pytest

from shared.model.finding import Finding
from shared.model.job import StepStatus
from tests.simulation.credits import spend
from tests.simulation.runs import Report, run
from tests.simulation.sabotage import SABOTAGES
from tests.simulation.transitions import Transition
from tests.simulation.world import simulate

SEEDS = 1_000
CHUNKS = 20
SIZE = SEEDS // CHUNKS
FOUND_WITHIN = 400
"""Seeds, in which each mistake has to be found."""

MET: dict[int, Report] = {}


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_seed_comes_to_its_right_end(chunk: int) -> None:
    report = MET[chunk] = run(range(chunk * SIZE, (chunk + 1) * SIZE))
    for seed, text in report.broken.items():
        pytest.fail(f"make simulate SEED={seed}\n{text}")


def test_the_sample_meets_what_matters() -> None:
    """A sample that never meets a fault, or a transition, shows nothing of it."""
    if len(MET) < CHUNKS:
        pytest.skip("needs the whole sample")
    total = sum(MET.values(), Report())
    assert {fault: times for fault in FAULTS if (times := total.met[fault]) < 5} == {}
    missing = [one for one in TRANSITIONS if not total.transitions[one]]
    assert missing == []


FOUND = (
    Finding.JOB_OVERDUE,
    Finding.LEASE_EXPIRED,
    Finding.BLOB_SUSPECTED,
    Finding.BLOB_ORPHANED,
    Finding.ASSET_RESTORED,
)

FAULTS = (
    "death",
    "kill",
    "restart",
    "outage",
    "lost answer",
    "overslept",
    "task lost",
    "delivered again",
    "acknowledgement lost",
    "judge: sent back",
    "judge: needs review",
    "provider: paid",
    "provider: transient",
    "provider: permanent",
    "provider: refused",
    "provider: later",
    "provider: unforeseen",
    "endpoint failed",
    "client: cancel",
    "client: delete_asset",
    "client: delete_item",
    "client: delete_more",
    "client: again",
    "client: stop",
    "client: retry again",
    "client: produce again",
    "client: batch",
    "client: batch again",
    "client: batch in a crowd",
    "batch begun",
    "batch refused",
    "a film was paid for and lacks formats",
    *(f"finding: {one}" for one in FOUND),
    *(f"credits: {one}" for one in ("ask", "refused", "end", "keep", "drop", "grant", "sweep")),
)

TRANSITIONS: tuple[Transition, ...] = (
    ("ready", "Claimed", "running"),
    ("waiting", "Claimed", "running"),
    ("running", "Claimed", "ready"),  # its lease had run out
    ("running", "Claimed", "running"),  # somebody else was faster
    ("running", "Claimed", "failed"),  # it had ordered something, nobody knows what became of it
    ("running", "Intended", "running"),
    ("running", "Succeeded", "publishing"),
    ("running", "Succeeded", "succeeded"),
    ("running", "Rejected", "blocked"),
    ("running", "Waited", "waiting"),
    ("running", "Failed", "ready"),
    ("running", "Failed", "failed"),
    ("publishing", "Published", "succeeded"),
    ("succeeded", "Published", "succeeded"),
    ("skipped", "Published", "skipped"),
    ("ready", "late Succeeded", "ready"),
    ("running", "late Succeeded", "running"),
    ("skipped", "Succeeded", "skipped"),
    ("blocked", "ObjectFinalized", "ready"),
    ("blocked", "Swept", "ready"),  # the event was lost
    ("ready", "Swept", "ready"),
    ("waiting", "Swept", "waiting"),
    ("running", "Swept", "ready"),
    ("running", "Swept", "failed"),
    ("blocked", "Cancelled", "skipped"),
    ("ready", "Cancelled", "skipped"),
    ("running", "Cancelled", "skipped"),
    ("waiting", "Cancelled", "skipped"),
    ("publishing", "Cancelled", "skipped"),
    ("job completed", "Settled", "job completed"),
    ("job failed", "Settled", "job failed"),
    ("job completed", "Swept", "job completed"),
    ("job failed", "Swept", "job failed"),
    ("job completed", "Cancelled", "job completed"),
)


def test_the_transitions_are_of_this_machine() -> None:
    known = {status.value for status in StepStatus}
    named = {name for before, _, after in TRANSITIONS for name in (before, after)}
    assert {name for name in named if not name.startswith("job ")} <= known


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_mistake_of_ours_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SABOTAGES[name](monkeypatch)
    assert run(range(FOUND_WITHIN), until_broken=True).broken


def test_a_seed_is_one_history() -> None:
    """In every process: else a seed that broke could not be replayed."""
    tellings = Counter(_tell(hash_seed) for hash_seed in ("0", "1"))
    assert len(tellings) == 1


def _tell(hash_seed: str) -> str:
    """What happens in some seeds, as a fresh process tells it."""
    script = "from tests.simulation.test_simulation import telling; print(telling())"
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return told.stdout


def telling() -> str:
    """What happens in some seeds, but for the names of temporary folders."""
    lines: list[str] = []
    for seed in range(8):
        spend(seed, lines.append)
        simulate(seed, lines.append)
    return "\n".join(line for line in lines if "mascotry-" not in line)
