"""What the local stack lets through to the functions behind it."""

import pytest

from infra import gateway
from tests.e2e.server import Server

EVENT = {
    "ce-id": "1",
    "ce-specversion": "1.0",
    "ce-type": "google.cloud.storage.object.v1.finalized",
    "ce-source": "//storage.googleapis.com/projects/_/buckets/assets",
}


def test_no_stranger_reaches_a_function_of_the_queue(server: Server) -> None:
    for name in (*gateway.TASK_TARGETS, gateway.STORAGE_TRIGGER):
        answer = server.http.post(f"{gateway.address(name)}/", json={}, headers=EVENT)
        assert answer.status_code == 401, name


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/v1/projects", "", "api"),
        ("/v1/collections", "", "api"),
        ("/v1/analyze-image", "", "ingest"),
        ("/v1/suggest-actions", "", "ingest"),
        ("/v1/jobs/1", "", "api"),
        ("/v1/jobs/1", "wait=true", "events"),
        ("/v1/upload", "", "ingest"),
        ("/v1/uploads", "", "api"),
        ("/v1/workspace", "", "ingest"),
        ("/v1/workspace/firebase", "", "api"),
        ("/v1/generate/preview", "", "ingest"),
        ("/v1/collections/1/references", "", "ingest"),
        ("/v1/collections/1/references/2", "", "api"),
        ("/", "", "api"),
    ],
)
def test_requests_go_where_they_cost_least(path: str, query: str, target: str) -> None:
    assert gateway.target({"PATH_INFO": path, "QUERY_STRING": query}) == target


def test_a_character_is_made_where_its_references_can_be_looked_at() -> None:
    for path in ("/v1/collections", "/v1/collections/"):
        assert gateway.target({"PATH_INFO": path, "REQUEST_METHOD": "POST"}) == "ingest"
