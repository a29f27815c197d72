"""The artist: draws a mascot from words, poses it and moves it, with no key and no network."""

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import PermanentError
from shared.providers.base import (
    Film,
    Footing,
    Framing,
    ImageRequest,
    Picture,
    Progress,
    Refused,
    Rgb,
    Scene,
    VideoRequest,
)
from shared.providers.offline import motion
from shared.providers.offline.character import colours, draw, draw_logo
from shared.providers.offline.colour import choose_background
from shared.providers.offline.film import encode
from shared.providers.offline.framing import frame, logo_frame
from shared.providers.offline.lexicon import Reading, read
from shared.providers.offline.pose import Pose
from shared.providers.offline.puppet import Puppet, flatten, perform
from shared.providers.offline.raster import Rgba, composite, document, render, render_all

MODEL = "mascotry-artist-1"
SHORTEST, LONGEST = 0.5, 20.0
SECONDS_PER_FRAME = 2.0
"""The films that are made, in seconds; and the patience with one frame on a slow machine."""


class OfflineArtist:
    """An image provider and a video provider in one; the same request gives the same pixels."""

    name = "offline"
    repeatable = True

    def generate(
        self, request: ImageRequest, folder: Path, progress: Progress
    ) -> Picture | Refused:
        """Draw the scene on the flat colour that is farthest from the figure's own.

        An edit draws the scene again with its edits, so a picture without words is refused.
        """
        if request.edited is not None and not request.scene.character.strip():
            return Refused("The offline artist can only edit pictures that it drew itself.")
        reading = read(request.scene)
        background = choose_background(colours(reading.sheet))
        progress(0.1)
        figure = true_alpha(request.scene, request.seed, request.size, request.framing)
        pixels = composite(figure, background)
        path = folder / "still.png"
        if not cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)):
            raise PermanentError("cannot_write", f"cannot write {path.name}")
        progress(1.0)
        return Picture(
            path=path,
            model=MODEL,
            background=background,
            footing=_footing(reading, request),
            parameters={
                "seed": request.seed,
                "size": request.size,
                "framing": request.framing.value,
            },
            metadata=_notes(reading),
        )

    def submit(self, request: VideoRequest, folder: Path, progress: Progress) -> Film:
        """Make the film at once: `round(duration × fps)` frames on the request's background."""
        if not SHORTEST <= request.duration <= LONGEST:
            raise PermanentError(
                "bad_duration", f"a film takes {SHORTEST} to {LONGEST} s, not {request.duration}"
            )
        count = round(request.duration * request.fps)
        path = folder / "film.mp4"
        timeout = 30 + count * SECONDS_PER_FRAME
        if request.scene:
            frames = _drawn(request, request.scene, count, timeout)
        else:
            frames = _moved(request, count)
        with closing(frames):
            encode(
                frames,
                path,
                size=request.size,
                fps=request.fps,
                count=count,
                timeout=timeout,
                progress=progress,
            )
        return Film(
            path=path,
            model=MODEL,
            parameters={"seed": request.seed, "size": request.size, "fps": request.fps},
            metadata=_notes(read(request.scene)) if request.scene else {},
        )

    def poll(self, operation: str, request: VideoRequest, folder: Path, progress: Progress) -> Film:
        """Films are done when `submit` returns, so there is never anything to ask after."""
        raise PermanentError("unknown_operation", f"the offline artist never started {operation!r}")


def true_alpha(scene: Scene, seed: int, size: int, framing: Framing = Framing.FIGURE) -> Rgba:
    """The still before it is put on a background: (size, size, 4), straight alpha."""
    reading = read(scene)
    if framing is Framing.LOGO:
        logo = draw_logo(reading.sheet, seed)
        return render(document(logo, logo_frame(logo)), size)
    pose = motion.animate(reading.pose, reading.sheet.expression, 0.0, motion.BREATH)
    marks = draw(reading.sheet, pose, seed)
    return render(document(marks, frame(reading.sheet, seed, reading.earlier)), size)


def true_film_alpha(request: VideoRequest, index: int) -> Rgba:
    """Frame `index` of a drawn film before it is put on the background: straight alpha."""
    if request.scene is None:
        raise PermanentError("no_scene", "only a drawn film knows its true alpha")
    times = _times(request, round(request.duration * request.fps))
    return render(_documents(request, request.scene)(times[index]), request.size)


def _drawn(
    request: VideoRequest, scene: Scene, count: int, timeout: float
) -> Generator[NDArray[np.uint8], None, None]:
    make = _documents(request, scene)
    svgs = (make(time) for time in _times(request, count))
    with closing(render_all(svgs, request.size, timeout)) as pictures:
        for picture in pictures:
            yield composite(picture, request.background)


def _moved(request: VideoRequest, count: int) -> Generator[NDArray[np.uint8], None, None]:
    puppet = Puppet.load(request.still, request.size)
    end = Puppet.load(request.end_still, request.size) if request.end_still else None
    for layer in perform(puppet, end, _times(request, count), request.duration):
        yield flatten(layer, request.background)


def _times(request: VideoRequest, count: int) -> list[float]:
    """When each frame is, 0 to 1: a loop stops one frame short of its start, other films at 1."""
    closes = request.loop and request.end_scene is None and request.end_still is None
    return [index / (count if closes else max(count - 1, 1)) for index in range(count)]


def _documents(request: VideoRequest, scene: Scene) -> Callable[[float], str]:
    """Time → SVG document for a drawn film."""
    reading = read(scene)
    view = frame(reading.sheet, request.seed, reading.earlier)
    pose_at = _performance(request, reading)
    return lambda time: document(draw(reading.sheet, pose_at(time), request.seed), view)


def _performance(request: VideoRequest, reading: Reading) -> Callable[[float], Pose]:
    """Time → pose: a way to another pose, a visit to one, a loop, or a loop that comes to rest."""
    home, away, face = reading.pose, reading.motion, reading.sheet.expression
    length = request.duration
    if request.end_scene is not None:
        there = read(request.end_scene)
        start, end = (home, face), (there.pose, there.sheet.expression)
        return lambda time: motion.travel(start, end, time, length)
    if away != home:
        return lambda time: motion.visit(home, away, face, time, length)
    if request.loop:
        return lambda time: motion.animate(home, face, time, length)
    return lambda time: motion.settle(home, face, time, length)


def _footing(reading: Reading, request: ImageRequest) -> Footing | None:
    """Where the figure stands: at the origin of the drawing plane. A logo stands nowhere."""
    if request.framing is Framing.LOGO:
        return None
    left, top, width = frame(reading.sheet, request.seed, reading.earlier)
    scale = request.size / width
    return Footing(ground=-top * scale, centre=-left * scale, scale=scale)


def _notes(reading: Reading) -> dict[str, Any]:
    sheet = reading.sheet
    drawn = {
        "species": sheet.species,
        "colours": {part: _hex(colour) for part, colour in sheet.colours},
        "accessories": [piece.kind for piece in sheet.accessories],
        "expression": sheet.expression,
        "pose": reading.pose,
    }
    return {"not_drawn": list(reading.missing), "drawn": drawn}


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
