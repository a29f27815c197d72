"""A still that is changed in words, and a logo of the same character."""

import io

import numpy as np
from PIL import Image

from tests.e2e.server import Json, Server

BLUE, RED = (47, 111, 228), (226, 59, 59)


def finished(server: Server, collection: Json, **request: str) -> Json:
    job = server.finished(server.generate(collection, **request)["job_id"])
    assert job["status"] == "completed", job
    return job


def share(server: Server, job: Json, colour: tuple[int, int, int]) -> float:
    """How much of the figure is of about that colour."""
    content = server.http.get(job["urls"]["transparent_image"]).content
    with Image.open(io.BytesIO(content)) as image:
        pixels = np.asarray(image.convert("RGBA")).astype(int)
    figure = pixels[pixels[..., 3] > 200][:, :3]
    return float((np.abs(figure - colour).max(axis=1) < 30).mean())


def test_an_edit_changes_what_it_says(server: Server) -> None:
    collection = server.collection()
    drawn = finished(server, collection, type="image", name="Wave", image_prompt="waving")
    source = drawn["asset_ids"]["image"]

    edited = finished(
        server,
        collection,
        type="edit",
        source_image_asset_id=source,
        edit_instructions="make the scarf red",
    )

    assert edited["item_id"] == drawn["item_id"]
    assert edited["cost_credits"] == 1
    links = server.get(f"/assets/{edited['asset_ids']['image']}/links")
    assert {"source_asset_id": source, "role": "source"}.items() <= links[0].items()
    assert share(server, drawn, BLUE) > 0.02 > 0.005 > share(server, edited, BLUE)
    assert share(server, edited, RED) > 0.02 > 0.005 > share(server, drawn, RED)


def test_a_logo_is_larger_than_life(server: Server) -> None:
    collection = server.collection()
    logo = finished(server, collection, type="logo", name="Logo")
    assert (logo["type"], logo["cost_credits"]) == ("logo", 5)
    content = server.http.get(logo["urls"]["transparent_image"]).content
    with Image.open(io.BytesIO(content)) as image:
        left, top, right, bottom = image.getchannel("A").getbbox() or (0, 0, 0, 0)
    assert 0.75 < max(right - left, bottom - top) / image.width < 0.95
