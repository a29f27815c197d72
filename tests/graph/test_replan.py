"""A new job out of some steps of an old one."""

from dataclasses import replace
from typing import Any

import pytest

from shared.graph.draft import Plan
from shared.graph.plan import Still
from shared.graph.replan import following, replan, unfinished
from shared.model.asset import AssetType, Take
from shared.model.job import Job, StepStatus
from tests.graph.fakes import START, CountingIds
from tests.graph.jobs import FILM, FILM_FROM_STILL, IMAGE, LOGO, SOURCE_ID, planned

TRANSCODES = {"transcode"}
STILL = {"image", "cutout", "validate"}
CUTOUT = Still(SOURCE_ID, AssetType.TRANSPARENT_IMAGE, Take(still_ids=(SOURCE_ID,)))


def done(plan: Plan, *failed: str) -> Job:
    """The job with every step succeeded but these."""
    job = plan.job
    for step_id in job.steps:
        status = StepStatus.FAILED if step_id in failed else StepStatus.SUCCEEDED
        job = job.with_step(step_id, status=status, attempt=3)
    return job


def again(plan: Plan, steps: frozenset[str], anew: str | None = None) -> Plan:
    ids = CountingIds()
    ids._count = 1000
    return replan(plan.job, steps, plan.links, anew=anew, ids=ids, now=START)


@pytest.mark.parametrize(
    ("failed", "steps"),
    [
        (("transcode",), {"transcode"}),
        (("video", *TRANSCODES), {"video", *TRANSCODES}),
        (("cutout", "validate", "video", *TRANSCODES), STILL | {"video"} | TRANSCODES),
        (("validate",), STILL),
    ],
)
def test_what_is_unfinished(failed: tuple[str, ...], steps: set[str]) -> None:
    assert unfinished(done(planned(FILM), *failed)) == steps


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        ("webm", TRANSCODES),
        ("video", {"video", *TRANSCODES}),
        ("transparent_image", STILL | {"video"} | TRANSCODES),
        ("image", STILL | {"video"} | TRANSCODES),
    ],
)
def test_what_follows_from_an_asset(key: str, steps: set[str]) -> None:
    assert following(planned(FILM, has_card=False).job, key) == steps


def test_a_film_is_moved_anew_from_the_still_that_is_there() -> None:
    old = planned({**FILM, "sizes": [64]})
    new = again(old, following(old.job, "video"))
    job = new.job
    assert set(job.assets) == {
        f"{kind}{size}" for kind in ("webm", "hevc", "stacked_video") for size in ("", "_64")
    } | {"video"}
    assert job.steps["video"].needs == ()
    assert job.steps["video"].inputs["still"] == old.job.assets["transparent_image"].id
    films = job.steps["transcode"]
    assert (films.needs, films.fired_by) == (("video",), "video")
    assert films.inputs["video"] == job.assets["video"].id
    assert {step.attempt for step in job.steps.values()} == {1}
    assert (job.cost_credits, job.item_id, job.type) == (20, "item", old.job.type)
    assert job.id != old.job.id


def test_a_format_is_made_anew_without_waiting_for_a_storage_event() -> None:
    """And without the others, of which nobody asked anything."""
    old = planned({**FILM, "sizes": [64]})
    old = replace(old, job=done(old))
    new = again(old, following(old.job, "hevc_64"), "hevc_64")
    step = new.job.steps["transcode"]
    assert (step.needs, step.fired_by) == ((), None)
    assert step.makes == tuple(new.job.assets) == ("hevc", "hevc_64")
    assert step.inputs["video"] == old.job.assets["video"].id
    assert new.job.cost_credits == 0


def test_new_files_have_new_names_alike() -> None:
    old = planned({**FILM, "sizes": [64]})
    new = again(old, following(old.job, "video"))
    paths = {key: asset.path for key, asset in new.job.assets.items()}
    assert not set(paths.values()) & {asset.path for asset in old.job.assets.values()}
    assert paths["webm_64"] == paths["webm"].replace(".webm", "-64.webm")
    assert {len(path) for path in paths.values() if path.endswith("64.mov")} == {
        len(old.job.assets["hevc_64"].path)
    }
    assert [asset.path for asset in new.assets] == list(paths.values())


def test_links_lead_to_the_new_and_from_what_is_there() -> None:
    old = planned(FILM)
    new = again(old, following(old.job, "video"))
    names = {asset.id: key for key, asset in old.job.assets.items()}
    names |= {asset.id: f"new {key}" for key, asset in new.job.assets.items()}
    found = {
        (names[link.source_asset_id], names[link.target_asset_id], link.role.value)
        for link in new.links
    }
    assert found == {
        ("transparent_image", "new video", "source"),
        ("transparent_image", "new video", "end_frame"),
        *(
            (f"new {key}", f"new {kind}", "source")
            for key in ("video",)
            for kind in ("webm", "hevc", "stacked_video")
        ),
    }
    assert not {link.id for link in new.links} & {link.id for link in old.links}


@pytest.mark.parametrize(
    ("request_", "source", "key", "cost"),
    [
        (IMAGE, None, "image", 1),
        (LOGO, None, "image", 5),
        (FILM, None, "image", 21),
        (FILM, None, "video", 20),
        (FILM, None, "webm", 0),
        (FILM_FROM_STILL, CUTOUT, "video", 20),
    ],
)
def test_it_costs_what_is_drawn_and_moved(
    request_: dict[str, Any], source: Still | None, key: str, cost: int
) -> None:
    old = planned(request_, source=source)
    assert again(old, following(old.job, key)).job.cost_credits == cost


def test_an_old_verdict_holds_for_what_is_not_drawn_again() -> None:
    old = planned(FILM)
    doubtful = Plan(old.job.with_(needs_review=True), old.assets, old.links)
    assert again(doubtful, following(old.job, "video")).job.needs_review
    assert not again(doubtful, following(old.job, "image")).job.needs_review
