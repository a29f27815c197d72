"""The demo on emulators of Google Cloud, by the code that is deployed."""

from pathlib import Path

from infra.emulators import firestore, storage
from tests import emulators
from tests.e2e.test_demo import FILES, demo


def test_the_demo_makes_every_file_there_too(tmp_path: Path) -> None:
    emulators.require("the Firestore emulator", firestore.find(), firestore.HOW_TO_GET)
    emulators.require("fake-gcs-server", storage.find(), storage.HOW_TO_GET)

    finished = demo(tmp_path, "--backend", "emulators", "--duration", "1")

    assert finished.returncode == 0, finished.stdout + finished.stderr
    folder = tmp_path / "felix" / "wave"
    assert {path.name for path in folder.iterdir()} == FILES
    assert all(path.stat().st_size > 1000 for path in folder.iterdir())
