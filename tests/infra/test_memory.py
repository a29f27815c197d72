"""Every function that decodes pictures or films does its worst accepted input in the memory that it
is given, with as many requests at once as it takes."""

import os
from pathlib import Path

import pytest

from tests.infra import terraform
from tests.infra.memory import MIB, measure
from tests.infra.memory_inputs import input_path
from tests.infra.memory_work import WORK

FUNCTIONS = terraform.local("functions")
HEAD_ROOM = 0.15
"""The share of a function's memory that stays free, for what a measurement does not show: the
server, a new version of a library, memory that is not returned at once."""
LONG = pytest.mark.skipif("MASCOTRY_LONG" not in os.environ, reason="takes minutes: make test-long")
UNITS = {"Mi": MIB, "Gi": 1024 * MIB}
TIMEOUT_SECONDS = 900


def given(function: str) -> int:
    """The bytes that Terraform gives a function."""
    memory: str = FUNCTIONS[function]["memory"]
    return int(memory[:-2]) * UNITS[memory[-2:]]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inputs")


@pytest.mark.timeout(TIMEOUT_SECONDS + 120)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[LONG] if WORK[name].long else []) for name in WORK]
)
def test_the_worst_that_is_accepted_fits(name: str, inputs: Path, tmp_path: Path) -> None:
    work = WORK[name]
    for file in work.inputs:
        input_path(inputs, file)
    used = measure(name, inputs, tmp_path, TIMEOUT_SECONDS)
    limit = given(work.function)
    said = f"{name}: {used.peak // MIB:,} of {limit // MIB:,} MiB, {used.files // MIB:,} in files"
    print(said)  # noqa: T201 - for those who look with -s
    assert used.peak <= limit * (1 - HEAD_ROOM), said


def test_as_many_requests_are_measured_as_a_function_takes() -> None:
    """The others take one."""
    assert {WORK[name].function: len(WORK[name].inputs) for name in ("ingest",)} == {
        name: function["concurrency"]
        for name, function in FUNCTIONS.items()
        if function["image"] == "media" and function["concurrency"] > 1
    }


def test_every_function_with_decoders_is_measured() -> None:
    media = {name for name, function in FUNCTIONS.items() if function["image"] == "media"}
    assert {work.function for work in WORK.values()} == media
