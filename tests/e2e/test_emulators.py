"""The demo on emulators of Google Cloud, by the code that is deployed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.emulators import firestore, storage
from tests import emulators
from tests.e2e.server import Server
from tests.e2e.test_demo import FILES, demo
from tests.e2e.test_imports import assert_the_ball, ball, bring
from tests.e2e.test_signed_uploads import invite, picture, put, settled


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    emulators.require("the Firestore emulator", firestore.find(), firestore.HOW_TO_GET)
    emulators.require("fake-gcs-server", storage.find(), storage.HOW_TO_GET)
    server = Server(tmp_path_factory.mktemp("cloud") / "home", "infra.emulators")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_a_picture_that_was_sent_is_decoded_by_its_function(cloud: Server) -> None:
    invitation = invite(cloud)
    assert put(invitation, picture()).is_success
    asset = settled(cloud, invitation)
    assert (asset["status"], asset["content"]["width"]) == ("ready", 640)
    refused = invite(cloud)
    assert put(refused, b"no picture").is_success
    assert settled(cloud, refused)["error"]["code"] == "upload_refused"
    sent = cloud.http.post("/v1/upload", files={"file": ("x", b"no picture")})
    assert sent.status_code == 400
    assert "is not a PNG, JPEG, WebP or GIF" in sent.json()["error"]["message"]


def test_a_film_that_was_sent_is_decoded_by_its_function(cloud: Server, tmp_path: Path) -> None:
    content = ball(tmp_path / "x.mov", "-c:v", "png", "-pix_fmt", "rgba", clear=0)
    collection = cloud.collection()
    job = cloud.finished(bring(cloud, collection, content)["job_id"])
    assert_the_ball(cloud, job, tmp_path)
    disguise = b"\0\0\0\x18ftypisom\0\0\0\0isommp42#EXTM3U\nfile:///etc/passwd"
    job = cloud.finished(bring(cloud, collection, disguise)["job_id"])
    assert job["error"]["code"] == "film_unsupported"


def test_the_demo_makes_every_file_there_too(tmp_path: Path) -> None:
    emulators.require("the Firestore emulator", firestore.find(), firestore.HOW_TO_GET)
    emulators.require("fake-gcs-server", storage.find(), storage.HOW_TO_GET)

    finished = demo(tmp_path, "--backend", "emulators", "--duration", "1")

    assert finished.returncode == 0, finished.stdout + finished.stderr
    folder = tmp_path / "felix" / "wave"
    assert {path.name for path in folder.iterdir()} == FILES
    assert all(path.stat().st_size > 1000 for path in folder.iterdir())
