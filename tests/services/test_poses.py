"""The size variants of a character's stills stand in one frame, set by the first of them."""

import numpy as np
import pytest
from PIL import Image

from functions.steps import cutout, resize, validate
from shared.model.asset import Asset, AssetType
from shared.model.job import JobStatus, StepKind
from shared.model.stance import Stance
from shared.services import guides
from shared.services.steps import Made, MadeFile, StepContext
from tests.graph.jobs import FILM, IMAGE
from tests.services.world import PROVENANCE, Tenant, World, extract

GREEN = (0, 255, 0)
NEAR, FAR = (60, 30, 135, 180), (100, 90, 130, 150)


def sketch(context: StepContext) -> Made:
    """A body with an arm on a green ground; "Far" shows it two fifths as large, and aside."""
    (key,) = context.step.files
    left, top, right, bottom = FAR if context.job.item_name == "Far" else NEAR
    pixels = np.full((200, 200, 3), GREEN, np.uint8)
    pixels[top:bottom, left:right] = (200, 60, 60)
    pixels[top - 10 : top, left : left + 4] = (40, 30, 30)
    Image.fromarray(pixels).save(context.target(key))
    metadata = {"background": list(GREEN)}
    return Made({key: MadeFile(context.target(key), 200, 200, PROVENANCE, metadata=metadata)})


@pytest.fixture(autouse=True)
def real_steps(world: World) -> None:
    world.codes |= {
        StepKind.IMAGE: sketch,
        StepKind.CUTOUT: cutout.run,
        StepKind.VALIDATE: validate.run,
        StepKind.RESIZE: resize.run,
        StepKind.STYLE_CARD: lambda _: Made(),
    }


def cutouts(world: World, tenant: Tenant, name: str, type_: str = "image") -> dict[int, Asset]:
    """The cut-outs of a new pose, by their width."""
    request = {**IMAGE, "type": type_, "name": name, "sizes": [100]}
    job = world.generate(tenant, request).job
    world.drain()
    assert world.job(job).status is JobStatus.COMPLETED, world.job(job).error
    return {
        asset.content.width: asset
        for asset in world.assets(tenant)
        if asset.job_id == job.id and asset.type is AssetType.TRANSPARENT_IMAGE and asset.content
    }


def stance(asset: Asset) -> Stance:
    assert asset.content
    assert asset.content.stance
    return asset.content.stance


def test_the_variants_of_a_later_pose_stand_where_those_of_the_first_do(
    world: World, tenant: Tenant
) -> None:
    first, second = (cutouts(world, tenant, name) for name in ("Near", "Far"))
    guide = guides.load(world.ports.documents, tenant.who.workspace_id, tenant.collection.id)
    assert guide
    assert guide.anchor
    assert stance(second[200]).unit == pytest.approx(0.4 * stance(first[200]).unit, rel=0.05)
    near, far = stance(first[100]), stance(second[100])
    assert (far.ground, far.centre) == (near.ground, near.centre)
    assert far.unit == pytest.approx(near.unit, rel=0.01)
    assert (far.box[0], *far.box[2:]) == pytest.approx((near.box[0], *near.box[2:]), abs=1)


def test_full_sizes_stay_as_they_were_drawn(world: World, tenant: Tenant) -> None:
    """Films start from them."""
    cutouts(world, tenant, "Near")
    found = stance(cutouts(world, tenant, "Far")[200])
    assert found.box == pytest.approx((FAR[0], FAR[1] - 10, FAR[2], FAR[3]), abs=1)


def test_a_forgotten_card_takes_the_frame_along(world: World, tenant: Tenant) -> None:
    world.codes[StepKind.STYLE_CARD] = extract
    first = cutouts(world, tenant, "Near")
    guides.clear_card(world.ports, tenant.who, tenant.collection.id)
    again = cutouts(world, tenant, "Far")
    assert stance(again[100]).ground == stance(first[100]).ground
    guide = guides.load(world.ports.documents, tenant.who.workspace_id, tenant.collection.id)
    assert guide
    assert guide.anchor
    assert guide.anchor.unit * 100 == pytest.approx(stance(again[100]).unit, rel=0.01)


def test_a_logo_and_a_film_set_no_frame(world: World, tenant: Tenant) -> None:
    logo = cutouts(world, tenant, "Logo", "logo")
    assert logo[100].content
    assert logo[100].content.stance is None
    world.generate(tenant, FILM)
    world.drain()
    guide = guides.load(world.ports.documents, tenant.who.workspace_id, tenant.collection.id)
    assert guide is None or guide.anchor is None
