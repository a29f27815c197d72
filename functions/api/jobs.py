"""/v1/jobs: the work, its graph and how far it is."""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from functions import draining
from functions.api import parameter
from functions.api.call import Call, Reply, Route
from shared.errors import BadRequest, InsufficientCredits
from shared.graph.charges import refunded
from shared.graph.progress import done
from shared.model import paths
from shared.model.base import Value
from shared.model.job import Job, JobStatus, JobType, Step, files
from shared.model.workspace import Scope
from shared.ports import Query
from shared.services import again, generation, jobs, ledger
from shared.services.generation import Generation, Proposal

NEVER_MADE = ("export_animation", "scene_generation")
"""Types of jobs that the API knows and nothing here begins: there are none of them to list."""
FILTERS = {"status": tuple(JobStatus), "type": (*JobType, *NEVER_MADE)}
DEFAULT_WAIT = 30
DEFAULT_FOLLOW, MAX_FOLLOW = 50, 300
RETRY_MILLISECONDS = 1_000
HEARTBEAT = 15.0
"""Seconds of silence after which a comment says that somebody is there."""
RECONNECT = "reconnect"
"""The last event of a stream that ends because the server does."""


class TermsBody(Value):
    """How a job that is free is asked for. `dry_run` only asks what it would make."""

    dry_run: bool = False


class AgainBody(TermsBody):
    """How to do again what was paid for. `dry_run` only asks what it would make and cost,
    `max_credits` refuses what would cost more."""

    max_credits: Annotated[int, Field(ge=0)] | None = None


def show(call: Call, job: Job) -> dict[str, Any]:
    """A job as lists show it."""
    shown = job.model_dump(
        mode="json",
        include={
            *("id", "status", "type", "collection_id", "item_id", "item_name", "batch_id"),
            *("retry_of", "retry_id", "cost_credits", "warnings", "needs_review"),
            *("created_at", "updated_at", "completed_at"),
        },
    )
    shown["refunded_credits"] = refunded(job)
    shown["asset_ids"] = asset_ids(job)
    shown["urls"] = urls(call, job)
    if job.error:
        shown["error"] = job.error.model_dump(mode="json", exclude_none=True)
    return shown


def show_whole(call: Call, job: Job) -> dict[str, Any]:
    """A job with its graph: each step, what it needs and makes, and how much of it is done."""
    progress = jobs.progress(call.ports, job)
    steps = [
        {"id": step_id, "progress": progress[step_id], **_show_step(step)}
        for step_id, step in job.steps.items()
    ]
    return {**show(call, job), "progress": round(done(job, progress), 4), "steps": steps}


def asset_ids(job: Job) -> dict[str, str]:
    return {key: asset_id for key, (asset_id, _) in files(job.assets).items()}


def urls(call: Call, job: Job) -> dict[str, str]:
    return {key: call.ports.blobs.public_url(path) for key, (_, path) in files(job.assets).items()}


def begun(call: Call, made: Generation) -> Reply:
    """The answer to whatever begins a job."""
    return Reply(show_begun(call, made.job), status=202)


def show_begun(call: Call, job: Job) -> dict[str, Any]:
    """A job as the answer to what began it shows it."""
    return {
        "job_id": job.id,
        "poll_url": call.poll_url(job.id),
        "item_id": job.item_id,
        "cost_credits": job.cost_credits,
        "asset_ids": asset_ids(job),
        "urls": urls(call, job),
        "warnings": list(job.warnings),
    }


def begin(call: Call, proposal: Proposal, *, dry_run: bool) -> Reply:
    """Begin what was proposed, or only say what it would make and cost."""
    if dry_run:
        return _quote(call, proposal.plan.job)
    return begun(call, generation.accept(call.ports, call.settings, call.who, proposal))


def _quote(call: Call, job: Job) -> Reply:
    after: dict[str, int | None] = {"balance_after": None, "available_after": None}
    if call.settings.metered:
        balance = ledger.balance(call.ports, call.who.workspace_id)
        after["balance_after"] = balance.total - job.cost_credits
        after["available_after"] = balance.spendable - job.cost_credits
    data: dict[str, Any] = {
        "dry_run": True,
        "cost_credits": job.cost_credits,
        "charges": job.charges,
        **after,
        "steps": [
            {"id": step_id, "kind": step.kind, "needs": list(step.needs)}
            for step_id, step in job.steps.items()
        ],
        "assets": [
            {"key": key, "type": asset.type, "size": asset.size}
            for key, asset in job.assets.items()
        ],
        "warnings": list(job.warnings),
    }
    return Reply(data)


def index(call: Call) -> Reply:
    """List the jobs, the latest first."""
    equals: dict[str, str | int | bool] = {}
    for name, allowed in FILTERS.items():
        given = call.request.args.get(name)
        if given is None:
            continue
        if given not in allowed:
            raise BadRequest(f"must be one of {', '.join(sorted(allowed))}", field=name)
        equals[name] = given
    if collection_id := call.id("collection_id"):
        equals["collection_id"] = collection_id
    kind = paths.collection_of(call.who.workspace_id, "jobs")
    query = Query(kind, equals, descending=True)
    return call.listing(
        query, lambda page: [show(call, Job.load(found.data)) for found in page.results]
    )


def get(call: Call) -> Reply:
    """Read a job with its graph.

    With `wait=true` the answer comes when the job is finished, or after `timeout` seconds. It may
    come earlier, from a server that is about to end: ask again.
    """
    job_id = call.ids["job_id"]
    seconds = call.number("timeout", DEFAULT_WAIT)
    if not 0 <= seconds <= jobs.MAX_WAIT:
        raise BadRequest(f"must be between 0 and {jobs.MAX_WAIT:.0f} seconds", field="timeout")
    if not call.flag("wait"):
        return Reply(show_whole(call, jobs.get(call.ports, call.who, job_id)))
    pause = draining.pause_for(call.request.environ)
    return Reply(show_whole(call, jobs.wait(call.ports, call.who, job_id, seconds, pause)))


def cancel(call: Call) -> Reply:
    """Stop a job.

    What was not done yet never will be.
    """
    return Reply(show_whole(call, jobs.cancel(call.ports, call.who, call.ids["job_id"])))


def follow(call: Call) -> Reply:
    """Follow a job by server-sent events.

    There is one for each change, until the job ends or `timeout` seconds have passed; a client then
    asks again with the last event's id. The event is the job's status and its data the job. The
    event `reconnect` comes last from a server that is about to end: ask again at once.
    """
    seconds = call.number("timeout", DEFAULT_FOLLOW)
    if not 1 <= seconds <= MAX_FOLLOW:
        raise BadRequest(f"must be between 1 and {MAX_FOLLOW} seconds", field="timeout")
    job = jobs.get(call.ports, call.who, call.ids["job_id"])  # a 404 comes before the stream
    last = call.request.headers.get("Last-Event-ID", "")
    return Reply(None, stream=_events(call, job.id, seconds, last))


def _events(call: Call, job_id: str, seconds: float, last: str) -> Iterator[str]:
    """Each event carries the whole state, and its id is a digest of that: who comes back with an id
    gets the next event when something is different, whatever was missed. After a look that found
    nothing new the piece is empty, so that the server can tell whether the client is still there.
    """
    yield f"retry: {RETRY_MILLISECONDS}\n\n"
    finished, data = False, ""
    spoken = time.monotonic()
    for job in jobs.follow(call.ports, call.who, job_id, seconds, draining.pause):
        if job is not None:
            finished = job.finished
            data = json.dumps(show_whole(call, job), separators=(",", ":"), ensure_ascii=False)
            id_ = hashlib.sha256(data.encode()).hexdigest()[:16]
            if id_ != last:
                last, spoken = id_, time.monotonic()
                yield f"id: {id_}\nevent: {job.status.value}\ndata: {data}\n\n"
                continue
        if time.monotonic() - spoken >= HEARTBEAT:
            spoken = time.monotonic()
            yield ": still here\n\n"
        else:
            yield ""
    if draining.begun() and not finished:
        # With the job once more, for clients that look at nothing else.
        yield f"id: {last}\nevent: {RECONNECT}\ndata: {data}\n\n"


def retry(call: Call) -> Reply:
    """Take a failed job up where it failed, as a new job.

    A job is taken up once: while a retry is at work, and when it is completed, the answer is 409
    and `job_id` names it. When the retry has failed, it is the one that is taken up, whichever of
    them you name. For another take of what is there, regenerate the asset.

    With `dry_run` nothing is begun: the answer says what would be made, and what it would cost.
    """
    asked = call.body(AgainBody, optional=True)
    proposal = again.propose_retry(call.ports, call.who, call.ids["job_id"], asked.max_credits)
    return begin(call, proposal, dry_run=asked.dry_run)


def _show_step(step: Step) -> dict[str, Any]:
    shown = step.model_dump(
        mode="json",
        include={
            *("kind", "status", "needs", "fired_by", "makes", "drafts"),
            *("attempt", "started_at", "finished_at", "cost_usd", "retakes"),
        },
    )
    if step.error:
        shown["error"] = step.error.model_dump(mode="json", exclude_none=True)
    return shown


_READ = Route(
    "GET",
    "/v1/jobs/<job_id>",
    get,
    query=(
        parameter.flag("wait", "Answer when the job is finished."),
        parameter.whole(
            "timeout", "For how many seconds to wait.", 0, int(jobs.MAX_WAIT), default=DEFAULT_WAIT
        ),
    ),
    answer="JobDetails",
    gives={"asset_id": "/asset_ids/image"},
)

EVENT_ROUTES = (
    _READ,
    Route(
        "GET",
        "/v1/jobs/<job_id>/events",
        follow,
        query=(
            parameter.whole(
                "timeout", "For how many seconds to listen.", 1, MAX_FOLLOW, default=DEFAULT_FOLLOW
            ),
        ),
        answer="JobEvent",
        media_type="text/event-stream",
    ),
)
ROUTES = (
    Route(
        "GET",
        "/v1/jobs",
        index,
        query=(
            parameter.choice("status", "Only those in this state.", JobStatus),
            parameter.choice("type", "Only those of this type.", FILTERS["type"]),
            parameter.id_("collection_id", "Only those of this collection."),
        ),
        answer="Job",
        paged=True,
    ),
    _READ,
    Route(
        "POST",
        "/v1/jobs/<job_id>/cancel",
        cancel,
        Scope.WRITE,
        answer="JobDetails",
    ),
    Route(
        "POST",
        "/v1/jobs/<job_id>/retry",
        retry,
        Scope.WRITE,
        body=AgainBody,
        optional=True,
        answer="Generation",
        status=202,
        dry_answer="Quote",
        example={"dry_run": True},
        errors=(InsufficientCredits,),
    ),
)
