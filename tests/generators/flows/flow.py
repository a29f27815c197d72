"""What an app does with the client that openapi-python-client generates.

python flow.py URL KEY PICTURE
"""

import base64
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, TypeVar
from uuid import UUID

import httpx
from mascotry_client import AuthenticatedClient
from mascotry_client.api.assets import assets_delete, assets_judge
from mascotry_client.api.collections import collections_create, collections_get
from mascotry_client.api.generate import generate_generate
from mascotry_client.api.items import items_assets_of, items_best_of
from mascotry_client.api.jobs import jobs_get
from mascotry_client.api.projects import projects_create, projects_delete
from mascotry_client.api.uploads import uploads_upload
from mascotry_client.api.webhooks import webhooks_create
from mascotry_client.models import (
    AssetResponse,
    AssetViewListResponse,
    BadRequestResponse,
    BestFilesResponse,
    CollectionDetailsResponse,
    CollectionsCreateBody,
    ConflictResponse,
    DeletionResponse,
    Event,
    GenerateRequest,
    GenerateType,
    GenerationResponse,
    JobDetails,
    JobDetailsResponse,
    JobStatus,
    JudgeBody,
    NewWebhookResponse,
    NotFoundResponse,
    ProjectBody,
    ProjectResponse,
    Quality,
    Review,
    UploadsUploadForm,
    WebhooksCreateBody,
)
from mascotry_client.types import File

T = TypeVar("T")
PATIENCE_SECONDS = 400
messages: "Queue[tuple[Any, bytes]]" = Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        messages.put((self.headers, body))

    def log_message(self, *_: Any) -> None:
        pass


def a(kind: type[T], answer: object) -> T:
    """The answer, which has to be of this kind."""
    assert isinstance(answer, kind), answer
    return answer


def verified(secret: str, headers: Any, body: bytes) -> Any:
    """A message's content, if the server has signed it."""
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 300
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
    assert headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    return json.loads(body)


def finished(client: AuthenticatedClient, job_id: UUID) -> JobDetails:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = jobs_get.sync(job_id, client=client, wait=True, timeout=20)
        job = a(JobDetailsResponse, answer).data
        if job.status in (JobStatus.COMPLETED, JobStatus.FAILED):
            return job
    raise TimeoutError(job_id)


def flow(client: AuthenticatedClient, picture: Path, hook: str) -> None:
    body = ProjectBody(name="My app")
    project = a(ProjectResponse, projects_create.sync(client=client, body=body)).data
    with picture.open("rb") as content:
        form = UploadsUploadForm(file=File(content, "fox.png", "image/png"))
        upload = a(AssetResponse, uploads_upload.sync(client=client, body=form)).data
    created = collections_create.sync(
        client=client,
        body=CollectionsCreateBody(
            project_id=project.id,
            name="Felix",
            description="A friendly orange fox mascot",
            reference_asset_ids=[upload.id],
            animation_sizes=[64],
            quality=Quality.DRAFT,
        ),
    )
    collection = a(CollectionDetailsResponse, created).data
    told = WebhooksCreateBody(url=hook, events=[Event.JOB_COMPLETED])
    secret = a(NewWebhookResponse, webhooks_create.sync(client=client, body=told)).data.secret

    wave = GenerateRequest(
        type_=GenerateType.ANIMATION,
        name="Wave",
        image_prompt="waving hello",
        animation_prompt="waves happily",
    )
    answer = generate_generate.sync(collection.id, client=client, body=wave)
    begun = a(GenerationResponse, answer).data
    job = finished(client, begun.job_id)
    assert job.status is JobStatus.COMPLETED, job

    headers, message = messages.get(timeout=PATIENCE_SECONDS)
    event = verified(secret, headers, message)
    assert (event["event"], event["job_id"]) == ("job.completed", str(job.id))

    listed = a(AssetViewListResponse, items_assets_of.sync(begun.item_id, client=client))
    assert {asset.id for asset in listed.data} >= set(job.asset_ids.additional_properties.values())
    assert all(asset.url.startswith("http") for asset in listed.data)
    # The card is of the picture, which is no fox: people decide whether they like the drawing.
    webm = job.asset_ids["webm"]
    approval = JudgeBody(review=Review.APPROVED)
    judged = a(AssetResponse, assets_judge.sync(webm, client=client, body=approval)).data
    assert judged.review is Review.APPROVED
    best = a(BestFilesResponse, items_best_of.sync(begun.item_id, client=client)).data
    film = httpx.get(best["webm"].url)
    assert film.headers["Content-Type"] == "video/webm"
    assert film.content[:4] == b"\x1a\x45\xdf\xa3"

    wave.duration = 99
    refused = generate_generate.sync(collection.id, client=client, body=wave)
    assert a(BadRequestResponse, refused).error.field == "duration"
    held = assets_delete.sync(upload.id, client=client)
    assert a(ConflictResponse, held).error.collection_ids == [collection.id]

    deletion = a(DeletionResponse, projects_delete.sync(project.id, client=client)).data
    assert finished(client, deletion.job_id).status is JobStatus.COMPLETED
    gone = collections_get.sync(collection.id, client=client)
    assert a(NotFoundResponse, gone).error.code == "not_found"


if __name__ == "__main__":
    url, key, path = sys.argv[1:]
    receiver = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=receiver.serve_forever, daemon=True).start()
    with AuthenticatedClient(
        base_url=url, token=key, timeout=httpx.Timeout(75), raise_on_unexpected_status=True
    ) as signed_in:
        flow(signed_in, Path(path), f"http://127.0.0.1:{receiver.server_port}/")
    sys.stdout.write("The whole flow was done.\n")
