"""Names and types of files."""

from shared.media.formats import FORMATS
from shared.model.asset import (
    CONTENT_TYPES,
    EXTENSIONS,
    SIBLINGS,
    USUAL_FORMATS,
    WEB_FORMATS,
    AssetType,
    asset_key,
    content_type,
)
from shared.model.job import files
from tests.graph.jobs import FILM, IMAGE, planned


def test_every_type_has_an_extension_and_a_content_type() -> None:
    assert set(EXTENSIONS) == set(AssetType)
    siblings = {extension for found in SIBLINGS.values() for extension in found}
    assert set(CONTENT_TYPES) == {*EXTENSIONS.values(), *siblings}


def test_a_variant_is_named_after_its_size() -> None:
    assert asset_key(AssetType.WEBM, None) == "webm"
    assert asset_key(AssetType.STACKED_VIDEO, 256) == "stacked_video_256"


def test_every_file_of_a_film_is_named_and_has_a_content_type() -> None:
    job = planned(FILM).job
    types = {key: content_type(path) for key, (_, path) in files(job.assets).items()}
    assert types == {
        "image": "image/png",
        "transparent_image": "image/png",
        "transparent_image_webp": "image/webp",
        "video": "video/mp4",
        "webm": "video/webm",
        "hevc": "video/quicktime",
        "stacked_video": "video/mp4",
    }


def test_a_sibling_lies_beside_its_asset_and_shares_its_id() -> None:
    job = planned({**IMAGE, "sizes": [256]}).job
    found = files(job.assets)
    own, sibling = found["transparent_image_256"], found["transparent_image_webp_256"]
    assert own[1].endswith("-256.png")
    assert sibling == (own[0], own[1].removesuffix("png") + "webp")


def test_web_formats_are_types() -> None:
    assert {AssetType.WEBM, AssetType.HEVC, AssetType.STACKED_VIDEO} == set(USUAL_FORMATS)
    assert set(USUAL_FORMATS) < set(WEB_FORMATS)


def test_every_web_format_is_one_that_is_encoded() -> None:
    """Under the name, the extension and the content type that its files are served with."""
    encoded = {one.name: (one.extension, one.content_type) for one in FORMATS.values()}
    served = {
        type_: (EXTENSIONS[type_], content_type(f"a.{EXTENSIONS[type_]}")) for type_ in WEB_FORMATS
    }
    assert encoded == served
