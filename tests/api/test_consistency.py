"""A character from its references to ten poses, by an artist who forgets things: end to end,
through the API and the real steps."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from functions import composition
from functions.steps import cutout, image, style_card, validate
from shared.media import Rgb
from shared.model.job import StepKind
from shared.providers.base import ImageRequest, Picture, Progress, Refused, Scene
from shared.providers.offline.artist import OfflineArtist, true_alpha
from tests.api.client import Client
from tests.services.world import World

FOX = "an orange fox with a blue scarf"
POSES = ("waving", "idle", "thinking", "pointing", "running", "shrugging", "dancing", "jumping")
WHITE: Rgb = (255, 255, 255)
STEPS = {
    StepKind.IMAGE: image.run,
    StepKind.CUTOUT: cutout.run,
    StepKind.VALIDATE: validate.run,
    StepKind.STYLE_CARD: style_card.run,
}


class ForgetfulArtist(OfflineArtist):
    """Leaves the scarf out of the fourth picture and of every one after it, until it is warned."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.prompts: list[str] = []
        self.stubborn = stubborn

    def generate(
        self, request: ImageRequest, folder: Path, progress: Progress
    ) -> Picture | Refused:
        self.prompts.append(request.prompt)
        forgets = len(self.prompts) > 3 and (self.stubborn or not warned(request.prompt))
        if forgets:
            request = replace(request, scene=replace(request.scene, character="an orange fox"))
        if self.stubborn:  # never the same picture twice
            request = replace(request, size=request.size - len(self.prompts))
        return super().generate(request, folder, progress)


def warned(prompt: str) -> bool:
    return any(line.startswith("Take care") and "blue" in line for line in prompt.splitlines())


def reference(action: str, seed: int) -> bytes:
    figure = Image.fromarray(true_alpha(Scene(FOX, action), seed, 600))
    page = Image.new("RGB", figure.size, WHITE)
    page.paste(figure, mask=figure)
    content = io.BytesIO()
    page.save(content, "PNG")
    return content.getvalue()


def character(world: World, api: Client, ingest: Client, **settings: Any) -> str:
    """A fox that is known by two pictures of it."""
    world.codes |= STEPS
    project = api.post("/v1/projects", name="App").data["id"]
    body = {"project_id": project, "name": "Felix", "description": FOX, **settings}
    made: dict[str, Any] = ingest.post("/v1/collections", **body).data
    id_: str = made["id"]
    seed = int(id_.replace("-", "")[:8], 16) & 0x7FFFFFFF
    for action in ("sitting", "celebrating"):
        form = {"file": (io.BytesIO(reference(action, seed)), f"{action}.png")}
        upload = ingest.ask("POST", "/v1/upload", data=form).data["id"]
        ingest.post(f"/v1/collections/{id_}/references", asset_id=upload)
    return id_


def draw(world: World, api: Client, collection: str, pose: str) -> Any:
    request = {"type": "image", "name": pose, "image_prompt": pose}
    job = api.post(f"/v1/collections/{collection}/generate", **request).data["job_id"]
    world.drain()
    done = api.get(f"/v1/jobs/{job}").data
    assert done["status"] == "completed", done
    return done


def retakes(job: Any) -> Any:
    return next(step["retakes"] for step in job["steps"] if step["id"] == "validate")


def test_what_was_forgotten_once_is_not_forgotten_again(
    world: World, api: Client, ingest: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    artist = ForgetfulArtist()
    monkeypatch.setattr(composition, "IMAGE_PROVIDERS", {"offline": lambda: artist})
    collection = character(world, api, ingest)
    before = api.get(f"/v1/collections/{collection}").data["config"]
    assert (before["style_card"], before["caution_list"]) == (None, [])

    jobs = [draw(world, api, collection, pose) for pose in (*POSES, "sleeping", "thumbs up")]

    assert len(jobs) == 10
    assert jobs[0]["steps"][0]["id"] == "style_card"
    card = api.get(f"/v1/collections/{collection}/style-card").data
    assert (card["version"], card["source"]) == (1, "references")
    assert card["reference_asset_ids"] == before["reference_asset_ids"]
    assert {"orange", "blue"} <= {colour["name"] for colour in card["palette"]}
    assert all(f"Style: {card['summary'][:40]}" in prompt for prompt in artist.prompts)

    # The fourth picture was sent back, its second take came out well, and no other was needed.
    assert [len(retakes(job)) for job in jobs] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    [[retake]] = [retakes(job) for job in jobs if retakes(job)]
    assert "blue" in retake["reasons"][0]
    assert len(artist.prompts) == 11
    assert [warned(prompt) for prompt in artist.prompts] == [False] * 4 + [True] * 7
    [caution] = [
        caution
        for caution in api.get(f"/v1/collections/{collection}/cautions").data
        if caution["check"] == "missing" and "blue" in caution["text"]
    ]
    assert caution["count"] == 1
    assert caution["asset_id"] == jobs[3]["asset_ids"]["image"]

    for job in jobs:
        assert not job["needs_review"]
        asset = api.get(f"/v1/assets/{job['asset_ids']['image']}").data
        assert asset["provenance"]["style_card_version"] == 1
        assert asset["provenance"]["prompt"] in artist.prompts
        assert asset["metadata"]["consistency"]["decision"] in ("accept", "caution")
    assert sum(job["cost_credits"] for job in jobs) == 10, "retakes are not charged"


def test_what_never_comes_out_right_is_kept_for_people(
    world: World, api: Client, ingest: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    artist = ForgetfulArtist(stubborn=True)
    monkeypatch.setattr(composition, "IMAGE_PROVIDERS", {"offline": lambda: artist})
    collection = character(world, api, ingest, max_retries=1)
    good = [draw(world, api, collection, pose) for pose in POSES[:3]]
    assert not any(job["needs_review"] for job in good)

    job = draw(world, api, collection, "dancing")

    assert len(retakes(job)) == 1, "as many as the collection allows"
    assert job["needs_review"]
    assert len(artist.prompts) == 5
    assets = api.get(f"/v1/items/{job['item_id']}/assets").data
    assert len(assets) == 2
    assert all(asset["needs_review"] and asset["status"] == "ready" for asset in assets)
    [caution] = api.get(f"/v1/collections/{collection}").data["config"]["caution_list"]
    assert "blue" in caution


def test_who_draws_the_same_picture_again_is_not_asked_a_third_time(
    world: World, api: Client, ingest: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own artist can't read a caution, and draws the character of the prompt."""
    artist = OfflineArtist()
    monkeypatch.setattr(composition, "IMAGE_PROVIDERS", {"offline": lambda: artist})
    collection = character(world, api, ingest, description="a grey cat", max_retries=5)
    job = draw(world, api, collection, "waving")
    assert len(retakes(job)) == 1
    assert job["needs_review"]
