"""Two generated clients do all that an app does, against a real server."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.e2e.server import Server
from tests.generators.programs import INSTALLED, NODE, PYTHON, needs_node, run, takes_minutes

FLOWS = Path(__file__).parent / "flows"
FLOW_SECONDS = 900
TYPES = """[mypy]
strict = true
# The same for every document: what it passes on to httpx is typed as `object`.
[mypy-mascotry_client.client]
ignore_errors = true
"""

pytestmark = [takes_minutes, pytest.mark.timeout(FLOW_SECONDS + 300)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A stack that sends webhooks to this machine."""
    environment = {**os.environ, "MASCOTRY_WEBHOOK_LOOPBACK": "true"}
    running = Server(tmp_path_factory.mktemp("home"), environment=environment)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def document(server: Server, tmp_path: Path) -> Path:
    """The document as this server serves it."""
    path = tmp_path / "openapi.json"
    path.write_bytes(server.http.get("/v1/openapi.json").content)
    return path


@pytest.fixture
def arguments(server: Server, tmp_path: Path) -> list[str]:
    """The base URL, a key, and a picture to refer to."""
    picture = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(picture).ellipse((60, 40, 200, 220), fill="orange", outline="black", width=6)
    picture.save(tmp_path / "fox.png")
    key = (server.home / "dev-key").read_text().strip()
    return [str(server.http.base_url).rstrip("/"), key, str(tmp_path / "fox.png")]


def test_the_python_client(document: Path, arguments: list[str], tmp_path: Path) -> None:
    run(PYTHON / "openapi-python-client", "generate", "--path", document,
        "--output-path", "mascotry_client", "--meta", "none", folder=tmp_path)  # fmt: skip
    (tmp_path / "flow.py").write_text((FLOWS / "flow.py").read_text())
    (tmp_path / "mypy.ini").write_text(TYPES)
    options = ("--config-file", "mypy.ini", "--python-executable", PYTHON / "python")
    check = (sys.executable, "-m", "mypy", *options, "flow.py", "mascotry_client")
    run(*check, folder=tmp_path, timeout=FLOW_SECONDS)
    said = run(PYTHON / "python", "flow.py", *arguments, folder=tmp_path, timeout=FLOW_SECONDS)
    assert said == "The whole flow was done.\n"


@needs_node
def test_the_typescript_client(document: Path, arguments: list[str], tmp_path: Path) -> None:
    program, option = NODE / "openapi-typescript", "--default-non-nullable=false"
    run(program, document, option, "-o", "mascotry.d.ts", folder=tmp_path)
    (tmp_path / "node_modules").symlink_to(INSTALLED / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "flow.ts").write_text((FLOWS / "flow.ts").read_text())
    options = ("--strict", "--target", "es2022", "--module", "nodenext", "--types", "node")
    run(NODE / "tsc", *options, "flow.ts", folder=tmp_path)
    said = run("node", "flow.js", *arguments, folder=tmp_path, timeout=FLOW_SECONDS)
    assert said == "The whole flow was done.\n"
