"""What a job pays for, and what of it is given back: the rules of money, case by case."""

from typing import Any

import pytest

from shared.graph.charges import RULES, Settlement, owed, refunded, settle
from shared.graph.replan import following, replan, unfinished
from shared.model.asset import AssetType
from shared.model.collection import Settings
from shared.model.credit import Part
from shared.model.job import Fault, Job, JobStatus, StepStatus
from tests.graph.fakes import START, CountingIds
from tests.graph.jobs import EDIT, FILM, FILM_FROM_STILL, IMAGE, LOGO, TRANSITION, planned
from tests.graph.test_plan import CUTOUT, PLAIN

STILL_STEPS = ("image", "cutout", "validate")
FORMATS = ("transcode", "transcode-gif", "transcode-avif")
SETTINGS = Settings(extra_formats=(AssetType.GIF, AssetType.AVIF))
BROKEN = Fault(code="no_encoder", message="There is no encoder.")
STOPPED = Fault(code="canceled", message="The job was canceled.")


def film(request: dict[str, Any] = FILM) -> Job:
    source = CUTOUT if "source_image_asset_id" in request else None
    end = PLAIN if request is TRANSITION else None
    return planned(request, settings=SETTINGS, source=source, end=end).job


def ended(job: Job, *made: str, failed: str | None = None, fault: Fault | None = BROKEN) -> Job:
    """A job of which these steps succeeded, one may have failed and the rest was skipped."""
    for step_id in job.steps:
        status = StepStatus.SUCCEEDED if step_id in made else StepStatus.SKIPPED
        job = job.with_step(step_id, status=StepStatus.FAILED if step_id == failed else status)
    return job.with_(status=JobStatus.FAILED if fault else JobStatus.COMPLETED, error=fault)


@pytest.mark.parametrize(
    ("request_", "charges"),
    [
        (IMAGE, {Part.STILL: 1}),
        ({**IMAGE, "sizes": [64, 32]}, {Part.STILL: 1}),
        (EDIT, {Part.STILL: 1}),
        (LOGO, {Part.STILL: 5}),
        (FILM, {Part.STILL: 1, Part.FILM: 20}),
        ({**FILM, "duration": 1.2, "sizes": [256]}, {Part.STILL: 1, Part.FILM: 10}),
        (FILM_FROM_STILL, {Part.FILM: 20}),
        (TRANSITION, {Part.FILM: 20}),
    ],
)
def test_what_is_charged(request_: dict[str, Any], charges: dict[Part, int]) -> None:
    job = film(request_)
    assert job.charges == charges
    assert job.cost_credits == sum(charges.values())


@pytest.mark.parametrize(
    ("request_", "made", "failed", "fault", "released"),
    [
        pytest.param(FILM, (*STILL_STEPS, "video", *FORMATS), None, None, 0, id="all of it"),
        pytest.param(FILM, (), "image", BROKEN, 21, id="nothing"),
        pytest.param(FILM, ("image",), "cutout", BROKEN, 21, id="a still without its cut-out"),
        pytest.param(FILM, ("image", "cutout"), "validate", BROKEN, 21, id="a rejected still"),
        pytest.param(FILM, STILL_STEPS, "video", BROKEN, 20, id="a still, and no film"),
        pytest.param(FILM, (*STILL_STEPS, "video"), FORMATS[0], BROKEN, 20, id="no web format"),
        pytest.param(
            FILM,
            (*STILL_STEPS, "video", *FORMATS[1:]),
            FORMATS[0],
            BROKEN,
            20,
            id="not what players need",
        ),
        pytest.param(
            FILM, (*STILL_STEPS, "video", *FORMATS[:2]), FORMATS[2], BROKEN, 20, id="no avif"
        ),
        pytest.param(FILM_FROM_STILL, (), "video", BROKEN, 20, id="a still of one's own, no film"),
        pytest.param(TRANSITION, (), "cutout-end", BROKEN, 20, id="no end to go to"),
        pytest.param({**IMAGE, "sizes": [64]}, STILL_STEPS, "resize", BROKEN, 0, id="no size"),
        pytest.param(LOGO, (), "image", BROKEN, 5, id="no logo"),
        pytest.param(FILM, (), None, STOPPED, 21, id="canceled at once"),
        pytest.param(FILM, STILL_STEPS, None, STOPPED, 20, id="canceled after the still"),
        pytest.param(FILM, (*STILL_STEPS, "video"), None, STOPPED, 0, id="canceled after the film"),
        pytest.param(
            FILM, (*STILL_STEPS, "video"), FORMATS[0], STOPPED, 20, id="canceled when it was broken"
        ),
    ],
)
def test_what_is_given_back(
    request_: dict[str, Any],
    made: tuple[str, ...],
    failed: str | None,
    fault: Fault | None,
    released: int,
) -> None:
    job = film(request_)
    assert refunded(job) == 0, "it is under way"
    done = ended(job, *made, failed=failed, fault=fault)
    assert settle(done) == Settlement(job.cost_credits - released, released)
    assert refunded(done) == released


def test_old_prices_stay() -> None:
    """What a job began with counts, whatever prices have become since."""
    job = film().with_(charges={Part.STILL: 2, Part.FILM: 7})
    assert settle(ended(job, *STILL_STEPS, failed="video")) == Settlement(2, 7)


def test_the_rules_know_all_full_size_assets() -> None:
    assert set().union(*(rule.delivers for rule in RULES.values())) == set(AssetType)
    assert all(rule.work <= rule.delivers for rule in RULES.values())


# --- doing it again ------------------------------------------------------------------------------


def again(job: Job, steps: frozenset[str], anew: str | None = None) -> Job:
    return replan(job, steps, (), anew=anew, ids=CountingIds(), now=START).job


@pytest.mark.parametrize(
    ("made", "failed", "fault", "charges"),
    [
        ((), "image", BROKEN, {Part.STILL: 1, Part.FILM: 20}),
        (STILL_STEPS, "video", BROKEN, {Part.FILM: 20}),
        ((*STILL_STEPS, "video", *FORMATS[1:]), FORMATS[0], BROKEN, {Part.FILM: 20}),
        ((*STILL_STEPS, "video"), None, STOPPED, {}),
    ],
)
def test_a_retry_pays_what_was_given_back(
    made: tuple[str, ...], failed: str | None, fault: Fault, charges: dict[Part, int]
) -> None:
    """In the end everything is paid once, and nothing twice."""
    old = ended(film(), *made, failed=failed, fault=fault)
    retry = again(old, unfinished(old))
    assert retry.charges == charges
    assert settle(ended(retry, *retry.steps, fault=None)).captured == settle(old).released
    assert refunded(ended(retry, fault=BROKEN)) == retry.cost_credits
    assert refunded(ended(retry, fault=STOPPED)) == retry.cost_credits, "nothing was made"


def test_a_retry_that_fails_is_given_back_for_the_next_one() -> None:
    old = ended(film(), *STILL_STEPS, "video", *FORMATS[1:], failed=FORMATS[0])
    second = again(old, unfinished(old))
    third = again(ended(second, failed=FORMATS[0]), unfinished(ended(second, failed=FORMATS[0])))
    assert third.charges == {Part.FILM: 20}


def test_a_format_that_is_there_is_free_to_make_anew() -> None:
    whole = ended(film(), *STILL_STEPS, "video", *FORMATS, fault=None)
    assert again(whole, following(whole, "webm")).charges == {}
    assert again(whole, following(whole, "video")).charges == {Part.FILM: 20}
    part = ended(film(), *STILL_STEPS, "video", *FORMATS[1:], failed=FORMATS[0])
    assert owed(part, again(part, following(part, "gif")).steps) == {}


def test_formats_that_were_given_back_are_not_had_one_by_one_for_nothing() -> None:
    part = ended(film(), *STILL_STEPS, "video", *FORMATS[1:], failed=FORMATS[0])
    anew = again(part, following(part, "webm"), "webm")
    assert {*anew.assets} == {"webm", "hevc", "stacked_video"}
    assert anew.charges == {Part.FILM: 20}
