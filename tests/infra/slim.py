"""A day of the slim functions, from a process that may only import what the slim image holds.

    python -m tests.infra.slim '["modules", "that", "are", "missing"]' '["functions"]'

Run by test_images.py, and with an interpreter that has only the slim image's packages it needs no
list of what is missing: `/path/to/venv/bin/python -m tests.infra.slim`.
"""

import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

FUNCTIONS = ("api", "events", "sweep", "webhook", "purge", "sizes", "canvas", "noop")
REFUSED = "http://127.0.0.1:9/"
"""Where nobody listens."""


class Missing:
    """Finds nothing of what is not in the image."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = frozenset(modules)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in self._modules or name.partition(".")[0] in self._modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def live() -> None:
    """Serve every slim function, and let each do what it is for."""
    import functions_framework

    def serve(target: str) -> Any:
        make: Any = functions_framework.create_app
        app = make(target=target, source="functions/main.py", signature_type="http")
        return app.test_client()

    served = {target: serve(target) for target in FUNCTIONS}

    from functions import composition
    from shared.config import settings
    from shared.model.workspace import Scope
    from shared.services import collections, keys

    ports, tasks = composition.ports(), composition.embedded().tasks
    workspace = keys.create_workspace(ports, "Test")
    key = keys.issue(ports, workspace.id, "test", tuple(Scope))
    client = {"Authorization": f"Bearer {key}"}
    queue = {"Authorization": f"Bearer {composition.task_token(settings())}"}

    def ask(target: str, method: str, path: str, status: int, body: Any = None) -> Any:
        sent = client if path.startswith("/v1") else queue
        answer = served[target].open(path, method=method, json=body, headers=sent)
        if answer.status_code != status:
            raise SystemExit(f"{target} {method} {path}: {answer.get_data(as_text=True)}")
        return (answer.get_json(silent=True) or {}).get("data")

    def work(name: str) -> None:
        waiting = tasks.upcoming(name, 1)
        for claim in tasks.claim([(name, task) for task, _ in waiting]):
            ask(name, "POST", "/", 204, claim.payload)
        if not waiting:
            raise SystemExit(f"there was no task for {name}")

    project = ask("api", "POST", "/v1/projects", 201, {"name": "App"})
    told = {"url": REFUSED, "events": ["job.completed"]}
    hook = ask("api", "POST", "/v1/webhooks", 201, told)
    ask("api", "POST", f"/v1/webhooks/{hook['id']}/ping", 202)
    ask("api", "POST", "/v1/uploads", 201, {"content_type": "image/png"})
    ask("api", "GET", "/v1/openapi.json", 200)
    who = keys.Principal(workspace.id, tuple(Scope))
    character = collections.create(ports, who, project_id=project["id"], name="Fox", prompt="a fox")
    path = f"/v1/collections/{character.id}"
    ask("api", "POST", f"{path}/items", 201, {"type": "animation", "name": "Wave"})
    ask("api", "PATCH", path, 200, {"animation_sizes": [64]})
    work("sizes")
    canvas = {"name": "Guide", "template_id": "onboarding-guide"}
    canvas_id = ask("api", "POST", f"{path}/canvases", 201, canvas)["id"]
    ask("api", "POST", f"{path}/canvases/{canvas_id}/generate-all", 202)
    work("canvas")
    job = ask("api", "DELETE", f"/v1/projects/{project['id']}", 202)["job_id"]
    for name in ("purge", "webhook"):
        work(name)
    ended = ask("events", "GET", f"/v1/jobs/{job}?wait=true&timeout=0", 200)
    if ended["status"] != "completed":
        raise SystemExit(f"the deletion is {ended['status']}")
    ask("sweep", "POST", "/", 200, {})
    unknown = {"workspace_id": workspace.id, "job_id": job, "step": "none"}
    ask("noop", "POST", "/", 204, {**unknown, "attempt": 1, "delivery": 0})


if __name__ == "__main__":
    given = [json.loads(argument) for argument in sys.argv[1:]]
    sys.meta_path.insert(0, Missing(given[0] if given else ()))
    live()
    print("slim is enough")  # noqa: T201 - what the test waits for
