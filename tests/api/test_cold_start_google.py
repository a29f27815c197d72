"""The same on Google's clients: only what a request uses is loaded."""

from infra.emulators import firestore
from tests import emulators
from tests.api.test_cold_start import HEAVY
from tests.bench.cold_start import OURS, TELL, environment, run


def test_a_read_loads_one_client_and_nothing_heavy() -> None:
    emulators.require("the Firestore emulator", firestore.find(), firestore.HOW_TO_GET)
    with firestore.running() as emulator:
        _, printed = run(OURS + TELL, environment(emulator))
    modules = printed.split()
    assert "shared.adapters.gcp.documents" in modules
    for name in ("shared.adapters.gcp.blobs", "shared.adapters.gcp.tasks", "sqlite3"):
        assert name not in modules
    others = [package for package in HEAVY if not package.startswith(("google", "grpc"))]
    assert [name for name in modules if name.split(".")[0] in others] == []
    for name in ("google.cloud.storage", "google.cloud.tasks", "google.genai", "openai"):
        assert name not in modules
