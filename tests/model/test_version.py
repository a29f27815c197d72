"""Which version counts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.model.asset import Asset, AssetStatus, AssetType, Purpose, Review
from shared.model.version import best, best_path

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = "abc"


def version(number: int, **changes: Any) -> Asset:
    at = START + timedelta(hours=number)
    asset = Asset(
        id=NAMES[number],
        created_at=at,
        updated_at=at,
        project_id="p",
        collection_id="c",
        item_id="i",
        job_id="j",
        type=AssetType.IMAGE,
        path=f"prefix/felix/wave-{number}.png",
        status=AssetStatus.READY,
    )
    return asset.with_(**changes)


APPROVED, REJECTED = {"review": Review.APPROVED}, {"review": Review.REJECTED}
REVIEW = {"needs_review": True}
PENDING = {"status": AssetStatus.PENDING}
PINNED, LATER = {"pinned_at": START}, {"pinned_at": START + timedelta(days=1)}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (({}, {}, {}), "c"),
        (({}, {}, PENDING), "b"),
        (({}, {}, REVIEW), "b"),
        ((REVIEW, REVIEW, REVIEW), None),
        (({}, {}, REJECTED), "b"),
        ((REJECTED, REJECTED, REJECTED), None),
        ((APPROVED, {}, {}), "a"),
        ((APPROVED, APPROVED, {}), "b"),
        (({}, {}, REVIEW | APPROVED), "c"),
        ((PINNED, APPROVED, {}), "a"),
        ((LATER, PINNED, APPROVED), "a"),
        ((REVIEW | PINNED, {}, {}), "a"),
    ],
)
def test_the_best_version(changes: tuple[dict[str, Any], ...], expected: str | None) -> None:
    assets = [version(number, **change) for number, change in enumerate(changes)]
    for order in (assets, assets[::-1]):
        found = best(order)
        assert (found["image"].id if found else None) == expected


def test_each_kind_and_size_has_its_own() -> None:
    small = version(1, size=64, type=AssetType.WEBM)
    assert set(best([version(0), small])) == {"image", "webm_64"}


def test_a_way_back_does_not_compete_with_the_way_there() -> None:
    back = version(1, purpose=Purpose.REVERSE)
    assert set(best([version(0), back])) == {"image", "reverse_image"}
    assert best_path(back) == "prefix/best/i/reverse_image.png"


def test_the_stable_name_depends_on_the_item_alone() -> None:
    assert best_path(version(0)) == best_path(version(2)) == "prefix/best/i/image.png"
    assert best_path(version(0, size=64, type=AssetType.HEVC)) == "prefix/best/i/hevc_64.mov"
