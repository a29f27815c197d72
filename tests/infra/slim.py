"""A day of the slim functions, from a process that may only import what the slim image holds.

    python -m tests.infra.slim '["modules", "that", "are", "missing"]' '["functions"]'

Run by test_images.py, and with an interpreter that has only the slim image's packages it needs no
list of what is missing: `/path/to/venv/bin/python -m tests.infra.slim`.
"""

import base64
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

FUNCTIONS = (
    *("api", "events", "sweep", "webhook", "purge", "sizes", "canvas", "noop"),
    *("upload", "intake", "on_object_finalized"),
)
REFUSED = "http://127.0.0.1:9/"
"""Where nobody listens."""
TRIGGER = "on_object_finalized"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"
)
"""A PNG."""


class Decoded:
    """What `decode` would answer."""

    def picture(
        self, source: bytes | Path, target: Path, *, side: int | None = None
    ) -> tuple[int, int]:
        del source, side
        target.write_bytes(PIXEL)
        return 1, 1


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
        signature = "cloudevent" if target == TRIGGER else "http"
        app = make(target=target, source="functions/main.py", signature_type=signature)
        return app.test_client()

    served = {target: serve(target) for target in FUNCTIONS}

    from functions import composition
    from shared.adapters.embedded.events import EVENTS_QUEUE, event_headers
    from shared.adapters.gcp.decoder import DecodeFunction
    from shared.config import settings
    from shared.model.collection import Collection
    from shared.model.workspace import Scope
    from shared.ports import Bucket
    from shared.services import assets, collections, generation, imports, keys, uploads

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

    def work(name: str, status: int = 204) -> None:
        waiting = tasks.upcoming(name, 1)
        for claim in tasks.claim([(name, task) for task, _ in waiting]):
            ask(name, "POST", "/", status, claim.payload)
            if status >= 400:
                tasks.retry(claim, due=claim.due, answered=True)
        if not waiting:
            raise SystemExit(f"there was no task for {name}")

    def announce() -> None:
        """Tell the trigger of what was put into the store."""
        waiting = tasks.upcoming(EVENTS_QUEUE, 1)
        for claim in tasks.claim([(EVENTS_QUEUE, task) for task, _ in waiting]):
            headers = event_headers(claim.name, claim.payload)
            answer = served[TRIGGER].post("/", json=claim.payload, headers={**headers, **queue})
            if answer.status_code != 200:
                raise SystemExit(f"{TRIGGER}: {answer.get_data(as_text=True)}")
        if not waiting:
            raise SystemExit("there was no event")

    def bring(who: keys.Principal, character: Collection) -> None:
        """Send a picture, and import it."""
        invited = uploads.invite(ports, who, "image/png")
        asset = assets.get(ports, who, invited.asset_id)[0]
        raw = uploads.Upload(who.workspace_id, asset.id, asset.path).raw
        ports.blobs.put(Bucket.UPLOADS, raw, PIXEL, content_type="image/png")
        announce()
        decode = DecodeFunction(REFUSED, lambda: "a token", None)  # type: ignore[arg-type]
        composition.ports = lambda: replace(ports, decoder=decode)  # type: ignore[assignment]
        work("upload", 503)
        composition.ports = lambda: replace(ports, decoder=Decoded())  # type: ignore[assignment,arg-type]
        work("upload")
        asset = imports.uploaded(ports, who, asset.id, field="asset_id")
        target = imports.Target("Mine")
        proposal = imports.propose(ports, who, character.id, asset, target)
        job = generation.accept(ports, settings(), who, proposal).job
        work("intake")
        told = ask("events", "GET", f"/v1/jobs/{job.id}?wait=true&timeout=0", 200)
        if "cutout" not in str(told) or tasks.upcoming("cutout", 1) == []:
            raise SystemExit(f"the import is {told}")

    project = ask("api", "POST", "/v1/projects", 201, {"name": "App"})
    told = {"url": REFUSED, "events": ["job.completed"]}
    hook = ask("api", "POST", "/v1/webhooks", 201, told)
    ask("api", "POST", f"/v1/webhooks/{hook['id']}/ping", 202)
    ask("api", "POST", "/v1/uploads", 201, {"content_type": "image/png"})
    ask("api", "GET", "/v1/openapi.json", 200)
    who = keys.Principal(workspace.id, tuple(Scope))
    character = collections.create(ports, who, project_id=project["id"], name="Fox", prompt="a fox")
    bring(who, character)
    path = f"/v1/collections/{character.id}"
    ask("api", "POST", f"{path}/items", 201, {"type": "animation", "name": "挥手"})
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
