"""Doing it again: a failed job from where it failed, or one asset and what follows from it.

A failed job is taken up once, so that nothing is made or paid twice: the commit that creates the
retry notes it in the failed job by compare-and-set. A retry that fails is the one to take up next,
whichever job of the chain a client names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from shared.config import Settings
from shared.errors import BadRequest, Conflict
from shared.graph.advance import unmade
from shared.graph.draft import Plan
from shared.graph.replan import following, replan, unfinished
from shared.model import paths
from shared.model.asset import Asset, AssetStatus
from shared.model.job import Job, JobStatus, JobType
from shared.ports import Ports, Replace, Write
from shared.services import assets, entities, generation, items, jobs, jobstore, uploads
from shared.services.generation import Generation, Proposal
from shared.services.keys import Principal


def retry(ports: Ports, settings: Settings, who: Principal, job_id: str) -> Generation:
    """Take a failed or canceled job up where it failed, as a new job on the same item. Conflict
    names the retry that is at work already, or is done."""
    return generation.accept(ports, settings, who, propose_retry(ports, who, job_id))


def regenerate(ports: Ports, settings: Settings, who: Principal, asset_id: str) -> Generation:
    """Make an asset anew, and everything that was made from it in the same job. What is there
    stays, as an earlier version."""
    return generation.accept(ports, settings, who, propose_anew(ports, who, asset_id))


def propose_retry(
    ports: Ports,
    who: Principal,
    job_id: str,
    max_credits: int | None = None,
    *,
    retry_id: str | None = None,
) -> Proposal:
    """Plan what a retry would do. Conflict when there is nothing to be taken up, or somebody has
    taken it up; BadRequest when it would cost more than `max_credits`. `retry_id` is the id of the
    new job, if it is chosen already."""
    new_id = retry_id or ports.ids.uuid()
    job = jobs.get(ports, who, job_id)
    if job.type is JobType.DELETION:
        raise Conflict("A deletion goes on by itself.")
    if job.type is JobType.SIZE_VARIANT_BATCH:
        raise Conflict("Retry the jobs that it has begun, of those that failed.")
    if job.type is JobType.CANVAS_GENERATION:
        raise Conflict("Ask for the canvas's generate-all again: it makes what is missing.")
    if job.status is not JobStatus.FAILED:
        raise Conflict(f"The job is {job.status.value}; only one that failed can be retried.")
    if begun := jobstore.load(ports.documents, who.workspace_id, new_id):
        # The same request was cut off after it had come this far.
        item, _ = items.get(ports, who, job.item_id or "-")
        return Proposal(Plan(begun[0], (), ()), item, is_new=False)
    last = jobs.last_retry(ports, who, job)
    if last.status is not JobStatus.FAILED:
        raise _taken_up_by(last)
    proposal = _again(
        ports, who, last, unfinished(last), max_credits, job_id=new_id, retry_of=last.id
    )
    return replace(proposal, along=lambda: _taking_up(ports, who, last.id, new_id))


def propose_anew(
    ports: Ports, who: Principal, asset_id: str, max_credits: int | None = None
) -> Proposal:
    """Plan what making an asset anew would do; faults as those of a retry. For what its job has
    failed to make it is one."""
    asset, _ = assets.get(ports, who, asset_id)
    if asset.job_id is None:
        raise BadRequest("is an upload, which nobody can make again", field="asset_id")
    job = jobs.get(ports, who, asset.job_id)
    if not job.finished:
        raise Conflict("Its job is still at work; wait for it, or cancel it.")
    key = next(key for key, planned in job.assets.items() if planned.id == asset_id)
    if key in unmade(job):
        return propose_retry(ports, who, job.id, max_credits)
    return _again(ports, who, job, following(job, key), max_credits, anew=key)


def _again(
    ports: Ports,
    who: Principal,
    job: Job,
    steps: frozenset[str],
    max_credits: int | None,
    **how: str | None,
) -> Proposal:
    item, _ = items.get(ports, who, job.item_id or "-")
    links = assets.links_to(ports, who, [asset.id for asset in job.assets.values()])
    planned = replan(job, steps, links, ids=ports.ids, now=ports.clock.now(), **how)
    made = {asset.id for asset in planned.assets}
    _require_ready(
        ports,
        who,
        {id_ for step in planned.job.steps.values() for id_ in step.inputs.values()} - made,
    )
    generation.require_price(planned.job.cost_credits, max_credits)
    return Proposal(planned, item, is_new=False)


def _taking_up(ports: Ports, who: Principal, failed_id: str, retry_id: str) -> Sequence[Write]:
    """The failed job with its retry, if it has none yet."""
    path = paths.job(who.workspace_id, failed_id)
    failed, version = entities.read(ports.documents, Job, path)
    if failed.retry_id is not None:
        raise _taken_up_by(jobs.last_retry(ports, who, failed))
    changed = failed.with_(retry_id=retry_id, updated_at=ports.clock.now())
    return [Replace(path, changed.stored(), version)]


def _taken_up_by(retry: Job) -> Conflict:
    match retry.status:
        case JobStatus.COMPLETED:
            told = "has made what was missing; for another take, regenerate an asset"
        case JobStatus.FAILED:
            told = "took it up just now, and failed; retry that one"
        case _:
            told = "retries it already; wait for it, or cancel it"
    return Conflict(f"Job {retry.id} {told}.", job_id=retry.id)


def _require_ready(ports: Ports, who: Principal, asset_ids: Iterable[str]) -> None:
    wanted = sorted(asset_ids)
    found = ports.documents.get_many([paths.asset(who.workspace_id, id_) for id_ in wanted])
    for id_, document in zip(wanted, found, strict=True):
        if document is None:
            raise Conflict(f"It was made from asset {id_}, which was deleted.")
        asset = Asset.load(document.data)
        if uploads.is_film(asset) and asset.status is AssetStatus.PENDING:
            continue  # it is kept as it came, and its step tells when it is not
        if asset.status is not AssetStatus.READY:
            raise Conflict(f"It is made from asset {id_}, which is not there; make that anew.")
