"""Films and pictures that somebody brings along, through the whole stack."""

import hashlib
from pathlib import Path

import pytest

from shared.media import ffmpeg
from shared.media.formats import WEBM
from shared.model.job import StepKind
from tests.e2e.server import Json, Server
from tests.e2e.test_sigkill import kill_during, until_killed
from tests.e2e.test_signed_uploads import put

FORMATS = {"webm", "hevc", "stacked_video"}
BALL = (
    "color=size=120x90:rate=12:duration=1,format=rgba,geq=r='if({inside},230,{behind})':"
    "g='if({inside},120,{behind})':b='if({inside},30,{behind})':a='if({inside},255,{clear})'"
)
INSIDE = "lt(hypot(X-40-3*N,Y-45),20)"


def ball(path: Path, *codec: str, clear: int) -> bytes:
    """An orange ball that moves over grey, or over nothing."""
    source = BALL.format(inside=INSIDE, behind=200, clear=clear)
    ffmpeg.run(("-f", "lavfi", "-i", source, *codec, "-y", str(path)))
    return path.read_bytes()


@pytest.fixture
def plain(tmp_path: Path) -> bytes:
    return ball(tmp_path / "x.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", clear=255)


def bring(server: Server, collection: Json, content: bytes, **fields: str) -> Json:
    path = f"/v1/collections/{collection['id']}/items/import"
    files = {"file": ("film", content)}
    answer = server.http.post(path, files=files, data={"name": "Ball", **fields})
    assert answer.status_code == 202, answer.text
    made: Json = answer.json()["data"]
    return made


def assert_the_ball(server: Server, job: Json, folder: Path) -> None:
    assert job["status"] == "completed", job
    (folder / "out.webm").write_bytes(server.http.get(job["urls"]["webm"]).content)
    with ffmpeg.read_frames(
        folder / "out.webm", 120, 90, pixels="rgba", decode=WEBM.decode
    ) as frames:
        first, *rest = frames
    assert len(rest) == 11
    assert first[45, 40, 3] > 247
    assert first[45, 100, 3] < 8
    assert rest[-1][45, 40 + 33, 3] > 247


def test_a_film_is_sent_imported_and_played(server: Server, plain: bytes, tmp_path: Path) -> None:
    collection = server.collection(animation_sizes=[64])
    invitation = server.post("/uploads", {"content_type": "video/mp4", "bytes": len(plain)})
    assert put(invitation, plain).is_success
    body = {"asset_id": invitation["asset_id"], "name": "Ball"}
    begun = server.post(f"/collections/{collection['id']}/items/import", body)
    job = server.finished(begun["job_id"])
    assert_the_ball(server, job, tmp_path)
    assert set(job["urls"]) == {"video", *FORMATS, *(f"{name}_64" for name in FORMATS)}
    assert job["cost_credits"] == 0


def test_a_film_with_alpha_keeps_it_and_gets_its_sizes_later(
    server: Server, tmp_path: Path
) -> None:
    content = ball(tmp_path / "x.mov", "-c:v", "png", "-pix_fmt", "rgba", clear=0)
    collection = server.collection()
    job = server.finished(bring(server, collection, content)["job_id"])
    assert_the_ball(server, job, tmp_path)
    video = server.get(f"/assets/{job['asset_ids']['video']}")
    assert video["metadata"]["source"]["alpha"] is True
    path = f"/v1/collections/{collection['id']}"
    changed = server.http.patch(path, json={"animation_sizes": [64]}).json()["data"]
    assert server.finished(changed["sizes_job"]["job_id"])["status"] == "completed"
    [variants] = server.get("/jobs", type="size_variant")
    asset = server.get(f"/assets/{variants['asset_ids']['webm_64']}")
    assert (asset["content"]["width"], asset["content"]["frames"]) == (64, 12)
    verified = asset["metadata"]["verification"]
    assert (verified["alpha_min"], verified["alpha_max"]) == (0, 255)


def test_an_import_survives_a_kill(server: Server, plain: bytes) -> None:
    collection = server.collection()

    def attempt() -> bool:
        job_id = bring(server, collection, plain)["job_id"]
        was_killed = kill_during(server, job_id, StepKind.INTAKE)
        job = server.finished(job_id)
        assert job["status"] == "completed", job
        for key, asset_id in job["asset_ids"].items():
            content = server.http.get(job["urls"][key]).content
            asset = server.get(f"/assets/{asset_id}")
            assert hashlib.sha256(content).hexdigest() == asset["content"]["sha256"]
        return was_killed

    until_killed(attempt)


def test_a_disguise_does_not_help(server: Server) -> None:
    collection = server.collection()
    job = bring(
        server, collection, b"\0\0\0\x18ftypisom\0\0\0\0isommp42#EXTM3U\nfile:///etc/passwd"
    )
    ended = server.finished(job["job_id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "film_unsupported")
