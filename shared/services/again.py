"""Doing it again: a failed job from where it failed, or one asset and what follows from it."""

from collections.abc import Iterable

from shared.config import Settings
from shared.errors import BadRequest, Conflict
from shared.graph.replan import following, replan, unfinished
from shared.model import paths
from shared.model.asset import Asset, AssetStatus
from shared.model.job import Job, JobStatus, JobType
from shared.ports import Ports
from shared.services import assets, generation, items, jobs, uploads
from shared.services.generation import Generation, Proposal
from shared.services.keys import Principal


def retry(ports: Ports, settings: Settings, who: Principal, job_id: str) -> Generation:
    """Take a failed or canceled job up where it failed, as a new job on the same item."""
    return generation.accept(ports, settings, who, propose_retry(ports, who, job_id))


def regenerate(ports: Ports, settings: Settings, who: Principal, asset_id: str) -> Generation:
    """Make an asset anew, and everything that was made from it in the same job. What is there
    stays, as an earlier version."""
    return generation.accept(ports, settings, who, propose_anew(ports, who, asset_id))


def propose_retry(
    ports: Ports, who: Principal, job_id: str, max_credits: int | None = None
) -> Proposal:
    """Plan what a retry would do. Conflict when there is nothing to be taken up; BadRequest when
    it would cost more than `max_credits`."""
    job = jobs.get(ports, who, job_id)
    if job.type is JobType.DELETION:
        raise Conflict("A deletion goes on by itself.")
    if job.type is JobType.SIZE_VARIANT_BATCH:
        raise Conflict("Retry the jobs that it has begun, of those that failed.")
    if job.type is JobType.CANVAS_GENERATION:
        raise Conflict("Ask for the canvas's generate-all again: it makes what is missing.")
    if job.status is not JobStatus.FAILED:
        raise Conflict(f"The job is {job.status.value}; only one that failed can be retried.")
    return _again(ports, who, job, unfinished(job), max_credits)


def propose_anew(
    ports: Ports, who: Principal, asset_id: str, max_credits: int | None = None
) -> Proposal:
    """Plan what making an asset anew would do; faults as those of a retry."""
    asset, _ = assets.get(ports, who, asset_id)
    if asset.job_id is None:
        raise BadRequest("is an upload, which nobody can make again", field="asset_id")
    job = jobs.get(ports, who, asset.job_id)
    if not job.finished:
        raise Conflict("Its job is still at work; wait for it, or cancel it.")
    key = next(key for key, planned in job.assets.items() if planned.id == asset_id)
    return _again(ports, who, job, following(job, key), max_credits, anew=key)


def _again(
    ports: Ports,
    who: Principal,
    job: Job,
    steps: frozenset[str],
    max_credits: int | None,
    anew: str | None = None,
) -> Proposal:
    item, _ = items.get(ports, who, job.item_id or "-")
    links = assets.links_to(ports, who, [asset.id for asset in job.assets.values()])
    planned = replan(job, steps, links, anew=anew, ids=ports.ids, now=ports.clock.now())
    made = {asset.id for asset in planned.assets}
    _require_ready(
        ports,
        who,
        {id_ for step in planned.job.steps.values() for id_ in step.inputs.values()} - made,
    )
    generation.require_price(planned.job.cost_credits, max_credits)
    return Proposal(planned, item, is_new=False)


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
