"""A function that does what any step of a chain must: take a task, write twice to Firestore, and
enqueue the next task; by Google's clients alone."""

import json
import os
import time

import functions_framework
import grpc
from flask import Request
from google.cloud import firestore, tasks_v2
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

QUEUE = "mascotry-bare"

_documents = firestore.Client(project=os.environ["MASCOTRY_PROJECT"])
_channel = grpc.insecure_channel(os.environ["MASCOTRY_TASKS_ENDPOINT"])
_tasks = tasks_v2.CloudTasksClient(transport=CloudTasksGrpcTransport(channel=_channel))


@functions_framework.http
def bare(request: Request) -> tuple[str, int]:
    """One step; `left` says how many come after it."""
    told = request.get_json()
    chain, left = told["chain"], told["left"]
    job = _documents.collection("bare").document(chain)
    job.set({"left": left, "status": "running", "begun": told["begun"]})
    job.set({"left": left, "status": "succeeded", "begun": told["begun"], "ended": time.time()})
    if left:
        enqueue(chain, left - 1, told["begun"], request.base_url)
    return "", 204


def enqueue(chain: str, left: int, begun: float, url: str) -> None:
    """Send out the next task of a chain."""
    region = os.environ["MASCOTRY_REGION"]
    parent = _tasks.queue_path(os.environ["MASCOTRY_PROJECT"], region, QUEUE)
    body = json.dumps({"chain": chain, "left": left, "begun": begun}).encode()
    _tasks.create_task(
        parent=parent,
        task=tasks_v2.Task(
            name=f"{parent}/tasks/{chain}-{left}",
            http_request=tasks_v2.HttpRequest(
                url=url,
                body=body,
                headers={"Content-Type": "application/json"},
                oidc_token=tasks_v2.OidcToken(
                    service_account_email=os.environ["MASCOTRY_TASKS_ACCOUNT"], audience=url
                ),
            ),
        ),
    )
