from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from infra.emulators import firestore as firestore_emulator
from tests import emulators

if TYPE_CHECKING:
    from tests.contract.cloud_storage import CloudStorage


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Say last, and loudly, what could not be tested for want of an emulator."""
    yield
    lines = emulators.summary(terminalreporter.stats.get("skipped", []))
    if lines:
        terminalreporter.section("not tested here", sep="!", red=True, bold=True)
        for line in lines:
            terminalreporter.write_line(line, red=True, bold=True)


@pytest.fixture(scope="session")
def firestore() -> Iterator[str]:
    """The address of a Firestore emulator with our rules, one for each process that runs tests."""
    emulators.require(
        "Firestore's emulator", firestore_emulator.find(), firestore_emulator.HOW_TO_GET
    )
    with firestore_emulator.running(rules=firestore_emulator.RULES) as address:
        yield address


@pytest.fixture(scope="session")
def cloud_storage() -> Iterator["CloudStorage"]:
    """A Cloud Storage for this run. Google's client takes long to load."""
    from tests.contract.cloud_storage import serving

    with serving() as cloud:
        yield cloud
