"""Stills by a GPT Image model, with alpha instead of a background."""

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.providers.base import ImageRequest, Later, Picture, Progress, Refused
from shared.providers.faults import Call
from shared.providers.openai import client
from shared.providers.openai.faults import expected, fault
from shared.providers.pricing import price, reported
from shared.providers.square import square_png

if TYPE_CHECKING:
    from openai.types import ImagesResponse

MAX_PICTURES = 16
DRAWN = "1024x1024"
"""What is asked for; the still is then brought to the size of the request."""


class OpenAIImages:
    """Draws and edits stills on a transparent background, so that nothing has to be cut out."""

    name = client.NAME
    repeatable = False

    def __init__(self, settings: Settings) -> None:
        client.check(settings, settings.openai_image_model)
        self._settings = settings

    def generate(
        self, request: ImageRequest, folder: Path, progress: Progress
    ) -> Picture | Refused | Later:
        """Draw one still; `edited` is sent before the references, sixteen pictures at most.

        Raises as `shared.providers.faults` says.
        """
        settings = self._settings
        call = client.call(settings, paid=True)
        progress(0.0)
        try:
            answer = self._ask(request.prompt, request.pictures[:MAX_PICTURES])
        except expected() as error:
            return fault(call, error)
        target = folder / "openai.png"
        notes = square_png(_picture(call, answer), target, request.size)
        return Picture(
            path=target,
            model=settings.openai_image_model,
            background=None,
            cost_usd=self._cost(answer),
            parameters={
                "quality": settings.openai_image_quality,
                "references": len(request.pictures[:MAX_PICTURES]),
                "edited": request.edited is not None,
            },
            metadata=notes,
        )

    def _ask(self, prompt: str, pictures: tuple[Path, ...]) -> "ImagesResponse":
        model = self._settings.openai_image_model
        quality = self._settings.openai_image_quality
        with client.connect(self._settings) as openai:
            if not pictures:
                return openai.images.generate(
                    model=model,
                    prompt=prompt,
                    size=DRAWN,
                    quality=quality,
                    background="transparent",
                    output_format="png",
                )
            return openai.images.edit(
                model=model,
                image=[(each.name, each.read_bytes(), "image/png") for each in pictures],
                prompt=prompt,
                size=DRAWN,
                quality=quality,
                background="transparent",
                output_format="png",
            )

    def _cost(self, answer: "ImagesResponse") -> float:
        """By the tokens that the answer reports, or by the picture if it reports none."""
        charged = price(self._settings.openai_image_model, self._settings.provider_prices)
        drawn = reported(answer.usage, "output_tokens")
        if not drawn or not charged.output_tokens:
            return charged.picture
        words = reported(answer.usage, "input_tokens_details", "text_tokens")
        if words is None:
            words = reported(answer.usage, "input_tokens")
        pictures = reported(answer.usage, "input_tokens_details", "image_tokens")
        return charged.tokens(words or 0, drawn, pictures or 0)


def _picture(call: Call, answer: "ImagesResponse") -> bytes:
    from openai.types import ImagesResponse

    # An answer that is no JSON comes through the SDK as text.
    data = answer.data if isinstance(answer, ImagesResponse) else None
    encoded = data[0].b64_json if data else None
    if not encoded:
        raise call.malformed("no picture")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise call.malformed("no picture") from None
