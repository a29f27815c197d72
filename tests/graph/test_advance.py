"""The state machine, one transition at a time."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from shared.graph import advance as machine
from shared.graph.advance import Claim, advance, claim, due_at, outstanding, start, unmade
from shared.graph.events import (
    Cancelled,
    Claimed,
    Command,
    Decision,
    Enqueue,
    Event,
    Failed,
    Intended,
    ObjectFinalized,
    Publish,
    Published,
    Rejected,
    Settle,
    Settled,
    Succeeded,
    Swept,
    Waited,
)
from shared.graph.policy import DEADLINE, GRACE, POLICIES, backoff
from shared.model.asset import AssetType
from shared.model.collection import Settings
from shared.model.job import Fault, Job, JobStatus, Retake, StepKind, StepStatus
from tests.graph.fakes import START
from tests.graph.jobs import FILM, IMAGE, outputs, planned, started

BOOM = Fault(code="boom", message="It broke.")
CANCELED = Fault(code="canceled", message="Nobody wants it.")
BAD = Retake(reasons=("Keep the scarf blue.",), score=0.1, sha256="image-1")
SECOND = timedelta(seconds=1)


class Player:
    """A job that is moved by events; `now` passes only when a test says so."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.now = START
        self.commands: tuple[Command, ...] = ()

    def play(self, *events: Event) -> tuple[Command, ...]:
        """Apply events; gives the commands of the last one."""
        for event in events:
            decision = advance(self.job, event, self.now)
            if decision.job is not self.job:
                self.job = decision.job.with_(updated_at=self.now)
            self.commands = decision.commands
        return self.commands

    def claim(self, step: str) -> tuple[Command, ...]:
        return self.play(Claimed(step, self.attempt(step), self.job.steps[step].delivery))

    def succeed(self, step: str) -> tuple[Command, ...]:
        """A worker does the step; its files are not published yet."""
        self.claim(step)
        return self.play(Succeeded(step, self.attempt(step), outputs(self.job, step)))

    def finish(self, *steps: str) -> tuple[Command, ...]:
        """Workers do the steps, with everything that belongs to it."""
        for step in steps:
            published = self.succeed(step)
            if self.job.steps[step].makes:
                published = self.play(Published(step, self.attempt(step)))
            for key in self.job.steps[step].makes:
                self.play(ObjectFinalized(self.job.assets[key].id))
                published += self.commands
            self.commands = published
        return self.commands

    def fail(self, step: str, *, transient: bool, fault: Fault = BOOM) -> tuple[Command, ...]:
        self.claim(step)
        return self.play(Failed(step, self.attempt(step), fault, transient))

    def attempt(self, step: str) -> int:
        return self.job.steps[step].attempt

    def status(self, step: str) -> StepStatus:
        return self.job.steps[step].status

    def outcome(self) -> JobStatus:
        return self.job.status

    def fault(self) -> str | None:
        """The code of the job's error."""
        return self.job.error.code if self.job.error else None

    def trouble(self, step: str) -> Fault | None:
        """What went wrong with a step last."""
        return self.job.steps[step].error

    def statuses(self) -> Mapping[str, str]:
        return {step_id: step.status.value for step_id, step in self.job.steps.items()}


@pytest.fixture
def image() -> Player:
    return Player(started(IMAGE))


@pytest.fixture
def film() -> Player:
    """It comes in what players need, and in two formats that have a step each."""
    settings = Settings(extra_formats=(AssetType.GIF, AssetType.AVIF))
    return Player(started(FILM, settings=settings))


def nothing(job: Job, event: Event, now: datetime = START) -> bool:
    """Whether an event neither changes the job nor asks for anything."""
    decision = advance(job, event, now)
    return decision.job is job and decision.commands == ()


# --- the way of a job ----------------------------------------------------------------------------


def test_a_job_starts_with_the_steps_that_need_nothing() -> None:
    decision = start(planned(FILM).job, START)
    assert decision.commands == (Enqueue(StepKind.IMAGE, "image", 1, 1, START),)
    assert decision.job.steps["image"].status is StepStatus.READY
    assert {step.status for id_, step in decision.job.steps.items() if id_ != "image"} == {
        StepStatus.BLOCKED
    }


def test_a_claim_takes_a_lease(image: Player) -> None:
    assert image.claim("image") == ()
    step = image.job.steps["image"]
    assert step.status is StepStatus.RUNNING
    assert step.lease_until == START + POLICIES[StepKind.IMAGE].lease
    assert step.started_at == START
    assert image.outcome() is JobStatus.PROCESSING


def test_success_is_published_before_it_counts(image: Player) -> None:
    image.finish("image", "cutout")
    assert image.succeed("validate") == (Publish("validate", 1),)
    assert image.status("validate") is StepStatus.PUBLISHING
    assert image.outcome() is JobStatus.PROCESSING
    image.play(Published("validate", 1))
    assert image.status("validate") is StepStatus.SUCCEEDED
    assert image.outcome() is JobStatus.COMPLETED


def test_a_draft_is_not_published(image: Player) -> None:
    assert image.succeed("image") == (Enqueue(StepKind.CUTOUT, "cutout", 1, 1, START),)
    assert image.status("image") is StepStatus.SUCCEEDED
    assert set(image.job.steps["image"].outputs) == {"image"}
    assert unmade(image.job) == ("image", "transparent_image")


def test_a_step_that_lacks_a_file_fails_for_good(image: Player) -> None:
    image.claim("image")
    image.play(Succeeded("image", 1, {}))
    assert image.outcome() is JobStatus.FAILED
    assert image.fault() == "output_missing"


def test_files_that_were_not_asked_for_are_left_out(image: Player) -> None:
    image.claim("image")
    extra = {**outputs(image.job, "image"), "other": outputs(image.job, "image")["image"]}
    image.play(Succeeded("image", 1, extra))
    assert set(image.job.steps["image"].outputs) == {"image"}


def test_a_job_completes_with_its_last_step(film: Player) -> None:
    film.finish("image", "cutout", "validate", "video", "transcode-gif", "transcode")
    assert film.outcome() is JobStatus.PROCESSING
    film.now += SECOND
    assert Settle(()) in film.finish("transcode-avif")
    assert film.outcome() is JobStatus.COMPLETED
    assert film.job.completed_at == film.now
    assert outstanding(film.job) == (Settle(()),)
    film.play(Settled())
    assert film.job.settled
    assert unmade(film.job) == ()
    assert film.job.error is None


# --- what comes too late, twice or for another attempt -------------------------------------------


def test_events_for_another_attempt_change_nothing(image: Player) -> None:
    image.fail("image", transient=True)
    image.now += timedelta(minutes=10)
    image.claim("image")
    assert image.attempt("image") == 2
    for attempt in (1, 3):
        late: list[Event] = [
            Claimed("image", attempt, 1),
            Intended("image", attempt),
            Succeeded("image", attempt, outputs(image.job, "image")),
            Published("image", attempt),
            Failed("image", attempt, BOOM, transient=False),
            Failed("image", attempt, BOOM, transient=True),
            Waited("image", attempt, "operation", 1),
        ]
        assert all(nothing(image.job, event, image.now) for event in late)


@pytest.mark.parametrize("last", ["publishing", "succeeded"])
def test_events_after_success_change_nothing(film: Player, last: str) -> None:
    film.finish("image", "cutout")
    film.succeed("validate")
    if last == "succeeded":
        film.play(Published("validate", 1))
        assert nothing(film.job, Published("validate", 1))
    late: list[Event] = [
        Claimed("validate", 1, 1),
        Intended("validate", 1),
        Succeeded("validate", 1, outputs(film.job, "validate")),
        Rejected("validate", 1, BAD),
        Failed("validate", 1, BOOM, transient=True),
        Failed("validate", 1, BOOM, transient=False),
        Waited("validate", 1, "operation", 1),
    ]
    assert all(nothing(film.job, event) for event in late)


def test_nothing_moves_a_finished_job(image: Player) -> None:
    image.fail("image", transient=False)
    late: list[Event] = [
        Claimed("image", 1, 1),
        Claimed("cutout", 1, 0),
        Succeeded("image", 1, outputs(image.job, "image")),
        Published("image", 1),
        Cancelled(CANCELED),
        ObjectFinalized(image.job.assets["image"].id),
    ]
    assert all(nothing(image.job, event) for event in late)


def test_a_step_that_is_not_running_takes_no_results(image: Player) -> None:
    assert nothing(image.job, Succeeded("image", 1, outputs(image.job, "image")))
    assert nothing(image.job, Published("image", 1))
    assert nothing(image.job, Failed("image", 1, BOOM, transient=True))


# --- claims --------------------------------------------------------------------------------------


def how(player: Player, step: str, attempt: int, delivery: int) -> Claim:
    return claim(player.job, Claimed(step, attempt, delivery), player.now)


def test_only_a_delivery_of_this_attempt_runs(image: Player) -> None:
    assert how(image, "image", 1, 1) is Claim.RUN
    assert how(image, "image", 1, 2) is Claim.DROP
    assert how(image, "image", 2, 1) is Claim.DROP


def test_a_step_that_is_blocked_or_unknown_is_dropped(image: Player) -> None:
    assert how(image, "cutout", 1, 0) is Claim.DROP
    assert how(image, "another", 1, 1) is Claim.DROP


def test_a_live_lease_sends_a_delivery_back(image: Player) -> None:
    image.claim("image")
    assert how(image, "image", 1, 1) is Claim.COME_BACK
    assert nothing(image.job, Claimed("image", 1, 1))
    image.now += POLICIES[StepKind.IMAGE].lease
    assert how(image, "image", 1, 1) is Claim.RUN


def test_committed_work_is_repeated_by_whichever_delivery_comes(image: Player) -> None:
    image.succeed("image")
    assert how(image, "image", 1, 1) is Claim.REPEAT
    image.play(Published("image", 1))
    assert how(image, "image", 1, 0) is Claim.REPEAT
    image.fail("cutout", transient=False)
    assert how(image, "cutout", 1, 1) is Claim.REPEAT


def test_a_lease_that_ran_out_means_a_new_attempt(image: Player) -> None:
    image.claim("image")
    image.now += POLICIES[StepKind.IMAGE].lease
    (command,) = image.play(Claimed("image", 1, 1))
    step = image.job.steps["image"]
    assert (step.status, step.attempt, step.delivery) == (StepStatus.READY, 2, 1)
    assert step.error
    assert step.error.code == "worker_lost"
    assert command == Enqueue(StepKind.IMAGE, "image", 2, 1, step.not_before)
    assert how(image, "image", 1, 1) is Claim.DROP


# --- failure -------------------------------------------------------------------------------------


def test_transient_failures_wait_longer_each_time_and_then_fail(image: Player) -> None:
    attempts = POLICIES[StepKind.IMAGE].attempts
    waits = []
    for attempt in range(1, attempts):
        (command,) = image.fail("image", transient=True)
        assert isinstance(command, Enqueue)
        assert (command.attempt, command.delivery) == (attempt + 1, 1)
        assert command.not_before
        waits.append(command.not_before - image.now)
        assert image.status("image") is StepStatus.READY
        image.now = command.not_before
    assert waits == sorted(waits)
    assert len(set(waits)) == attempts - 1
    image.fail("image", transient=True)
    assert image.status("image") is StepStatus.FAILED
    assert image.outcome() is JobStatus.FAILED
    assert image.job.error == BOOM.with_(step="image")


@pytest.mark.parametrize("kind", StepKind)
def test_backoff_doubles_with_a_jitter_between_a_half_and_one(kind: StepKind) -> None:
    policy = POLICIES[kind]
    drawn = set()
    for number in range(200):
        for attempt in range(1, 15):
            ceiling = min(policy.backoff * 2 ** (attempt - 1), policy.backoff_limit)
            share = backoff(kind, f"job-{number}", "step", attempt) / ceiling
            assert 0.5 <= share < 1
            drawn.add(share)
    assert min(drawn) < 0.55
    assert max(drawn) > 0.95


def test_backoff_is_the_same_each_time_it_is_asked() -> None:
    assert backoff(StepKind.VIDEO, "j", "s", 3) == backoff(StepKind.VIDEO, "j", "s", 3)
    assert backoff(StepKind.VIDEO, "j", "s", 3) != backoff(StepKind.VIDEO, "k", "s", 3)


def test_a_step_that_comes_through_in_the_end_has_no_error(image: Player) -> None:
    image.fail("image", transient=True)
    assert image.trouble("image") == BOOM.with_(step="image")
    image.finish("image")
    assert image.trouble("image") is None
    assert image.fault() is None


def test_what_needs_a_failed_step_is_skipped(film: Player) -> None:
    film.finish("image")
    commands = film.fail("cutout", transient=False)
    assert film.statuses() == {
        "image": "succeeded",
        "cutout": "failed",
        **dict.fromkeys(
            ("validate", "video", "transcode", "transcode-gif", "transcode-avif"),
            "skipped",
        ),
    }
    assert film.outcome() is JobStatus.FAILED
    assert not film.job.settled
    unmade_keys = tuple(film.job.assets)
    assert commands == (Settle(unmade_keys),)
    assert unmade(film.job) == unmade_keys


def test_an_independent_branch_finishes_after_a_failure(film: Player) -> None:
    film.finish("image", "cutout", "validate", "video", "transcode")
    assert film.fail("transcode-gif", transient=False) == ()
    assert film.outcome() is JobStatus.PROCESSING
    commands = film.finish("transcode-avif")
    assert film.outcome() is JobStatus.FAILED
    assert film.job.error == BOOM.with_(step="transcode-gif")
    assert commands == (Settle(("gif",)),)
    assert film.status("transcode") is StepStatus.SUCCEEDED
    assert film.job.steps["transcode"].outputs


def test_the_first_failure_is_the_jobs(film: Player) -> None:
    film.finish("image", "cutout", "validate", "video", "transcode")
    film.fail("transcode-gif", transient=False)
    film.fail("transcode-avif", transient=False, fault=BOOM.with_(code="later"))
    assert film.fault() == "boom"


def test_a_failed_job_is_settled_once(image: Player) -> None:
    image.fail("image", transient=False)
    image.play(Settled())
    assert image.job.settled
    assert nothing(image.job, Settled())


def test_a_job_that_goes_on_cannot_be_settled(image: Player) -> None:
    assert nothing(image.job, Settled())


# --- the storage trigger -------------------------------------------------------------------------

TRANSCODES = ("transcode", "transcode-gif", "transcode-avif")


def video_id(film: Player) -> str:
    return film.job.assets["video"].id


def fired(now: datetime) -> tuple[Command, ...]:
    return tuple(Enqueue(StepKind.TRANSCODE, step, 1, 1, now) for step in TRANSCODES)


@pytest.mark.parametrize("published", [False, True])
def test_an_object_fires_what_waits_for_it(film: Player, *, published: bool) -> None:
    film.finish("image", "cutout", "validate")
    film.succeed("video")
    if published:
        assert film.play(Published("video", 1)) == ()
    assert film.play(ObjectFinalized(video_id(film))) == fired(film.now)
    assert {film.status(step) for step in TRANSCODES} == {StepStatus.READY}


def test_an_object_that_is_told_of_twice_fires_once(film: Player) -> None:
    film.finish("image", "cutout", "validate")
    film.succeed("video")
    film.play(ObjectFinalized(video_id(film)))
    job, at = film.job, film.now
    film.now += SECOND
    assert film.play(ObjectFinalized(video_id(film))) == fired(at), "the same tasks, by name"
    assert film.job is job
    film.play(Published("video", 1))
    film.claim("transcode")
    film.finish("transcode-gif")
    assert film.play(ObjectFinalized(video_id(film))) == (
        Enqueue(StepKind.TRANSCODE, "transcode-avif", 1, 1, at),
    )


@pytest.mark.parametrize("step", ["cutout", "video"])
def test_an_object_before_its_commit_fires_nothing(film: Player, step: str) -> None:
    """There is no such object; somebody made the event up."""
    film.finish("image")
    if step == "video":
        film.finish("cutout", "validate")
    film.claim(step)
    assert nothing(film.job, ObjectFinalized(video_id(film)))


def test_an_object_that_fires_nothing(film: Player) -> None:
    film.finish("image")
    assert nothing(film.job, ObjectFinalized(film.job.assets["image"].id))
    assert nothing(film.job, ObjectFinalized("a stranger's"))


# --- waiting -------------------------------------------------------------------------------------


def test_waiting_comes_back_after_the_delay_under_a_new_number(image: Player) -> None:
    image.claim("image")
    image.play(Intended("image", 1))
    later = START + timedelta(seconds=30)
    assert image.play(Waited("image", 1, "operation", 30)) == (
        Enqueue(StepKind.IMAGE, "image", 1, 2, later),
    )
    step = image.job.steps["image"]
    assert step.status is StepStatus.WAITING
    assert step.operation == "operation"
    assert step.lease_until is None
    assert how(image, "image", 1, 1) is Claim.DROP
    assert how(image, "image", 1, 2) is Claim.RUN
    image.now = later
    image.claim("image")
    assert image.job.steps["image"].operation == "operation"
    image.play(Waited("image", 1, "operation", 30))
    assert image.job.steps["image"].delivery == 3
    image.now += timedelta(seconds=30)
    image.finish("image")
    assert image.status("image") is StepStatus.SUCCEEDED


def test_a_wait_that_succeeds_is_no_retry(image: Player) -> None:
    image.claim("image")
    image.play(Waited("image", 1, "operation", 30))
    assert image.attempt("image") == 1


# --- paid submits --------------------------------------------------------------------------------


def test_an_intent_without_an_operation_is_never_repeated(image: Player) -> None:
    image.claim("image")
    image.play(Intended("image", 1))
    image.now += POLICIES[StepKind.IMAGE].lease
    image.play(Swept())
    assert image.status("image") is StepStatus.FAILED
    assert image.fault() == "provider_outcome_unknown"


def test_a_provider_that_says_try_again_is_asked_again(image: Player) -> None:
    image.claim("image")
    image.play(Intended("image", 1))
    image.play(Failed("image", 1, BOOM, transient=True))
    step = image.job.steps["image"]
    assert step.status is StepStatus.READY
    assert not step.intent


@pytest.mark.parametrize("loss", ["worker", "poll"])
def test_an_operation_that_is_known_is_asked_after_again(image: Player, loss: str) -> None:
    image.claim("image")
    image.play(Intended("image", 1))
    image.play(Waited("image", 1, "operation", 1))
    image.claim("image")
    if loss == "worker":
        image.now += POLICIES[StepKind.IMAGE].lease
        image.play(Swept())
    else:
        image.play(Failed("image", 1, BOOM, transient=True))
    step = image.job.steps["image"]
    assert (step.status, step.attempt) == (StepStatus.READY, 2)
    assert step.operation == "operation", "a second submit would be charged a second time"


# --- retakes -------------------------------------------------------------------------------------


def test_what_is_sent_back_is_made_anew(image: Player) -> None:
    image.finish("image", "cutout")
    image.claim("validate")
    image.now += SECOND
    assert image.play(Rejected("validate", 1, BAD, cost_usd=0.25)) == (
        Enqueue(StepKind.IMAGE, "image", 2, 1, image.now),
    )
    assert image.statuses() == {"image": "ready", "cutout": "blocked", "validate": "blocked"}
    assert outstanding(image.job) == image.commands
    assert not any(step.outputs for step in image.job.steps.values())
    assert image.job.steps["validate"].retakes == (BAD,)
    assert image.job.steps["validate"].cost_usd == 0.25
    image.finish("image", "cutout")
    image.succeed("validate")
    image.play(Published("validate", 2))
    assert image.outcome() is JobStatus.COMPLETED
    made = image.job.steps["validate"].outputs
    assert {output.content.sha256 for output in made.values()} == {"image-2", "transparent_image-2"}


def test_the_old_take_is_late(image: Player) -> None:
    image.finish("image", "cutout")
    image.claim("validate")
    image.play(Rejected("validate", 1, BAD))
    late: list[Event] = [
        Rejected("validate", 1, BAD),
        Succeeded("validate", 1, {}),
        Succeeded("cutout", 1, {}),
        Succeeded("image", 1, {}),
        Failed("image", 1, BOOM, transient=False),
    ]
    assert all(nothing(image.job, event) for event in late)
    assert how(image, "image", 1, 1) is Claim.DROP
    assert how(image, "validate", 1, 1) is Claim.DROP
    assert how(image, "image", 2, 1) is Claim.RUN


def test_a_new_take_has_all_its_tries(image: Player) -> None:
    image.fail("image", transient=True)
    image.finish("image", "cutout")
    image.claim("validate")
    image.play(Rejected("validate", 1, BAD))
    waits = []
    for _ in range(POLICIES[StepKind.IMAGE].attempts - 1):
        (command,) = image.fail("image", transient=True)
        assert isinstance(command, Enqueue)
        assert command.not_before
        waits.append(command.not_before - image.now)
    assert waits[0] < POLICIES[StepKind.IMAGE].backoff, "the waits begin anew"
    image.fail("image", transient=True)
    assert image.outcome() is JobStatus.FAILED


def test_a_new_take_may_be_paid_for_again(image: Player) -> None:
    for attempt in (1, 2):
        image.claim("image")
        image.play(Intended("image", attempt))
        image.play(Succeeded("image", attempt, outputs(image.job, "image"), cost_usd=0.5))
        image.finish("cutout")
        image.claim("validate")
        image.play(Rejected("validate", attempt, BAD))
    assert image.status("image") is StepStatus.READY
    assert not image.job.steps["image"].intent
    assert image.job.steps["image"].cost_usd == 1.0


def test_only_what_was_drawn_for_the_judge_is_made_anew() -> None:
    player = Player(start(planned(IMAGE, references=("r",), has_card=False).job, START).job)
    player.finish("style_card", "image", "cutout")
    player.claim("validate")
    player.play(Rejected("validate", 1, BAD))
    assert player.status("style_card") is StepStatus.SUCCEEDED
    assert player.status("image") is StepStatus.READY


def test_what_is_kept_for_review_marks_the_whole_job(film: Player) -> None:
    film.finish("image", "cutout")
    film.claim("validate")
    film.play(Succeeded("validate", 1, outputs(film.job, "validate"), needs_review=True))
    assert film.job.needs_review
    film.play(Published("validate", 1))
    film.finish("video")
    assert film.job.needs_review


# --- cancelling ----------------------------------------------------------------------------------


def test_cancelling_ends_everything_that_is_not_finished(film: Player) -> None:
    film.finish("image")
    film.claim("cutout")
    commands = film.play(Cancelled(CANCELED))
    assert film.statuses() == {
        "image": "succeeded",
        **dict.fromkeys(("cutout", "validate", "video", *TRANSCODES), "skipped"),
    }
    assert film.outcome() is JobStatus.FAILED
    assert film.job.error == CANCELED
    unmade_keys = tuple(film.job.assets)
    assert commands == (Settle(unmade_keys),)
    assert nothing(film.job, Succeeded("cutout", 1, outputs(planned(FILM).job, "cutout")))


def test_what_is_being_published_is_cancelled_too(image: Player) -> None:
    image.finish("image", "cutout")
    image.succeed("validate")
    image.play(Cancelled(CANCELED))
    assert image.status("validate") is StepStatus.SKIPPED
    assert "image" in unmade(image.job)
    assert nothing(image.job, Published("validate", 1))


def test_a_job_is_given_up_at_its_deadline(film: Player) -> None:
    assert film.job.deadline == START + DEADLINE
    film.finish("image", "cutout")
    while film.now < START + DEADLINE:  # a provider that never comes to an end
        film.claim("validate")
        film.play(Waited("validate", 1, "operation", 3600))
        film.now += timedelta(hours=1)
    assert due_at(film.job) == START + DEADLINE
    [settle] = film.play(Swept())
    assert film.fault() == "deadline_exceeded"
    assert isinstance(settle, Settle)


# --- the sweeper ---------------------------------------------------------------------------------


def overdue(player: Player) -> tuple[Command, ...]:
    """Sweep a moment before the job is due, which does nothing, and then when it is."""
    due = due_at(player.job)
    assert due
    assert nothing(player.job, Swept(), due - timedelta(microseconds=1))
    player.now = due
    return player.play(Swept())


def test_a_lost_delivery_is_sent_under_a_new_number(image: Player) -> None:
    assert overdue(image) == (Enqueue(StepKind.IMAGE, "image", 1, 2, START + GRACE),)
    assert how(image, "image", 1, 2) is Claim.RUN
    assert overdue(image) == (Enqueue(StepKind.IMAGE, "image", 1, 3, START + 3 * GRACE),)


def test_a_delivery_that_was_only_late_is_as_good_as_the_one_sent_in_its_place(
    image: Player,
) -> None:
    overdue(image)
    assert how(image, "image", 1, 1) is Claim.RUN
    image.play(Claimed("image", 1, 1))
    assert how(image, "image", 1, 1) is Claim.DROP, "the later one comes back if this one dies"
    assert how(image, "image", 1, 2) is Claim.COME_BACK


def test_a_queue_that_is_hours_late_is_not_filled_with_copies(image: Player) -> None:
    began = image.now
    while image.now < began + timedelta(hours=5):
        overdue(image)
    assert image.job.steps["image"].delivery <= 11
    image.claim("image")
    assert image.job.steps["image"].missed == 0


def test_an_early_copy_of_a_poll_does_not_ask_the_provider(image: Player) -> None:
    image.claim("image")
    image.play(Waited("image", 1, "operation", 30))
    assert how(image, "image", 1, 1) is Claim.DROP
    image.now += timedelta(seconds=30)
    assert how(image, "image", 1, 1) is Claim.RUN


def test_a_lost_poll_is_sent_under_a_new_number(image: Player) -> None:
    image.claim("image")
    image.play(Waited("image", 1, "operation", 30))
    (command,) = overdue(image)
    at = START + timedelta(seconds=30) + GRACE
    assert command == Enqueue(StepKind.IMAGE, "image", 1, 3, at)
    assert image.job.steps["image"].operation == "operation"


def test_a_lost_worker_means_a_new_attempt(image: Player) -> None:
    image.claim("image")
    (command,) = overdue(image)
    assert isinstance(command, Enqueue)
    assert (command.attempt, command.delivery) == (2, 1)


def test_lost_workers_use_up_the_attempts(image: Player) -> None:
    for _ in range(POLICIES[StepKind.IMAGE].attempts):
        image.claim("image")
        overdue(image)
    assert image.outcome() is JobStatus.FAILED
    assert image.fault() == "worker_lost"


def test_a_lost_publication_is_repeated(image: Player) -> None:
    image.finish("image", "cutout")
    image.succeed("validate")
    assert overdue(image) == (Publish("validate", 1),)


def test_a_lost_trigger_is_made_up_for(film: Player) -> None:
    film.finish("image", "cutout", "validate")
    film.succeed("video")
    film.play(Published("video", 1))
    commands = overdue(film)
    assert commands == fired(film.now)
    assert film.now == START + GRACE


def test_a_lost_settlement_is_repeated(image: Player) -> None:
    image.fail("image", transient=False)
    for orphaned in (False, True):
        assert image.play(Swept(orphaned)) == (Settle(("image", "transparent_image")),)


def test_a_sweep_leaves_alone_what_is_in_time(film: Player) -> None:
    assert nothing(film.job, Swept())
    film.claim("image")
    assert nothing(film.job, Swept())


def test_an_orphaned_sweep_waits_for_nobody(film: Player) -> None:
    """Every lease is void and every delivery lost."""
    film.finish("image", "cutout", "validate", "video")
    film.claim("transcode")
    film.succeed("transcode-gif")
    commands = film.play(Swept(orphaned=True))
    lost = film.job.steps["transcode"]
    assert commands == (
        Enqueue(StepKind.TRANSCODE, "transcode", 2, 1, lost.not_before),
        Publish("transcode-gif", 1),
        Enqueue(StepKind.TRANSCODE, "transcode-avif", 1, 2, film.now),
    )


def test_an_orphaned_sweep_keeps_to_the_times_that_were_set(image: Player) -> None:
    image.claim("image")
    image.play(Waited("image", 1, "operation", 90))
    later = START + timedelta(seconds=90)
    assert image.play(Swept(orphaned=True)) == (Enqueue(StepKind.IMAGE, "image", 1, 3, later),)


def test_an_orphaned_sweep_that_fails_a_job_settles_it(image: Player) -> None:
    for _ in range(POLICIES[StepKind.IMAGE].attempts):
        image.claim("image")
        commands = image.play(Swept(orphaned=True))
    assert image.outcome() is JobStatus.FAILED
    assert commands == (Settle(("image", "transparent_image")),)


# --- what is derived from a job's state ----------------------------------------------------------


def test_a_job_is_due_until_it_is_settled(film: Player) -> None:
    """At each moment of its life, and whichever way it ends."""
    assert due_at(film.job)
    for step in film.job.steps:
        film.claim(step)
        assert due_at(film.job)
        film.play(Succeeded(step, 1, outputs(film.job, step)))
        assert due_at(film.job)
        film.play(Published(step, 1))
        assert (due_at(film.job) is None) == film.job.settled
        for key in film.job.steps[step].makes:
            film.play(ObjectFinalized(film.job.assets[key].id))
            assert (due_at(film.job) is None) == film.job.settled
    film.play(Settled())
    assert due_at(film.job) is None


def test_a_failed_job_is_due_until_it_is_settled(image: Player) -> None:
    image.fail("image", transient=False)
    assert due_at(image.job) == START + GRACE
    image.play(Settled())
    assert due_at(image.job) is None
    assert outstanding(image.job) == ()


def test_outstanding_is_what_was_commanded_last(film: Player) -> None:
    """Whatever a decision asked for can be derived from the job that it gave."""
    assert outstanding(film.job) == start(planned(FILM).job, START).commands
    for step in ("image", "cutout", "validate", "video"):
        film.claim(step)
        assert outstanding(film.job) == ()
        film.play(Succeeded(step, 1, outputs(film.job, step)))
        assert outstanding(film.job) == film.commands
        if film.job.steps[step].makes:
            film.play(Published(step, 1))
            assert outstanding(film.job) == film.commands
    film.play(ObjectFinalized(video_id(film)))
    assert outstanding(film.job) == film.commands == fired(film.now)
    film.claim("transcode")
    film.play(Waited("transcode", 1, "operation", 5))
    assert set(film.commands) < set(outstanding(film.job))
    film.play(Cancelled(CANCELED))
    assert outstanding(film.job) == film.commands
    assert [type(command) for command in film.commands] == [Settle]


def test_a_decision_says_that_nothing_changed_by_giving_the_same_job(image: Player) -> None:
    assert advance(image.job, Settled(), START) == Decision(image.job)
    assert machine.advance(image.job, Swept(), START).job is image.job
