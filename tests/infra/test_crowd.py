"""A crowd comes to the local stack at once: everybody is answered, and memory is bounded and
returned. How long it takes depends on the machine: it is printed, and decides nothing."""

import json
import os
from dataclasses import asdict

import pytest

from tests.bench import crowd
from tests.bench.crowd_clients import IDLE

MOST_MEMORY = 1_500
"""MiB, for all that the stack does at the same time."""
MOST_KEPT = 400
"""MiB more than before, when the crowd has gone."""
MOST_REOPENING = 0.5
"""The share of the idle connections that may be on their way to be opened again, which on a machine
that has much else to do takes time."""


@pytest.mark.skipif("MASCOTRY_LONG" not in os.environ, reason="takes minutes: make test-long")
@pytest.mark.timeout(1_800)
def test_a_crowd_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    found = crowd.measure()
    with capsys.disabled():
        print(f"\n{json.dumps(asdict(found), indent=2)}")  # noqa: T201 - for those who look
    assert found.reads > 0
    assert found.read_faults == 0
    assert (found.followers_served, found.followers_refused) == (crowd.FOLLOWERS, 0)
    assert found.uploads == {201: crowd.UPLOADS}
    assert found.idle_refused == 0
    assert found.idle_least >= IDLE * (1 - MOST_REOPENING)
    assert found.memory_peak < MOST_MEMORY
    assert found.memory_after < found.memory_before + MOST_KEPT
