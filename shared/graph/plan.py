"""`plan`: from a request to a job, its assets and their links.

Everything is decided here, before any work: the steps and what they need, every asset with its
final public path, the generation links and the price. Pure but for the ids it is given.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.graph.charges import charges
from shared.graph.draft import Draft, Plan, is_long, usable_sizes
from shared.model.asset import Asset, AssetType, Purpose, Take
from shared.model.collection import Collection
from shared.model.item import Item
from shared.model.job import JobType, Step, StepKind
from shared.model.link import Link, Role
from shared.model.request import GenerateRequest, GenerateType
from shared.ports import Ids

IMAGE_SIZE = 1024
VIDEO_SIZE = 512
WIDEST_FILM = 1920
"""Of those that clients bring."""


@dataclass(frozen=True, slots=True)
class Still:
    """An existing still that a film starts from or ends in."""

    asset_id: str
    type: AssetType
    take: Take
    needs_review: bool = False


def plan(
    request: GenerateRequest,
    *,
    workspace_id: str,
    user_prefix: str,
    collection: Collection,
    item: Item,
    source: Still | None = None,
    end: Still | None = None,
    has_card: bool = True,
    vision_provider: str | None = None,
    ids: Ids,
    now: datetime,
) -> Plan:
    """The job for a request. `source` and `end` are the stills that its asset ids name: to start a
    film from, to edit, and to end a film in. A character that is drawn and has no style card gets
    one: from its references before the picture, or else from the picture."""
    draft = Draft(
        collection,
        item,
        workspace_id=workspace_id,
        user_prefix=user_prefix,
        takes={still.asset_id: still.take for still in (source, end) if still},
        ids=ids,
        now=now,
    )
    is_film = request.type is GenerateType.ANIMATION
    asked = request.sizes
    if asked is None:
        asked = collection.settings.animation_sizes if is_film else ()
    sizes, warnings = usable_sizes(asked, VIDEO_SIZE if is_film else IMAGE_SIZE)

    references = collection.reference_asset_ids
    wants_card = source is None and not has_card
    if wants_card and references:
        _plan_card(draft, references, vision_provider)
    still_step, still_id = _plan_still(
        draft, request, source, () if is_film else sizes, vision_provider
    )
    if wants_card and not references and request.type is not GenerateType.LOGO:
        _plan_card(draft, (still_id,), vision_provider)
    if is_film:
        end_step, end_id = None, None
        if end is not None:
            end_step, end_id = _plan_cutout(draft, end, Purpose.END)
        _plan_film(
            draft,
            request,
            sizes,
            needs=tuple(step for step in (still_step, end_step) if step),
            still_id=still_id,
            end_id=end_id,
        )

    charged = charges(request, draft.steps)
    return draft.planned(
        _job_type(request),
        cost_credits=sum(charged.values()),
        charges=charged,
        request=request.model_dump(mode="json", exclude_none=True),
        warnings=warnings,
        needs_review=any(still.needs_review for still in (source, end) if still),
    )


def plan_reverse(
    video: Asset,
    links: Sequence[Link],
    *,
    workspace_id: str,
    user_prefix: str,
    collection: Collection,
    item: Item,
    ids: Ids,
    now: datetime,
) -> Plan:
    """The job that makes the way back of a finished video, which is free. `links` are those to the
    video: they tell in which stills it starts and ends."""
    draft = Draft(
        collection,
        item,
        workspace_id=workspace_id,
        user_prefix=user_prefix,
        takes={video.id: video.take},
        ids=ids,
        now=now,
    )
    stills = {link.role: link.source_asset_id for link in links}
    sizes, warnings = usable_sizes(collection.settings.animation_sizes, VIDEO_SIZE)
    _plan_reverse(
        draft,
        video.id,
        sizes,
        stills.get(Role.SOURCE),
        stills.get(Role.END_FRAME),
        apart=is_long(video.content),
    )
    return draft.planned(JobType.REVERSE, warnings=warnings, needs_review=video.needs_review)


def plan_cutout(
    image: Asset,
    sizes: Sequence[int],
    *,
    workspace_id: str,
    user_prefix: str,
    collection: Collection,
    item: Item,
    ids: Ids,
    now: datetime,
) -> Plan:
    """The job that cuts an existing image out again, which is free. Whether the image is good
    enough was settled before."""
    draft = Draft(
        collection,
        item,
        workspace_id=workspace_id,
        user_prefix=user_prefix,
        takes={image.id: image.take},
        ids=ids,
        now=now,
    )
    cutouts = draft.add_assets(AssetType.TRANSPARENT_IMAGE, sizes)
    draft.link(image.id, cutouts[0])
    draft.steps["cutout"] = Step(
        kind=StepKind.CUTOUT, inputs={"image": image.id}, makes=cutouts[:1]
    )
    _plan_resize(draft, cutouts, after="cutout")
    return draft.planned(JobType.IMAGE_GENERATION)


def plan_formats(
    video: Asset,
    links: Sequence[Link],
    there: Container[AssetType],
    *,
    workspace_id: str,
    user_prefix: str,
    collection: Collection,
    item: Item,
    ids: Ids,
    now: datetime,
) -> Plan:
    """The job that makes the formats of a finished video anew, except for those that are `there`,
    in all sizes; which is free. `links` are those to the video."""
    draft = Draft(
        collection,
        item,
        workspace_id=workspace_id,
        user_prefix=user_prefix,
        takes={video.id: video.take},
        ids=ids,
        now=now,
    )
    width = video.content.width if video.content else VIDEO_SIZE
    sizes, warnings = usable_sizes(collection.settings.animation_sizes, width)
    lacking = [type_ for type_ in draft.formats if type_ not in there]
    films = draft.add_formats(video.id, lacking, sizes, video.purpose)
    still_id = next((one.source_asset_id for one in links if one.role is Role.SOURCE), None)
    draft.add_transcodings(video.id, films, apart=is_long(video.content), still_id=still_id)
    return draft.planned(JobType.SIZE_VARIANT, warnings=warnings, needs_review=video.needs_review)


def plan_import(
    upload: Asset,
    *,
    workspace_id: str,
    user_prefix: str,
    collection: Collection,
    item: Item,
    sizes: Sequence[int] | None = None,
    ids: Ids,
    now: datetime,
) -> Plan:
    """The job that takes an uploaded picture or film in, which is free: from there the graph goes
    on as if it had been drawn. How wide a film is nobody knows before it is looked at, so `sizes`
    are only held to be smaller than the widest one that is taken."""
    draft = Draft(
        collection,
        item,
        workspace_id=workspace_id,
        user_prefix=user_prefix,
        takes={},
        ids=ids,
        now=now,
    )
    is_film = upload.type is AssetType.VIDEO
    if sizes is None:
        sizes = collection.settings.animation_sizes if is_film else ()
    width = upload.content.width if upload.content else WIDEST_FILM
    usable, warnings = usable_sizes(sizes, width)
    plan_parts = _plan_own_film if is_film else _plan_own_still
    plan_parts(draft, upload.id, usable)
    return draft.planned(JobType.IMPORT, warnings=warnings)


# --- parts of the graph --------------------------------------------------------------------------


def _plan_card(draft: Draft, pictures: Sequence[str], vision_provider: str | None) -> None:
    """The style card from some pictures; of those that the job makes, once they are accepted."""
    draft.steps["style_card"] = Step(
        kind=StepKind.STYLE_CARD,
        needs=tuple(step for step in draft.steps if step == "validate"),
        inputs={f"picture_{number}": picture for number, picture in enumerate(pictures, 1)},
        params={"provider": vision_provider},
    )


def _plan_still(
    draft: Draft,
    request: GenerateRequest,
    source: Still | None,
    sizes: Sequence[int],
    vision_provider: str | None,
) -> tuple[str | None, str]:
    """The steps that end in a cut-out; gives the step to wait for, if any, and its asset id.

    A still that is drawn becomes public together with its cut-out, when both were validated.
    """
    if source is not None and request.type is GenerateType.ANIMATION:
        return _plan_cutout(draft, source)
    (image,) = draft.add_assets(AssetType.IMAGE)
    if source is not None:
        draft.link(source.asset_id, image)
    cutouts = draft.add_assets(AssetType.TRANSPARENT_IMAGE, sizes)
    draft.link(draft.assets[image].id, cutouts[0])
    draft.steps["image"] = Step(
        kind=StepKind.IMAGE,
        needs=tuple(draft.steps),  # the card from the references, if it is still to be made
        inputs={"edited": source.asset_id} if source else {},
        drafts=(image,),
        params={
            "framing": "logo" if request.type is GenerateType.LOGO else "figure",
            "action": request.image_prompt or "",
            "instructions": request.edit_instructions,
            "size": IMAGE_SIZE,
            "provider": request.image_provider,
        },
    )
    draft.steps["cutout"] = Step(
        kind=StepKind.CUTOUT,
        needs=("image",),
        inputs={"image": draft.assets[image].id},
        drafts=cutouts[:1],
    )
    draft.steps["validate"] = Step(
        kind=StepKind.VALIDATE,
        needs=("cutout",),
        inputs={"image": draft.assets[image].id, "cutout": draft.assets[cutouts[0]].id},
        makes=(image, *cutouts[:1]),
        params={
            "shows": "edit" if source else draft.steps["image"].params["framing"],
            "action": request.image_prompt or "",
            "provider": vision_provider,
        },
    )
    _plan_resize(draft, cutouts)
    return "validate", draft.assets[cutouts[0]].id


def _plan_own_still(draft: Draft, upload_id: str, sizes: Sequence[int]) -> None:
    """A picture that somebody else has drawn, and its cut-out. They are measured, but not judged:
    whoever brings a picture has chosen it, and nobody here could draw another."""
    (image,) = draft.add_assets(AssetType.IMAGE)
    draft.link(upload_id, image)
    cutouts = draft.add_assets(AssetType.TRANSPARENT_IMAGE, sizes)
    draft.link(draft.assets[image].id, cutouts[0])
    draft.steps["intake"] = Step(
        kind=StepKind.INTAKE, inputs={"upload": upload_id}, drafts=(image,)
    )
    draft.steps["cutout"] = Step(
        kind=StepKind.CUTOUT,
        needs=("intake",),
        inputs={"image": draft.assets[image].id},
        drafts=cutouts[:1],
    )
    draft.steps["validate"] = Step(
        kind=StepKind.VALIDATE,
        needs=("cutout",),
        inputs={"image": draft.assets[image].id, "cutout": draft.assets[cutouts[0]].id},
        makes=(image, *cutouts[:1]),
        params={"shows": "figure", "action": "", "provider": None, "imported": True},
    )
    _plan_resize(draft, cutouts)


def _plan_own_film(draft: Draft, upload_id: str, sizes: Sequence[int]) -> None:
    """A film that somebody else has made, and its formats; how long it is nobody knows yet."""
    (video,) = draft.add_assets(AssetType.VIDEO)
    draft.link(upload_id, video)
    draft.steps["intake"] = Step(kind=StepKind.INTAKE, inputs={"upload": upload_id}, makes=(video,))
    _plan_formats(draft, "intake", video, sizes, None, apart=True)


def _plan_resize(draft: Draft, cutouts: Sequence[str], after: str = "validate") -> None:
    """The size variants of an accepted cut-out, fired by its file."""
    if cutouts[1:]:
        draft.steps["resize"] = Step(
            kind=StepKind.RESIZE,
            needs=(after,),
            fired_by=cutouts[0],
            inputs={"still": draft.assets[cutouts[0]].id},
            makes=tuple(cutouts[1:]),
        )


def _plan_cutout(
    draft: Draft, still: Still, purpose: Purpose | None = None
) -> tuple[str | None, str]:
    """The cut-out of an existing still: itself when it is one, else a step that makes it."""
    if still.type is AssetType.TRANSPARENT_IMAGE:
        return None, still.asset_id
    (cutout,) = draft.add_assets(AssetType.TRANSPARENT_IMAGE, purpose=purpose)
    draft.link(still.asset_id, cutout)
    step_id = f"cutout-{purpose.value}" if purpose else "cutout"
    draft.steps[step_id] = Step(
        kind=StepKind.CUTOUT, inputs={"image": still.asset_id}, makes=(cutout,)
    )
    return step_id, draft.assets[cutout].id


def _plan_film(
    draft: Draft,
    request: GenerateRequest,
    sizes: Sequence[int],
    *,
    needs: tuple[str, ...],
    still_id: str,
    end_id: str | None,
) -> None:
    """The video and its formats, and the way back if it is asked for."""
    (video,) = draft.add_assets(AssetType.VIDEO)
    draft.link(still_id, video)
    if request.loops:
        end_id = still_id
    if end_id:
        draft.link(end_id, video, Role.END_FRAME)
    draft.steps["video"] = Step(
        kind=StepKind.VIDEO,
        needs=needs,
        inputs={"still": still_id, **({"end_still": end_id} if end_id else {})},
        makes=(video,),
        params={
            "motion": request.animation_prompt,
            "duration": request.duration,
            "loop": request.loops,
            "size": VIDEO_SIZE,
            "provider": request.video_provider,
        },
    )
    _plan_formats(draft, "video", video, sizes, still_id)
    if request.auto_reverse and end_id:
        _plan_reverse(draft, draft.assets[video].id, sizes, still_id, end_id, fired_by=video)


def _plan_reverse(
    draft: Draft,
    video_id: str,
    sizes: Sequence[int],
    still_id: str | None,
    end_id: str | None,
    *,
    fired_by: str | None = None,
    apart: bool = False,
) -> None:
    """The way back and its formats: it starts in the still where the video ends."""
    (back,) = draft.add_assets(AssetType.VIDEO, purpose=Purpose.REVERSE)
    draft.link(video_id, back)
    if still_id:
        draft.link(still_id, back, Role.END_FRAME)
    draft.steps["reverse"] = Step(
        kind=StepKind.REVERSE,
        needs=("video",) if fired_by else (),
        fired_by=fired_by,
        inputs={"video": video_id},
        makes=(back,),
    )
    _plan_formats(draft, "reverse", back, sizes, end_id, Purpose.REVERSE, apart=apart)


def _plan_formats(
    draft: Draft,
    step_id: str,
    video: str,
    sizes: Sequence[int],
    still_id: str | None,
    purpose: Purpose | None = None,
    *,
    apart: bool = False,
) -> None:
    """The web formats, fired by the published file of the video that a step makes, which starts in
    a still."""
    video_id = draft.assets[video].id
    films = draft.add_formats(video_id, draft.formats, sizes, purpose)
    draft.add_transcodings(
        video_id, films, apart=apart, still_id=still_id, needs=(step_id,), fired_by=video
    )


# --- details -------------------------------------------------------------------------------------


def _job_type(request: GenerateRequest) -> JobType:
    if request.type is GenerateType.LOGO:
        return JobType.LOGO
    if request.type is not GenerateType.ANIMATION:
        return JobType.IMAGE_GENERATION
    return JobType.ANIMATION if request.source_image_asset_id else JobType.ITEM_GENERATION
