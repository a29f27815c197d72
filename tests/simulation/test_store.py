"""The simulated documents keep the contract that the real ones keep."""

# ruff: noqa: F403
import pytest

from shared.ports import Documents
from tests.contract.test_documents import *
from tests.simulation import store


@pytest.fixture
def documents() -> Documents:
    return store.Documents()
