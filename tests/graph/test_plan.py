"""From a request to a graph: steps, assets, links, price and paths."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from shared.graph.draft import Plan
from shared.graph.plan import Still
from shared.model.asset import AssetType, Content, Purpose, Take
from shared.model.collection import Cdn, Settings
from shared.model.job import JobType, StepKind, StepStatus
from shared.model.link import Role
from tests.graph.jobs import (
    EDIT,
    END_ID,
    FILM,
    FILM_FROM_STILL,
    IMAGE,
    LOGO,
    PREFIX,
    SOURCE_ID,
    THERE_AND_BACK,
    TRANSITION,
    planned,
    turned,
)

CUTOUT = Still(SOURCE_ID, AssetType.TRANSPARENT_IMAGE, Take(still_ids=(SOURCE_ID,)))
PLAIN = Still(SOURCE_ID, AssetType.IMAGE, Take(still_ids=(SOURCE_ID,)))
END_CUTOUT = Still(END_ID, AssetType.TRANSPARENT_IMAGE, Take(still_ids=(END_ID,)))
END_PLAIN = Still(END_ID, AssetType.IMAGE, Take(still_ids=(END_ID,)))

FORMATS = ("webm", "hevc", "stacked_video")
TRANSCODES = {"transcode": FORMATS}


def makes(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {step_id: step.makes for step_id, step in plan.job.steps.items()}


NOTHING: dict[str, tuple[str, ...]] = {"image": (), "cutout": ()}
"""What the steps that only make drafts make public."""


def drafts(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {step_id: step.drafts for step_id, step in plan.job.steps.items() if step.drafts}


def needs(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {step_id: step.needs for step_id, step in plan.job.steps.items()}


def fired(plan: Plan) -> dict[str, str]:
    return {id_: step.fired_by for id_, step in plan.job.steps.items() if step.fired_by}


def links(plan: Plan) -> set[tuple[str, str, Role]]:
    """The links, with the assets of the job by their keys and others by their ids."""
    keys = {asset.id: key for key, asset in plan.job.assets.items()}
    return {
        (
            keys.get(link.source_asset_id, link.source_asset_id),
            keys[link.target_asset_id],
            link.role,
        )
        for link in plan.links
    }


def sources(*pairs: tuple[str, str]) -> set[tuple[str, str, Role]]:
    return {(source, target, Role.SOURCE) for source, target in pairs}


WEB_LINKS = sources(("video", "webm"), ("video", "hevc"), ("video", "stacked_video"))


# --- the graphs ----------------------------------------------------------------------------------


def test_an_image() -> None:
    plan = planned(IMAGE)
    assert plan.job.type is JobType.IMAGE_GENERATION
    assert makes(plan) == {**NOTHING, "validate": ("image", "transparent_image")}
    assert drafts(plan) == {"image": ("image",), "cutout": ("transparent_image",)}
    assert needs(plan) == {"image": (), "cutout": ("image",), "validate": ("cutout",)}
    assert fired(plan) == {}
    assert links(plan) == sources(("image", "transparent_image"))
    assert plan.job.cost_credits == 1
    assert plan.job.steps["image"].params["action"] == "waving"
    still, cutout = (plan.job.assets[key].id for key in ("image", "transparent_image"))
    assert plan.job.steps["cutout"].inputs == {"image": still}
    assert plan.job.steps["validate"].inputs == {"image": still, "cutout": cutout}


def test_an_image_in_sizes() -> None:
    plan = planned({**IMAGE, "sizes": [256, "512x512", 256]})
    assert makes(plan)["resize"] == ("transparent_image_512", "transparent_image_256")
    assert needs(plan)["resize"] == ("validate",)
    assert fired(plan) == {"resize": "transparent_image"}
    assert links(plan) == sources(
        ("image", "transparent_image"),
        ("transparent_image", "transparent_image_512"),
        ("transparent_image", "transparent_image_256"),
    )


def test_a_film_with_a_new_still() -> None:
    plan = planned(FILM)
    assert plan.job.type is JobType.ITEM_GENERATION
    assert makes(plan) == {
        **NOTHING,
        "validate": ("image", "transparent_image"),
        "video": ("video",),
        **TRANSCODES,
    }
    assert needs(plan) == {
        "image": (),
        "cutout": ("image",),
        "validate": ("cutout",),
        "video": ("validate",),
        **dict.fromkeys(TRANSCODES, ("video",)),
    }
    assert fired(plan) == dict.fromkeys(TRANSCODES, "video")
    assert plan.job.cost_credits == 21
    still = plan.job.assets["transparent_image"].id
    assert plan.job.steps["video"].inputs == {"still": still, "end_still": still}
    step = plan.job.steps["transcode"]
    assert step.inputs == {"video": plan.job.assets["video"].id, "still": still}


def test_a_loop_starts_and_ends_in_the_same_still() -> None:
    assert links(planned(FILM)) == (
        sources(("image", "transparent_image"), ("transparent_image", "video"))
        | {("transparent_image", "video", Role.END_FRAME)}
        | WEB_LINKS
    )


def test_a_film_that_does_not_loop_has_no_end_frame() -> None:
    plan = planned({**FILM, "loop": False})
    assert not any(link.role is Role.END_FRAME for link in plan.links)
    assert plan.job.steps["video"].params["loop"] is False
    assert "end_still" not in plan.job.steps["video"].inputs


def test_a_film_of_a_cutout() -> None:
    plan = planned(FILM_FROM_STILL, source=CUTOUT)
    assert plan.job.type is JobType.ANIMATION
    assert makes(plan) == {"video": ("video",), **TRANSCODES}
    assert needs(plan)["video"] == ()
    assert plan.job.steps["video"].inputs["still"] == SOURCE_ID
    assert plan.job.cost_credits == 20
    assert links(plan) == (
        sources((SOURCE_ID, "video")) | {(SOURCE_ID, "video", Role.END_FRAME)} | WEB_LINKS
    )


def test_a_film_of_a_plain_image_cuts_it_out_first() -> None:
    plan = planned(FILM_FROM_STILL, source=PLAIN)
    assert makes(plan) == {"cutout": ("transparent_image",), "video": ("video",), **TRANSCODES}
    assert plan.job.steps["cutout"].needs == ()
    assert plan.job.steps["cutout"].inputs == {"image": SOURCE_ID}
    assert needs(plan)["video"] == ("cutout",)
    assert plan.job.cost_credits == 20
    assert (SOURCE_ID, "transparent_image", Role.SOURCE) in links(plan)
    assert ("transparent_image", "video", Role.END_FRAME) in links(plan)


def test_a_transition_between_two_cutouts() -> None:
    plan = planned(TRANSITION, source=CUTOUT, end=END_CUTOUT)
    assert makes(plan) == {"video": ("video",), **TRANSCODES}
    assert plan.job.steps["video"].inputs == {"still": SOURCE_ID, "end_still": END_ID}
    assert plan.job.steps["video"].params["loop"] is False
    assert links(plan) == (
        sources((SOURCE_ID, "video")) | {(END_ID, "video", Role.END_FRAME)} | WEB_LINKS
    )


def test_a_transition_between_two_plain_images_waits_for_both_cutouts() -> None:
    plan = planned(TRANSITION, source=PLAIN, end=END_PLAIN)
    assert makes(plan) == {
        "cutout": ("transparent_image",),
        "cutout-end": ("end_transparent_image",),
        "video": ("video",),
        **TRANSCODES,
    }
    assert needs(plan)["video"] == ("cutout", "cutout-end")
    assert plan.job.steps["cutout-end"].inputs == {"image": END_ID}
    assets = plan.job.assets
    assert plan.job.steps["video"].inputs == {
        "still": assets["transparent_image"].id,
        "end_still": assets["end_transparent_image"].id,
    }
    assert links(plan) == (
        sources(
            (SOURCE_ID, "transparent_image"),
            (END_ID, "end_transparent_image"),
            ("transparent_image", "video"),
        )
        | {("end_transparent_image", "video", Role.END_FRAME)}
        | WEB_LINKS
    )


def test_the_way_back_is_made_of_the_way_there_and_is_free() -> None:
    plan = planned({**THERE_AND_BACK, "sizes": [256]}, source=CUTOUT, end=END_CUTOUT)
    assert plan.job.type is JobType.ANIMATION
    assert plan.job.cost_credits == 20
    back = {
        "transcode-reverse": tuple(
            f"reverse_{format_}{size}" for format_ in FORMATS for size in ("", "_256")
        )
    }
    made = makes(plan)
    assert {step: made[step] for step in ("reverse", *back)} == {
        "reverse": ("reverse_video",),
        **back,
    }
    assert needs(plan)["reverse"] == ("video",)
    assert fired(plan) == {
        "reverse": "video",
        **dict.fromkeys(TRANSCODES, "video"),
        **dict.fromkeys(back, "reverse_video"),
    }
    assert plan.job.steps["reverse"].inputs == {"video": plan.job.assets["video"].id}
    assert plan.job.steps["transcode-reverse"].inputs == {
        "video": plan.job.assets["reverse_video"].id,
        "still": END_ID,
    }
    assert links(plan) >= sources(("video", "reverse_video"), ("reverse_video", "reverse_webm")) | {
        (SOURCE_ID, "reverse_video", Role.END_FRAME)
    }
    purposes = {asset.id: asset.purpose for asset in plan.assets}
    for key, asset in plan.job.assets.items():
        assert purposes[asset.id] is (Purpose.REVERSE if key.startswith("reverse_") else None)


def test_what_players_need_waits_for_no_other_format() -> None:
    settings = Settings(extra_formats=(AssetType.GIF, AssetType.AVIF))
    there = planned({**THERE_AND_BACK, "sizes": [64]}, settings=settings, source=CUTOUT, end=PLAIN)
    made = {
        step: {there.job.assets[key].type.value for key in keys}
        for step, keys in makes(there).items()
        if step.startswith("transcode")
    }
    assert made == {
        "transcode": {*FORMATS},
        "transcode-gif": {"gif"},
        "transcode-avif": {"avif"},
        "transcode-reverse": {*FORMATS},
        "transcode-reverse_gif": {"gif"},
        "transcode-reverse_avif": {"avif"},
    }


@pytest.mark.parametrize(("side", "steps"), [(512, 1), (1920, 3)])
def test_each_format_of_a_long_video_has_a_lease_of_its_own(side: int, steps: int) -> None:
    [video] = [asset for asset in planned(FILM).assets if asset.type is AssetType.VIDEO]
    content = Content(sha256="", bytes=1, width=side, height=side, frames=240)
    job = turned(video.with_(id="a-video", content=content), ()).job
    found = [step.makes for step in job.steps.values() if step.kind is StepKind.TRANSCODE]
    assert len(found) == steps
    assert sum(found, ()) == tuple(f"reverse_{format_}" for format_ in FORMATS)


def test_the_way_back_of_a_finished_video() -> None:
    there = planned(TRANSITION, source=CUTOUT, end=END_CUTOUT)
    (video,) = (asset for asset in there.assets if asset.type is AssetType.VIDEO)
    to_video = [link for link in there.links if link.target_asset_id == video.id]
    video = video.with_(id="a-video")  # ids are counted anew
    plan = turned(video, to_video, Settings(animation_sizes=(256, 1024)))
    assert (plan.job.type, plan.job.cost_credits) == (JobType.REVERSE, 0)
    assert needs(plan)["reverse"] == ()
    assert fired(plan) == {"transcode-reverse": "reverse_video"}
    assert set(plan.job.assets) == {
        "reverse_video",
        *(f"reverse_{format_}{size}" for format_ in FORMATS for size in ("", "_256")),
    }
    assert len(plan.job.warnings) == 1
    assert links(plan) >= {
        (video.id, "reverse_video", Role.SOURCE),
        (SOURCE_ID, "reverse_video", Role.END_FRAME),
    }
    assert "still" not in turned(video, ()).job.steps["transcode-reverse"].inputs


EVERY_PLAN = [
    pytest.param(IMAGE, None, None, id="image"),
    pytest.param({**IMAGE, "sizes": [64, 128]}, None, None, id="image in sizes"),
    pytest.param(FILM, None, None, id="film"),
    pytest.param({**FILM, "sizes": [64, 128]}, None, None, id="film in sizes"),
    pytest.param(FILM_FROM_STILL, CUTOUT, None, id="film of a cutout"),
    pytest.param(FILM_FROM_STILL, PLAIN, None, id="film of an image"),
    pytest.param(TRANSITION, PLAIN, END_PLAIN, id="transition"),
    pytest.param(THERE_AND_BACK, PLAIN, END_PLAIN, id="there and back"),
]


@pytest.mark.parametrize(("request_", "source", "end"), EVERY_PLAN)
def test_every_plan_is_whole(
    request_: dict[str, Any], source: Still | None, end: Still | None
) -> None:
    plan = planned(request_, source=source, end=end)
    job = plan.job
    made = [key for step in job.steps.values() for key in step.makes]
    assert sorted(made) == sorted(job.assets), "each asset is made public by exactly one step"
    drawn = [key for step in job.steps.values() for key in step.drafts]
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(made), "each draft is judged"
    assert [asset.id for asset in plan.assets] == [asset.id for asset in job.assets.values()]
    assert all(asset.job_id == job.id and asset.item_id == "item" for asset in plan.assets)
    assert len({asset.path for asset in plan.assets}) == len(plan.assets)
    assert {link.target_asset_id for link in plan.links} | {"image"} >= {
        asset.id for key, asset in job.assets.items() if key != "image"
    }, "only a drawing from words comes from no other asset"
    assert all(link.item_id == "item" for link in plan.links)
    known: set[str] = set()
    for step_id, step in job.steps.items():
        assert set(step.needs) <= known, "steps are listed after what they need"
        assert step.status is StepStatus.BLOCKED
        known.add(step_id)
        if step.fired_by:
            (source_step,) = step.needs
            assert step.fired_by in job.steps[source_step].makes


# --- prices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "source", "cost"),
    [
        (IMAGE, None, 1),
        ({**IMAGE, "sizes": [64, 128, 256]}, None, 1),
        (FILM, None, 21),
        ({**FILM, "duration": 1}, None, 6),
        ({**FILM, "duration": 2.5}, None, 16),
        (FILM_FROM_STILL, CUTOUT, 20),
        (THERE_AND_BACK, CUTOUT, 20),
        (FILM_FROM_STILL, PLAIN, 20),
        (EDIT, PLAIN, 1),
        (LOGO, None, 5),
    ],
)
def test_prices(request_: dict[str, Any], source: Still | None, cost: int) -> None:
    assert planned(request_, source=source).job.cost_credits == cost


def test_a_begun_second_counts() -> None:
    assert planned({**FILM_FROM_STILL, "duration": 3.01}, source=CUTOUT).job.cost_credits == 20


# --- edits and logos -----------------------------------------------------------------------------


@pytest.mark.parametrize("source", [PLAIN, CUTOUT])
def test_an_edit_is_a_new_still_of_an_old_one(source: Still) -> None:
    made = planned(EDIT, source=source)
    assert set(made.job.steps) == {"image", "cutout", "validate"}
    assert made.job.steps["validate"].params["shows"] == "edit"
    image = made.job.steps["image"]
    assert image.inputs == {"edited": SOURCE_ID}
    assert image.params["instructions"] == "make the scarf red"
    keys = {asset.id: key for key, asset in made.job.assets.items()}
    links = {(link.source_asset_id, keys[link.target_asset_id]) for link in made.links}
    assert links == {
        (SOURCE_ID, "image"),
        (made.job.assets["image"].id, "transparent_image"),
    }


def test_a_logo_is_a_still_in_another_frame() -> None:
    made = planned(LOGO)
    assert set(made.job.assets) == {"image", "transparent_image"}
    assert made.job.steps["image"].params["framing"] == "logo"
    assert made.job.steps["validate"].params["shows"] == "logo"
    assert planned(IMAGE).job.steps["image"].params["framing"] == "figure"


# --- the style card ------------------------------------------------------------------------------


def test_a_card_from_references_comes_before_the_picture() -> None:
    plan = planned(IMAGE, references=("r1", "r2"), has_card=False)
    assert list(plan.job.steps) == ["style_card", "image", "cutout", "validate"]
    card = plan.job.steps["style_card"]
    assert (card.needs, card.files) == ((), ())
    assert card.inputs == {"picture_1": "r1", "picture_2": "r2"}
    assert plan.job.steps["image"].needs == ("style_card",)


def test_a_card_from_the_picture_comes_after_it_and_stops_nobody() -> None:
    plan = planned(FILM, has_card=False)
    card = plan.job.steps["style_card"]
    assert card.needs == ("validate",)
    assert card.inputs == {"picture_1": plan.job.assets["transparent_image"].id}
    assert not any("style_card" in needed for needed in needs(plan).values())


@pytest.mark.parametrize(
    ("request_", "source"), [(EDIT, PLAIN), (FILM_FROM_STILL, CUTOUT), (LOGO, None)]
)
def test_what_shows_no_whole_figure_of_words_makes_no_card(
    request_: dict[str, Any], source: Still | None
) -> None:
    assert "style_card" not in planned(request_, source=source, has_card=False).job.steps


@pytest.mark.parametrize("which", ["source", "end"])
def test_what_is_made_of_a_still_for_review_is_for_review(which: str) -> None:
    source, end = CUTOUT, END_CUTOUT
    assert not planned(TRANSITION, source=source, end=end).job.needs_review
    if which == "source":
        source = replace(source, needs_review=True)
    else:
        end = replace(end, needs_review=True)
    assert planned(TRANSITION, source=source, end=end).job.needs_review


def test_providers_are_chosen_per_request() -> None:
    film = planned({**FILM, "image_provider": "google", "video_provider": "fal"}).job
    assert film.steps["image"].params["provider"] == "google"
    assert film.steps["video"].params["provider"] == "fal"
    assert planned(FILM).job.steps["video"].params["provider"] is None


# --- paths ---------------------------------------------------------------------------------------

PATH = re.compile(
    rf"{PREFIX}/felix/big-wave-(?P<hash>[a-z2-7]{{20}})(?P<size>-\d+)?\.(?P<extension>\w+)"
)


def hashes(plan: Plan, keys: Iterable[str]) -> set[str]:
    found = set()
    for key in keys:
        match = PATH.fullmatch(plan.job.assets[key].path)
        assert match, plan.job.assets[key].path
        found.add(match["hash"])
    return found


def test_paths_have_a_prefix_a_slug_and_a_hash() -> None:
    plan = planned({**FILM, "sizes": [256]})
    extensions = {
        "image": ".png",
        "transparent_image": ".png",
        "video": ".mp4",
        "webm": ".webm",
        "webm_256": "-256.webm",
        "hevc": ".mov",
        "hevc_256": "-256.mov",
        "stacked_video": ".mp4",
        "stacked_video_256": "-256.mp4",
    }
    assert set(plan.job.assets) == set(extensions)
    for key, asset in plan.job.assets.items():
        match = PATH.fullmatch(asset.path)
        assert match, asset.path
        assert f"{match['size'] or ''}.{match['extension']}" == extensions[key]


def test_a_variant_shares_the_hash_of_its_full_size_and_nobody_elses() -> None:
    plan = planned({**FILM, "sizes": [256, 128]})
    for format_ in FORMATS:
        assert len(hashes(plan, [format_, f"{format_}_256", f"{format_}_128"])) == 1
    full_sizes = [key for key, asset in plan.job.assets.items() if asset.size is None]
    assert len(hashes(plan, full_sizes)) == len(full_sizes) == 6


# --- sizes ---------------------------------------------------------------------------------------


def test_variants_link_to_their_full_size_and_are_made_with_it() -> None:
    plan = planned({**FILM, "sizes": [128, 256]})
    assert makes(plan)["transcode"] == tuple(
        f"{format_}{size}" for format_ in FORMATS for size in ("", "_256", "_128")
    )
    assert sources(("webm", "webm_256"), ("webm", "webm_128"), ("hevc", "hevc_256")) <= links(plan)
    assert {key: asset.size for key, asset in plan.job.assets.items() if asset.size} == {
        f"{format_}_{size}": size for format_ in FORMATS for size in (128, 256)
    }


@pytest.mark.parametrize(("request_", "base"), [(IMAGE, 1024), (FILM, 512)])
def test_sizes_from_the_full_size_on_are_dropped_and_named(
    request_: dict[str, Any], base: int
) -> None:
    plan = planned({**request_, "sizes": [base + 1, base, base - 1]})
    assert {asset.size for asset in plan.job.assets.values()} == {None, base - 1}
    for size, warning in zip((base + 1, base), plan.job.warnings, strict=True):
        assert f"size {size} " in warning
        assert str(base) in warning


def test_films_have_the_sizes_of_the_collection_unless_they_ask_for_others() -> None:
    settings = Settings(animation_sizes=(64,))

    def sizes(request: dict[str, Any]) -> set[int | None]:
        return {asset.size for asset in planned(request, settings=settings).job.assets.values()}

    assert sizes(FILM) == {None, 64}
    assert sizes({**FILM, "sizes": [32]}) == {None, 32}
    assert sizes({**FILM, "sizes": []}) == {None}
    assert sizes(IMAGE) == {None}


# --- the CDN -------------------------------------------------------------------------------------


def test_the_slug_for_the_cdn_overrides_the_collections() -> None:
    plan = planned(IMAGE, settings=Settings(cdn=Cdn(slug="brand")))
    assert all(asset.path.startswith(f"{PREFIX}/brand/big-wave-") for asset in plan.assets)


@pytest.mark.parametrize(
    ("cdn", "cache_control"),
    [
        (Cdn(), "public, max-age=31536000, immutable"),
        (Cdn(cache_seconds=60), "public, max-age=60, immutable"),
        (Cdn(enabled=False), "public, no-cache"),
    ],
)
def test_caches_do_as_the_collection_says(cdn: Cdn, cache_control: str) -> None:
    assert planned(IMAGE, settings=Settings(cdn=cdn)).job.cache_control == cache_control
