"""A transition between two poses, and its way back."""

from pathlib import Path

import numpy as np

from shared.media import ffmpeg
from shared.media.ends import NEAR, colour_error, on
from shared.media.ffmpeg import Frame
from shared.media.formats import FORMATS
from shared.media.stills import load
from shared.model.asset import USUAL_FORMATS
from tests.e2e.server import Json, Server

FILMS = ("video", *USUAL_FORMATS)
SIDE = 512
GREY = (128, 128, 128)


def made(server: Server, collection: Json, **request: object) -> Json:
    job = server.finished(server.generate(collection, **request)["job_id"])
    assert job["status"] == "completed", job
    return job


def fetched(server: Server, url: str, folder: Path) -> Path:
    path = folder / url.rsplit("/", 1)[1]
    path.write_bytes(server.http.get(url).content)
    return path


def frames(server: Server, job: Json, key: str, folder: Path) -> list[Frame]:
    """The pictures of a film, straight RGBA."""
    format_ = FORMATS.get(key.removeprefix("reverse_"))
    width, height = format_.frame_size(SIDE, SIDE) if format_ else (SIDE, SIDE)
    path = fetched(server, job["urls"][key], folder)
    decode = format_.decode if format_ else ()
    with ffmpeg.read_frames(path, width, height, pixels="rgba", decode=decode) as found:
        return list(found)


def links(server: Server, job: Json, key: str) -> set[tuple[str, str]]:
    """What an asset was made from, by the key that it has in the job or by its id."""
    keys = {id_: other for other, id_ in job["asset_ids"].items()}
    target = job["asset_ids"][key]
    found = server.get(f"/assets/{target}/links")
    return {
        (keys.get(link["source_asset_id"], link["source_asset_id"]), link["role"])
        for link in found
        if link["target_asset_id"] == target
    }


def test_there_and_back(server: Server, tmp_path: Path) -> None:
    collection = server.collection()
    poses = [
        made(server, collection, type="image", name=action, image_prompt=action)
        for action in ("waving hello", "sitting")
    ]
    ids = [pose["asset_ids"]["transparent_image"] for pose in poses]
    job = made(
        server,
        collection,
        type="animation",
        name="Sit down",
        animation_prompt="sits down",
        source_image_asset_id=ids[0],
        end_image_asset_id=ids[1],
        auto_reverse=True,
        duration=1,
        sizes=[128],
    )

    there = {"video", *USUAL_FORMATS, *(f"{film}_128" for film in USUAL_FORMATS)}
    assert set(job["urls"]) == there | {f"reverse_{key}" for key in there}
    assert (job["type"], job["cost_credits"]) == ("animation", 5)
    assert links(server, job, "video") == {(ids[0], "source"), (ids[1], "end_frame")}
    assert links(server, job, "reverse_video") == {("video", "source"), (ids[0], "end_frame")}
    assert links(server, job, "reverse_webm") == {("reverse_video", "source")}
    best = server.get(f"/items/{job['item_id']}/best")
    assert {key: found["asset_id"] for key, found in best.items()} == job["asset_ids"]

    ends = server.get(f"/assets/{job['asset_ids']['video']}")["metadata"]["ends"]
    assert max(ends["first"], ends["last"]) < NEAR
    back = server.get(f"/assets/{job['asset_ids']['reverse_video']}")
    assert back["purpose"] == "reverse"
    assert back["metadata"]["ends"]["first"] == ends["last"]
    assert (back["content"]["frames"], back["content"]["fps"]) == (24, 24)

    forth = frames(server, job, "video", tmp_path)
    apart = [
        np.abs(one.astype(int) - other).mean()
        for one, other in zip(
            forth[::-1], frames(server, job, "reverse_video", tmp_path), strict=True
        )
    ]
    assert max(apart) < 1
    stills = [
        load(fetched(server, pose["urls"]["transparent_image"], tmp_path), "RGBA") for pose in poses
    ]
    for key, order in (("webm", stills), ("reverse_hevc", stills[::-1])):
        found = frames(server, job, key, tmp_path)
        assert len(found) == 24
        for picture, still in zip((found[0], found[-1]), order, strict=True):
            shown = [on(rgba, (SIDE, SIDE), GREY) for rgba in (picture, still)]
            assert colour_error(shown[0], shown[1], GREY) < NEAR

    later = server.post(f"/assets/{job['asset_ids']['video']}/reverse", {})
    again = server.finished(later["job_id"])
    assert (again["status"], again["type"], again["cost_credits"]) == ("completed", "reverse", 0)
    assert again["item_id"] == job["item_id"]
    assert set(again["urls"]) == {"reverse_video", *(f"reverse_{film}" for film in USUAL_FORMATS)}
