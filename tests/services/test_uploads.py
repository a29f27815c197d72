"""Uploads become clean pictures of the workspace."""

import io

import pytest
from PIL import Image

from shared.errors import BadRequest
from shared.model.asset import AssetStatus, AssetType
from shared.ports import Bucket
from shared.services import assets, uploads
from tests.services import checks
from tests.services.world import Tenant, World


def picture(kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (30, 20), (200, 100, 50)).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_upload_is_a_public_png(world: World, tenant: Tenant, kind: str) -> None:
    asset = uploads.store(world.ports, tenant.who, picture(kind))
    assert asset == assets.get(world.ports, tenant.who, asset.id)[0]
    assert (asset.type, asset.status) == (AssetType.IMAGE, AssetStatus.READY)
    assert asset.content
    assert (asset.content.width, asset.content.height) == (30, 20)
    blob = world.public()[asset.path]
    assert blob.metadata["asset"] == asset.id
    assert blob.size == asset.content.bytes
    content = world.ports.blobs.read(Bucket.ASSETS, asset.path)
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        assert image.size == (30, 20)
    world.drain()
    checks.nothing_is_left_over(world, tenant)


@pytest.mark.parametrize("content", [b"", b"no picture", picture()[:60]])
def test_what_is_no_picture_is_refused(world: World, tenant: Tenant, content: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        uploads.store(world.ports, tenant.who, content)
    assert caught.value.details["field"] == "file"
    assert world.public() == {}
    assert world.assets(tenant) == []
