"""Logos of our own artist against the cards of their figures."""

from dataclasses import replace

import pytest

from shared.character import card as cards
from shared.character.validation import Shows, validate
from shared.media.style import measure
from shared.model.style import Decision, Verdict
from shared.providers.base import Framing, Scene
from shared.providers.offline.artist import true_alpha

SIZE = 448
RABBIT = Scene(character="a grey rabbit in a green cap", action="idle")


def judged(logo: Scene, figure: Scene) -> Verdict:
    """The verdict on one character's logo against the card of another's figure."""
    card = cards.make([measure(true_alpha(figure, 7, SIZE))], source="references")
    return validate(card, measure(true_alpha(logo, 7, SIZE, Framing.LOGO)), shows=Shows.LOGO)


@pytest.mark.parametrize(
    "character", [RABBIT.character, "an orange fox with a blue scarf", "a unicorn with headphones"]
)
def test_its_own_logo_is_accepted(character: str) -> None:
    scene = replace(RABBIT, character=character)
    assert judged(scene, scene).decision is Decision.ACCEPT


def test_a_logo_in_other_colours_is_not() -> None:
    other = replace(RABBIT, character="a grey rabbit in a red cap")
    verdict = judged(other, RABBIT)
    assert verdict.decision is not Decision.ACCEPT
    assert verdict.drifts[-1].check == "added"
