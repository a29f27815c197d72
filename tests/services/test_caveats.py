"""What is said before anything is paid."""

from typing import Any

import pytest

from shared.model.request import GenerateRequest
from shared.services import generation
from tests.graph.jobs import EDIT, FILM, LOGO
from tests.services.world import Tenant, World


def said(world: World, tenant: Tenant, request: dict[str, Any]) -> tuple[str, ...]:
    """The warnings of a request that is planned, and not begun."""
    wanted = GenerateRequest.model_validate({"name": "Wave", **request})
    proposal = generation.propose(
        world.ports, world.settings, tenant.who, tenant.collection.id, wanted
    )
    return proposal.plan.job.warnings


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (FILM, ""),
        ({**FILM, "image_prompt": "riding a unicycle"}, "riding, unicycle"),
        ({**FILM, "animation_prompt": "waves at the moon 🌝"}, "moon, 🌝"),
        ({**FILM, "image_prompt": "with a spoon", "animation_prompt": "eats"}, "spoon, eats"),
    ],
)
def test_the_offline_artist_names_what_it_leaves_out(
    world: World, tenant: Tenant, request_: dict[str, Any], words: str
) -> None:
    found = said(world, tenant, request_)
    assert [one.rpartition("it leaves out: ")[2].rstrip(".") for one in found] == (
        [words] if words else []
    )


def test_others_are_believed_to_know_all_words(world: World, tenant: Tenant) -> None:
    strange = {**FILM, "image_prompt": "riding a unicycle", "animation_prompt": "juggles"}
    assert "juggles" in said(world, tenant, {**strange, "image_provider": "google"})[0]
    others = {"image_provider": "google", "video_provider": "fal"}
    assert said(world, tenant, {**strange, **others}) == ()


def test_an_edit_is_told_what_it_asks_for_in_vain(world: World, tenant: Tenant) -> None:
    drawn = world.generate(tenant, {"type": "image", "image_prompt": "riding a unicycle"})
    world.drain()
    source = {"source_image_asset_id": drawn.job.assets["image"].id}
    edit = {**EDIT, **source, "edit_instructions": "add a monocle"}
    [warning] = said(world, tenant, edit)
    assert "monocle" in warning
    assert said(world, tenant, {**EDIT, **source}) == ()


def test_a_logo_too(world: World, tenant: Tenant) -> None:
    assert said(world, tenant, LOGO) == ()
