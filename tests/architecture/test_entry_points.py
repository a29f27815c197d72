"""What belongs to a kind of step: a queue's function, its code, and how patient we are."""

from importlib import import_module

import pytest

from functions import main
from shared.graph.policy import POLICIES
from shared.model.job import StepKind


@pytest.mark.parametrize("kind", StepKind)
def test_a_step_has_everything_that_it_needs(kind: StepKind) -> None:
    assert callable(getattr(main, kind.value))
    assert callable(import_module(f"functions.steps.{kind.value}").run)
    policy = POLICIES[kind]
    assert policy.attempts > 1
    assert policy.backoff <= policy.backoff_limit < policy.lease * 10


def test_no_policy_is_for_nothing() -> None:
    assert set(POLICIES) == set(StepKind)
