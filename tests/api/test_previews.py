"""One-off pictures, of which nothing is left."""

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from functions import composition
from functions.api import pictures
from shared.errors import PermanentError
from shared.media.stills import open_image
from shared.providers.base import ImageRequest, Later, Picture, Progress, Refused
from tests.api.client import Client
from tests.api.pictures import drawing, large
from tests.services.world import KINDS, Tenant, World

URL = "https://example.org/fox.png"


class Painter:
    name = "painter"
    repeatable = True

    def __init__(self) -> None:
        self.answer: Refused | Later | Exception | None = None
        self.asked: ImageRequest | None = None
        self.references: list[tuple[int, int]] = []

    def generate(
        self, request: ImageRequest, folder: Path, progress: Progress
    ) -> Picture | Refused | Later:
        self.asked = request
        self.references = [open_image(path).size for path in request.references]
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer:
            return self.answer
        path = folder / "still.png"
        path.write_bytes(drawing())
        return Picture(path, "paint-1", None)


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    found = Painter()
    monkeypatch.setattr(composition, "image_provider", {"painter": found, "offline": found}.get)
    monkeypatch.setattr(pictures, "fetch", lambda url, max_bytes: {URL: large()}[url])
    return found


def test_the_artist_draws_one(ingest: Client, tenant: Tenant, world: World) -> None:
    before = [*(world.documents(tenant, kind) for kind in KINDS), world.public()]
    made = ingest.post("/v1/generate/preview", prompt="an orange fox", image_provider="offline")
    head, _, content = made.data["image"].partition(",")
    assert head == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (512, 512)
    assert [*(world.documents(tenant, kind) for kind in KINDS), world.public()] == before


def test_references_are_handed_on(
    ingest: Client, tenant: Tenant, world: World, painter: Painter
) -> None:
    body = {"prompt": "an orange fox", "reference_image_urls": [URL, URL]}
    assert ingest.post("/v1/generate/preview", **body).data["model"] == "paint-1"
    assert painter.references == [(1024, 512)] * 2
    assert painter.asked
    assert "Character: an orange fox" in painter.asked.prompt
    assert "flat background" in painter.asked.prompt
    assert world.public() == {}
    assert world.assets(tenant) == []


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (Refused("Not this one."), 400, "bad_request"),
        (Later(3), 429, "rate_limited"),
        (
            PermanentError("provider_rejected", "It did not take the request."),
            502,
            "provider_failed",
        ),
    ],
)
def test_what_goes_wrong(
    ingest: Client, painter: Painter, answer: Any, status: int, code: str
) -> None:
    painter.answer = answer
    failed = ingest.post("/v1/generate/preview", prompt="an orange fox")
    assert (failed.status, failed.error["code"]) == (status, code)
