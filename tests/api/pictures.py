"""Pictures for requests, and who is asked to look at them."""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from shared.media.stills import open_image
from shared.providers.base import (
    Description,
    ImageRequest,
    Later,
    Picture,
    Refused,
    Scene,
    Sighting,
)
from shared.providers.offline.artist import OfflineArtist
from tests.api.client import Client

FOX = "a friendly orange fox mascot wearing a blue scarf"
SEEN = Description("Orange fox", "an orange fox", ("blue scarf",), "flat", "Bold lines.")


@cache
def drawing(character: str = FOX) -> bytes:
    """A still as the artist draws it, as PNG."""
    with TemporaryDirectory() as folder:
        request = ImageRequest(prompt="", scene=Scene(character, "standing"), seed=3, size=320)
        picture = OfflineArtist().generate(request, Path(folder), lambda share: None)
        assert isinstance(picture, Picture)
        return picture.path.read_bytes()


def large() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (3000, 1500), (240, 120, 30)).save(stream, "PNG")
    return stream.getvalue()


def upload(ingest: Client, content: bytes | None = None) -> str:
    form = {"file": (io.BytesIO(content or drawing()), "fox.png")}
    made = ingest.ask("POST", "/v1/upload", data=form, content_type="multipart/form-data")
    return str(made.data["id"])


class Looker:
    """Answers, or fails, as it is told; remembers how large the pictures were that it was shown."""

    name = "looker"

    def __init__(self, answer: Description | Refused | Later | Exception = SEEN) -> None:
        self.answer = answer
        self.shown: list[list[tuple[int, int]]] = []

    def describe(self, pictures: Sequence[Path]) -> Description | Refused | Later:
        self.shown.append([open_image(picture).size for picture in pictures])
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def find(self, picture: Path, features: Sequence[str]) -> Sighting:
        raise AssertionError

    def suggest(self, character: str, count: int) -> tuple[str, ...] | Refused | Later:
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, Description):
            return tuple(f"{character} {index}" for index in range(count + 3))
        return self.answer
