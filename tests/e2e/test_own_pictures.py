"""Pictures that somebody brings along, and a preview that is kept nowhere."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from shared.config import settings
from shared.media.cutout import WEIGHTS
from shared.providers.base import Scene
from shared.providers.offline.artist import true_alpha
from tests.e2e.server import Server

CAT = Scene("a grey cat with a red bow tie", "sitting")
SIZE = 400


def picture(*, busy: bool) -> bytes:
    """A drawn cat before a white wall, or before a colourful one, as a JPEG."""
    figure = true_alpha(CAT, 3, SIZE).astype(np.float32)
    alpha = figure[..., 3:] / 255
    wall = np.full((SIZE, SIZE, 3), 255, np.float32)
    if busy:
        y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
        wall = np.dstack([120 + 100 * x, 160 + 60 * y, 220 - 120 * x * y]).astype(np.float32)
    content = io.BytesIO()
    mixed = figure[..., :3] * alpha + (1 - alpha) * wall
    Image.fromarray(mixed.astype(np.uint8)).save(content, "JPEG", quality=90)
    return content.getvalue()


@pytest.mark.parametrize("busy", [False, True])
def test_an_uploaded_picture_moves(server: Server, busy: bool) -> None:
    if busy and not (settings().weights / WEIGHTS).is_file():
        pytest.skip("no background-removal weights; python -m infra.weights fetches them")
    files = {"file": ("cat.jpg", picture(busy=busy), "image/jpeg")}
    uploaded = server.http.post("/v1/upload", files=files)
    assert uploaded.status_code == 201, uploaded.text
    upload_id = uploaded.json()["data"]["id"]
    collection = server.collection(reference_asset_ids=[upload_id])

    generated = server.generate(
        collection,
        type="animation",
        name="Bounce",
        source_image_asset_id=upload_id,
        animation_prompt="bounces",
        duration=1,
        sizes=["64x64"],
    )
    job = server.finished(generated["job_id"])

    assert job["status"] == "completed", job
    assert job["cost_credits"] == 5
    links = server.get(f"/assets/{job['asset_ids']['transparent_image']}/links")
    assert {(link["source_asset_id"], link["role"]) for link in links} >= {(upload_id, "source")}
    cutout = server.get(f"/assets/{job['asset_ids']['transparent_image']}")
    assert cutout["metadata"]["cutout"]["method"] == ("rembg" if busy else "key")
    webm = server.get(f"/assets/{job['asset_ids']['webm_64']}")
    assert (webm["content"]["width"], webm["content"]["frames"]) == (64, 24)


def test_a_preview_is_drawn_and_kept_nowhere(server: Server) -> None:
    preview = server.post("/generate/preview", {"prompt": "a green frog with a crown"})
    head, _, content = preview["image"].partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        assert image.size == (512, 512)
    assert preview["metadata"]["drawn"]["species"] == "frog"
    assert server.get("/jobs") == []
