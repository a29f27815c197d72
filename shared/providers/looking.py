"""Looking at characters, for every model that answers in a given shape: the words, and the shapes.

A `Looker` asks; where the question goes is up to its subclasses.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from shared.errors import PermanentError
from shared.providers.base import Description, Later, Refused, Sighting

MAX_PICTURES = 6

DESCRIBE = (
    "These pictures show one mascot character. Describe it so that an artist who has not seen them "
    "would draw the same one: kind of creature, build, colours, face, clothes and what it carries. "
    "Leave out its pose and the background."
)
FIND = (
    "The picture should show a mascot character with these features:\n{features}\nGive the numbers "
    "of those that are not there or clearly different. A feature that the pose hides or the frame "
    "cuts off is not missing. Then name what is part of the character but not in the list and "
    "would strike somebody who knows it: clothes, things, colours, marks. Most pictures are right: "
    "both lists are often empty."
)
SUGGEST = (
    "Suggest {count} different actions for pictures of this mascot character, at most five words "
    'each, beginning with a verb in -ing ("waving with both hands"):\n{character}'
)


class DescriptionAnswer(BaseModel):
    """What is asked for with `DESCRIBE`."""

    name: str = Field(description="A short name for the kind of character, such as 'Orange fox'")
    character: str = Field(description="A prompt of one to three sentences that draws it again")
    features: list[str] = Field(
        description="Up to eight things that make it itself, one short noun phrase each"
    )
    shading: str = Field(description="How it is drawn and shaded, in a few words")
    summary: str = Field(description="The style in one sentence: line, colour, proportions")


class SightingAnswer(BaseModel):
    """What is asked for with `FIND`."""

    missing: list[int] = Field(description="Numbers of the features that are not there")
    added: list[str] = Field(description="Short noun phrases")


class SuggestionAnswer(BaseModel):
    """What is asked for with `SUGGEST`."""

    actions: list[str]


A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answer(Generic[A]):
    """An answer in the shape that was asked for, and what it cost."""

    value: A
    cost_usd: float


class Looker(ABC):
    """Answers the questions of a `VisionProvider` with one question to a model each.

    A look starts nothing and costs a fraction of a cent, so one that was lost may be asked again.
    """

    @abstractmethod
    def ask(
        self, words: str, pictures: Sequence[Path], shape: type[A]
    ) -> Answer[A] | Refused | Later:
        """Put `words` and `pictures` to the model, which answers in `shape`.

        Raises as `shared.providers.faults` says.
        """

    def describe(self, pictures: Sequence[Path]) -> Description | Refused | Later:
        """Look at one to six pictures of one character."""
        if not 1 <= len(pictures) <= MAX_PICTURES:
            raise ValueError(f"{len(pictures)} pictures to look at, not 1 to {MAX_PICTURES}")
        answer = self.ask(DESCRIBE, pictures, DescriptionAnswer)
        if not isinstance(answer, Answer):
            return answer
        seen = answer.value
        return Description(
            name=seen.name,
            character=seen.character,
            features=tuple(seen.features),
            shading=seen.shading,
            summary=seen.summary,
            cost_usd=answer.cost_usd,
        )

    def find(self, picture: Path, features: Sequence[str]) -> Sighting | Refused | Later:
        """Look for a character's features in a picture of it."""
        numbered = "\n".join(f"{number}. {what}" for number, what in enumerate(features, 1))
        answer = self.ask(FIND.format(features=numbered), [picture], SightingAnswer)
        if not isinstance(answer, Answer):
            return answer
        numbers = sorted(set(answer.value.missing))
        if any(not 1 <= number <= len(features) for number in numbers):
            raise PermanentError("provider_answer", "A feature is missing that nobody asked for.")
        return Sighting(
            missing=tuple(features[number - 1] for number in numbers),
            added=tuple(answer.value.added),
            cost_usd=answer.cost_usd,
        )

    def suggest(self, character: str, count: int) -> tuple[str, ...] | Refused | Later:
        """Actions that would suit a character, a few words each; at most `count`."""
        answer = self.ask(SUGGEST.format(count=count, character=character), (), SuggestionAnswer)
        if not isinstance(answer, Answer):
            return answer
        return tuple(answer.value.actions[:count])
