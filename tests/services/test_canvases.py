"""A canvas from its template to what players read, on the real services."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.errors import BadRequest, Conflict, InsufficientCredits, NotFound
from shared.graph.canvas_plan import Wish
from shared.graph.canvas_state import Stage
from shared.model.asset import Asset, AssetType, Purpose, Review
from shared.model.canvas import Canvas
from shared.model.credit import Bucket
from shared.model.job import Job, JobStatus, JobType, StepKind
from shared.ports import Put
from shared.providers.base import Later, Refused
from shared.services import again, deletion, jobs, versions
from shared.services.canvases import definitions, exports, production, states
from shared.services.canvases.states import Seen
from shared.services.steps import StepContext, StepResult
from tests.graph.canvases import canvas as example
from tests.graph.jobs import IMAGE
from tests.services import checks, money
from tests.services.test_crashes import among_others, dies, everywhere, is_deleted
from tests.services.test_webhooks import fail
from tests.services.world import Tenant, World, draw

ASSISTANT = "claude-code-4state"
PARTS = {"nodes", "edges", "inputs"}


def make(world: World, tenant: Tenant, template_id: str | None = None, **parts: Any) -> Canvas:
    """A canvas of a template, or of two states with a loop each and a way there and back."""
    if template_id is None:
        parts = {name: getattr(example(**parts), name) for name in PARTS}
    return definitions.create(
        world.ports, tenant.who, tenant.collection.id, "Canvas", template_id, parts
    )[0]


def propose(
    world: World, tenant: Tenant, canvas: Canvas, *targets: str, **wish: Any
) -> production.Proposal:
    wanted = Wish(frozenset(targets) if targets else None, **wish)
    return production.propose(world.ports, tenant.who, tenant.collection.id, canvas.id, wanted)


def generate(
    world: World, tenant: Tenant, canvas: Canvas, *targets: str, **wish: Any
) -> Job | None:
    proposal = propose(world, tenant, canvas, *targets, **wish)
    return production.begin(world.ports, world.settings, tenant.who, proposal)


def look(world: World, tenant: Tenant, canvas: Canvas) -> Seen:
    return states.read(world.ports, tenant.who, canvas)


def stages(world: World, tenant: Tenant, canvas: Canvas) -> dict[str, Stage]:
    state = look(world, tenant, canvas).state
    return {**{id_: one.stage for id_, one in state.nodes.items()},
            **{id_: one.stage for id_, one in state.edges.items()}}  # fmt: skip


def children(world: World, tenant: Tenant, batch: Job) -> list[Job]:
    return [job for job in world.jobs(tenant) if job.batch_id == batch.id]


def export(world: World, tenant: Tenant, canvas: Canvas, **more: bool) -> dict[str, Any]:
    how = {"partial": False, "extended": False, **more}
    return exports.export(world.ports, tenant.who, canvas, **how)


def test_from_a_template_to_what_players_read(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant, ASSISTANT)
    report = propose(world, tenant, canvas).production.report()
    assert report == {
        "planned_jobs": 14,
        "skipped": 0,
        "skipped_items": [],
        "reverse_free": 6,
        "finished_free": 0,
        "already_complete": 0,
        "estimated_cost": 4 * 1 + 10 * 20,
    }
    assert world.jobs(tenant) == []
    batch = generate(world, tenant, canvas)
    assert batch
    assert set(stages(world, tenant, canvas).values()) == {Stage.WAITING}
    world.drain()
    batch = world.job(batch)
    assert (batch.status, batch.promises) == (JobStatus.COMPLETED, {})
    made = children(world, tenant, batch)
    assert Counter(job.type for job in made) == {
        JobType.IMAGE_GENERATION: 4,
        JobType.ANIMATION: 10,
    }
    for job in made:
        checks.is_whole(world, tenant, job)
    money.balances(world, tenant)
    assert look(world, tenant, canvas).state.is_complete

    shown = export(world, tenant, canvas)
    assert list(shown) == [
        *("version", "name", "initialNode", "autoPlay", "nodes", "edges", "inputs"),
    ]
    assert (shown["version"], shown["initialNode"], shown["autoPlay"]) == ("2.0", "idle", True)
    assert len(shown["nodes"]) == 4
    assert all(list(node) == ["id", "name", "transparentThumbnailUrl"] for node in shown["nodes"])
    fields = ["id", "source", "target", "isLoop", "duration", "conditions", "videos"]
    assert [list(edge) for edge in shown["edges"]] == [fields] * 16
    assert sum(edge["isLoop"] for edge in shown["edges"]) == 4
    urls = [url for edge in shown["edges"] for url in edge["videos"].values()]
    urls += [node["transparentThumbnailUrl"] for node in shown["nodes"]]
    assert len(set(urls)) == 16 * 2 + 4
    public = {world.ports.blobs.public_url(name) for name in world.public()}
    assert set(urls) <= public

    again_ = propose(world, tenant, canvas).production.report()
    assert (again_["planned_jobs"], again_["already_complete"]) == (0, 20)
    assert generate(world, tenant, canvas) is None


def test_what_is_made_for_a_canvas_says_so(world: World, tenant: Tenant) -> None:
    """Its films are no poses that somebody has asked for."""
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    world.drain()
    theirs = world.generate(tenant, IMAGE).item
    found = world.documents(tenant, "items")
    of = {document.id: document.data["canvas_id"] for document in found}
    assert of.pop(theirs.id) is None
    assert set(of.values()) == {canvas.id}


def test_the_way_back_is_bound_to_its_edge(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    world.drain()
    state = look(world, tenant, canvas).state
    there, back = state.edges["a-b"], state.edges["b-a"]
    assert (there.is_reverse, back.is_reverse) == (False, True)
    assert there.item_id == back.item_id
    assert back.assets["webm"].purpose is Purpose.REVERSE
    assert there.assets["webm"].purpose is None
    ends = [state.nodes[id_].still for id_ in ("a", "b")]
    video = there.assets["video"]
    links = [one.data for one in world.documents(tenant, "links")]
    of_video = {
        link["role"]: link["source_asset_id"]
        for link in links
        if link["target_asset_id"] == video.id
    }
    assert of_video == {"source": ends[0] and ends[0].id, "end_frame": ends[1] and ends[1].id}


def test_an_extended_export_tells_more(world: World, tenant: Tenant) -> None:
    with_sizes = tenant.collection.with_(
        settings=tenant.collection.settings.with_(animation_sizes=(64,))
    )
    path = f"workspaces/{tenant.who.workspace_id}/collections/{tenant.collection.id}"
    found = world.ports.documents.get(path)
    assert found
    world.ports.documents.commit([Put(path, with_sizes.stored())])
    canvas = make(world, tenant)
    generate(world, tenant, canvas, duration=1)
    world.drain()
    shown = export(world, tenant, canvas, extended=True)
    edge = next(one for one in shown["edges"] if one["id"] == "b-a")
    assert (edge["priority"], edge["speed"]) == (0, 1)
    assert set(edge["videos"]) == {"webm", "hevc", "stacked"}
    assert set(edge["sizes"]) == {"64"}
    assert set(edge["sizes"]["64"]) == {"webm", "hevc", "stacked"}
    node = shown["nodes"][0]
    assert node["stillUrl"] != node["transparentThumbnailUrl"]
    assert node["transparentThumbnailUrl"].endswith("-256.png")


def test_an_export_with_gaps_is_refused_unless_it_is_asked_for(
    world: World, tenant: Tenant
) -> None:
    canvas = make(world, tenant)
    with pytest.raises(Conflict, match="pose of node 'a' was not made yet") as refused:
        export(world, tenant, canvas)
    assert len(refused.value.details["errors"]) == 6
    with pytest.raises(Conflict, match="pose of node 'a'"):
        export(world, tenant, canvas, partial=True)
    generate(world, tenant, canvas, "a-a")
    world.drain()
    with pytest.raises(Conflict, match="pose of node 'b'"):
        export(world, tenant, canvas)
    shown = export(world, tenant, canvas, partial=True)
    assert [node["id"] for node in shown["nodes"]] == ["a"]
    assert [edge["id"] for edge in shown["edges"]] == ["a-a"]


# --- what is made, and what is not ---------------------------------------------------------------


def test_a_target_takes_along_what_it_is_made_from(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    made = propose(world, tenant, canvas, "b-a").production
    assert [(task.kind, task.part) for task in made.tasks] == [
        ("pose", "a"),
        ("pose", "b"),
        ("film", "a-b"),
    ]
    with pytest.raises(BadRequest, match="no node or edge 'x'"):
        propose(world, tenant, canvas, "a", "x")


def test_the_first_pose_is_drawn_before_the_others(world: World, tenant: Tenant) -> None:
    """So that they are drawn by its style card."""
    canvas = make(world, tenant)
    generate(world, tenant, canvas, "a", "b")
    begun: list[int] = []

    def watch(context: StepContext) -> StepResult:
        begun.append(sum(job.type is JobType.IMAGE_GENERATION for job in world.jobs(tenant)))
        return draw(context)

    world.codes[StepKind.IMAGE] = watch
    world.drain()
    assert begun == [1, 2]


def test_a_pose_of_ones_own_is_used_as_it_is(world: World, tenant: Tenant) -> None:
    made = world.generate(tenant, IMAGE)
    world.drain()
    own = [
        {"id": "a", "name": "A", "asset_id": made.job.assets["image"].id},
        {"id": "b", "name": "B", "item_id": made.item.id},
    ]
    canvas = make(world, tenant, nodes=own)
    tasks = propose(world, tenant, canvas, skip_completed=False).production.tasks
    assert [(task.kind, task.part) for task in tasks] == [
        *(("pose", "b"), ("film", "a-a"), ("film", "b-b"), ("film", "a-b")),
    ]
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete
    upload = world.upload(tenant)
    with pytest.raises(BadRequest, match=r"node 'a': asset .* has no cut-out; import it"):
        make(world, tenant, nodes=[{**own[0], "asset_id": upload.id}, own[1]])


def test_films_of_another_pose_are_outdated(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    world.drain()
    generate(world, tenant, canvas, "b", skip_completed=False)
    world.drain()
    found = stages(world, tenant, canvas)
    outdated = {id_ for id_, stage in found.items() if stage is Stage.OUTDATED}
    assert outdated == {"b-b", "a-b", "b-a"}
    with pytest.raises(Conflict, match="edge 'b-b' fits older stills"):
        export(world, tenant, canvas)
    assert len(export(world, tenant, canvas, partial=True)["edges"]) == 4
    report = propose(world, tenant, canvas).production.report()
    assert (report["planned_jobs"], report["already_complete"]) == (2, 3)
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete


def test_a_film_that_lacks_only_its_way_back_is_turned_for_nothing(
    world: World, tenant: Tenant
) -> None:
    edges = [one.model_dump(mode="json") for one in example().edges]
    canvas = make(world, tenant, edges=edges[:3])
    generate(world, tenant, canvas)
    world.drain()
    canvas, _ = definitions.update(
        world.ports, tenant.who, tenant.collection.id, canvas.id, {"edges": example().edges}
    )
    report = propose(world, tenant, canvas).production.report()
    assert (report["planned_jobs"], report["reverse_free"], report["estimated_cost"]) == (1, 1, 0)
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete
    money.balances(world, tenant)


def test_an_item_that_was_deleted_is_made_anew(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    world.drain()
    lost = look(world, tenant, canvas).state.edges["a-a"].item_id
    assert lost
    deletion.delete_item(world.ports, tenant.who, lost)
    assert stages(world, tenant, canvas)["a-a"] is Stage.MISSING
    generate(world, tenant, canvas)
    world.drain()
    state = look(world, tenant, canvas).state
    assert state.is_complete
    assert state.edges["a-a"].item_id != lost


# --- what goes wrong -----------------------------------------------------------------------------


def test_what_cannot_be_made_is_given_back(world: World, tenant: Tenant) -> None:
    money.meter(world, tenant, topup=100)
    canvas = make(world, tenant)

    def refuse(context: StepContext) -> StepResult:
        if "b" in str(context.step.params["action"]).lower():
            return Refused("No.")
        return draw(context)

    world.codes[StepKind.IMAGE] = refuse
    batch = generate(world, tenant, canvas)
    assert batch
    assert money.available(world, tenant)[Bucket.TOPUP] == 100 - 62
    world.drain()
    failed = world.job(batch)
    assert failed.error
    assert (failed.error.code, failed.error.message[:6]) == ("canvas_incomplete", "3 of 5")
    assert money.available(world, tenant)[Bucket.TOPUP] == 100 - 21
    found = stages(world, tenant, canvas)
    assert (found["a"], found["a-a"]) == (Stage.READY, Stage.READY)
    assert (found["b"], found["b-b"], found["a-b"]) == (Stage.FAILED, *[Stage.MISSING] * 2)
    with pytest.raises(Conflict, match="generate-all again"):
        again.retry(world.ports, world.settings, tenant.who, batch.id)
    world.codes[StepKind.IMAGE] = draw
    money.meter(world, tenant, topup=100)
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete
    assert money.available(world, tenant)[Bucket.TOPUP] == 200 - 62
    money.balances(world, tenant)


def test_a_film_that_fails_keeps_nobody_from_the_others(world: World, tenant: Tenant) -> None:
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    world.codes[StepKind.VIDEO] = fail
    batch = generate(world, tenant, canvas)
    assert batch
    world.drain()
    failed = world.job(batch)
    assert failed.error
    assert failed.error.message[:6] == "3 of 5"
    assert money.available(world, tenant)[Bucket.TOPUP] == 60
    money.balances(world, tenant)


def test_who_cannot_pay_for_all_gets_nothing(world: World, tenant: Tenant) -> None:
    money.meter(world, tenant, topup=61)
    canvas = make(world, tenant)
    with pytest.raises(InsufficientCredits) as refused:
        generate(world, tenant, canvas)
    assert refused.value.details["required"] == 62
    assert world.jobs(tenant) == []
    assert look(world, tenant, canvas).work.job_id is None


def test_a_hold_may_come_from_two_buckets(world: World, tenant: Tenant) -> None:
    money.meter(world, tenant, topup=40, subscription=30)
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    left = money.available(world, tenant)
    assert sum(left.values()) == 70 - 62
    assert not left.get(Bucket.SUBSCRIPTION)
    world.drain()
    money.balances(world, tenant)


def test_a_pose_that_needs_review_keeps_its_films_waiting(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    generate(world, tenant, canvas, "a", "b")
    world.drain()
    still = look(world, tenant, canvas).state.nodes["b"].still
    assert still
    path = f"workspaces/{tenant.who.workspace_id}/assets/{still.id}"
    found = world.ports.documents.get(path)
    assert found
    doubtful = Asset.load(found.data).with_(needs_review=True)
    world.ports.documents.commit([Put(path, doubtful.stored())])
    assert stages(world, tenant, canvas)["b"] is Stage.NEEDS_REVIEW
    skipped = propose(world, tenant, canvas).production.skipped
    assert {(kind, id_): reason.value for kind, id_, reason in skipped} == {
        ("node", "a"): "complete",
        ("node", "b"): "needs_review",
        ("edge", "b-b"): "pose_not_ready",
        ("edge", "a-b"): "pose_not_ready",
    }
    versions.judge(world.ports, tenant.who, still.id, {"review": Review.APPROVED})
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete  # though its films carry the doubt


def test_one_call_at_a_time(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    proposals = [propose(world, tenant, canvas) for _ in range(2)]
    batch = production.begin(world.ports, world.settings, tenant.who, proposals[0])
    assert batch
    with pytest.raises(Conflict, match=f"Job {batch.id} is at work"):
        production.begin(world.ports, world.settings, tenant.who, proposals[1])
    skipped = propose(world, tenant, canvas).production.report()["skipped_items"]
    assert {one["reason"] for one in skipped} == {"in_progress"}
    world.drain()
    assert len(world.jobs(tenant)) == 6
    money.balances(world, tenant)


def test_canceling_it_cancels_what_it_has_begun(world: World, tenant: Tenant) -> None:
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    batch = generate(world, tenant, canvas)
    assert batch
    world.deliver_next(StepKind.CANVAS)
    jobs.cancel(world.ports, tenant.who, batch.id)
    world.drain()
    assert [job.status for job in world.jobs(tenant)] == [JobStatus.FAILED] * 2
    assert money.available(world, tenant)[Bucket.TOPUP] == 62
    checks.nothing_is_left_over(world, tenant)
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete


def test_deleting_a_canvas_stops_what_is_made_for_it(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    batch = generate(world, tenant, canvas)
    assert batch
    world.deliver_next(StepKind.CANVAS)
    definitions.delete(world.ports, tenant.who, tenant.collection.id, canvas.id)
    world.drain()
    stopped = world.job(batch)
    assert stopped.error
    assert (stopped.error.code, stopped.settled) == ("canceled", True)
    assert {job.type for job in world.jobs(tenant)} == {
        JobType.CANVAS_GENERATION,
        JobType.IMAGE_GENERATION,
    }
    money.balances(world, tenant)
    checks.nothing_is_left_over(world, tenant)


def test_a_deleted_collection_takes_its_canvases_along(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    world.deliver_next(StepKind.CANVAS)
    deletion.delete_collection(world.ports, tenant.who, tenant.collection.id)
    with pytest.raises(NotFound):
        definitions.get(world.ports, tenant.who, tenant.collection.id, canvas.id)
    world.drain()
    checks.is_gone(world, tenant)
    assert world.documents(tenant, "canvases") == world.documents(tenant, "canvas_work") == []
    assert all(job.settled for job in world.jobs(tenant))
    money.balances(world, tenant)


# --- what was paid for -------------------------------------------------------------------------


FILMS = {"a-a", "b-b", "a-b", "b-a"}


def canceled_before_formats(
    world: World, tenant: Tenant, canvas: Canvas, *targets: str, **wish: Any
) -> Job:
    """A call that was canceled when all videos were made, and none of their formats."""
    batch = generate(world, tenant, canvas, *targets, **wish)
    assert batch
    until = world.clock.now() + timedelta(minutes=10)
    world.codes[StepKind.TRANSCODE] = lambda context: Later(10_000)
    while world.deliver_next(until=until):
        pass
    jobs.cancel(world.ports, tenant.who, batch.id)
    world.drain()
    world.codes[StepKind.TRANSCODE] = draw
    return batch


def told(world: World, tenant: Tenant, canvas: Canvas, *targets: str, **wish: Any) -> list[int]:
    """What a call would begin: all jobs, those that finish a film, ways back, and the price."""
    report = propose(world, tenant, canvas, *targets, **wish).production.report()
    names = ("planned_jobs", "finished_free", "reverse_free", "estimated_cost")
    return [report[name] for name in names]


def test_what_a_canceled_call_has_paid_for_is_finished_for_nothing(
    world: World, tenant: Tenant
) -> None:
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    first = canceled_before_formats(world, tenant, canvas)
    assert sum(money.available(world, tenant).values()) == 0, "who cancels pays for what was made"
    found = stages(world, tenant, canvas)
    assert {id_ for id_, stage in found.items() if stage is Stage.UNFINISHED} == FILMS
    with pytest.raises(Conflict, match="edge 'a-a' was paid for and lacks files"):
        export(world, tenant, canvas)
    assert told(world, tenant, canvas) == [3, 3, 1, 0]
    moved = world.runs["video", 1]
    second = generate(world, tenant, canvas)
    assert second
    assert stages(world, tenant, canvas)["a-a"] is Stage.WAITING
    world.drain()
    assert world.job(second).status is JobStatus.COMPLETED
    assert world.runs["video", 1] == moved
    assert look(world, tenant, canvas).state.is_complete
    taken = {job.id for job in children(world, tenant, first) if job.retry_id}
    assert {job.retry_of for job in children(world, tenant, second)} == taken
    for job in children(world, tenant, second):
        checks.is_whole(world, tenant, job)
    assert told(world, tenant, canvas) == [0, 0, 0, 0]
    assert sum(money.available(world, tenant).values()) == 0
    money.balances(world, tenant)


def test_a_rest_that_could_not_be_made_is_free_once_more(world: World, tenant: Tenant) -> None:
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    canceled_before_formats(world, tenant, canvas, "a-a")
    left = money.available(world, tenant)
    world.codes[StepKind.TRANSCODE] = fail
    generate(world, tenant, canvas, "a-a")
    world.drain()
    assert stages(world, tenant, canvas)["a-a"] is Stage.UNFINISHED
    world.codes[StepKind.TRANSCODE] = draw
    assert told(world, tenant, canvas, "a-a") == [1, 1, 0, 0]
    generate(world, tenant, canvas, "a-a")
    world.drain()
    assert stages(world, tenant, canvas)["a-a"] is Stage.READY
    assert money.available(world, tenant) == left
    money.balances(world, tenant)


def test_a_film_that_was_given_back_is_paid_for(world: World, tenant: Tenant) -> None:
    """A free retry of it would be a free film."""
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    world.codes[StepKind.TRANSCODE] = fail
    generate(world, tenant, canvas)
    world.drain()
    world.codes[StepKind.TRANSCODE] = draw
    assert money.available(world, tenant)[Bucket.TOPUP] == 60
    assert {stages(world, tenant, canvas)[id_] for id_ in FILMS} == {Stage.FAILED}
    assert told(world, tenant, canvas) == [3, 0, 1, 60]
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete
    money.balances(world, tenant)


def test_a_still_without_its_cut_out_was_not_paid_for(world: World, tenant: Tenant) -> None:
    """They become public together, so a canceled still is there as a whole, or given back."""
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    batch = generate(world, tenant, canvas, "a")
    assert batch

    def cancel(context: StepContext) -> StepResult:
        jobs.cancel(world.ports, tenant.who, batch.id)
        return draw(context)

    world.codes[StepKind.CUTOUT] = cancel
    world.drain()
    world.codes[StepKind.CUTOUT] = draw
    assert money.available(world, tenant)[Bucket.TOPUP] == 62
    assert stages(world, tenant, canvas)["a"] is Stage.FAILED
    assert told(world, tenant, canvas, "a") == [1, 0, 0, 1]
    generate(world, tenant, canvas, "a")
    world.drain()
    assert stages(world, tenant, canvas)["a"] is Stage.READY
    money.balances(world, tenant)


def test_of_two_films_the_one_that_was_paid_for_is_finished(world: World, tenant: Tenant) -> None:
    """Though the other is newer: it was given back, and would have to be paid for."""
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    canceled_before_formats(world, tenant, canvas, "a-a")
    world.codes[StepKind.TRANSCODE] = fail
    world.clock.advance(timedelta(seconds=1))
    generate(world, tenant, canvas, "a-a", skip_completed=False)
    world.drain()
    world.codes[StepKind.TRANSCODE] = draw
    assert told(world, tenant, canvas, "a-a") == [1, 1, 0, 0]
    generate(world, tenant, canvas, "a-a")
    world.drain()
    assert stages(world, tenant, canvas)["a-a"] is Stage.READY
    money.balances(world, tenant)


def test_what_somebody_retries_meanwhile_is_waited_for(world: World, tenant: Tenant) -> None:
    """The call was planned when nobody had taken the film up."""
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    first = canceled_before_formats(world, tenant, canvas)
    planned = propose(world, tenant, canvas)
    failed = next(job for job in children(world, tenant, first) if job.item_name == "A loop")
    taken = again.retry(world.ports, world.settings, tenant.who, failed.id).job
    assert stages(world, tenant, canvas)["a-a"] is Stage.PENDING
    assert told(world, tenant, canvas) == [2, 2, 1, 0]
    second = production.begin(world.ports, world.settings, tenant.who, planned)
    assert second
    world.drain()
    assert world.job(second).status is JobStatus.COMPLETED, world.job(second).error
    assert [job.id for job in world.jobs(tenant) if job.retry_of == failed.id] == [taken.id]
    assert len(children(world, tenant, second)) == 2
    assert look(world, tenant, canvas).state.is_complete
    money.balances(world, tenant)


def test_what_is_wanted_anew_is_made_anew(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    canceled_before_formats(world, tenant, canvas)
    assert told(world, tenant, canvas, *FILMS, skip_completed=False) == [3, 0, 1, 60]
    video = look(world, tenant, canvas).state.edges["a-a"].assets["video"]
    versions.judge(world.ports, tenant.who, video.id, {"review": Review.REJECTED})
    assert told(world, tenant, canvas) == [3, 2, 1, 20]


def test_the_rest_of_a_film_of_other_stills_is_left(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    canceled_before_formats(world, tenant, canvas)
    generate(world, tenant, canvas, "b", skip_completed=False)
    world.drain()
    assert told(world, tenant, canvas) == [3, 1, 1, 40]
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete


def test_an_older_film_plays_until_the_rest_is_made(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    world.drain()
    generate(world, tenant, canvas, "b", skip_completed=False)
    world.drain()
    canceled_before_formats(world, tenant, canvas)
    assert stages(world, tenant, canvas)["a-b"] is Stage.OUTDATED
    assert len(export(world, tenant, canvas, partial=True)["edges"]) == 4
    assert told(world, tenant, canvas) == [2, 2, 1, 0]
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete


def test_a_way_back_that_is_wanted_later_is_made_with_the_rest(
    world: World, tenant: Tenant
) -> None:
    edges = [one.model_dump(mode="json") for one in example().edges]
    canvas = make(world, tenant, edges=edges[:3])
    canceled_before_formats(world, tenant, canvas)
    canvas, _ = definitions.update(
        world.ports, tenant.who, tenant.collection.id, canvas.id, {"edges": example().edges}
    )
    assert told(world, tenant, canvas, "a-b") == [1, 1, 0, 0]
    assert told(world, tenant, canvas, "b-a") == [2, 1, 1, 0]
    generate(world, tenant, canvas)
    world.drain()
    assert look(world, tenant, canvas).state.is_complete
    money.balances(world, tenant)


# --- what was paid for, and then deleted ---------------------------------------------------------


def made(world: World, tenant: Tenant) -> Canvas:
    """A canvas for which all was made, and all credits were spent."""
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    generate(world, tenant, canvas)
    world.drain()
    world.clock.advance(timedelta(seconds=1))
    return canvas


def delete(world: World, tenant: Tenant, canvas: Canvas, part: str, *keys: str) -> None:
    state = look(world, tenant, canvas).state
    one = state.nodes.get(part) or state.edges[part]
    for key in keys:
        deletion.delete_asset(world.ports, tenant.who, one.assets[key].id)
    world.drain()


def is_finished_for_nothing(world: World, tenant: Tenant, canvas: Canvas) -> None:
    runs = [world.runs[kind, 1] for kind in ("image", "video")]
    batch = generate(world, tenant, canvas)
    assert batch
    world.drain()
    assert world.job(batch).status is JobStatus.COMPLETED, world.job(batch).error
    assert [world.runs[kind, 1] for kind in ("image", "video")] == runs
    assert look(world, tenant, canvas).state.is_complete
    assert told(world, tenant, canvas) == [0, 0, 0, 0]
    assert sum(money.available(world, tenant).values()) == 0
    for job in children(world, tenant, batch):
        checks.is_whole(world, tenant, job)
    money.balances(world, tenant)


FORMATS = ("webm", "hevc", "stacked_video")


@pytest.mark.parametrize("keys", [("webm",), FORMATS])
def test_formats_that_were_deleted_are_made_of_their_film_for_nothing(
    world: World, tenant: Tenant, keys: tuple[str, ...]
) -> None:
    canvas = made(world, tenant)
    delete(world, tenant, canvas, "a-a", *keys)
    assert stages(world, tenant, canvas)["a-a"] is Stage.UNFINISHED
    assert told(world, tenant, canvas) == [1, 1, 0, 0]
    before = look(world, tenant, canvas).state.edges["a-a"].assets
    is_finished_for_nothing(world, tenant, canvas)
    after = look(world, tenant, canvas).state.edges["a-a"].assets
    assert {key for key in FORMATS if after[key] == before.get(key)} == {*FORMATS} - {*keys}


def test_a_way_back_that_was_deleted_with_its_film_s_formats_is_free(
    world: World, tenant: Tenant
) -> None:
    canvas = made(world, tenant)
    delete(world, tenant, canvas, "a-b", "hevc")
    delete(world, tenant, canvas, "b-a", "webm")
    assert told(world, tenant, canvas) == [2, 1, 1, 0]
    is_finished_for_nothing(world, tenant, canvas)


def test_a_film_that_was_deleted_itself_is_paid_for(world: World, tenant: Tenant) -> None:
    canvas = made(world, tenant)
    delete(world, tenant, canvas, "a-a", "webm", "video")
    assert told(world, tenant, canvas) == [1, 0, 0, 20]


def test_a_film_of_which_a_format_was_rejected_is_paid_for(world: World, tenant: Tenant) -> None:
    canvas = made(world, tenant)
    film = look(world, tenant, canvas).state.edges["a-a"].assets["hevc"]
    versions.judge(world.ports, tenant.who, film.id, {"review": Review.REJECTED})
    delete(world, tenant, canvas, "a-a", "webm")
    assert told(world, tenant, canvas) == [1, 0, 0, 20]


def test_formats_that_could_not_be_made_anew_are_free_once_more(
    world: World, tenant: Tenant
) -> None:
    canvas = made(world, tenant)
    delete(world, tenant, canvas, "a-a", "webm")
    world.codes[StepKind.TRANSCODE] = fail
    generate(world, tenant, canvas)
    world.drain()
    world.codes[StepKind.TRANSCODE] = draw
    assert told(world, tenant, canvas) == [1, 1, 0, 0]
    is_finished_for_nothing(world, tenant, canvas)


def test_a_cut_out_that_was_deleted_is_made_of_its_drawing_for_nothing(
    world: World, tenant: Tenant
) -> None:
    """Nor are films of the same drawing outdated by it."""
    canvas = made(world, tenant)
    delete(world, tenant, canvas, "a", "transparent_image")
    found = stages(world, tenant, canvas)
    assert found.pop("a") is Stage.UNFINISHED
    assert {*found.values()} == {Stage.READY}
    with pytest.raises(Conflict, match="pose of node 'a' was paid for and lacks files"):
        export(world, tenant, canvas)
    assert told(world, tenant, canvas) == [1, 1, 0, 0]
    is_finished_for_nothing(world, tenant, canvas)
    assert export(world, tenant, canvas)
    delete(world, tenant, canvas, "a-a", "webm")
    assert told(world, tenant, canvas) == [1, 1, 0, 0]
    is_finished_for_nothing(world, tenant, canvas)


def test_a_film_waits_for_the_cut_out_that_is_made_for_nothing(
    world: World, tenant: Tenant
) -> None:
    canvas = made(world, tenant)
    delete(world, tenant, canvas, "a", "transparent_image")
    delete(world, tenant, canvas, "a-a", "webm", "video")
    assert told(world, tenant, canvas, "a-a") == [2, 1, 0, 20]
    money.meter(world, tenant, topup=20)
    generate(world, tenant, canvas, "a-a")
    world.drain()
    assert look(world, tenant, canvas).state.is_complete
    money.balances(world, tenant)


def test_what_is_left_of_a_canceled_film_does_not_need_its_cut_out(
    world: World, tenant: Tenant
) -> None:
    money.meter(world, tenant, topup=62)
    canvas = make(world, tenant)
    canceled_before_formats(world, tenant, canvas)
    delete(world, tenant, canvas, "a", "transparent_image")
    assert told(world, tenant, canvas) == [5, 4, 1, 0]
    is_finished_for_nothing(world, tenant, canvas)


def test_a_drawing_that_was_deleted_or_whose_cut_out_was_rejected_is_paid_for(
    world: World, tenant: Tenant
) -> None:
    canvas = made(world, tenant)
    still = look(world, tenant, canvas).state.nodes["b"].still
    assert still
    versions.judge(world.ports, tenant.who, still.id, {"review": Review.REJECTED})
    delete(world, tenant, canvas, "a", "transparent_image", "image")
    assert told(world, tenant, canvas, "a", "b") == [2, 0, 0, 2]


def test_an_older_film_that_fits_again_is_played(world: World, tenant: Tenant) -> None:
    """Its still is pinned after another was drawn, and another film made of that."""
    canvas = made(world, tenant)
    first = look(world, tenant, canvas).state.nodes["b"].still
    assert first
    money.meter(world, tenant, topup=41)
    generate(world, tenant, canvas, "b", "b-b", "a-b", skip_completed=False)
    world.drain()
    versions.judge(world.ports, tenant.who, first.id, {"pinned": True})
    assert look(world, tenant, canvas).state.is_complete


# --- crashes -------------------------------------------------------------------------------------


def a_state(world: World, tenant: Tenant) -> None:
    """One that is to be drawn, and then to move."""
    node, loop = example().nodes[0], example().edges[0]
    make(world, tenant, nodes=[node], edges=[loop.model_dump(mode="json")])


def asked(world: World, tenant: Tenant) -> None:
    [found] = world.documents(tenant, "canvases")
    with suppress(Conflict):  # deleted between reading and writing it
        generate(world, tenant, Canvas.load(found.data), duration=1)
    world.drain()


def is_whole_or_was_never_begun(world: World, tenant: Tenant) -> None:
    checks.nothing_is_left_over(world, tenant)
    money.balances(world, tenant)
    [found] = world.documents(tenant, "canvases")
    batches = [job for job in world.jobs(tenant) if job.type is JobType.CANVAS_GENERATION]
    if not batches:
        assert not world.jobs(tenant)
        assert not world.documents(tenant, "items")
        return
    [batch] = batches
    assert batch.status is JobStatus.COMPLETED, batch.error
    for job in children(world, tenant, batch):
        checks.is_whole(world, tenant, job)
    assert len(children(world, tenant, batch)) == len(world.documents(tenant, "items")) == 2
    assert look(world, tenant, Canvas.load(found.data)).state.is_complete
    assert sum(job.cost_credits for job in world.jobs(tenant)) == 1 + 5


def test_all_is_made_once_wherever_it_is_cut_off(folder: Path) -> None:
    check = is_whole_or_was_never_begun
    everywhere(folder, asked, dies, check=check, before=a_state, recover=among_others)


def nothing_is_left(world: World, tenant: Tenant) -> None:
    checks.is_gone(world, tenant)
    assert world.documents(tenant, "canvases") == world.documents(tenant, "canvas_work") == []
    assert all(job.finished and job.settled for job in world.jobs(tenant))
    money.balances(world, tenant)


def test_what_is_made_for_a_deleted_character_leaves_nothing(folder: Path) -> None:
    everywhere(
        folder, asked, is_deleted, check=nothing_is_left, before=a_state, recover=among_others
    )


def test_stills_are_the_cut_outs(world: World, tenant: Tenant) -> None:
    canvas = make(world, tenant)
    generate(world, tenant, canvas, "a")
    world.drain()
    found: Mapping[str, Asset] = look(world, tenant, canvas).state.nodes["a"].assets
    assert set(found) == {"image", "transparent_image", "transparent_image_256"}
    still = look(world, tenant, canvas).state.nodes["a"].still
    assert still
    assert (still.type, still.size) == (AssetType.TRANSPARENT_IMAGE, None)
