"""The card: its words, its numbers over several pictures, and what changed between two."""

import pytest

from shared.character import card as cards
from shared.model.style import StyleCard, diff
from tests.character.looks import CREAM, FOX, INK, ORANGE, SCARF, colour, fox, measurement


def test_the_summary_word_by_word() -> None:
    assert fox().summary == (
        "Colours: orange #f57f22 (50%), ivory #fff3e4 (30%), black brown #331704 (15%), blue "
        "#2f6fe4 (5%). Even outlines in #331704, 2.0% of the figure's size wide. Shading: "
        "two-tone. Always there: blue scarf, white-tipped tail."
    )


def test_somebody_s_own_words_stand_in_for_ours() -> None:
    card = cards.make(
        [measurement()], source="references", summary="A cheerful fox.", shading="soft cel shading."
    )
    assert card.summary.startswith("A cheerful fox. Colours: orange")
    assert card.summary.endswith("Shading: soft cel shading.")


def test_a_card_needs_a_picture() -> None:
    with pytest.raises(ValueError, match="at least one"):
        cards.make([], source="references")


def test_more_pictures_widen_what_is_usual() -> None:
    mouth = colour("maroon", "#7b1f2d", 0.02)
    half = SCARF.with_(share=0.01)
    other = measurement(ORANGE, CREAM, INK, half, mouth)
    shading = other.shading.with_(amount=0.06, seams=3.0)
    other = other.with_(shading=shading.with_(least=0.06, most=0.06, longest=3.0))
    card = cards.make([measurement(), other], source="references")
    seen = {c.name: c for c in card.palette}
    assert (seen["blue"].least, seen["blue"].most, seen["blue"].share) == (0.01, 0.05, 0.05)
    assert (seen["maroon"].least, seen["maroon"].share) == (0.0, 0.01)
    assert (card.shading.least, card.shading.amount, card.shading.most) == (0.06, 0.09, 0.12)
    shading = card.shading
    assert (shading.shortest, shading.seams, shading.longest) == (2.4, 2.7, 3.0)
    assert (card.pictures, len(card.portraits)) == (2, 2)


def test_a_card_remembers_a_few_heads_only() -> None:
    card = cards.make([measurement()] * 9, source="references")
    assert len(card.portraits) == cards.PORTRAITS


def test_a_locked_card_learns_nothing() -> None:
    locked = fox().with_(locked=True)
    assert cards.merge(locked, measurement(*FOX[:2])) is locked


def test_a_card_comes_back_from_json() -> None:
    assert StyleCard.model_validate_json(fox().model_dump_json()) == fox()


def test_what_changed_between_two_cards() -> None:
    old = fox()
    assert old.line is not None
    new = old.with_(
        palette=(ORANGE.with_(share=0.4), CREAM, INK, colour("green", "#3fae4a", 0.05)),
        line=old.line.with_(weight=0.03),
        shading=old.shading.with_(kind="flat", amount=0.0),
        proportions=old.proportions.with_(aspect=0.8),
        features=("green scarf", "white-tipped tail"),
        locked=True,
    )
    assert diff(old, new) == [
        "colour gone: blue #2f6fe4",
        "colour new: green #3fae4a",
        "orange #f57f22: 50% → 40%",
        "line: 2.00% in #331704 → 3.00% in #331704",
        "aspect: 0.75 → 0.80",
        "shading: two-tone over 12% → flat over 0%",
        "feature gone: blue scarf",
        "feature new: green scarf",
        "locked",
    ]
    assert diff(old, old) == []
