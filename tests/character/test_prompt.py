"""The whole text of prompts, word by word, and what gives way when there is too much of it."""

from datetime import UTC, datetime

import pytest

from shared.character.prompt import (
    BUDGET,
    FRAMING,
    edit_prompt,
    film_prompt,
    logo_prompt,
    still_prompt,
)
from shared.model.collection import Collection
from shared.model.style import StyleCard
from tests.character.looks import fox

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CARD = fox().with_(summary="Orange and cream, even dark-brown outlines, two-tone shading.")


def collection(
    prompt: str = "a fox  with a\nblue scarf", card: StyleCard | None = CARD
) -> Collection:
    return Collection(
        id="c",
        created_at=NOW,
        updated_at=NOW,
        project_id="p",
        name="Felix",
        slug="felix",
        prompt=prompt,
        seed=7,
        style_card=card,
    )


def test_a_still_in_full() -> None:
    cautions = ["Keep the scarf blue.", "Keep the tip of the tail white."]
    assert still_prompt(collection(), "waving hello", cautions=cautions) == (
        "Character: a fox with a blue scarf\n"
        "Style: Orange and cream, even dark-brown outlines, two-tone shading.\n"
        "Take care: Keep the scarf blue.\n"
        "Take care: Keep the tip of the tail white.\n"
        "Action: waving hello\n"
        "Format: One character only, the whole figure inside the frame with a margin on every "
        "side, on a perfectly flat background of one plain colour that the character does not "
        "wear. No text, no shadow on the ground, no scenery."
    )


def test_a_still_of_a_character_without_a_card() -> None:
    assert still_prompt(collection(card=None), "idle").splitlines() == [
        "Character: a fox with a blue scarf",
        "Action: idle",
        f"Format: {FRAMING}",
    ]


def test_a_logo_in_full() -> None:
    assert logo_prompt(collection(), "in a circle", cautions=["Keep the scarf blue."]) == (
        "Character: a fox with a blue scarf\n"
        "Style: Orange and cream, even dark-brown outlines, two-tone shading.\n"
        "Take care: Keep the scarf blue.\n"
        "Wish: in a circle\n"
        "Format: A logo: the character's head alone, large, simple and facing the viewer, "
        "readable at 32 pixels, on a perfectly flat background of one plain colour that the "
        "character does not wear. No text."
    )
    assert "Wish" not in logo_prompt(collection(), " ")


def test_an_edit_in_full() -> None:
    assert edit_prompt(collection(card=None), "make the scarf red").splitlines() == [
        "Character: a fox with a blue scarf",
        "Change: make the scarf red",
        f"Format: Everything else stays exactly as it is. {FRAMING}",
    ]


@pytest.mark.parametrize(
    ("loop", "manner"),
    [
        (True, "A seamless loop: the last frame leads into the first. The camera does not move."),
        (False, "The camera does not move."),
    ],
)
def test_a_film_in_full(loop: bool, manner: str) -> None:
    assert film_prompt(collection(), "waves", loop=loop).splitlines() == [
        "Character: a fox with a blue scarf",
        "Style: Orange and cream, even dark-brown outlines, two-tone shading.",
        "Motion: waves",
        f"Format: {manner} {FRAMING}",
    ]


def test_the_last_cautions_give_way_first() -> None:
    cautions = [f"Caution {number} {'x' * 90}" for number in range(60)]
    prompt = still_prompt(collection(), "waving hello", cautions=cautions)
    kept = [line for line in prompt.splitlines() if line.startswith("Take care")]
    assert kept == [f"Take care: {caution}" for caution in cautions[: len(kept)]]
    assert 25 < len(kept) < 60
    assert BUDGET - 120 < len(prompt) <= BUDGET


def test_a_long_character_leaves_room_for_its_style() -> None:
    long = collection(prompt="a fox " + "with a blue scarf " * 300)
    prompt = still_prompt(long, "waving hello", cautions=["Keep the scarf blue."])
    lines = dict(line.split(": ", 1) for line in prompt.splitlines())
    assert lines["Character"].endswith("…")
    assert lines["Style"] == CARD.summary
    assert lines["Action"] == "waving hello"
    assert lines["Format"] == FRAMING
    assert len(prompt) <= BUDGET


def test_the_action_is_never_shortened() -> None:
    action = "waving " * 500
    prompt = still_prompt(collection(prompt="a fox " * 600), action)
    assert f"Action: {action.strip()}" in prompt
