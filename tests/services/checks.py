"""What must be so when nothing is left to do."""

import hashlib

from shared.model.asset import Asset, AssetStatus, content_type
from shared.model.guide import Guide
from shared.model.job import Job, JobStatus
from shared.ports import Bucket
from tests.services.world import Tenant, World

ENTITIES = ("collections", "items", "assets", "links", "slugs")


def nothing_is_left_over(world: World, tenant: Tenant) -> None:
    """No task, no reminder, no progress, no placeholder."""
    assert world.deliveries() == []
    assert world.due() == []
    assert world.documents(tenant, "progress") == []
    assert [name for name, blob in world.public().items() if "placeholder" in blob.metadata] == []


def is_whole(world: World, tenant: Tenant, job: Job) -> None:
    """A completed job: each asset exactly once, ready, and public as its document says."""
    nothing_is_left_over(world, tenant)
    job = world.job(job)
    assert job.status is JobStatus.COMPLETED, job.error
    assets = [asset for asset in world.assets(tenant) if asset.job_id == job.id]
    assert {asset.id for asset in assets} == {planned.id for planned in job.assets.values()}
    for asset in assets:
        assert asset.status is AssetStatus.READY
        is_public(world, asset)
    links = [found.data for found in world.documents(tenant, "links")]
    targets = {link["target_asset_id"] for link in links}
    made_from_words = {planned.id for key, planned in job.assets.items() if key == "image"}
    assert targets | made_from_words >= {asset.id for asset in assets}
    known = world.ids(tenant, "assets")
    assert {link["source_asset_id"] for link in links} | targets <= known


def is_learned_once(world: World, tenant: Tenant) -> None:
    """Each judgement counts once, however often its step was run, and a card has one edition."""
    judged = 0
    for job in world.jobs(tenant):
        if step := job.steps.get("validate"):
            judged += len(step.retakes) + bool(step.outputs)
    [guide] = (Guide.load(document.data) for document in world.documents(tenant, "guides"))
    assert sum(caution.count for caution in guide.cautions) == judged
    editions = world.documents(tenant, "card_editions")
    assert [edition.data["card"]["version"] for edition in editions] == [guide.versions] == [1]


def is_public(world: World, asset: Asset) -> None:
    assert asset.content
    for path, known in zip(
        asset.paths, (asset.content, *asset.content.siblings.values()), strict=True
    ):
        blob = world.ports.blobs.stat(Bucket.ASSETS, path)
        assert blob
        content = world.ports.blobs.read(Bucket.ASSETS, path)
        assert hashlib.sha256(content).hexdigest() == known.sha256
        assert len(content) == known.bytes == blob.size
        assert blob.metadata["asset"] == asset.id
        assert blob.metadata["sha256"] == known.sha256
        assert blob.cache_control == "public, max-age=31536000, immutable"
        assert blob.content_type == content_type(path)


def is_gone(world: World, tenant: Tenant) -> None:
    """Nothing of a character is left but the record of its jobs."""
    nothing_is_left_over(world, tenant)
    assert world.served() == {}
    for kind in (*ENTITIES, "guides", "card_editions"):
        assert world.ids(tenant, kind) == set(), kind
