"""The two images as a machine without a container engine can have them: for each the folder that
the Dockerfile's steps leave behind, its environment and its command, with a virtual environment
that holds exactly its packages."""

import json
import re
import shutil
from pathlib import Path
from typing import Final

from infra.emulators.container import Image, command
from tests.infra.terraform import ROOT

DOCKERFILE: Final = ROOT / "infra" / "images" / "Dockerfile"
_STAGE: Final = re.compile(r"^FROM (\S+) AS (\w+)$", re.MULTILINE)
_ENV: Final = re.compile(r"^ENV ((?:.*\\\n)*.*)$", re.MULTILINE)
_COPY: Final = re.compile(r"^COPY ([^-\n].*)$", re.MULTILINE)
_FROM_CODE: Final = re.compile(r"^COPY --from=(\w+)", re.MULTILINE)
_CMD: Final = re.compile(r"^CMD (\[.*\])$", re.MULTILINE)
_NOT_NEEDED: Final = ("requirements", "constraints")


def build(name: str, folder: Path, venv: Path) -> Image:
    """The image of a stage; `venv` has its packages, and the weights lie below the root."""
    stages = _stages(DOCKERFILE.read_text())
    base, text = stages[name]
    folder.mkdir(parents=True)
    for stage in (*_FROM_CODE.findall(text), name):
        for line in _COPY.findall(stages[stage][1]):
            *sources, target = line.split()
            for source in sources:
                if not source.startswith(_NOT_NEEDED):
                    _copy(ROOT / source, folder / target)
    if "infra.weights" in text:
        shutil.copytree(ROOT / ".models", folder / ".models")
    (line,) = _CMD.findall(text)
    program, *arguments = json.loads(line)
    environment = {**_environment(stages[base][1]), **_environment(text)}
    return Image(
        folder=folder,
        command=command([str(venv / "bin" / program), *arguments]),
        environment={
            **{
                key: value.replace("/app", str(folder)).replace("/opt/numba", str(venv / "numba"))
                for key, value in environment.items()
            },
            "PATH": f"{venv / 'bin'}:/usr/bin:/bin",
        },
    )


def _stages(text: str) -> dict[str, tuple[str, str]]:
    """By name: what a stage begins with, and its steps."""
    found = list(_STAGE.finditer(text))
    ends = [one.start() for one in found[1:]] + [len(text)]
    return {one[2]: (one[1], text[one.end() : end]) for one, end in zip(found, ends, strict=True)}


def _environment(steps: str) -> dict[str, str]:
    text = " ".join(_ENV.findall(steps)).replace("\\\n", " ")
    return dict(one.split("=", 1) for one in text.split())


def _copy(source: Path, target: Path) -> None:
    """As a Dockerfile copies: of a folder what is in it, and a file into the folder `target`."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
