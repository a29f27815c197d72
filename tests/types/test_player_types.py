"""The player's types: they name what the module has, and TypeScript takes what users write."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shared.config import ROOT

STUDIO = ROOT / "functions" / "studio"
TYPES = (STUDIO / "mascot-player.d.ts").read_text()
MODULE = (STUDIO / "mascot-player.js").read_text()
COMPILER = ROOT / ".generators" / "node_modules" / ".bin" / "tsc"
"""Of the programs that `make test-long` installs."""
OPTIONS = ("--noEmit", "--strict", "--jsx", "react-jsx", "--target", "es2022", "--module", "esnext")
TIMEOUT_SECONDS = 240


def body(of: str, name: str) -> str:
    """What stands in the braces of an interface."""
    [found] = re.findall(rf"interface {name} \{{\n(.*?)\n\}}", of, re.S)
    return str(found)


def test_every_attribute_has_a_type() -> None:
    [observed] = re.findall(r'observedAttributes =\s+"(.*?)"\.split', MODULE)
    read = set(re.findall(r'[a-z]Attribute\("([\w-]+)"\)', MODULE))
    typed = set(re.findall(r'^  "?([\w-]+)"?\?:', body(TYPES, "MascotPlayerAttributes"), re.M))
    assert typed == (set(observed.split()) | read) - {"key", "src"}  # React keeps `key` for itself


def test_every_event_has_a_type() -> None:
    told = set(re.findall(r'tell\("(\w+)"', MODULE + (STUDIO / "mascot-canvas.js").read_text()))
    told |= {"play", "pause"}
    assert set(re.findall(r"^  (\w+): CustomEvent", TYPES, re.M)) == told


def test_every_member_has_a_type() -> None:
    [element] = re.findall(r"export class MascotPlayer extends Base \{(.*?)\n\}", MODULE, re.S)
    has = set(re.findall(r"^  (?:get |set )?([a-z]\w+)\(", element, re.M))
    has -= {"constructor", "connectedCallback", "disconnectedCallback", "attributeChangedCallback"}
    [typed] = re.findall(r"class MascotPlayer extends HTMLElement \{(.*?)\n\}", TYPES, re.S)
    names = set(re.findall(r"^  (?:readonly |get |set )?(\w+)[(:]", typed, re.M))
    assert names - {"addEventListener", "removeEventListener"} == has


@pytest.mark.skipif("MASCOTRY_LONG" not in os.environ, reason="takes seconds: make test-long")
@pytest.mark.skipif(not COMPILER.exists(), reason="node is not installed: make test-long")
def test_typescript_takes_what_users_write(tmp_path: Path) -> None:
    here = Path(__file__).parent
    for source in (*STUDIO.glob("mascot-*.d.ts"), here / "page.tsx", here / "react.d.ts"):
        shutil.copy(source, tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    command = [str(COMPILER), *OPTIONS, "--moduleResolution", "bundler", *files]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
