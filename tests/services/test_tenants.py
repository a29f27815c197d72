"""Nothing of one workspace can be seen, changed or used from another."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.config import Settings
from shared.errors import BadRequest, NotFound
from shared.model.item import ItemType
from shared.model.job import Job
from shared.model.request import GenerateRequest
from shared.ports import Ports
from shared.services import (
    assets,
    collections,
    deletion,
    generation,
    items,
    jobs,
    projects,
)
from shared.services.keys import Principal
from tests.graph.jobs import FILM_FROM_STILL, IMAGE
from tests.services.world import KINDS, Tenant, World

Use = Callable[[Ports, Principal, "Victim"], Any]


class Victim:
    """Somebody with one of everything."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self.tenant = tenant
        self.project = tenant.project_id
        self.collection = tenant.collection.id
        self.reference = world.upload(tenant).id
        collections.add_reference(world.ports, tenant.who, self.collection, self.reference)
        made = world.generate(tenant)
        world.drain()
        self.job: Job = world.job(made.job)
        self.item = made.item.id
        self.still = self.job.assets["transparent_image"].id

    def generate(self, ports: Ports, who: Principal, collection: str, **request: Any) -> Any:
        wanted = GenerateRequest.model_validate({"name": "Wave", **request})
        return generation.generate(ports, Settings(), who, collection, wanted)


USES: dict[str, Use] = {
    "see a project": lambda p, who, v: projects.get(p, who, v.project),
    "rename a project": lambda p, who, v: projects.rename(p, who, v.project, "Mine"),
    "delete a project": lambda p, who, v: deletion.delete_project(p, who, v.project),
    "create a collection": lambda p, who, v: collections.create(
        p, who, project_id=v.project, name="Mine", prompt="mine"
    ),
    "see a collection": lambda p, who, v: collections.get(p, who, v.collection),
    "change a collection": lambda p, who, v: collections.update(p, who, v.collection, {}),
    "add a reference": lambda p, who, v: collections.add_reference(
        p, who, v.collection, v.reference
    ),
    "remove a reference": lambda p, who, v: collections.remove_reference(
        p, who, v.collection, v.reference
    ),
    "delete a collection": lambda p, who, v: deletion.delete_collection(p, who, v.collection),
    "create an item": lambda p, who, v: items.create(p, who, v.collection, ItemType.IMAGE, "Mine"),
    "see an item": lambda p, who, v: items.get(p, who, v.item),
    "rename an item": lambda p, who, v: items.rename(p, who, v.item, "Mine"),
    "delete an item": lambda p, who, v: deletion.delete_item(p, who, v.item),
    "see an asset": lambda p, who, v: assets.get(p, who, v.still),
    "see an upload": lambda p, who, v: assets.get(p, who, v.reference),
    "see links of an asset": lambda p, who, v: assets.links_of_asset(p, who, v.still),
    "delete an asset": lambda p, who, v: deletion.delete_asset(p, who, v.still),
    "see a job": lambda p, who, v: jobs.get(p, who, v.job.id),
    "wait for a job": lambda p, who, v: jobs.wait(p, who, v.job.id, 0),
    "generate": lambda p, who, v: v.generate(p, who, v.collection, **IMAGE),
}


def stored(world: World, tenant: Tenant) -> list[Any]:
    return [world.documents(tenant, kind) for kind in (*KINDS, "slugs")]


@pytest.fixture
def victim(world: World, tenant: Tenant) -> Victim:
    return Victim(world, tenant)


@pytest.fixture
def stranger(world: World) -> Tenant:
    return world.tenant("Stranger")


@pytest.mark.parametrize("use", USES)
def test_a_stranger_cannot(world: World, victim: Victim, stranger: Tenant, use: str) -> None:
    before, public = stored(world, victim.tenant), world.public()
    with pytest.raises((NotFound, BadRequest)):
        USES[use](world.ports, stranger.who, victim)
    world.drain()
    assert stored(world, victim.tenant) == before
    assert world.public() == public
    # Its owner can; otherwise the test would show nothing.
    USES[use](world.ports, victim.tenant.who, victim)


def test_a_stranger_sees_no_links(world: World, victim: Victim, stranger: Tenant) -> None:
    for links in (assets.links_of_item, assets.links_from):
        id_ = victim.item if links is assets.links_of_item else victim.still
        assert links(world.ports, victim.tenant.who, id_)
        assert not links(world.ports, stranger.who, id_)


def test_a_stranger_cannot_use_ones_own_with_anothers(
    world: World, victim: Victim, stranger: Tenant
) -> None:
    own = stranger.collection.id
    uses: list[dict[str, Any]] = [
        {**IMAGE, "item_id": victim.item},
        {**FILM_FROM_STILL, "source_image_asset_id": victim.still},
        {**FILM_FROM_STILL, "source_image_asset_id": victim.reference},
    ]
    for request in uses:
        with pytest.raises(BadRequest):
            victim.generate(world.ports, stranger.who, own, **request)
    with pytest.raises(BadRequest):
        collections.add_reference(world.ports, stranger.who, own, victim.reference)
