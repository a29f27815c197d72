"""Cold start is part of the price: nobody must load what only media work needs without need."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

HEAVY = (
    *("cv2", "numpy", "PIL", "rembg", "onnxruntime", "resvg_py", "imageio_ffmpeg"),
    *("google.cloud", "google.api_core", "google.auth", "grpc"),
)
OF_THE_FRAMEWORK = ("google.cloud.functions", "google.cloud.functions_v1")
"""A few classes that functions-framework itself needs."""

SCRIPT = """
import sys
import functions_framework

def serve(target):
    app = functions_framework.create_app(
        target=target, source="functions/main.py", signature_type="http"
    )
    return app.test_client()

client, ingest = serve("api"), serve("ingest")
for path in ("/v1/projects", "/nowhere"):
    for secret in ("unknown", "to.k.en"):
        client.get(path, headers={"Authorization": f"Bearer {secret}"})

from functions import composition
from shared.model.workspace import Scope
from shared.services import keys

ports = composition.ports()
workspace = keys.create_workspace(ports, "Test")
key = keys.issue(ports, workspace.id, "test", tuple(Scope))
headers = {"Authorization": f"Bearer {key}"}

def post(path, body, client=client):
    answer = client.post(path, json=body, headers=headers)
    assert answer.status_code in (201, 202), answer.get_json()
    return answer.get_json()["data"]

project = post("/v1/projects", {"name": "App"})
felix = {"project_id": project["id"], "name": "Felix"}
collection = post("/v1/collections", felix, ingest)
post(
    f"/v1/collections/{collection['id']}/generate",
    {"type": "image", "name": "Wave", "image_prompt": "waving"},
)
upload = post("/v1/uploads", {"content_type": "image/png"})
assert client.get(f"/v1/assets/{upload['asset_id']}", headers=headers).status_code == 200
choice = {"image_provider": "offline", "vision_provider": "offline"}
assert client.patch("/v1/workspace", json=choice, headers=headers).status_code == 200
assert client.delete(f"/v1/projects/{project['id']}", headers=headers).status_code == 202
print(*sorted(sys.modules))
"""

DOCUMENT = """
import sys
import functions_framework

app = functions_framework.create_app(
    target="api", source="functions/main.py", signature_type="http"
)
for path in ("/v1/openapi.json", "/v1/docs"):
    assert app.test_client().get(path).status_code == 200
print(*sorted(sys.modules))
"""


def is_heavy(name: str) -> bool:
    """Whether a module belongs to a heavy package; a bare namespace holds no code."""

    def is_in(packages: tuple[str, ...]) -> bool:
        return any(name == package or name.startswith(f"{package}.") for package in packages)

    return name != "google.cloud" and is_in(HEAVY) and not is_in(OF_THE_FRAMEWORK)


def loaded(script: str, tmp_path: Path) -> list[str]:
    """What a process has loaded when it has run this."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "MASCOTRY_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_document_loads_nothing_heavy(tmp_path: Path) -> None:
    modules = loaded(DOCUMENT, tmp_path)
    assert "functions.api.document" in modules
    assert [name for name in modules if is_heavy(name)] == []


def test_the_api_loads_nothing_heavy(tmp_path: Path) -> None:
    modules = loaded(SCRIPT, tmp_path)
    assert "functions.api.edge" in modules
    assert not {"functions.api.document", "functions.api.schemas", "functions.api.page"} & {
        *modules
    }
    assert [name for name in modules if is_heavy(name)] == []
