"""The two images: the slim one has all that its functions need, and each is what it says."""

import hashlib
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from shared.media import ffmpeg
from tests.infra import slim, terraform
from tests.infra.terraform import ROOT

DOCKERFILE = (ROOT / "infra" / "images" / "Dockerfile").read_text()


def installed_with(requirements: Path) -> set[str]:
    """The distributions that these requirements pull in, all together, by canonical name."""
    lines = (line.partition("#")[0].strip() for line in requirements.read_text().splitlines())
    wanted = [Requirement(line) for line in lines if line and not line.startswith("-")]
    found: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        extras = requirement.extras or {""}
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
                wanted.append(needed)
    return found


def missing_modules() -> list[str]:
    """What can be imported here and not in the slim image. Of namespaces only what is theirs."""
    there = installed_with(ROOT / "requirements-slim.txt")
    modules: dict[str, set[str]] = {}
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.name)
        for file in distribution.files or ():
            top = file.parts[0].partition(".")[0]
            if file.suffix in (".py", ".so") and file.parts[0] != "..":
                module = top if top != "google" else ".".join(file.parts[:2])
                modules.setdefault(module, set()).add(name)
    return [module for module, owners in modules.items() if not owners & there]


def test_the_slim_image_has_all_that_its_functions_need(tmp_path: Path) -> None:
    missing = missing_modules()
    assert {"numpy", "cv2", "openai", "google.genai", "httpx"} <= {*missing}
    done = subprocess.run(
        [sys.executable, "-m", "tests.infra.slim", json.dumps(missing)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "MASCOTRY_HOME": str(tmp_path),
            "MASCOTRY_WEBHOOK_LOOPBACK": "true",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "slim is enough" in done.stdout, done.stderr[-3000:] + done.stdout


def test_what_was_tried_is_what_runs_from_the_slim_image() -> None:
    functions = terraform.local("functions")
    assert {name for name, one in functions.items() if one["image"] == "slim"} == {*slim.FUNCTIONS}


def test_each_image_that_is_built_is_one_that_is_run() -> None:
    built = (ROOT / "infra" / "images" / "cloudbuild.yaml").read_text()
    used = {one["image"] for one in terraform.local("functions").values()}
    assert {*re.findall(r"--target, (\w+)", built)} == used
    assert used <= {*re.findall(r"^FROM base AS (\w+)", DOCKERFILE, re.MULTILINE)}


def test_images_come_from_a_pinned_base_and_run_as_nobody_in_particular() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert [base for base in bases if base != "base"] == [bases[0]]
    assert re.fullmatch(r"python:3\.11-[\w.-]+@sha256:[0-9a-f]{64}", bases[0])
    for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]:
        assert ("CMD" in stage) == ("USER 10001" in stage)


def test_images_turn_telemetry_off() -> None:
    base = DOCKERFILE[DOCKERFILE.index("AS base") : DOCKERFILE.index("FROM base")]
    assert re.search(r"^\s*ORT_DISABLE_TELEMETRY=1$", base, re.MULTILINE)


@pytest.mark.skipif(sys.platform != "linux", reason="the image holds the program for Linux")
def test_the_image_checks_for_the_ffmpeg_that_the_tests_use() -> None:
    digest = hashlib.sha256(Path(ffmpeg.binary()).read_bytes()).hexdigest()
    assert f"ARG FFMPEG_SHA256={digest}" in DOCKERFILE


def test_what_an_image_copies_is_sent_to_where_it_is_built() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    sent = [line[1:] for line in lines if line.startswith("!")]
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert {*sent} == {*copied}
    assert all((ROOT / source).exists() for source in copied)
