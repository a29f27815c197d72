"""Looking by a GPT model that answers in a given shape."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.config import Settings
from shared.providers.base import Later, Refused
from shared.providers.looking import A, Answer, Looker
from shared.providers.openai import client
from shared.providers.openai.faults import expected, fault
from shared.providers.pricing import price, reported

if TYPE_CHECKING:
    from openai.types import CompletionUsage
    from openai.types.chat import ChatCompletionContentPartImageParam


class OpenAIVision(Looker):
    """Describes characters and finds their features."""

    name = client.NAME

    def __init__(self, settings: Settings) -> None:
        client.check(settings, settings.openai_vision_model)
        self._settings = settings

    def ask(
        self, words: str, pictures: Sequence[Path], shape: type[A]
    ) -> Answer[A] | Refused | Later:
        from openai.types.chat import ChatCompletion

        settings = self._settings
        call = client.call(settings, paid=False)
        try:
            with client.connect(settings) as openai:
                answer = openai.chat.completions.parse(
                    model=settings.openai_vision_model,
                    messages=[
                        {
                            "role": "user",
                            "content": [
                                {"type": "text", "text": words},
                                *(_part(picture) for picture in pictures),
                            ],
                        }
                    ],
                    response_format=shape,
                )
        except expected() as error:
            return fault(call, error)
        if not isinstance(answer, ChatCompletion) or not answer.choices:
            raise call.malformed("no choices")
        message = answer.choices[0].message
        if message.refusal:
            return call.refused("OpenAI does not look at this", message.refusal)
        if message.parsed is None:
            raise call.malformed("not the shape that was asked for")
        return Answer(message.parsed, self._cost(answer.usage))

    def _cost(self, usage: "CompletionUsage | None") -> float:
        charged = price(self._settings.openai_vision_model, self._settings.provider_prices)
        sent, received = reported(usage, "prompt_tokens"), reported(usage, "completion_tokens")
        return charged.tokens(sent or 0, received or 0)


def _part(picture: Path) -> "ChatCompletionContentPartImageParam":
    encoded = base64.b64encode(picture.read_bytes()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}
