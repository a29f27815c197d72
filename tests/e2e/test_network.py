"""Without a provider nothing leaves this machine: we report to nobody, nor does what we import."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.config import settings
from shared.media.cutout import WEIGHTS
from tests import network
from tests.e2e.server import Server
from tests.e2e.test_own_pictures import picture
from tests.network import ROOT

LINGER_SECONDS = 3.0
"""onnxruntime reports ten seconds after its import; the film takes longer than the rest of them."""
PATIENCE_SECONDS = 120
CUT_OUT = "tests.e2e.offline_cutout"

needs_weights = pytest.mark.skipif(
    not (settings().weights / WEIGHTS).is_file(), reason="NO WEIGHTS: run `python -m infra.weights`"
)


def reports_kept(folder: Path) -> list[str]:
    """What onnxruntime keeps of its reports: an identifier of the machine and a queue."""
    return [str(path) for path in (folder / "cache").rglob("*onnxruntime*")]


@needs_weights
def test_a_mascot_is_made_without_a_word_to_anybody(tmp_path: Path) -> None:
    log, trace = tmp_path / "log", tmp_path / "trace"
    around = network.traced(trace) if network.can_trace() else []
    watched = [*around, sys.executable, "-m", "tests.network", str(log)]
    server = Server(tmp_path / "home", watched, network.environment(tmp_path, {}))
    server.start()
    try:
        make(server)
        time.sleep(LINGER_SECONDS)
    finally:
        server.stop()

    assert not log.exists(), log.read_text()
    assert reports_kept(tmp_path) == []
    network.require_strace()
    told = network.ended(trace)
    assert "connect(" in told  # tasks reach their functions on this machine
    assert network.attempts(told) == []


def make(server: Server) -> None:
    """What `make demo` makes, but of a picture with a busy background, which only the network cuts
    out; and a still that the offline artist draws."""
    files = {"file": ("cat.jpg", picture(busy=True), "image/jpeg")}
    upload_id = server.http.post("/v1/upload", files=files).json()["data"]["id"]
    collection = server.collection(reference_asset_ids=[upload_id])
    own = {"source_image_asset_id": upload_id, "animation_prompt": "bounces", "duration": 1}
    film = server.generate(collection, type="animation", name="Own", sizes=["64x64"], **own)
    still = server.generate(collection, type="image", name="Drawn", image_prompt="waving")
    assert server.finished(still["job_id"])["status"] == "completed"
    job = server.finished(film["job_id"])
    assert job["status"] == "completed"
    cutout = server.get(f"/assets/{job['asset_ids']['transparent_image']}")
    assert cutout["metadata"]["cutout"]["method"] == "rembg"


@needs_weights
def test_a_report_of_onnxruntime_would_be_seen(tmp_path: Path) -> None:
    network.require_strace()
    trace = tmp_path / "trace"
    told = network.environment(tmp_path, {"ORT_DISABLE_TELEMETRY": "0"})
    command = [*network.traced(trace, refuse=True), sys.executable, "-m", CUT_OUT]
    process = subprocess.Popen([*command, str(PATIENCE_SECONDS)], cwd=ROOT, env=told)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (trace.exists() and network.attempts(trace.read_text())):
        assert process.poll() is None
        assert time.monotonic() < deadline, "onnxruntime reports no more: is the switch needed?"
        time.sleep(0.1)
    process.kill()
    process.wait()
    network.ended(trace)
    assert reports_kept(tmp_path)
