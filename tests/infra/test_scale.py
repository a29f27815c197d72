"""The simulation of an hour: that it is sound, decides as the graph does, and tells what breaks."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra import costs
from infra.scale import agreement, animation, findings, ladder, page
from infra.scale.__main__ import arguments
from infra.scale.ceilings import ceilings, minutes_to_warm
from infra.scale.documents import SHARED, WRITES, Shared
from infra.scale.limits import LIMITS, PROVIDERS
from infra.scale.line import Makers, Meter, Part, Task
from infra.scale.scenario import BEFORE, Deployment, Load
from infra.scale.simulation import BUSY_DELAY, POLL_EVERY, Made, Simulation
from shared.graph.advance import Claim, advance, claim, due_at, start
from shared.graph.events import (
    Claimed,
    Event,
    ObjectFinalized,
    Published,
    Rejected,
    Succeeded,
    Swept,
    Waited,
)
from shared.graph.policy import DEADLINE
from shared.model.job import Job, Retake, StepStatus
from shared.model.queues import NEW_PROJECT, REFERENCE, Queue
from shared.model.shards import SHARDS
from shared.services import collections
from tests.bench.operations import SIZES, Counted
from tests.graph.fakes import START
from tests.graph.jobs import FILM, outputs
from tests.services.world import World

NEW = Deployment(provider=PROVIDERS["unlimited"])
FREE = NEW.moved(REFERENCE)


def narrow(**at_once: int) -> Mapping[str, Queue]:
    """The queues, of which some run only so many at once."""
    return {
        name: replace(queue, max_concurrent=at_once.get(name, queue.max_concurrent))
        for name, queue in FREE.queues.items()
    }


OVERLOADED = replace(FREE, queues=narrow(image=4))
BEARS = 4 * 3_600 / (costs.TAKES * costs.WORK[0].billed())
"""Four pictures at once are enough for so many animations an hour, fewer than 800."""


# --- soundness ------------------------------------------------------------------------------------


def test_the_same_seed_is_the_same_hour_and_another_one_is_not() -> None:
    load = Load(per_hour=1_000, seed=3)
    assert findings.hour(load, FREE) == findings.hour(load, FREE)
    other = findings.hour(replace(load, seed=4), FREE)
    assert other.rows != findings.hour(load, FREE).rows


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_job_ends_however_late_the_queues_are(provider: str) -> None:
    deployment = replace(OVERLOADED, provider=PROVIDERS[provider])
    run = Simulation(Load(per_hour=1_200, seconds=1_800), deployment).run(to_the_end=True)
    assert len(run.jobs) > 500
    assert all(job.completed for job in run.jobs)
    begun = sum(len(line.ages) for line in run.lines.values())
    assert sum(line.dispatched - line.in_vain for line in run.lines.values()) == begun
    assert run.ends.total() == run.holds.total() == len(run.jobs)
    assert not any(line.under_way for line in run.lines.values())


def test_as_many_are_under_way_as_littles_law_says() -> None:
    run = Simulation(Load(per_hour=3_000), FREE).run(to_the_end=True)
    times = [job.ended_at - job.asked_at for job in run.jobs if job.ended_at]
    settled = run.under_way[10:]
    mean = sum(settled) / len(settled)
    assert mean == pytest.approx(len(times) / 3_600 * sum(times) / len(times), rel=0.05)


def test_no_queue_runs_or_begins_more_than_it_may() -> None:
    begun: list[tuple[str, float]] = []

    def watch(what: str, job: Made, *rest: Any) -> None:
        del job
        if what == "claimed":
            begun.append((run.graph[rest[0].step].kind.value, run.now))
            line = run.lines[begun[-1][0]]
            assert line.under_way <= line.queue.max_concurrent

    run = Simulation(Load(per_hour=9_000, seconds=900), FREE, watch)
    run.run()
    for (name, second), number in Counter((name, int(when)) for name, when in begun).items():
        assert number <= run.lines[name].queue.max_per_second * 1.2 + 1, second


# --- it decides as the graph does -----------------------------------------------------------------


class Twin:
    """The same jobs in the real state machine, told of everything that happens in a simulation."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.compared = Counter[str]()
        self.simulation = Simulation(Load(per_hour=1_500, seconds=1_500), OVERLOADED, self.watch)

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.simulation.now)

    def watch(self, what: str, made: Made, *rest: Any) -> None:
        if what == "came":
            job = animation.job().with_(id=str(made.number), updated_at=self.now)
            self.jobs[made.number] = start(job.with_(deadline=self.now + DEADLINE), self.now).job
            return
        job = self.jobs[made.number]
        self.compare(job, made)
        match what:
            case "claimed":
                task, found = rest
                event = Claimed(self.name(task), task.attempt, task.delivery)
                assert claim(job, event, self.now) is found
                self.compared[found.name] += 1
                if found is Claim.RUN:
                    self.apply(made, event)
            case "swept":
                when = due_at(job)
                assert when
                expected = (when - START).total_seconds()
                assert expected == pytest.approx(self.simulation.due_at(made), abs=1e-3)
                if expected <= self.simulation.now:
                    self.compared["sent again"] += 1
                    self.apply(made, Swept())
            case "fired":
                self.apply(made, ObjectFinalized(job.assets["video"].id))
            case _:
                self.compared[what] += 1
                self.finish(made, what, *rest)

    def finish(self, made: Made, what: str, task: Task) -> None:
        name, attempt = self.name(task), task.attempt
        events: Mapping[str, Event] = {
            "made": Succeeded(name, attempt, outputs(self.jobs[made.number], name)),
            "rejected": Rejected(name, attempt, Retake(reasons=("drift",), score=0.1, sha256="")),
            "waits": Waited(name, attempt, "operation", POLL_EVERY),
            "busy": Waited(name, attempt, None, BUSY_DELAY),
        }
        self.apply(made, events[what])
        if self.jobs[made.number].steps[name].status is StepStatus.PUBLISHING:
            self.apply(made, Published(name, attempt))

    def apply(self, made: Made, event: Event) -> None:
        job = advance(self.jobs[made.number], event, self.now).job
        self.jobs[made.number] = job.with_(updated_at=self.now)

    def name(self, task: Task) -> str:
        return self.simulation.graph[task.step].name

    def compare(self, job: Job, made: Made) -> None:
        for node, state in zip(self.simulation.graph, made.steps, strict=True):
            step = job.steps[node.name]
            assert (step.status, step.attempt, step.delivery, step.missed) == (
                state.status,
                state.attempt,
                state.delivery,
                state.missed,
            )


def test_deliveries_and_sweeps_meet_what_the_graph_decides() -> None:
    twin = Twin()
    twin.simulation.run(to_the_end=True)
    assert all(job.finished for job in twin.jobs.values())
    for what in ("RUN", "DROP", "REPEAT", "COME_BACK", "sent again", "rejected", "waits"):
        assert twin.compared[what], what


# --- what it tells --------------------------------------------------------------------------------


def test_a_late_queue_keeps_its_throughput_and_collapsed_by_the_rules_of_before() -> None:
    load = Load(per_hour=1_600, seconds=7_200)
    image = replace(OVERLOADED.queues["image"], max_per_second=10)  # little room for copies
    tight = replace(OVERLOADED, queues={**OVERLOADED.queues, "image": image})
    today = findings.hour(load, tight)
    before = findings.hour(load, replace(tight, rules=BEFORE))
    assert findings.cause(today)
    assert today.completed > 0.9 * BEARS
    assert before.completed < 0.1 * BEARS


def test_what_breaks_first_is_found_and_a_setting_moves_it() -> None:
    load = Load(per_hour=1_200)
    rungs = list(ladder.ladder(load, NEW))
    looks = next(work for work in costs.WORK if work.name == "validate")
    assert NEW.queues["validate"].max_concurrent == 1
    assert rungs[0].per_hour == pytest.approx(3_600 / (costs.TAKES * looks.billed()), rel=0.1)
    assert (rungs[0].cause.name, rungs[0].cause.kind) == ("validate", findings.Kind.AT_ONCE)
    assert rungs[0].change.startswith("`region_cpus` 20 → ")
    assert rungs[-1].per_hour >= load.per_hour


def test_the_rate_of_a_queue_gives_way_and_is_moved_too() -> None:
    slow = replace(FREE.queues["video"], max_per_second=1)
    deployment = replace(FREE, queues={**FREE.queues, "video": slow})
    first, *others = ladder.ladder(Load(per_hour=2_500), deployment)
    assert (first.cause.name, first.cause.kind) == ("video", findings.Kind.PER_SECOND)
    assert first.change.startswith("`video`: `max_per_second` 1 → ")
    assert others[-1].per_hour >= 2_500


def test_a_new_project_bears_what_the_page_says_it_is_asked_for() -> None:
    load = page.LOADS[page.NEW]
    deployed = Deployment(provider=PROVIDERS["google"])
    assert deployed.region == NEW_PROJECT == Deployment().region
    assert findings.cause(findings.hour(load, deployed)) is None
    assert findings.cause(findings.hour(replace(load, per_hour=2 * load.per_hour), deployed))


def test_one_workspace_is_bound_by_its_busiest_document() -> None:
    deployment = ladder.fitted(Load(per_hour=4_000), FREE)
    found = findings.hour(Load(per_hour=4_000, workspaces=1), deployment)
    why = findings.cause(found)
    assert why
    assert why.kind is findings.Kind.DOCUMENT
    assert why.name == "guide of a character"
    held = next(one for one in found.writes if one.name.startswith("credits: held"))
    assert held.breaks == 1_800 * SHARDS > 10_000
    assert findings.cause(findings.hour(Load(per_hour=4_000), deployment)) is None


def test_shards_of_a_document_share_its_writes() -> None:
    assert Shared("x", begun=1, ended=1).per_animation == 2
    assert Shared("x", begun=1, ended=1, shards=8).per_animation == 0.25
    assert Shared("x", shards=8).title == "x, each of 8 shards"
    found = findings.hour(Load(per_hour=3_000, workspaces=1), FREE)
    for one, shared in zip(found.writes, SHARED, strict=False):
        assert one.breaks == pytest.approx(3_600 / shared.per_animation)
        assert one.mean == pytest.approx(3_000 / one.breaks, rel=0.1)


def test_what_one_project_bears_is_divided_by_its_limits() -> None:
    rates = (2_500, 5_000)  # of the second, a half is simulated
    found = [findings.hour(Load(per_hour=rate, most=2_500), FREE) for rate in rates]
    one, other = ([(each.name, each.per_hour) for each in ceilings(hour)] for hour in found)
    assert len(one) > len(SHARED) + len(WRITES)
    assert [per_hour for _, per_hour in one] == sorted(per_hour for _, per_hour in one)
    assert {*dict(one)} == {*dict(other)}
    assert [dict(other)[name] for name, _ in one] == pytest.approx([n for _, n in one], rel=0.1)
    assert [minutes_to_warm(rate, 1_000) for rate in (900, 1_400, 1_600)] == [0, 5, 10]


# --- a slice stands for the whole -----------------------------------------------------------------


def test_a_slice_finds_what_the_whole_does() -> None:
    found = agreement.pair(Load(per_hour=2_000, most=1_000))
    whole, part, chance = found.whole, found.slice, agreement.chance(found.load)
    assert found.load.slices == 2
    assert part.asked == pytest.approx(whole.asked, rel=chance)
    assert part.completed == pytest.approx(whole.completed, rel=chance)
    assert part.median == pytest.approx(whole.median, abs=agreement.LATER)
    assert [row.name for row in part.rows] == [row.name for row in whole.rows]
    for one, other in zip(whole.rows, part.rows, strict=True):
        assert other.begun == pytest.approx(one.begun, rel=chance), one.name
        assert other.p50 == pytest.approx(one.p50, abs=agreement.LATER), one.name
        assert other.p99 == pytest.approx(one.p99, abs=agreement.LATER), one.name
        assert other.instances == pytest.approx(one.instances, abs=2), one.name
    assert found.slice_breaks[0] == pytest.approx(found.whole_breaks[0], rel=chance)
    # Fitted without headroom, two of them have next to none.
    assert {why.name for _, why in (found.slice_breaks, found.whole_breaks)} <= {
        "image",
        "validate",
    }


def test_a_slice_of_too_much_is_as_late_as_the_whole() -> None:
    deployment = replace(OVERLOADED, provider=replace(PROVIDERS["google"], films_per_minute=11))
    load = Load(per_hour=3_000)
    whole, part = (findings.hour(replace(load, most=most), deployment) for most in (3_000, 1_000))
    chance = agreement.chance(replace(load, most=1_000))
    assert part.completed == pytest.approx(whole.completed, rel=chance)
    assert part.sent_again == pytest.approx(whole.sent_again, rel=2 * chance)
    assert part.longest_sweep == pytest.approx(whole.longest_sweep, rel=2 * chance)
    ages = [next(row for row in one.rows if row.name == "image") for one in (whole, part)]
    assert ages[1].p50 == pytest.approx(ages[0].p50, rel=chance)
    assert [one.name for one in (findings.cause(whole), findings.cause(part)) if one] == [
        "image"
    ] * 2


def test_a_million_a_day_costs_no_more_than_the_rate_that_is_simulated_one_by_one() -> None:
    counts = []
    for per_hour in (5_000, 40_000):
        deployment = ladder.fitted(Load(per_hour=per_hour), FREE)
        run = Simulation(Load(per_hour=per_hour), deployment).run()
        counts.append(len(run.jobs))
        found = findings.seen(run)
        assert found.asked == pytest.approx(per_hour, rel=0.05)
        assert found.instances > per_hour / 100
    assert counts[1] == pytest.approx(counts[0], rel=0.05)


def test_what_is_a_fraction_in_a_slice_does_as_much() -> None:
    part = Part.of(125, 8.33)
    assert part.whole / part.stretch == pytest.approx(125 / 8.33)
    assert Part.of(1, 8) == Part(1, 8.0)
    assert Part.of(40, 1) == Part(40, 1.0)
    meter, makers = Meter(50, 8.0), Makers(40, 8.33)
    taken = sum(meter.takes(second) for second in range(36_000))
    assert taken / 600 == pytest.approx(50 / 8, rel=0.02)
    there = [makers.make(0.0, 60.0)[1] for _ in range(480)]
    assert 480 / max(there) == pytest.approx(40 / 8.33 / 60, rel=0.02)


def test_the_rate_may_be_given_by_the_hour_or_by_the_day() -> None:
    assert arguments(["--animations-per-day", "1000000"]).animations_per_hour == 1_000_000 / 24
    assert arguments(["--animations-per-hour", "7"]).animations_per_hour == 7
    assert arguments([]).animations_per_hour == 10_000
    with pytest.raises(SystemExit):
        arguments(["--animations-per-hour", "7", "--animations-per-day", "7"])
    with pytest.raises(SystemExit):
        arguments(["--region-cpus", "0"])


# --- what it assumes ------------------------------------------------------------------------------


def test_shared_documents_are_written_as_often_as_real_jobs_write_them(tmp_path: Path) -> None:
    world = World(tmp_path)
    tenant = world.tenant()
    settings = {"animation_sizes": SIZES}
    collections.update(world.ports, tenant.who, tenant.collection.id, {}, settings)
    counted = []
    for name in ("Wave", "Jump", "Nod"):
        documents_, plain = Counted(world.ports.documents), world.ports
        world.ports = replace(plain, documents=documents_)
        world.generate(tenant, {**FILM, "name": name})
        world.drain()
        world.ports = plain
        counted.append(documents_.writes)
    world.close()
    _, one, other = map(_whole, counted)  # the first also makes the card
    shared = {path.split("/", 2)[-1]: one[path] for path in set(one) & set(other)}
    expected = sorted(each.begun + each.judged + each.ended for each in SHARED)
    assert sorted(shared.values()) == expected, shared
    by = Counter[str]()
    for path, number in other.items():
        by[path.split("/")[-2]] += number
    assert {name: by[name] for name in WRITES} == WRITES


def _whole(written: Counter[str]) -> Counter[str]:
    """What was written, with the shards of a document added up: two jobs seldom meet in one."""
    whole = Counter[str]()
    for path, number in written.items():
        is_shard = path.startswith("audits/") or "/credits/" in path
        whole[path.rpartition(".")[0] if is_shard else path] += number
    return whole


def test_what_is_fitted_is_within_what_google_allows() -> None:
    huge = ladder.fitted(Load(per_hour=10_000_000), NEW)
    for queue in huge.queues.values():
        assert queue.max_concurrent <= LIMITS["at_once"].value
        assert queue.max_per_second <= LIMITS["dispatches"].value


def test_a_new_project_is_what_the_limits_say() -> None:
    assert (LIMITS["vcpus"].value, LIMITS["memory"].value) == (NEW_PROJECT.vcpus, NEW_PROJECT.gib)


def test_an_hour_in_which_nobody_comes_is_an_hour() -> None:
    found = findings.hour(Load(per_hour=1e-9), FREE)
    assert (found.asked, found.completed, findings.cause(found)) == (0, 0, None)
    assert not any(one.mean for one in found.writes)


# --- what the page shows --------------------------------------------------------------------------


def test_the_page_shows_what_is_computed() -> None:
    shown = page.shown(page.PAGE.read_text())
    assert set(shown) == set(page.BLOCKS)
    for name, computed in page.QUICK.items():
        assert shown[name] == computed(), f"{name}: run python -m infra.scale.page"
