"""Without a provider nothing leaves this machine: we report to nobody, nor does what we import."""

import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest

from shared.config import settings
from shared.media.cutout import WEIGHTS
from tests import network
from tests.e2e.server import Server
from tests.e2e.test_own_pictures import picture
from tests.network import ROOT

REPORT_SECONDS = 12.0
"""onnxruntime reports for the first time ten seconds after its import."""
PATIENCE_SECONDS = 240
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
    server = Server(
        tmp_path / "home", python=watched, environment=network.environment(tmp_path, {})
    )
    server.start()
    try:
        cut_out_at = make(server)
        time.sleep(max(0.0, cut_out_at + REPORT_SECONDS - time.time()))
    finally:
        server.stop()

    assert not log.exists(), log.read_text()
    assert reports_kept(tmp_path) == []
    network.require_strace()
    told = network.ended(trace)
    assert "connect(" in told  # tasks reach their functions on this machine
    assert network.attempts(told) == []


def make(server: Server) -> float:
    """What `make demo` makes, but of a picture with a busy background, which only the network cuts
    out; and a still that the offline artist draws. When the network had cut out, as a timestamp."""
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
    (step,) = (step for step in job["steps"] if step["kind"] == "cutout")
    return datetime.fromisoformat(step["finished_at"]).timestamp()


def test_what_is_imported_reaches_nobody(tmp_path: Path) -> None:
    """All that the functions import, also for providers and for Google Cloud."""
    log, trace = tmp_path / "log", tmp_path / "trace"
    around = network.traced(trace, refuse=True) if network.can_trace() else []
    watched = [*around, sys.executable, "-W", "ignore", "-m", "tests.network", str(log)]
    done = subprocess.run(
        [*watched, "tests.e2e.all_imports", str(REPORT_SECONDS)],
        cwd=ROOT,
        env=network.environment(tmp_path, {}),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "9 providers" in done.stdout
    assert not log.exists(), log.read_text()
    assert reports_kept(tmp_path) == []
    network.require_strace()
    assert network.attempts(network.ended(trace)) == []


def test_an_attempt_by_python_is_refused_and_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = (
        "import socket, sys; from pathlib import Path; from tests import network\n"
        "network.watch(Path(sys.argv[1]))\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(('localhost', listener.getsockname()[1])).close()\n"
        "for attempt in (\n"
        "    lambda: socket.create_connection(('example.com', 80)),\n"
        "    lambda: socket.create_connection(('192.0.2.1', 80)),\n"
        "    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53)),\n"
        "):\n"
        "    try: attempt()\n"
        "    except ConnectionRefusedError: pass\n"
        "    else: raise SystemExit('it was let through')\n"
    )
    subprocess.run(
        [sys.executable, "-c", script, str(log)],
        env=network.environment(tmp_path, {}),
        check=True,
    )
    told = log.read_text().splitlines()
    assert [line.split()[0] for line in told] == [
        "socket.getaddrinfo",
        "socket.connect",
        "socket.sendto",
    ]


@pytest.mark.parametrize(
    ("line", "away"),
    [
        ('connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}', 0),
        ('connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.53")}', 1),
        ('sendto(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("8.8.8.8")', 1),
        ('{sa_family=AF_INET6, sin6_port=htons(443), inet_pton(AF_INET6, "::1", &sin6_addr)}', 0),
        ('{sa_family=AF_INET6, sin6_port=htons(443), inet_pton(AF_INET6, "2001:db8::1", &a)}', 1),
        (
            '{sa_family=AF_INET6, sin6_port=htons(1), inet_pton(AF_INET6, "::ffff:127.0.0.1", &a)}',
            0,
        ),
        ('connect(3, {sa_family=AF_UNIX, sun_path="/run/systemd/resolve/io.systemd.Resolve"}', 1),
        ('connect(3, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110)', 0),
        ("connect(3, {sa_family=AF_INET, ...}, 16)", 1),
    ],
)
def test_what_leads_away_from_this_machine(line: str, away: bool) -> None:
    assert len(network.attempts(line)) == away


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
