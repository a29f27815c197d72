"""`replan`: a new job out of some steps of an old one.

It is how a failed job is taken up where it failed, and how one asset is made anew together with
everything that follows from it. What the other steps made is used as it is; what the chosen steps
make are new assets with new public paths, for nothing is ever overwritten.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from shared.graph.charges import charges, owed
from shared.graph.draft import HASH_LENGTH, Plan, planned_assets
from shared.graph.policy import DEADLINE
from shared.model.asset import Take
from shared.model.credit import Part
from shared.model.job import Job, PlannedAsset, Step, StepKind, StepStatus
from shared.model.link import Link
from shared.model.request import GenerateRequest
from shared.ports import Ids

_HASH = re.compile(rf"-([a-z2-7]{{{HASH_LENGTH}}})(?=(-\d+)?\.\w+$)")


def unfinished(job: Job) -> frozenset[str]:
    """The steps of a failed job that have still to be done, with the drafts that they need."""
    missing = {
        step_id for step_id, step in job.steps.items() if step.status is not StepStatus.SUCCEEDED
    }
    return _with_drafts(job, missing)


def following(job: Job, key: str) -> frozenset[str]:
    """The steps that make an asset and whatever follows from it. A style card is learned once."""
    chosen = {step_id for step_id, step in job.steps.items() if key in step.makes}
    chosen = set(_with_drafts(job, chosen))
    for step_id, step in job.steps.items():  # plan lists steps after what they need
        if chosen & set(step.needs):
            chosen.add(step_id)
    return frozenset(chosen - {"style_card"})


def replan(
    job: Job,
    steps: frozenset[str],
    links: Sequence[Link],
    *,
    anew: str | None = None,
    job_id: str | None = None,
    retry_of: str | None = None,
    ids: Ids,
    now: datetime,
) -> Plan:
    """A job of those steps, that nobody has started. `links` are those to the old job's assets.
    Of a transcoding that has made the asset `anew`, only this one's format is made.

    It costs what the steps that are paid for cost, and what the old job gave back of what is now
    completed.
    """
    makes = {step: _makes(job, step, anew) for step in steps}
    keys = [key for key in job.assets if any(key in made for made in makes.values())]
    assets = _new_assets(job, keys, ids)
    renewed = {job.assets[key].id: asset.id for key, asset in assets.items()}
    assets = {
        key: asset.with_(take=_new_take(asset.take, renewed)) for key, asset in assets.items()
    }
    chosen = {
        step_id: _new_step(step, steps, keys, renewed).with_(makes=makes[step_id])
        for step_id, step in job.steps.items()
        if step_id in steps
    }
    kinds = {step.kind for step in chosen.values()}
    charged = _charged(job, chosen)
    new = Job(
        id=job_id or ids.uuid(),
        created_at=now,
        updated_at=now,
        workspace_id=job.workspace_id,
        type=job.type,
        project_id=job.project_id,
        collection_id=job.collection_id,
        item_id=job.item_id,
        item_name=job.item_name,
        retry_of=retry_of,
        cost_credits=sum(charged.values()),
        charges=charged,
        cache_control=job.cache_control,
        request=job.request,
        assets=assets,
        steps=chosen,
        # A picture that is drawn again is judged again; what is not carries the old verdict.
        needs_review=job.needs_review and StepKind.VALIDATE not in kinds,
        deadline=now + DEADLINE,
    )
    return Plan(new, planned_assets(new, now), tuple(_new_links(links, renewed, ids, now)))


def retry_price(job: Job) -> int:
    """What it costs to take up a failed job, in credits."""
    return sum(_charged(job, {id_: job.steps[id_] for id_ in unfinished(job)}).values())


def _charged(job: Job, steps: Mapping[str, Step]) -> dict[Part, int]:
    """What a job of some steps of an old one pays for."""
    charged = owed(job, steps)
    if job.request:  # the way back of a finished film is nobody's generation, and free
        charged |= charges(GenerateRequest.model_validate(job.request), steps)
    return charged


def _with_drafts(job: Job, steps: Iterable[str]) -> frozenset[str]:
    """Steps, and those whose drafts they accept: a draft is kept nowhere."""
    judged = {key for step in steps for key in job.steps[step].makes}
    judged |= {key for step in steps for key in job.steps[step].drafts}
    makers = {step_id for step_id, step in job.steps.items() if judged & set(step.files)}
    return frozenset({*steps, *makers})


def _makes(job: Job, step_id: str, anew: str | None) -> tuple[str, ...]:
    """What a step shall make of what it made. One that failed owes all of it, as one that was given
    back is paid for when all of it is made."""
    step = job.steps[step_id]
    is_whole = step.status is StepStatus.SUCCEEDED
    if anew not in step.makes or step.kind is not StepKind.TRANSCODE or not is_whole:
        return step.makes
    return tuple(key for key in step.makes if job.assets[key].type is job.assets[anew].type)


def _new_assets(job: Job, keys: Iterable[str], ids: Ids) -> dict[str, PlannedAsset]:
    """The assets under new ids; those that shared a hash in their paths share a new one."""
    hashes: dict[str, str] = {}
    assets = {}
    for key in keys:
        old = job.assets[key]
        match = _HASH.search(old.path)
        if match is None:
            raise ValueError(f"{old.path} has no hash")
        new = hashes.setdefault(match[1], ids.token(HASH_LENGTH))
        path = old.path[: match.start(1)] + new + old.path[match.end(1) :]
        assets[key] = old.with_(id=ids.uuid(), path=path)
    return assets


def _new_take(take: Take, renewed: Mapping[str, str]) -> Take:
    """What an asset shows when some of that is made anew."""
    stills = tuple(renewed.get(still, still) for still in take.still_ids)
    return Take(still_ids=stills, film_id=take.film_id and renewed.get(take.film_id, take.film_id))


def _new_step(
    step: Step, steps: frozenset[str], keys: Sequence[str], renewed: Mapping[str, str]
) -> Step:
    return Step(
        kind=step.kind,
        needs=tuple(need for need in step.needs if need in steps),
        # The object of an asset that is there already will not be finalized again.
        fired_by=step.fired_by if step.fired_by in keys else None,
        inputs={role: renewed.get(id_, id_) for role, id_ in step.inputs.items()},
        drafts=step.drafts,
        params=step.params,
    )


def _new_links(
    links: Iterable[Link], renewed: Mapping[str, str], ids: Ids, now: datetime
) -> Iterable[Link]:
    for link in links:
        if link.target_asset_id in renewed:
            yield link.with_(
                id=ids.uuid(),
                created_at=now,
                updated_at=now,
                source_asset_id=renewed.get(link.source_asset_id, link.source_asset_id),
                target_asset_id=renewed[link.target_asset_id],
            )
