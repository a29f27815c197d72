"""A paid submit whose outcome nobody knows is one request and one failed job: neither the provider,
the queue nor the sweeper repeats it."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from shared.errors import Busy
from shared.model.job import JobStatus, StepKind
from shared.services import runner
from shared.services.steps import StepContext, StepResult
from tests.graph.jobs import FILM
from tests.providers.test_submits import PAGE, fal_film, gemini_image
from tests.providers.wire.server import Drop, Reply, Wire, serve
from tests.services.world import Tenant, World

PATIENCE_SECONDS = 10.0


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serve() as running:
        yield running


@pytest.mark.parametrize("reply", [Reply(PAGE, 524), Drop()], ids=str)
@pytest.mark.parametrize(
    ("step", "submit"),
    [
        (StepKind.IMAGE, gemini_image),
        (StepKind.VIDEO, fal_film),
    ],
)
def test_it_is_asked_for_once(
    world: World,
    tenant: Tenant,
    wire: Wire,
    step: StepKind,
    submit: Callable[..., object],
    reply: Reply | Drop,
) -> None:
    def code(context: StepContext) -> StepResult:
        submit(wire.url, context.folder, PATIENCE_SECONDS)
        raise AssertionError("the provider has answered")

    wire.answer(reply)
    world.codes[step] = code
    job = world.generate(tenant, FILM).job
    while not (waiting := [found for queue, found in world.deliveries() if queue == step]):
        assert world.deliver_next()
    world.settle()
    for delivery in waiting:  # the queue delivers at least once
        with suppress(Busy):
            runner.deliver(world.ports, world.settings, delivery, code)
    world.settle()
    job = world.job(job)
    assert len(wire.requests) == 1
    assert job.status is JobStatus.FAILED
    assert job.error
    assert job.error.code == "provider_outcome_unknown"
    assert [one.id for one in world.jobs(tenant)] == [job.id]
