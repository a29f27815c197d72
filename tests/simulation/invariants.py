"""What must hold when nothing moves any more. Each invariant is one function, and yields what
breaks it, in words."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from shared.graph.advance import unmade
from shared.graph.canvas_plan import Kind, Wish
from shared.graph.policy import POLICIES
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, Review
from shared.model.credit import Part
from shared.model.guide import Guide
from shared.model.job import FINISHED, Job, JobStatus, JobType, StepKind
from shared.model.version import best, best_folder, best_paths
from shared.ports import Blob, Bucket
from shared.services.canvases import production
from tests.simulation.broken import Broken
from tests.simulation.credits import unspendable

if TYPE_CHECKING:
    from tests.simulation.world import World

Invariant = Callable[["World"], Iterator[str]]

UNLUCKY: Final = {"worker_lost", "boom", "internal_error"}
"""The errors of a step that has used up its tries."""
ASKED_FOR: Final = {"canceled", "source_missing", "source_deleted", "collection_deleted"}
"""The errors that a client brings about, who deletes or cancels."""
INCOMPLETE: Final = {"canvas_incomplete", "sizes_incomplete"}
"""The errors of a job of which others have failed that it has begun."""
BY_THEMSELVES: Final = {"broken", "content_refused"}
"""The errors that a step has for good."""


def check(world: "World") -> None:
    """Broken, with everything that does not hold."""
    broken = [
        f"{invariant.__name__}: {text}" for invariant in INVARIANTS for text in invariant(world)
    ]
    if broken:
        raise Broken("\n".join(broken))


def nothing_unforeseen_was_raised(world: "World") -> Iterator[str]:
    yield from world.mistakes


def every_job_is_settled(world: "World") -> Iterator[str]:
    for job in jobs(world):
        if not (job.finished and job.settled):
            yield f"job {job.id} is {job.status}, settled: {job.settled}"
        for step_id, step in job.steps.items():
            if step.status not in FINISHED:
                yield f"step {step_id} of {job.id} is {step.status}"
            if step.lease_until:
                yield f"step {step_id} of {job.id} holds a lease"


def no_job_fails_without_a_cause(world: "World") -> Iterator[str]:
    for job in jobs(world):
        if job.error is None:
            continue
        code, about = job.error.code, (job.id, job.error.step or "")
        if code in UNLUCKY:
            tries = POLICIES[job.steps[about[1]].kind].attempts
            explained = world.hurt[about] + world.provider.struck[about] >= tries
        elif code == "provider_outcome_unknown":
            explained = bool(world.hurt[about])
        elif code in ASKED_FOR:
            explained = world.client.destroys
        elif code in INCOMPLETE:
            begun = [one for one in jobs(world) if one.batch_id == job.id or one.retry_of]
            explained = world.client.destroys or any(one.error or one.needs_review for one in begun)
        elif code in BY_THEMSELVES:
            explained = bool(world.provider.ended[about])
        else:
            late = job.deadline and job.completed_at and job.completed_at >= job.deadline
            explained = code == "deadline_exceeded" and bool(late)
        if not explained:
            yield f"job {job.id} failed with {job.error}"


def a_deletion_succeeds(world: "World") -> Iterator[str]:
    for job in jobs(world):
        if job.type is JobType.DELETION and job.status is not JobStatus.COMPLETED:
            yield f"deletion {job.id} ended with {job.error}"


def each_asset_is_there_once(world: "World") -> Iterator[str]:
    """Ready with its file, or failed without; deleted without."""
    public = files(world)
    wanted: set[str] = set()
    stored = {asset.id: asset for asset in assets(world)}
    for job in jobs(world):
        missing = unmade(job)
        for key, planned in job.assets.items():
            asset = stored.get(planned.id)
            if asset is None:
                if not world.client.destroys:
                    yield f"the document of {key} of {job.id} is gone"
                continue
            status = AssetStatus.FAILED if key in missing else AssetStatus.READY
            if asset.status is not status:
                yield f"{key} of {job.id} should be {status} and is {asset.status}"
    for asset in stored.values():
        if asset.status is not AssetStatus.READY:
            continue
        wanted |= {*asset.paths}
        content = asset.content
        known = (content, *content.siblings.values()) if content else (None,)
        for path, file in zip(asset.paths, known, strict=True):
            found = public.get(path)
            if found is None:
                yield f"{path} is ready and not public"
            elif asset.job_id and file:
                blob, data = found
                digest = hashlib.sha256(data).hexdigest()
                if not digest == file.sha256 == blob.metadata.get("sha256"):
                    yield f"{path} has the wrong content"
    for path in public.keys() - wanted:
        yield f"{path} is public and nobody's: {dict(public[path][0].metadata)}"


def the_best_versions_are_served(world: "World") -> Iterator[str]:
    workspace = world.documents.get(paths.workspace(world.client.who.workspace_id))
    assert workspace
    served = {
        name: blob
        for (bucket, name), (blob, _) in world.blobs.objects.items()
        if bucket is Bucket.ASSETS and "best" in blob.metadata
    }
    known = assets(world)
    for item in world.client.of("items"):
        chosen = best(asset for asset in known if asset.item_id == item["id"])
        wanted = {name: asset.id for asset in chosen.values() for name in best_paths(asset)}
        folder = best_folder(workspace.data["user_prefix"], item["id"])
        found = {name: served.pop(name) for name in [*served] if name.startswith(folder)}
        if wanted != {name: blob.metadata["asset"] for name, blob in found.items()}:
            yield f"item {item['id']} should serve {wanted} and serves {sorted(found)}"
    for name in served:
        yield f"{name} is served of an item that is gone"


def links_are_complete(world: "World") -> Iterator[str]:
    """Those that were stored, of a collection that is there, and whose two ends are still there;
    and no others."""
    collections = {data["id"] for data in world.client.of("collections")}
    there = {asset.id for asset in assets(world)}
    stored = {link["id"]: link for link in world.client.of("links")}
    for link in world.links.values():
        ends = {link["source_asset_id"], link["target_asset_id"]}
        if not (link["id"] in stored or ends - there or link["collection_id"] not in collections):
            yield f"a link is missing: {link}"
    for link in stored.values():
        if not {link["source_asset_id"], link["target_asset_id"]} <= there:
            yield f"a link leads nowhere: {link}"


def nothing_is_left_over(world: "World") -> Iterator[str]:
    for task in world.tasks.waiting:
        yield f"task {task}"
    for entry in world.due():
        yield f"due: {entry}"
    for (bucket, path), (blob, _) in world.blobs.objects.items():
        if bucket is Bucket.ASSETS and "placeholder" in blob.metadata:
            yield f"placeholder {path}"
    for progress in world.documents.rows.get(
        paths.collection_of(world.client.who.workspace_id, "progress"), {}
    ):
        yield f"progress {progress}"
    known = {job.id for job in jobs(world)}
    for bucket, path in world.blobs.objects:
        if bucket is Bucket.WORK and path.split("/")[1] not in known:
            yield f"a file of work that nobody does: {path}"


def what_was_deleted_takes_all_below_along(world: "World") -> Iterator[str]:
    there = {kind: {data["id"] for data in world.client.of(kind)} for kind in PARENTS.values()}
    for kind in ("collections", "items", "assets", "links", "canvases", "canvas_work"):
        for data in world.client.of(kind):
            for field, parents in PARENTS.items():
                if data.get(field) and data[field] not in there[parents]:
                    yield f"{kind} {data['id']} is left of {parents} {data[field]}"
    for guide in world.client.of("guides"):
        if guide["id"] not in there["collections"]:
            yield f"guide {guide['id']} is left"


PARENTS: Final = {"project_id": "projects", "collection_id": "collections", "item_id": "items"}


def each_verdict_is_learned_once(world: "World") -> Iterator[str]:
    judged: Counter[str] = Counter()
    for job in jobs(world):
        if step := job.steps.get("validate"):
            judged[job.collection_id or ""] += len(step.retakes) + bool(step.outputs)
    guides = {data["id"]: Guide.load(data) for data in world.client.of("guides")}
    editions = Counter(data["collection_id"] for data in world.client.of("card_editions"))
    for collection in world.client.of("collections"):
        id_ = collection["id"]
        guide = guides.get(id_)
        learned = sum(caution.count for caution in guide.cautions) if guide else 0
        if learned != judged[id_]:
            yield f"collection {id_} was judged {judged[id_]} times and learned {learned}"
        if guide and editions[id_] != guide.versions:
            yield f"collection {id_} has {editions[id_]} editions of {guide.versions}"


def no_take_is_paid_for_twice(world: "World") -> Iterator[str]:
    for take, times in world.provider.submits.items():
        if times > 1:
            yield f"{take} was ordered {times} times"


def nothing_is_paid_twice(world: "World") -> Iterator[str]:
    """A failed job is taken up once; a video is paid for once, by the job that made it or the one
    that completed it; and a canvas asks nothing for one that was paid for and lacks formats, be it
    that they were never made or that they were deleted."""
    known = {job.id: job for job in jobs(world)}
    takers = Counter(job.retry_of for job in known.values() if job.retry_of)
    for id_, number in takers.items():
        if number > 1:
            yield f"job {id_} was taken up {number} times"
    paid: Counter[str] = Counter()
    for entry in world.client.of("credit_entries"):
        job = known.get(entry["job_id"] or "")
        film = job.charges.get(Part.FILM) if job else None
        if job and film and entry["kind"] == "capture" and sum(entry["buckets"].values()) >= film:
            paid[_film_of(job)] += 1
    for video, number in paid.items():
        if number > 1:
            yield f"video {video} was paid for {number} times"
    if any(_is_unfinished(video, known) for video in paid):
        world.hub.met["a film was paid for and lacks formats"] += 1
    yield from _asked_for_again(world, {*paid})


def _film_of(job: Job) -> str:
    """The video that a job's film is."""
    if "video" in job.assets:
        return job.assets["video"].id
    return next(
        step.inputs["video"]
        for step in job.steps.values()
        if "video" in step.inputs and step.kind is StepKind.TRANSCODE
    )


def _is_unfinished(video: str, known: dict[str, Job]) -> bool:
    """Whether the last who was at work on a video has failed, and nobody is to blame but him."""
    [job] = [job for job in known.values() if video in {one.id for one in job.assets.values()}]
    while job.retry_id:
        job = known[job.retry_id]
    return job.status is JobStatus.FAILED


def _asked_for_again(world: "World", paid: set[str]) -> Iterator[str]:
    """The films that a canvas would have paid for, though theirs is there, and no format of it was
    rejected."""
    links, there = world.client.of("links"), {asset.id: asset for asset in assets(world)}
    for canvas in world.client.of("canvases"):
        planned = production.propose(
            world.calm, world.client.who, canvas["collection_id"], canvas["id"], Wish()
        ).production
        for task in planned.tasks:
            if task.cost == 0 or task.kind is not Kind.FILM:
                continue
            wanted = {one.asset_id for one in task.stills}
            for id_ in paid & there.keys():
                video = there[id_]
                made = {link["target_asset_id"] for link in links if link["source_asset_id"] == id_}
                if any(there[one].review is Review.REJECTED for one in made & there.keys()):
                    continue
                ends = {link["source_asset_id"] for link in links if link["target_asset_id"] == id_}
                counts = video.status is AssetStatus.READY and video.review is not Review.REJECTED
                if video.item_id == task.item_id and ends == wanted and counts:
                    yield f"{task.part} of canvas {canvas['id']} is asked for again: {id_} is paid"


def each_batch_is_whole_or_absent(world: "World") -> Iterator[str]:
    """A batch that was begun has all its jobs, and each has begun; one that was refused has left
    nothing; and one whose request was cut off is the one or the other."""
    known = {job.id: job for job in jobs(world)}
    there = {item["id"] for item in world.client.of("items")}
    booked = {entry["job_id"] for entry in world.client.of("credit_entries")}
    told = {delivery["job_id"] for delivery in world.client.of("webhook_deliveries")}
    refused: set[str] = set()
    for order in world.client.orders:
        found, number = [known[id_] for id_ in order.job_ids & known.keys()], len(order.requests)
        world.hub.met["batch begun"] += order.is_begun
        world.hub.met["batch refused"] += order.is_refused
        if order.is_begun and len(found) < number:
            yield f"the batch of {order.key} was begun with {len(found)} jobs of {number}"
        if len(found) not in (0, number):
            yield f"the batch of {order.key} has {len(found)} jobs of {number}"
        if waiting := sorted(job.id for job in found if job.reserved is not None):
            yield f"the batch of {order.key} has reserved {waiting}, which have not begun"
        if order.is_refused:
            left = order.item_ids & there | order.job_ids & (known.keys() | booked | told)
            refused |= order.job_ids
            if left:
                yield f"the batch of {order.key} was refused, and has left {sorted(left)}"
    yield from _all_refused(world, refused, booked)


def _all_refused(world: "World", refused: set[str], booked: set[str | None]) -> Iterator[str]:
    """A crowd of batches of which each could be paid, and none was begun."""
    crowd = world.client.crowd
    if not crowd or not all(order.is_refused for order in crowd):
        return
    granted = sum(
        sum(entry["buckets"].values())
        for entry in world.client.of("credit_entries")
        if entry["kind"] == "grant"
    )
    cheapest = min(order.price for order in crowd)
    if cheapest <= granted and booked <= refused | {None}:
        yield f"{len(crowd)} batches were refused, though {granted} pay for one of {cheapest}"


def every_end_is_told(world: "World") -> Iterator[str]:
    """At least once to each endpoint, truly, and in the order of the job's events."""
    listening = world.client.of("webhooks")
    deliveries = world.client.of("webhook_deliveries")
    heard = {id_ for id_, _ in world.heard}
    bodies = {id_: {body for one, body in world.heard if one == id_} for id_ in heard}
    for delivery in deliveries:
        if delivery["status"] == "pending":
            yield f"delivery {delivery['id']} is still pending"
        if delivery["status"] == "delivered" and delivery["id"] not in heard:
            yield f"delivery {delivery['id']} was never heard"
        if delivery["id"] in heard and bodies[delivery["id"]] != {delivery["body"]}:
            yield f"delivery {delivery['id']} was told in two ways"
    for job in jobs(world):
        if job.type is JobType.DELETION:
            continue
        for endpoint in listening:
            told = [
                json.loads(delivery["body"])
                for delivery in deliveries
                if (delivery["job_id"], delivery["webhook_id"]) == (job.id, endpoint["id"])
            ]
            ends = [body for body in told if body["event"] in ("job.completed", "job.failed")]
            made = {job.assets[key].id for key in job.assets.keys() - set(unmade(job))}
            if [body["event"] for body in ends] != [f"job.{job.status}"]:
                yield f"of {job.id}, which is {job.status}, was told {ends}"
            elif set(ends[0]["asset_ids"].values()) != made:
                yield f"of {job.id} the wrong files were told"


def the_ledger_balances(world: "World") -> Iterator[str]:
    """Each job holds what it costs, once; at its end all of that is captured or released, once: all
    captured when everything was delivered, all released when nothing was. The purse is the sum."""
    purse: Counter[str] = Counter()
    booked: dict[str, Counter[str]] = {}
    for entry in world.client.of("credit_entries"):
        amount, kind = sum(entry["buckets"].values()), entry["kind"]
        for pocket, some in entry["buckets"].items():
            for counter, sign in MOVEMENTS[kind].items():
                purse[f"{pocket}.{counter}"] += sign * some
        if entry["job_id"]:
            of_job = booked.setdefault(entry["job_id"], Counter())
            if kind in of_job:
                yield f"job {entry['job_id']} has two entries of {kind}"
            of_job[kind] += amount
    for job_id in booked.keys() - {job.id for job in jobs(world)}:  # promised, and never begun
        held, released = (booked[job_id][kind] for kind in ("hold", "release"))
        if held != released or "capture" in booked[job_id]:
            yield f"job {job_id} was not begun, and was booked as {dict(booked[job_id])}"
    for job in jobs(world):
        of_job, missing = booked.get(job.id, Counter()), unmade(job)
        if not of_job:
            if job.cost_credits:
                yield f"job {job.id} costs {job.cost_credits}, and nothing was held"
            continue
        held, captured, released = (of_job[kind] for kind in ("hold", "capture", "release"))
        if held != job.cost_credits or captured + released != held:
            yield f"job {job.id} costs {job.cost_credits}, and was booked as {dict(of_job)}"
        if not missing and released:
            yield f"job {job.id} made everything and was paid back {released}"
        if len(missing) == len(job.assets) and captured:
            yield f"job {job.id} made nothing and kept {captured}"
    stored: Counter[str] = Counter()
    kind = paths.collection_of(world.client.who.workspace_id, "credits")
    for name, row in world.documents.rows.get(kind, {}).items():
        counter, number = name.rpartition(".")[0], row.data["credits"]
        stored[counter] += number
        if number < 0 and counter != "unmetered.available":
            yield f"{name} is {number}"
        if counter.endswith(".held") and number:
            yield f"{name} is {number} though nothing is under way"
    for counter in stored.keys() | purse.keys():
        if stored[counter] != purse[counter]:
            yield f"{counter} is {stored[counter]}; its entries add up to {purse[counter]}"
    yield from unspendable(world.calm, world.client.who.workspace_id)


MOVEMENTS: Final[dict[str, dict[str, int]]] = {
    "grant": {"available": 1},
    "hold": {"available": -1, "held": 1},
    "capture": {"held": -1},
    "release": {"available": 1, "held": -1},
    "expiry": {"available": -1},
}
"""What a credit of an entry does to the counters of its bucket."""

INVARIANTS: Final[tuple[Invariant, ...]] = (
    nothing_unforeseen_was_raised,
    every_job_is_settled,
    no_job_fails_without_a_cause,
    a_deletion_succeeds,
    each_asset_is_there_once,
    the_best_versions_are_served,
    links_are_complete,
    nothing_is_left_over,
    what_was_deleted_takes_all_below_along,
    each_verdict_is_learned_once,
    no_take_is_paid_for_twice,
    nothing_is_paid_twice,
    each_batch_is_whole_or_absent,
    every_end_is_told,
    the_ledger_balances,
)


def jobs(world: "World") -> list[Job]:
    return [Job.load(data) for data in world.client.of("jobs")]


def assets(world: "World") -> list[Asset]:
    return [Asset.load(data) for data in world.client.of("assets")]


def files(world: "World") -> dict[str, tuple[Blob, bytes]]:
    """What is public under a name of its own."""
    return {
        name: found
        for (bucket, name), found in world.blobs.objects.items()
        if bucket is Bucket.ASSETS
        and "placeholder" not in found[0].metadata
        and "best" not in found[0].metadata
    }
