"""The demo: starts the embedded stack and acts as a client that wants a mascot.

python -m infra.demo --character "…" --action "…" --motion "…"
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from shared.media.formats import FORMATS
from shared.media.sheet import contact_sheet
from shared.model.asset import USUAL_FORMATS

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90
JOB_SECONDS = 600
POLL_SECONDS = 0.2

CHARACTER = "A friendly orange fox mascot wearing a blue scarf"
ACTION = "standing and waving hello with a big smile"
MOTION = "waves its paw happily, tail swaying"

STACKS = {"embedded": "infra.local", "emulators": "infra.emulators"}
"""Where the demo can be made, and the module that runs it there."""

Json = dict[str, Any]


class DemoError(Exception):
    """Something that the person at the terminal should read."""


class Client:
    """The few calls that a client of the API needs."""

    def __init__(self, base_url: str, key: str) -> None:
        self._http = httpx.Client(
            base_url=f"{base_url}/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=70,
        )

    def get(self, path: str, **parameters: str) -> Any:
        return self._data(self._http.get(path, params=parameters))

    def post(self, path: str, body: Json) -> Any:
        return self._data(self._http.post(path, json=body))

    def download(self, url: str, target: Path) -> None:
        with self._http.stream("GET", url) as response, target.open("wb") as file:
            response.raise_for_status()
            for chunk in response.iter_bytes():
                file.write(chunk)

    @staticmethod
    def _data(response: httpx.Response) -> Any:
        answer = response.json()
        if response.is_error:
            raise DemoError(f"{response.request.url}: {answer['error']['message']}")
        return answer["data"]


@contextmanager
def stack(home: Path, backend: str) -> Iterator[Client]:
    """A stack on a free port, in a process of its own."""
    home.mkdir(parents=True, exist_ok=True)
    address, log = home / "address", home / "log.jsonl"
    environment = {
        **os.environ,
        "MASCOTRY_HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", STACKS[backend], "--port", "0", "--quiet"],
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not address.exists() or not address.read_text().endswith("\n"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DemoError(f"The stack did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield Client(address.read_text().strip(), (home / "dev-key").read_text().strip())
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(client: Client, arguments: argparse.Namespace, out: Path, console: Console) -> Path:
    """Make one mascot and download everything; the folder where it lies."""
    project = client.post("/projects", {"name": "Demo"})
    collection = client.post(
        "/collections",
        {
            "project_id": project["id"],
            "name": arguments.name,
            "description": arguments.character,
            "animation_sizes": [256, 128],
        },
    )
    generated = client.post(
        f"/collections/{collection['id']}/generate",
        {
            "type": "animation",
            "name": arguments.item,
            "image_prompt": arguments.action,
            "animation_prompt": arguments.motion,
            "duration": arguments.duration,
            "loop": True,
        },
    )
    job = follow(client, generated["job_id"], console)
    if job["status"] != "completed":
        raise DemoError(f"The job failed: {job['error']['message']} ({job['error']['code']})")

    item = client.get(f"/items/{generated['item_id']}")
    folder = out / str(collection["slug"]) / str(item["slug"])
    folder.mkdir(parents=True, exist_ok=True)
    assets = client.get(f"/items/{generated['item_id']}/assets", limit="100")
    files = {}
    for key, url in job["urls"].items():
        name = re.sub(r"_(\d+)$", r"-\1", key.replace("_webp", ""))  # webm_256 is webm-256.webm
        files[key] = folder / f"{name}{Path(url).suffix}"
        client.download(url, files[key])
    (folder / "job.json").write_text(json.dumps(job, indent=2, ensure_ascii=False) + "\n")
    make_sheet(files, folder / "contact-sheet.png")
    console.print(table(job, {asset["id"]: asset for asset in assets}, files))
    return folder


def follow(client: Client, job_id: str, console: Console) -> Json:
    """Show a bar per step until the job is finished."""
    deadline = time.monotonic() + JOB_SECONDS
    columns = (TextColumn("{task.description:26}"), BarColumn(40), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, Any] = {}
        while True:
            job: Json = client.get(f"/jobs/{job_id}")
            for step in job["steps"]:
                if step["id"] not in tasks:
                    tasks[step["id"]] = bars.add_task(step["id"], total=1.0, start=False)
                task = tasks[step["id"]]
                if step["started_at"]:
                    bars.start_task(task)
                bars.update(task, completed=step["progress"])
                if step["finished_at"]:
                    bars.stop_task(task)
            if job["status"] in ("completed", "failed"):
                return job
            if time.monotonic() > deadline:
                raise DemoError(f"The job was not finished after {JOB_SECONDS} s.")
            time.sleep(POLL_SECONDS)


def make_sheet(files: dict[str, Path], target: Path) -> None:
    """The stills and six frames of each moving format at full size, from the files themselves."""
    stills = {key: files[key] for key in ("image", "transparent_image")}
    films = {"video": (files["video"], None)}
    contact_sheet(
        stills,
        {**films, **{name: (files[name], FORMATS[name]) for name in USUAL_FORMATS}},
        target,
    )


def table(job: Json, assets: dict[str, Json], files: dict[str, Path]) -> Table:
    """What was made: each row is checked against the file that was downloaded."""
    shown = Table("asset", "size", "bytes", "seconds", "alpha verified")
    seconds: dict[str, float] = {}
    for step in job["steps"]:  # a file that was drawn first and accepted later took the one time
        for key in (*step["drafts"], *step["makes"]):
            seconds.setdefault(job["asset_ids"][key], _seconds(step))
    for key, file in files.items():
        asset = assets[job["asset_ids"][key]]
        content = asset["content"]
        content = {**content, **content["siblings"].get(file.suffix[1:], {})}
        if hashlib.sha256(file.read_bytes()).hexdigest() != content["sha256"]:
            raise DemoError(f"{file} is not the file that was verified.")
        shown.add_row(
            file.name,
            f"{content['width']}×{content['height']}",
            f"{content['bytes']:,}",
            f"{seconds[asset['id']]:.1f}",
            _alpha(asset),
        )
    return shown


def _alpha(asset: Json) -> str:
    found = asset["metadata"].get("verification", {})
    if found.get("alpha_coverage") is None:
        return "–"
    layers = ", two layers" if found["layers"] == [0, 1] else ""
    return f"{found['alpha_min']}…{found['alpha_max']}{layers}"


def _seconds(step: Json) -> float:
    started, finished = (
        datetime.fromisoformat(step[name]) for name in ("started_at", "finished_at")
    )
    return (finished - started).total_seconds()


def main() -> int:
    parser = argparse.ArgumentParser(prog="infra.demo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--name", default="Felix", help="the character's name")
    parser.add_argument("--character", default=CHARACTER, help="who it is")
    parser.add_argument("--item", default="Wave", help="the name of the pose or action")
    parser.add_argument("--action", default=ACTION, help="what the still shows")
    parser.add_argument("--motion", default=MOTION, help="how it moves")
    parser.add_argument("--duration", type=float, default=4, help="seconds, 1 to 10")
    parser.add_argument(
        "--backend", choices=STACKS, default="embedded", help="what stands behind the functions"
    )
    parser.add_argument("--out", type=Path, default=Path("out"))
    arguments = parser.parse_args()
    console = Console()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mascotry-demo-") as home:
        try:
            with stack(Path(home), arguments.backend) as client:
                folder = run(client, arguments, arguments.out, console)
        except (DemoError, httpx.HTTPError) as error:
            console.print(f"[red]{error}[/red]")
            return 1
    console.print(f"{folder}/ is ready after {time.monotonic() - started:.1f} s.")
    console.print(f"Look at {folder}/contact-sheet.png.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
