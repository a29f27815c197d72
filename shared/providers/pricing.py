"""What providers charge, as data: US dollars as seen in November 2026, to be overridden.

`MASCOTRY_PROVIDER_PRICES` is a JSON object of the same shape, whose entries go in front of these:
`{"veo-3.1-generate-001": {"second": 0.2}}`. Nothing is billed by these numbers; they tell what a
job has cost.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from shared.errors import PermanentError

Overrides = Mapping[str, Mapping[str, float]]
"""What a deployment pays instead, by model, as the settings carry it."""


class Price(BaseModel):
    """A model's price: per `picture` and per `second` of film, and per million tokens.

    `input_tokens` are those of text; `image_tokens` those of pictures that are sent, which cost
    the same where it is not given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: NonNegativeFloat = 0.0
    second: NonNegativeFloat = 0.0
    input_tokens: NonNegativeFloat = 0.0
    image_tokens: NonNegativeFloat | None = None
    output_tokens: NonNegativeFloat = 0.0

    def tokens(self, sent: int, received: int, pictures: int = 0) -> float:
        """The cost of `sent` text tokens, `pictures` tokens of pictures and `received` ones."""
        pictured = self.input_tokens if self.image_tokens is None else self.image_tokens
        return (
            sent * self.input_tokens + pictures * pictured + received * self.output_tokens
        ) / 1e6


PRICES: Mapping[str, Price] = MappingProxyType(
    {
        "gemini-nano-banana-2.1": Price(picture=0.034),
        "gemini-3.8-flash": Price(input_tokens=0.75, output_tokens=3.75),
        "veo-3.1-generate-001": Price(second=0.40),
        "veo-3.1-fast-generate-001": Price(second=0.15),
        "gemini-omni-1.2-flash": Price(second=0.07),
        "gpt-image-2.5-flare": Price(
            picture=0.05, input_tokens=5.0, image_tokens=8.0, output_tokens=30.0
        ),
        "gpt-5.6-luna": Price(input_tokens=0.20, output_tokens=1.20),
        "fal-ai/kling-video/v2.5-turbo/pro/image-to-video": Price(second=0.07),
    }
)


def price(model: str, overrides: Overrides) -> Price:
    """The price of a model; nothing for one that neither table knows.

    Raises `PermanentError("provider_unconfigured")` for an override that is no price.
    """
    if model not in overrides:
        return PRICES.get(model, Price())
    try:
        return Price.model_validate(overrides[model])
    except ValidationError as error:
        fields = ", ".join(Price.model_fields)
        raise PermanentError(
            "provider_unconfigured",
            f"MASCOTRY_PROVIDER_PRICES: {model} has no such price; there is: {fields}.",
        ) from error


def reported(report: object, *path: str) -> int | None:
    """The number of tokens that stands at `path` in what a provider reports of its bill; None if
    none does. What was made and paid for must not be lost for the shape of its bill, so that any
    shape is taken."""
    for name in path:
        report = report.get(name) if isinstance(report, Mapping) else getattr(report, name, None)
    if isinstance(report, int) and not isinstance(report, bool) and report >= 0:
        return report
    return None


def is_priced(model: str, overrides: Overrides) -> bool:
    """Whether a table knows the model, so that a cost of nothing means nothing."""
    return model in overrides or model in PRICES
