"""Generation: from a request to a started job."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from shared.config import Settings
from shared.errors import BadRequest, Conflict, NotFound
from shared.graph.advance import outstanding, start
from shared.graph.draft import Plan
from shared.graph.events import Command
from shared.graph.plan import Still, plan
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType
from shared.model.collection import Collection
from shared.model.item import Item, ItemType
from shared.model.job import Job, StepKind
from shared.model.request import GenerateRequest, GenerateType
from shared.model.workspace import Workspace
from shared.ports import Create, Ports, Write
from shared.services import (
    assets,
    deletion,
    entities,
    guides,
    items,
    jobstore,
    ledger,
    placeholders,
    runner,
)
from shared.services.caveats import caveats
from shared.services.keys import Principal

ITEM_TYPES = {
    GenerateType.IMAGE: ItemType.IMAGE,
    GenerateType.ANIMATION: ItemType.ANIMATION,
    GenerateType.LOGO: ItemType.LOGO,
    GenerateType.EDIT: ItemType.IMAGE,
}


@dataclass(frozen=True, slots=True)
class Generation:
    job: Job
    item: Item


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a request would make, and of which item; nothing of it is stored."""

    plan: Plan
    item: Item
    is_new: bool
    along: Callable[[], Sequence[Write]] | None = None
    """The writes that have to go with it; Conflict when it must not begin any more."""


def generate(
    ports: Ports,
    settings: Settings,
    who: Principal,
    collection_id: str,
    request: GenerateRequest,
) -> Generation:
    """Plan what a request asks for, and begin it."""
    return accept(ports, settings, who, propose(ports, settings, who, collection_id, request))


def propose(
    ports: Ports,
    settings: Settings,
    who: Principal,
    collection_id: str,
    request: GenerateRequest,
    *,
    item: Item | None = None,
) -> Proposal:
    """Plan what a request asks for; `item` is a new one, if it is chosen already."""
    collection, guide = guides.get(ports, who, collection_id)
    workspace, _ = entities.read(ports.documents, Workspace, paths.workspace(who.workspace_id))
    source = _source(ports, who, request)
    item_id = request.item_id
    if request.type is GenerateType.EDIT and source and not (item_id or request.name):
        item_id = source.item_id
    item = item or _item(ports, who, collection, request, item_id)
    planned = plan(
        request,
        workspace_id=who.workspace_id,
        user_prefix=workspace.user_prefix,
        collection=collection,
        item=item,
        vision_provider=workspace.vision_provider,
        source=_as_still(source) if source else None,
        end=_end(ports, who, request),
        has_card=bool(guide and guide.card_for(collection.reference_asset_ids)),
        ids=ports.ids,
        now=ports.clock.now(),
    )
    job = _with_providers(planned.job, workspace)
    warnings = (*job.warnings, *caveats(job, collection, source, settings))
    planned = replace(planned, job=job.with_(warnings=warnings))
    require_price(planned.job.cost_credits, request.max_credits)
    return Proposal(planned, item, is_new=item_id is None)


def require_price(cost: int, max_credits: int | None) -> None:
    """BadRequest when something costs more than was allowed."""
    if max_credits is not None and cost > max_credits:
        raise BadRequest(
            f"this costs {cost} credits; allow as many, or ask for less", field="max_credits"
        )


def accept(ports: Ports, settings: Settings, who: Principal, proposal: Proposal) -> Generation:
    """Begin what was proposed."""
    return begin(
        ports,
        settings,
        who,
        proposal.plan,
        proposal.item,
        is_new=proposal.is_new,
        along=proposal.along,
    )


def begin(
    ports: Ports,
    settings: Settings,
    who: Principal,
    planned: Plan,
    item: Item,
    *,
    is_new: bool = False,
    along: Callable[[], Sequence[Write]] | None = None,
    held: bool = False,
) -> Generation:
    """Create a planned job with everything that it will make, in one batch, and set it going.

    The same batch holds the writes of `along`, read anew for each try. What a batch of jobs begins
    is `held` already.

    The order is: documents, placeholders, first tasks. A crash in between is found by the sweeper.
    """
    started = start(planned.job, ports.clock.now())
    writes: list[Write] = []
    if is_new:
        writes.append(Create(paths.item(who.workspace_id, item.id), item.stored()))
    writes += jobstore.contents(who.workspace_id, planned.assets, planned.links)
    job, commands = started.job, started.commands

    def creation() -> Sequence[Write]:
        return [*writes, *jobstore.creation(job), *(along() if along else ())]

    try:
        ledger.begin(ports, settings, job, creation, held=held)
    except Conflict:
        found = jobstore.load(ports.documents, who.workspace_id, job.id)
        if found is None:
            raise
        job = found[0]  # a worker that died before it could answer had come this far
        commands = outstanding(job)
    _set_going(ports, who, job, item.id, commands)
    return Generation(job, item)


def begin_reserved(ports: Ports, who: Principal, job_id: str) -> Job:
    """Begin a job whose credits are held already, or do again what may not have followed from its
    beginning. If its item was deleted meanwhile, what it has written goes after it."""
    job = jobstore.begin_reserved(ports, who.workspace_id, job_id)
    with suppress(NotFound):
        _set_going(ports, who, job, job.item_id or "-", outstanding(job))
    return job


def _set_going(
    ports: Ports, who: Principal, job: Job, item_id: str, commands: Sequence[Command]
) -> None:
    """What follows from a job's documents: placeholders, then its first tasks. NotFound when its
    item was deleted while they were written, so that the deletion may not have seen them."""
    if not job.finished:
        placeholders.put_all(ports, job)
    try:
        items.get(ports, who, item_id)
    except NotFound:
        placeholders.remove(ports, job, job.assets)
        deletion.delete_unreachable(ports, who.workspace_id, item_id)
        raise
    runner.perform(ports, job, commands)


def _with_providers(job: Job, workspace: Workspace) -> Job:
    """Who draws and who animates, by the workspace where the request does not say: what is planned
    keeps its choice."""
    chosen = {
        StepKind.IMAGE: workspace.image_provider,
        StepKind.VIDEO: workspace.video_provider,
    }
    for step_id, step in job.steps.items():
        if step.kind in chosen:
            name = step.params.get("provider") or chosen[step.kind]
            job = job.with_step(step_id, params={**step.params, "provider": name})
    return job


def _item(
    ports: Ports,
    who: Principal,
    collection: Collection,
    request: GenerateRequest,
    item_id: str | None,
) -> Item:
    if item_id is None:
        if not request.name:
            raise BadRequest("give a name: the image that is edited has no item", field="name")
        return items.draft(ports, collection, ITEM_TYPES[request.type], request.name)
    return items.of_collection(ports, who, item_id, collection)


def _source(ports: Ports, who: Principal, request: GenerateRequest) -> Asset | None:
    """The still that is edited, or that a film starts from; a film takes its cut-out."""
    if request.source_image_asset_id is None:
        return None
    still = _still(ports, who, request.source_image_asset_id, "source_image_asset_id")
    return still if request.type is GenerateType.EDIT else cut_out(ports, who, still)


def _end(ports: Ports, who: Principal, request: GenerateRequest) -> Still | None:
    if request.end_image_asset_id is None:
        return None
    still = _still(ports, who, request.end_image_asset_id, "end_image_asset_id")
    return _as_still(cut_out(ports, who, still))


def _as_still(asset: Asset) -> Still:
    return Still(asset.id, asset.type, asset.take, asset.needs_review)


def _still(ports: Ports, who: Principal, asset_id: str, field: str) -> Asset:
    """The finished still that a request names."""
    try:
        asset, _ = assets.get(ports, who, asset_id)
    except NotFound as error:
        raise BadRequest("there is no such asset", field=field) from error
    if asset.type not in (AssetType.IMAGE, AssetType.TRANSPARENT_IMAGE):
        raise BadRequest(f"must be an image; this is a {asset.type.value}", field=field)
    if asset.status is not AssetStatus.READY:
        raise BadRequest("is not finished yet; wait for its job", field=field)
    return asset


def cut_out(ports: Ports, who: Principal, still: Asset) -> Asset:
    """The cut-out of a still where there is one already, else the still itself."""
    if still.type is AssetType.TRANSPARENT_IMAGE:
        return still
    return _cutout_of(ports, who, still) or still


def _cutout_of(ports: Ports, who: Principal, image: Asset) -> Asset | None:
    targets = [link.target_asset_id for link in assets.links_from(ports, who, image.id)]
    documents = ports.documents.get_many(
        [paths.asset(who.workspace_id, target) for target in targets]
    )
    made = [Asset.load(document.data) for document in documents if document]
    return next(
        (
            asset
            for asset in made
            if asset.type is AssetType.TRANSPARENT_IMAGE
            and asset.size is None
            and asset.status is AssetStatus.READY
        ),
        None,
    )
