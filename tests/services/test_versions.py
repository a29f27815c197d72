"""The best version of an item at a name that stays."""

import pytest

from shared.errors import BadRequest, Conflict, NotFound
from shared.model.asset import Review
from shared.model.job import StepKind
from shared.model.version import best_path
from shared.services import assets, deletion, versions
from shared.services.steps import Accepted, StepContext
from tests.graph.jobs import EDIT, IMAGE
from tests.services import checks
from tests.services.faults import Crash, crash
from tests.services.world import Tenant, World, accept


def draw(world: World, tenant: Tenant, item_id: str | None = None) -> tuple[str, str]:
    """One more version of an image; its asset's id and its item's."""
    request = {**IMAGE, **({"name": None, "item_id": item_id} if item_id else {})}
    made = world.generate(tenant, request)
    world.drain()
    return made.job.assets["image"].id, made.item.id


def cutout_of(world: World, tenant: Tenant, image_id: str) -> str:
    """The id of the cut-out that was made of an image."""
    asset, _ = assets.get(world.ports, tenant.who, image_id)
    found = versions.of_item(world.ports, tenant.who.workspace_id, asset.item_id or "-")
    [cutout] = [one for one in found if one.take.still_ids == (image_id,) and one.id != image_id]
    return cutout.id


def served(world: World, tenant: Tenant, asset_id: str) -> str | None:
    """The id of the asset that the stable name of an asset's kind serves."""
    asset, _ = assets.get(world.ports, tenant.who, asset_id)
    blob = world.served().get(best_path(asset))
    if blob is None:
        return None
    assert blob.cache_control == "public, max-age=60"
    assert blob.content_type == "image/png"
    found, _ = assets.get(world.ports, tenant.who, blob.metadata["asset"])
    assert found.content
    assert blob.size == found.content.bytes
    return found.id


def test_the_latest_is_served_unless_people_say_otherwise(world: World, tenant: Tenant) -> None:
    first, item = draw(world, tenant)
    assert served(world, tenant, first) == first
    second, _ = draw(world, tenant, item)
    assert served(world, tenant, first) == second
    judge = versions.judge
    judge(world.ports, tenant.who, first, {"review": Review.APPROVED})
    assert served(world, tenant, first) == first
    judge(world.ports, tenant.who, second, {"pinned": True})
    assert served(world, tenant, first) == second
    judge(world.ports, tenant.who, second, {"pinned": False, "review": Review.REJECTED})
    judge(world.ports, tenant.who, first, {"review": None})
    assert served(world, tenant, first) == first
    judge(world.ports, tenant.who, first, {"review": Review.REJECTED})
    assert served(world, tenant, first) is None
    world.drain()
    checks.nothing_is_left_over(world, tenant)


def test_what_needs_review_is_not_the_best_by_itself(world: World, tenant: Tenant) -> None:
    def keep(context: StepContext) -> Accepted:
        return Accepted(accept(context).outputs, needs_review=True)

    good, item = draw(world, tenant)
    world.codes[StepKind.VALIDATE] = keep
    doubtful, _ = draw(world, tenant, item)
    assert served(world, tenant, good) == good
    versions.judge(world.ports, tenant.who, doubtful, {"review": Review.APPROVED})
    assert served(world, tenant, good) == doubtful
    alone, _ = draw(world, tenant)
    assert served(world, tenant, alone) is None


def test_an_edited_still_waits_for_its_film(world: World, tenant: Tenant) -> None:
    first = world.generate(tenant)
    world.drain()
    item, cutout = first.item.id, first.job.assets["transparent_image"].id
    edit = {**EDIT, "name": None, "source_image_asset_id": cutout}
    edited = world.generate(tenant, edit)
    world.drain()
    assert jobs_of_best(world, tenant, item) == {first.job.id}
    own = {"name": None, "item_id": item, "animation_prompt": "waves"}
    still = {"source_image_asset_id": edited.job.assets["transparent_image"].id}
    animated = world.generate(tenant, {"type": "animation", **own, **still})
    world.drain()
    assert jobs_of_best(world, tenant, item) == {edited.job.id, animated.job.id}
    versions.judge(world.ports, tenant.who, cutout, {"pinned": True})
    assert jobs_of_best(world, tenant, item) == {first.job.id}
    assert served(world, tenant, first.job.assets["image"].id) == first.job.assets["image"].id


def jobs_of_best(world: World, tenant: Tenant, item_id: str) -> set[str | None]:
    found = versions.best_of(world.ports, tenant.who, item_id)
    assert {"image", "transparent_image", "video", "webm", "hevc", "stacked_video"} <= set(found)
    return {asset.job_id for asset in found.values()}


def test_a_deleted_version_is_served_no_more(world: World, tenant: Tenant) -> None:
    first, item = draw(world, tenant)
    second, _ = draw(world, tenant, item)
    deletion.delete_asset(world.ports, tenant.who, cutout_of(world, tenant, second))
    world.drain()
    # What is left of the second is not mixed with the first.
    assert served(world, tenant, first) == first
    assert served(world, tenant, cutout_of(world, tenant, first)) == cutout_of(world, tenant, first)
    deletion.delete_item(world.ports, tenant.who, item)
    world.drain()
    assert world.served() == {}


def test_a_file_that_comes_after_its_item_was_deleted_is_not_served(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, item = draw(world, tenant)
    copy = world.ports.blobs.copy

    def deleted_first(*arguments: object, **more: object) -> object:
        monkeypatch.undo()
        deletion.delete_item(world.ports, tenant.who, item)
        return copy(*arguments, **more)  # type: ignore[arg-type]

    versions.remove(world.ports, tenant.who.workspace_id, item)
    monkeypatch.setattr(world.ports.blobs, "copy", deleted_first)
    versions.refresh(world.ports, tenant.who.workspace_id, item)
    world.drain()
    assert world.served() == {}


def test_of_two_at_once_the_better_informed_wins(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, item = draw(world, tenant)
    second, _ = draw(world, tenant, item)
    versions.judge(world.ports, tenant.who, first, {"pinned": True})
    copy = world.ports.blobs.copy

    def overtaken(*arguments: object, **more: object) -> object:
        monkeypatch.undo()
        versions.judge(world.ports, tenant.who, first, {"pinned": True})
        return copy(*arguments, **more)  # type: ignore[arg-type]

    versions.remove(world.ports, tenant.who.workspace_id, item)
    monkeypatch.setattr(world.ports.blobs, "copy", overtaken)
    versions.judge(world.ports, tenant.who, first, {"pinned": False})
    assert served(world, tenant, second) == first


def test_who_dies_after_judging_has_judged(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, item = draw(world, tenant)
    draw(world, tenant, item)
    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(versions, "sweep", lambda *arguments: crash())
        versions.judge(world.ports, tenant.who, first, {"pinned": True})
    assert served(world, tenant, first) != first
    world.settle()
    assert served(world, tenant, first) == first
    checks.nothing_is_left_over(world, tenant)


def test_what_cannot_be_judged(world: World, tenant: Tenant) -> None:
    upload = world.upload(tenant)
    with pytest.raises(BadRequest, match="upload"):
        versions.judge(world.ports, tenant.who, upload.id, {"pinned": True})
    pending = world.generate(tenant, IMAGE).job.assets["image"].id
    with pytest.raises(Conflict, match="not ready"):
        versions.judge(world.ports, tenant.who, pending, {"pinned": True})
    world.drain()
    both = {"pinned": True, "review": Review.REJECTED}
    with pytest.raises(BadRequest, match="rejected"):
        versions.judge(world.ports, tenant.who, pending, both)
    with pytest.raises(NotFound):
        versions.judge(world.ports, world.tenant("Other").who, pending, {"pinned": True})
