"""What the README and the greeting of `make dev` tell a newcomer to type, typed."""

import json
import re
import shutil
import subprocess

import pytest

from infra.local import greeting
from tests.e2e.server import ROOT, Json, Server

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def typed(lines: str) -> Json:
    """Run lines in a shell; the JSON that the last one printed."""
    shell = ["bash", "-euo", "pipefail", "-c", lines]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answer: Json = json.loads(done.stdout)
    return answer


def address(server: Server) -> str:
    return str(server.http.base_url).rstrip("/")


def test_the_walk_through_in_the_readme(server: Server) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = [block for block in blocks if "KEY=" in block]
    lines = block.replace("http://127.0.0.1:8080", address(server))
    lines = lines.replace(".mascotry/dev-key", str(server.home / "dev-key"))

    answer = typed(lines)

    assert set(answer["data"]["urls"]) >= {"image", "webm_256", "hevc_128", "stacked_video"}
    assert server.get(f"/jobs/{answer['data']['job_id']}")["item_name"] == "Wave"


def test_the_lines_that_make_dev_prints(server: Server) -> None:
    text = greeting(address(server), server.home)
    lines = [line for line in text.splitlines() if "curl" in line]
    assert len(lines) == 3

    answer = typed("\n".join(lines))

    assert answer["data"]["job_id"]
