"""Stills by a Gemini image model, from words and up to six pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.providers.base import ImageRequest, Later, Picture, Progress, Refused
from shared.providers.google import client
from shared.providers.google.faults import expected, fault, refusal, words_instead
from shared.providers.pricing import price
from shared.providers.square import square_png

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.genai.types import File, FileDict, GenerateContentResponse, Part, PartDict
    from PIL.Image import Image as PillowImage

    Content = str | PillowImage | File | FileDict | Part | PartDict

MAX_PICTURES = 6


class GoogleImages:
    """Draws and edits stills. The background is whatever the model made of the prompt."""

    name = client.NAME
    repeatable = False

    def __init__(self, settings: Settings, credentials: "Credentials | None" = None) -> None:
        client.check(settings, settings.google_image_model)
        self._settings = settings
        self._credentials = credentials

    def generate(
        self, request: ImageRequest, folder: Path, progress: Progress
    ) -> Picture | Refused | Later:
        """Draw one still; `edited` is sent before the references, six pictures at most.

        Raises as `shared.providers.faults` says.
        """
        settings = self._settings
        call = client.call(settings, paid=True)
        progress(0.0)
        try:
            answer = self._ask(request.prompt, request.pictures[:MAX_PICTURES])
        except expected() as error:
            return fault(call, error)
        drawn = _picture(answer)
        if drawn is None:
            refused = refusal(call, answer) or words_instead(call, answer)
            if refused is None:
                raise call.malformed("neither a picture nor a refusal")
            return refused
        target = folder / "google.png"
        square_png(drawn, target, request.size)
        model = settings.google_image_model
        return Picture(
            path=target,
            model=model,
            background=None,
            cost_usd=price(model, settings.provider_prices).picture,
            parameters={
                "image_size": settings.google_image_size,
                "references": len(request.pictures[:MAX_PICTURES]),
                "edited": request.edited is not None,
            },
        )

    def _ask(self, prompt: str, pictures: tuple[Path, ...]) -> "GenerateContentResponse":
        from google.genai.types import GenerateContentConfig, ImageConfig

        settings = self._settings
        contents: list[Content] = [prompt, *(part(each) for each in pictures)]
        with client.connect(settings, settings.provider_timeout, self._credentials) as google:
            return google.models.generate_content(
                model=settings.google_image_model,
                contents=contents,
                config=GenerateContentConfig(
                    response_modalities=["IMAGE"],
                    image_config=ImageConfig(
                        aspect_ratio="1:1", image_size=settings.google_image_size
                    ),
                ),
            )


def part(picture: Path) -> "Part":
    """A PNG as a part of a request."""
    from google.genai.types import Part

    return Part.from_bytes(data=picture.read_bytes(), mime_type="image/png")


def _picture(answer: "GenerateContentResponse") -> bytes | None:
    """The picture of an answer: the first part that is one and no thought."""
    for candidate in answer.candidates or []:
        for each in (candidate.content.parts if candidate.content else None) or []:
            if each.inline_data and each.inline_data.data and not each.thought:
                return each.inline_data.data
    return None
