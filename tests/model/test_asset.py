"""Names and types of files."""

from shared.model.asset import CONTENT_TYPES, EXTENSIONS, WEB_FORMATS, AssetType, asset_key
from shared.services import placeholders
from tests.graph.jobs import FILM, planned


def test_every_type_has_an_extension_and_a_content_type() -> None:
    assert set(EXTENSIONS) == set(AssetType)
    assert set(CONTENT_TYPES) == set(EXTENSIONS.values())


def test_a_variant_is_named_after_its_size() -> None:
    assert asset_key(AssetType.WEBM, None) == "webm"
    assert asset_key(AssetType.STACKED_VIDEO, 256) == "stacked_video_256"


def test_assets_know_their_content_type() -> None:
    kinds = {asset.type: asset.content_type for asset in planned(FILM).assets}
    assert set(kinds) == set(AssetType)
    assert kinds[AssetType.HEVC] == "video/quicktime"
    assert kinds[AssetType.WEBM] == "video/webm"
    assert kinds[AssetType.TRANSPARENT_IMAGE] == "image/png"
    for asset in planned(FILM).job.assets.values():
        assert placeholders.content_type(asset) == kinds[asset.type]


def test_web_formats_are_types() -> None:
    assert {AssetType.WEBM, AssetType.HEVC, AssetType.STACKED_VIDEO} == set(WEB_FORMATS)
