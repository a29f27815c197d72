"""Looking by a Gemini model that answers in a given shape."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.providers.base import Later, Refused
from shared.providers.google import client
from shared.providers.google.faults import expected, fault, refusal
from shared.providers.google.image import part
from shared.providers.looking import A, Answer, Looker
from shared.providers.pricing import price

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.genai.types import GenerateContentResponse

    from shared.providers.google.image import Content


class GoogleVision(Looker):
    """Describes characters and finds their features."""

    name = client.NAME

    def __init__(self, settings: Settings, credentials: "Credentials | None" = None) -> None:
        client.check(settings, settings.google_vision_model)
        self._settings = settings
        self._credentials = credentials

    def ask(
        self, words: str, pictures: Sequence[Path], shape: type[A]
    ) -> Answer[A] | Refused | Later:
        from google.genai.types import GenerateContentConfig

        settings = self._settings
        call = client.call(settings, paid=False)
        contents: list[Content] = [words, *(part(picture) for picture in pictures)]
        try:
            with client.connect(settings, settings.provider_timeout, self._credentials) as google:
                answer = google.models.generate_content(
                    model=settings.google_vision_model,
                    contents=contents,
                    config=GenerateContentConfig(
                        response_mime_type="application/json", response_schema=shape
                    ),
                )
        except expected() as error:
            return fault(call, error)
        if isinstance(answer.parsed, shape):
            return Answer(answer.parsed, self._cost(answer))
        refused = refusal(call, answer)
        if refused is None:
            raise call.malformed("not the shape that was asked for")
        return refused

    def _cost(self, answer: "GenerateContentResponse") -> float:
        usage = answer.usage_metadata
        if usage is None:
            return 0.0
        received = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
        charged = price(self._settings.google_vision_model, self._settings.provider_prices)
        return charged.tokens(usage.prompt_token_count or 0, received)
