"""Jobs and plans to try the graph on."""

from collections.abc import Sequence
from typing import Any

from shared.graph.advance import start
from shared.graph.draft import Plan
from shared.graph.plan import Still, plan, plan_reverse
from shared.model.asset import Asset, Content, Provenance
from shared.model.collection import Collection, Settings
from shared.model.item import Item, ItemType
from shared.model.job import Job, Output
from shared.model.link import Link
from shared.model.request import GenerateRequest
from tests.graph.fakes import START, CountingIds

WORKSPACE = "workspace"
PREFIX = "user5prefix"

SOURCE_ID = "00000000-aaaa-4000-8000-000000000001"
END_ID = "00000000-aaaa-4000-8000-000000000002"

IMAGE: dict[str, Any] = {"type": "image", "image_prompt": "waving"}
FILM: dict[str, Any] = {
    "type": "animation",
    "image_prompt": "waving",
    "animation_prompt": "waves happily",
}
FILM_FROM_STILL: dict[str, Any] = {
    "type": "animation",
    "animation_prompt": "waves happily",
    "source_image_asset_id": SOURCE_ID,
}
EDIT: dict[str, Any] = {
    "type": "edit",
    "edit_instructions": "make the scarf red",
    "source_image_asset_id": SOURCE_ID,
}
LOGO: dict[str, Any] = {"type": "logo"}
TRANSITION: dict[str, Any] = {**FILM_FROM_STILL, "end_image_asset_id": END_ID}
THERE_AND_BACK: dict[str, Any] = {**TRANSITION, "auto_reverse": True}


def felix(settings: Settings, references: tuple[str, ...] = ()) -> tuple[Collection, Item]:
    """Felix the fox, and what he does."""
    collection = Collection(
        id="collection",
        created_at=START,
        updated_at=START,
        project_id="project",
        name="Felix the Fox",
        slug="felix",
        prompt="an orange fox",
        seed=7,
        reference_asset_ids=references,
        settings=settings,
    )
    item = Item(
        id="item",
        created_at=START,
        updated_at=START,
        project_id="project",
        collection_id="collection",
        type=ItemType.ANIMATION,
        name="Big Wave",
        slug="big-wave",
    )
    return collection, item


def turned(video: Asset, links: Sequence[Link], settings: Settings | None = None) -> Plan:
    """The plan for the way back of a video."""
    collection, item = felix(settings or Settings())
    return plan_reverse(
        video,
        links,
        workspace_id=WORKSPACE,
        user_prefix=PREFIX,
        collection=collection,
        item=item,
        ids=CountingIds(),
        now=START,
    )


def planned(
    request: dict[str, Any],
    *,
    settings: Settings | None = None,
    source: Still | None = None,
    end: Still | None = None,
    references: tuple[str, ...] = (),
    has_card: bool = True,
) -> Plan:
    """The plan for a request about Felix the fox."""
    collection, item = felix(settings or Settings(), references)
    return plan(
        GenerateRequest.model_validate({"name": "Big Wave", **request}),
        workspace_id=WORKSPACE,
        user_prefix=PREFIX,
        collection=collection,
        item=item,
        source=source,
        end=end,
        has_card=has_card,
        ids=CountingIds(),
        now=START,
    )


def started(request: dict[str, Any], *, settings: Settings | None = None) -> Job:
    """A job whose first steps are ready."""
    return start(planned(request, settings=settings).job, START).job


def outputs(job: Job, step: str) -> dict[str, Output]:
    """What the current attempt at a step would make or accept; it shows which attempt that was."""
    this = job.steps[step]
    attempt = this.attempt
    drafts = {
        key: output
        for other in job.steps.values()
        for key, output in other.outputs.items()
        if key in other.drafts
    }
    return {
        key: drafts[key]
        if key in this.makes and key in drafts
        else Output(
            work_path=f"{job.id}/{step}/{attempt}/{key}",
            content=Content(sha256=f"{key}-{attempt}", bytes=1, width=1, height=1),
            provenance=Provenance(provider="test", model="test"),
        )
        for key in this.files
    }
