"""What clients, operators and intruders do to the deployed project. Each part is independent."""

import hashlib
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from tests.deployed import client
from tests.deployed.client import Client
from tests.deployed.cloud import Cloud

Json = dict[str, Any]
Part = Callable[[Cloud, Client], None]


def play(cloud: Cloud, only: Sequence[str] = ()) -> int:
    """Every part, or those that are named; prints what came of each."""
    mine, failed = client.first(cloud), 0
    parts = [part for part in PARTS if not only or part.__name__ in only]
    for part in (*parts, *AFTERWARDS):
        begun = time.monotonic()
        try:
            part(cloud, mine)
        except Exception:
            failed += 1
            traceback.print_exc()
            print(f"FAILED {part.__name__}", flush=True)
        else:
            print(f"ok {part.__name__} {time.monotonic() - begun:.1f} s", flush=True)
    for name, target in cloud.targets.items():
        record = target.container.record
        if record.starts:
            print(f"{name:22} {record.peak / 2**20:6.0f} MiB  {target.statuses}")
    print(f"{len(parts) + len(AFTERWARDS) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def character(mine: Client, **settings: Any) -> Json:
    project = mine.post("/projects", {"name": "App"})
    body = {
        "project_id": project["id"],
        "name": "Felix",
        "description": "A friendly orange fox mascot wearing a blue scarf",
        "quality": "draft",
        **settings,
    }
    created: Json = mine.post("/collections", body)
    return created


def prompt_to_files(cloud: Cloud, mine: Client) -> None:
    """The README's own lines, and every file from where everybody gets it."""
    made = character(mine, animation_sizes=[128])
    wanted = {
        "type": "animation",
        "name": "Wave",
        "image_prompt": "waving hello",
        "animation_prompt": "waves happily",
        "duration": 1,
    }
    generated = mine.post(f"/collections/{made['id']}/generate", wanted, status=202)
    job = mine.job(generated["job_id"])
    assets = {
        one["id"]: one for one in mine.get(f"/items/{generated['item_id']}/assets", limit="100")
    }
    for key, url in job["urls"].items():
        content = assets[job["asset_ids"][key]]["content"]
        known = {content["sha256"], *(one["sha256"] for one in content["siblings"].values())}
        assert hashlib.sha256(mine.download(url)).hexdigest() in known, key


def the_schedule(cloud: Cloud, mine: Client) -> None:
    assert cloud.sweep() == 200


def nobody_phones_home(cloud: Cloud, mine: Client) -> None:
    """Whatever ran until now has asked for no name but Google's APIs and our own."""
    assert not cloud.foreign_names(), cloud.foreign_names()


PARTS: tuple[Part, ...] = (prompt_to_files, the_schedule)
AFTERWARDS: tuple[Part, ...] = (nobody_phones_home,)
