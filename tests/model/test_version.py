"""Which versions count."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.model.asset import USUAL_FORMATS, Asset, AssetStatus, AssetType, Purpose, Review, Take
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
        take=Take(still_ids=(NAMES[number],)),
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


def still(
    take: str, hour: int, type_: AssetType = AssetType.TRANSPARENT_IMAGE, **more: Any
) -> Asset:
    """A file of the still of a take, made in an hour."""
    return version(0, **{"id": f"{take}-{type_}-{hour}", "type": type_, **hours(hour)}).with_(
        take=Take(still_ids=(take,)), **more
    )


def film(take: str, hour: int, type_: AssetType, still: str | None = None, **more: Any) -> Asset:
    """A file of the film of a take, that was made from the still of the same name or another."""
    return version(0, **{"id": f"{take}-{type_}-{hour}", "type": type_, **hours(hour)}).with_(
        take=Take(still_ids=(still or take,), film_id=f"{take}-film"), **more
    )


def hours(number: int) -> dict[str, Any]:
    return {"created_at": START + timedelta(hours=number)}


def whole(take: str, hour: int, **more: Any) -> list[Asset]:
    """All usual files of a take."""
    stills = [still(take, hour, type_) for type_ in (AssetType.IMAGE, AssetType.TRANSPARENT_IMAGE)]
    films = [film(take, hour, type_, **more) for type_ in (AssetType.VIDEO, *USUAL_FORMATS)]
    return stills + films


def takes(found: dict[str, Asset]) -> set[str]:
    """The names of the takes that files are of."""
    return {asset.id.split("-")[0] for asset in found.values()}


FILMS = {"video", "webm", "hevc", "stacked_video"}
KINDS = {"image", "transparent_image", *FILMS}


def test_a_set_is_of_one_take() -> None:
    """The still that was edited has no film yet, and would be beside that of the old one."""
    old = whole("old", 0)
    edited = [still("new", 1), still("new", 1, AssetType.IMAGE)]
    found = best(old + edited)
    assert takes(found) == {"old"}
    assert set(found) == KINDS
    found = best(old + edited + [film("new", 2, AssetType.VIDEO), film("new", 2, AssetType.WEBM)])
    assert takes(found) == {"old"}  # it lacks two formats
    found = best(old + whole("new", 2))
    assert takes(found) == {"new"}


def test_a_pinned_still_stands_alone() -> None:
    """Who pins it knows that it has no film."""
    old = whole("old", 0)
    found = best([*old, still("new", 1, pinned_at=START), still("new", 1, AssetType.IMAGE)])
    assert takes(found) == {"new"}
    assert set(found) == {"image", "transparent_image"}


def test_a_film_comes_with_its_own_still() -> None:
    """Two films of one still: what is said of one says nothing of the other."""
    first, second = (
        whole("a", 0),
        [film("b", 1, type_, "a") for type_ in (AssetType.VIDEO, *USUAL_FORMATS)],
    )
    found = best(first + second)
    assert takes(found) == {"a", "b"}
    assert takes({key: found[key] for key in FILMS}) == {"b"}
    rejected = [one.with_(**REJECTED) if one.type is AssetType.WEBM else one for one in second]
    assert takes(best(first + rejected)) == {"a"}
    renewed = [*rejected, film("b", 2, AssetType.WEBM, "a")]
    assert takes({key: best(first + renewed)[key] for key in FILMS}) == {"b"}


def test_without_its_still_a_film_counts_no_more() -> None:
    rejected = [
        one.with_(**REJECTED) if one.type is AssetType.IMAGE else one for one in whole("b", 1)
    ]
    assert takes(best(whole("a", 0) + rejected)) == {"a"}
    assert best(rejected) == {}


def test_what_is_approved_of_a_set_settles_all_of_it() -> None:
    doubted = [one.with_(**REVIEW) for one in whole("b", 1)]
    assert takes(best(whole("a", 0) + doubted)) == {"a"}
    assert takes(best(whole("a", 0) + doubted, doubtful=True)) == {"b"}
    approved = [one.with_(**APPROVED) if one.type is AssetType.WEBM else one for one in doubted]
    assert takes(best(whole("a", 0) + approved)) == {"b"}


def test_a_deleted_video_leaves_its_formats_together() -> None:
    left = [one for one in whole("b", 1) if one.type is not AssetType.VIDEO]
    found = best(whole("a", 0) + left)
    assert takes(found) == {"b"}
    assert set(found) == KINDS - {"video"}


def test_each_kind_and_size_has_its_own() -> None:
    found = best(
        [still("a", 0), still("a", 0, size=64, id="a-small"), film("a", 1, AssetType.WEBM)]
    )
    assert set(found) == {"transparent_image", "transparent_image_64", "webm"}


def test_a_way_back_does_not_compete_with_the_way_there() -> None:
    back = film("a", 1, AssetType.WEBM, purpose=Purpose.REVERSE)
    assert set(best([*whole("a", 0), back])) == {*KINDS, "reverse_webm"}
    assert best_path(back) == "prefix/best/i/reverse_webm.webm"


def test_the_end_of_a_transition_is_nothing_without_it() -> None:
    end = still("end", 3, purpose=Purpose.END)
    assert set(best([still("a", 0), end])) == {"transparent_image"}
    way = film("a", 1, AssetType.WEBM).with_(take=Take(still_ids=("a", "end"), film_id="way"))
    assert set(best([still("a", 0), end, way])) == {
        "transparent_image",
        "end_transparent_image",
        "webm",
    }


def test_files_that_name_no_take_belong_together() -> None:
    """As older ones do; they are not mixed with others."""
    nameless = [one.with_(take=Take()) for one in whole("a", 0)]
    assert set(best(nameless)) == KINDS
    assert takes(best([*nameless, *whole("b", 1)])) == {"b"}


def test_the_stable_name_depends_on_the_item_alone() -> None:
    assert best_path(version(0)) == best_path(version(2)) == "prefix/best/i/image.png"
    assert best_path(version(0, size=64, type=AssetType.HEVC)) == "prefix/best/i/hevc_64.mov"
