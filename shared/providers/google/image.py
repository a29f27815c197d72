"""Stills by a Gemini image model, from words and up to six pictures."""

import json
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
CANDIDATE = ("content", "finishReason", "finishMessage")
"""What is read of an answer's candidate."""


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
        notes = square_png(drawn, target, request.size)
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
            metadata=notes,
        )

    def _ask(self, prompt: str, pictures: tuple[Path, ...]) -> "GenerateContentResponse":
        from google.genai.types import GenerateContentConfig, ImageConfig

        settings = self._settings
        contents: list[Content] = [prompt, *(part(each) for each in pictures)]
        with client.connect(settings, settings.provider_timeout, self._credentials) as google:
            answer = google.models.generate_content(
                model=settings.google_image_model,
                contents=contents,
                config=GenerateContentConfig(
                    response_modalities=["IMAGE"],
                    image_config=ImageConfig(
                        aspect_ratio="1:1", image_size=settings.google_image_size
                    ),
                    should_return_http_response=True,
                ),
            )
            return _parsed(answer.sdk_http_response.body if answer.sdk_http_response else None)


def part(picture: Path) -> "Part":
    """A PNG as a part of a request."""
    from google.genai.types import Part

    return Part.from_bytes(data=picture.read_bytes(), mime_type="image/png")


def _parsed(body: str | None) -> "GenerateContentResponse":
    """An answer, as far as it is read. The SDK would refuse all of it, and lose a picture that is
    paid for, when the bill beside it has a shape that the SDK does not know.

    Raises ValueError for what is no JSON, or of another shape where it is read.
    """
    from google.genai.types import GenerateContentResponse

    raw = json.loads(body or "")
    fields = raw if isinstance(raw, dict) else {}
    read = {name: fields[name] for name in ("promptFeedback", "candidates") if name in fields}
    if isinstance(candidates := read.get("candidates"), list):
        read["candidates"] = [
            {name: each[name] for name in CANDIDATE if name in each}
            for each in candidates
            if isinstance(each, dict)
        ]
        if read["candidates"]:
            read.pop("promptFeedback", None)
    return GenerateContentResponse.model_validate(read)


def _picture(answer: "GenerateContentResponse") -> bytes | None:
    """The picture of an answer: the first part that is one and no thought."""
    for candidate in answer.candidates or []:
        for each in (candidate.content.parts if candidate.content else None) or []:
            if each.inline_data and each.inline_data.data and not each.thought:
                return each.inline_data.data
    return None
