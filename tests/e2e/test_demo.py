"""The demo, as a newcomer runs it, only shorter."""

import json
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.e2e.server import ROOT

FILES = {
    "image.png",
    "transparent_image.png",
    "transparent_image.webp",
    "video.mp4",
    *(f"webm{size}.webm" for size in ("", "-256", "-128")),
    *(f"hevc{size}.mov" for size in ("", "-256", "-128")),
    *(f"stacked_video{size}.mp4" for size in ("", "-256", "-128")),
    "contact-sheet.png",
    "job.json",
}


def demo(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.demo", "--out", str(out), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_the_demo_makes_every_file(tmp_path: Path) -> None:
    words = ["--name", "Piggy", "--character", "a pink pig with round black glasses"]
    action = ["--item", "Thumbs Up", "--action", "thumbs up", "--motion", "nods"]

    finished = demo(tmp_path, *words, *action, "--duration", "1")

    assert finished.returncode == 0, finished.stdout + finished.stderr
    folder = tmp_path / "piggy" / "thumbs-up"
    assert {path.name for path in folder.iterdir()} == FILES
    assert all(path.stat().st_size > 1000 for path in folder.iterdir())
    with Image.open(folder / "contact-sheet.png") as sheet:
        assert sheet.width > 1500
    job = json.loads((folder / "job.json").read_text())
    assert job["status"] == "completed"
    assert {step["status"] for step in job["steps"]} == {"succeeded"}
    assert all(name in finished.stdout for name in ("webm-128.webm", "two layers"))


def test_the_demo_says_what_is_wrong(tmp_path: Path) -> None:
    finished = demo(tmp_path, "--duration", "99")
    assert finished.returncode == 1
    assert "duration" in finished.stdout
    assert not list(tmp_path.iterdir())
