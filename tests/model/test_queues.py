import re
from datetime import timedelta

import pytest

from shared.graph.policy import POLICIES
from shared.model.job import StepKind
from shared.model.queues import BY_NAME, QUEUES, Queue, function_address
from shared.services import uploads
from shared.services.webhooks import outbox


def test_every_function_that_takes_tasks_has_one_queue() -> None:
    assert [queue.name for queue in QUEUES] == list(BY_NAME)
    assert set(BY_NAME) == {kind.value for kind in StepKind} | {outbox.QUEUE, uploads.QUEUE}


@pytest.mark.parametrize("kind", StepKind)
def test_a_lease_outlives_its_delivery(kind: StepKind) -> None:
    assert timedelta(seconds=BY_NAME[kind].dispatch_deadline) <= POLICIES[kind].lease


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_cloud_tasks_takes_every_queue(queue: Queue) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,99}", queue.queue_id)
    assert 15 <= queue.dispatch_deadline <= 1800
    assert 0 < queue.max_per_second <= 500
    assert 0 < queue.max_concurrent <= 5000
    assert 0 < queue.min_backoff <= queue.max_backoff


def test_a_function_has_an_address_of_its_own() -> None:
    template = "https://{function}-x.a.run.app/"
    assert function_address(template, "style_card") == "https://style-card-x.a.run.app"
    with pytest.raises(ValueError, match=r"functions_url must have \{function\}"):
        function_address("https://all.example", "image")
