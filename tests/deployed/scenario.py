"""What clients, operators and intruders do to the deployed project. Each part is independent."""

import hashlib
import io
import re
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import urllib3
from google.api_core.exceptions import Forbidden
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.oauth2.credentials import Credentials
from PIL import Image
from standardwebhooks.webhooks import Webhook

from functions.api.routes import API, EVENTS, INGEST
from shared.services.tokens import REMOVED
from tests.deployed import client, hooks, pictures
from tests.deployed.client import Client, until
from tests.deployed.cloud import HOOKS, Cloud

UNKNOWN = "99999999-0000-4000-8000-000000000000"

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


def a_picture_by_form(cloud: Cloud, mine: Client) -> None:
    content = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(content, "PNG")
    answer = mine.http.post("/upload", files={"file": ("red.png", content.getvalue(), "image/png")})
    assert answer.status_code == 201, answer.text
    file = mine.download(answer.json()["data"]["url"])
    assert Image.open(io.BytesIO(file)).size == (64, 64)


def the_largest_pictures(cloud: Cloud, mine: Client) -> None:
    """Several at once; then one is cut out by its key and one by the network."""
    made = character(mine)
    contents = [pictures.on_a_key(), pictures.on_a_meadow()]
    kinds = ("image/png", "image/jpeg")
    sent = [mine.send(kind, content) for kind, content in zip(kinds, contents, strict=True)]
    more = [mine.send(kinds[1], contents[1]) for _ in range(4)]
    for asset_id in (*sent, *more):
        assert mine.settled(asset_id)["status"] == "ready"
    jobs = [
        mine.post(
            f"/collections/{made['id']}/items/import",
            {"asset_id": asset_id, "name": f"Large {number}"},
            status=202,
        )["job_id"]
        for number, asset_id in enumerate(sent)
    ]
    for job_id in jobs:
        url = mine.job(job_id)["urls"]["transparent_image"]
        alpha = Image.open(io.BytesIO(mine.download(url))).getchannel("A")
        width, height = alpha.size
        assert alpha.getpixel((3, 3)) == 0
        assert alpha.getpixel((width // 2, height // 2)) == 255


def a_film_of_a_stranger(cloud: Cloud, mine: Client) -> None:
    made = character(mine)
    with tempfile.TemporaryDirectory() as folder:
        asset_id = mine.send("video/mp4", pictures.film(Path(folder)))
    body = {"asset_id": asset_id, "name": "Ball"}
    job = mine.job(mine.post(f"/collections/{made['id']}/items/import", body, 202)["job_id"])
    for key in ("webm", "hevc", "stacked_video"):
        assert len(mine.download(job["urls"][key])) > 1000, key


def every_route(cloud: Cloud, mine: Client) -> None:
    """Whatever a client asks for, no function lacks a right for it."""
    ids = _one_of_everything(mine)
    order = {"GET": 0, "POST": 1, "PUT": 1, "PATCH": 1, "DELETE": 2}
    routes = sorted(
        {*API, *EVENTS, *INGEST}, key=lambda route: (order[route.method], -len(route.path))
    )
    failed = []
    for route in routes:
        path = re.sub(r"<(\w+)>", lambda found: ids.get(found[1], UNKNOWN), route.path)
        if path.endswith("/events"):
            continue  # a stream is for a part of its own
        example = route.example or {}
        body = {name: ids.get(name, value) for name, value in example.items()}
        answer = mine.http.request(
            route.method,
            path.removeprefix("/v1"),
            json=None if route.method in ("GET", "DELETE") else body,
            headers={"If-Match": "*"},
        )
        if answer.status_code >= 500:
            failed.append(f"{route.method} {route.path}: {answer.status_code} {answer.text[:200]}")
    assert not failed, "\n".join(failed)


def _one_of_everything(mine: Client) -> dict[str, str]:
    """Ids by the names that paths and bodies use."""
    made = character(mine)
    collection = f"/collections/{made['id']}"
    still = {"type": "image", "name": "Wave", "image_prompt": "waving hello"}
    generated = mine.post(f"{collection}/generate", still, 202)
    job = mine.job(generated["job_id"])
    transparent = job["asset_ids"]["transparent_image"]
    film = {"type": "animation", "name": "Nod", "image_prompt": "standing"}
    moving = mine.post(
        f"{collection}/generate", {**film, "animation_prompt": "nods", "duration": 1}, 202
    )
    video = mine.job(moving["job_id"])["asset_ids"]["video"]
    canvas = mine.post(f"{collection}/canvases", {"name": "G", "template_id": "onboarding-guide"})
    hook = mine.post("/webhooks", {"url": f"https://{HOOKS}/x", "events": ["job.failed"]}, 201)
    return {
        "project_id": made["project_id"],
        "collection_id": made["id"],
        "item_id": generated["item_id"],
        "asset_id": transparent,
        "video_id": video,
        "job_id": generated["job_id"],
        "canvas_id": canvas["id"],
        "webhook_id": hook["id"],
        "source_image_asset_id": transparent,
        "end_image_asset_id": transparent,
    }


def a_pending_upload_that_is_deleted(cloud: Cloud, mine: Client) -> None:
    for kind in ("image/png", "video/mp4"):
        asset_id = mine.post("/uploads", {"content_type": kind})["asset_id"]
        mine.delete(f"/assets/{asset_id}")


def a_webhook(cloud: Cloud, mine: Client) -> None:
    with hooks.endpoint(cloud) as came:
        told = {"url": f"https://{HOOKS}/mascots", "events": ["job.completed"]}
        endpoint = mine.post("/webhooks", told, 201)
        mine.post(f"/webhooks/{endpoint['id']}/ping", {}, 202)
        until(lambda: came, bool, 60)
        headers, body = came[0]
        Webhook(endpoint["secret"]).verify(body, headers)
        mine.delete(f"/webhooks/{endpoint['id']}")


def a_firebase_user(cloud: Cloud, mine: Client) -> None:
    """Somebody who has signed in to the customer's app, and no key of ours."""
    project = "felix-app"
    workspace = mine.get("/workspace")["id"]

    def token(**more: str) -> str:
        now = int(time.time())
        return cloud.platform.issuer.sign(
            {
                "iss": f"https://securetoken.google.com/{project}",
                "aud": project,
                "sub": "user-1",
                "iat": now - 60,
                "auth_time": now - 600,
                "exp": now + 3_540,
                **more,
            }
        )

    proof = token(mascotry_workspace=workspace)
    body = {"firebase_project_id": project, "scopes": ["read", "write"], "proof": proof}
    answer = mine.http.put("/workspace/firebase", json=body)
    assert answer.status_code == 200, answer.text
    for base in (mine.http.base_url, f"{cloud.deployment.outputs['functions']['api']}/v1/"):
        url = f"{str(base).rstrip('/')}/projects"
        headers = {"Authorization": f"Bearer {token()}"}
        answer = httpx.get(url, headers=headers, timeout=120)
        assert answer.status_code == 200, (url, answer.text)
        headers = {"Authorization": f"Bearer {token().rpartition('.')[0]}.{REMOVED}"}
        assert httpx.get(url, headers=headers, timeout=120).status_code == 401, url


def a_deletion(cloud: Cloud, mine: Client) -> None:
    made = character(mine)
    body = {"type": "image", "name": "Wave", "image_prompt": "waving hello"}
    job = mine.job(mine.post(f"/collections/{made['id']}/generate", body, 202)["job_id"])
    url = job["urls"]["transparent_image"]
    mine.download(url)
    mine.job(mine.delete(f"/projects/{made['project_id']}")["job_id"])
    # Who may not list a bucket is not told whether a file is there.
    assert httpx.get(url, timeout=60).status_code == 403


def intruders(cloud: Cloud, mine: Client) -> None:
    """From outside nobody reaches a private function; from inside, who has no right to call it."""
    api = cloud.deployment.functions["api"].account
    with urllib3.PoolManager(source_address=("127.0.9.1", 0), retries=False) as inside:
        for name, function in cloud.deployment.functions.items():
            url = cloud.deployment.outputs["functions"][name]
            if function.service.internal_only:
                assert httpx.post(url, json={}, timeout=60).status_code == 404, name
            if not function.service.invoker_check or name in ("api", "events", "ingest"):
                continue
            assert inside.request("POST", url).status == 401, name
            headers = {"Authorization": f"Bearer {cloud.platform.issuer.token(url, api)}"}
            assert inside.request("POST", url, headers=headers).status == 403, name
    (bucket,) = {one for one in cloud.deployment.buckets if one.endswith("assets")}
    listing = f"https://storage.googleapis.com/storage/v1/b/{bucket}/o"
    assert httpx.get(listing, timeout=60).status_code == 401


def decoders_may_do_nothing(cloud: Cloud, mine: Client) -> None:
    """Who decodes what strangers send reaches no document, no file and no queue of anybody."""
    function = cloud.deployment.functions["decode"]
    token = cloud.platform.tokens.issue(function.account)
    documents = FirestoreClient(credentials=Credentials(token))  # type: ignore[no-untyped-call]
    root = f"projects/{cloud.deployment.project}/databases/(default)/documents"
    try:
        documents.get_document({"name": f"{root}/keys/any"})
    except Forbidden:
        pass
    else:
        raise AssertionError("it may read documents")
    for bucket in cloud.deployment.buckets:
        url = f"https://storage.googleapis.com/storage/v1/b/{bucket}/o"
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(url, headers=headers, timeout=60).status_code == 403, bucket
    assert not [one for one in cloud.deployment.grants if function.account in one.member]


def a_stream_that_is_open_at_the_end(cloud: Cloud, mine: Client) -> None:
    """A container that is told to end tells who listens to come again, and ends in time."""
    made = character(mine)
    # A film that never comes: its job waits.
    asset_id = mine.post("/uploads", {"content_type": "video/mp4"})["asset_id"]
    body = {"asset_id": asset_id, "name": "Never"}
    job_id = mine.post(f"/collections/{made['id']}/items/import", body, 202)["job_id"]
    said: list[str] = []
    begun = threading.Event()

    def listen() -> None:
        url = f"{cloud.deployment.outputs['events_url']}/v1/jobs/{job_id}/events"
        headers = {"Authorization": f"Bearer {mine.key}"}
        with httpx.stream("GET", url, headers=headers, timeout=120) as answer:
            for line in answer.iter_lines():
                said.append(line)
                begun.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert begun.wait(60)
    seconds = cloud.targets["events"].container.stop()
    listener.join(30)
    assert seconds < 10, seconds
    events = re.findall(r"^event: (\w+)$", "\n".join(said), re.MULTILINE)
    assert events[-1] == "reconnect", said[-10:]
    mine.http.post(f"/jobs/{job_id}/cancel")


def the_schedule(cloud: Cloud, mine: Client) -> None:
    assert cloud.sweep() == 200


def nobody_phones_home(cloud: Cloud, mine: Client) -> None:
    """Whatever ran until now has asked for no name but Google's APIs and our own."""
    assert not cloud.foreign_names(), cloud.foreign_names()


def nothing_was_killed(cloud: Cloud, mine: Client) -> None:
    """Every container kept within its memory, and ended in time when it was told to."""
    for name, target in cloud.targets.items():
        record = target.container.record
        assert not record.out_of_memory, name
        assert not record.killed, name


def private_functions_answered_well(cloud: Cloud, mine: Client) -> None:
    """503 is how a function asks for a delivery again, and 401 and 403 are for intruders."""
    for name, target in cloud.targets.items():
        if target.service.internal_only:
            bad = {*target.statuses} - {200, 204, 401, 403, 404, 503}
            assert not bad, (name, target.statuses, cloud.log(name)[-2000:])
            refused = sum(target.statuses.get(status, 0) for status in (401, 403, 404))
            assert refused <= 3, (name, target.statuses, cloud.log(name)[-2000:])


PARTS: tuple[Part, ...] = (
    prompt_to_files,
    a_picture_by_form,
    the_largest_pictures,
    a_film_of_a_stranger,
    every_route,
    a_pending_upload_that_is_deleted,
    a_webhook,
    a_firebase_user,
    a_deletion,
    intruders,
    decoders_may_do_nothing,
    a_stream_that_is_open_at_the_end,
    the_schedule,
)
AFTERWARDS: tuple[Part, ...] = (
    nobody_phones_home,
    nothing_was_killed,
    private_functions_answered_well,
)
