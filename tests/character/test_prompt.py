"""The whole text of prompts, word by word, and what gives way when there is too much of it."""

from collections.abc import Sequence

import pytest

from shared.character.prompt import (
    BUDGET,
    FRAMING,
    Brief,
    edit_prompt,
    film_prompt,
    logo_prompt,
    still_prompt,
)

STYLE = "Orange and cream, even dark-brown outlines, two-tone shading."


FELIX = "a fox  with a\nblue scarf"


def brief(prompt: str = FELIX, style: str = STYLE, cautions: Sequence[str] = ()) -> Brief:
    return Brief(prompt, style, cautions)


def test_a_still_in_full() -> None:
    cautions = ["Keep the scarf blue.", "Keep the tip of the tail white."]
    assert still_prompt(brief(cautions=cautions), "waving hello") == (
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
    assert still_prompt(brief(style=""), "idle").splitlines() == [
        "Character: a fox with a blue scarf",
        "Action: idle",
        f"Format: {FRAMING}",
    ]


def test_a_logo_in_full() -> None:
    assert logo_prompt(brief(cautions=["Keep the scarf blue."]), "in a circle") == (
        "Character: a fox with a blue scarf\n"
        "Style: Orange and cream, even dark-brown outlines, two-tone shading.\n"
        "Take care: Keep the scarf blue.\n"
        "Wish: in a circle\n"
        "Format: A logo: the character's head alone, large, simple and facing the viewer, "
        "readable at 32 pixels, on a perfectly flat background of one plain colour that the "
        "character does not wear. No text."
    )
    assert "Wish" not in logo_prompt(brief(), " ")


def test_an_edit_in_full() -> None:
    assert edit_prompt(brief(style=""), "make the scarf red").splitlines() == [
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
    assert film_prompt(brief(), "waves", loop=loop).splitlines() == [
        "Character: a fox with a blue scarf",
        "Style: Orange and cream, even dark-brown outlines, two-tone shading.",
        "Motion: waves",
        f"Format: {manner} {FRAMING}",
    ]


def test_the_last_cautions_give_way_first() -> None:
    cautions = [f"Caution {number} {'x' * 90}" for number in range(60)]
    prompt = still_prompt(brief(cautions=cautions), "waving hello")
    kept = [line for line in prompt.splitlines() if line.startswith("Take care")]
    assert kept == [f"Take care: {caution}" for caution in cautions[: len(kept)]]
    assert 25 < len(kept) < 60
    assert BUDGET - 120 < len(prompt) <= BUDGET


def test_a_long_character_leaves_room_for_its_style() -> None:
    long = brief("a fox " + "with a blue scarf " * 300, cautions=["Keep the scarf blue."])
    prompt = still_prompt(long, "waving hello")
    lines = dict(line.split(": ", 1) for line in prompt.splitlines())
    assert lines["Character"].endswith("…")
    assert lines["Style"] == STYLE
    assert lines["Action"] == "waving hello"
    assert lines["Format"] == FRAMING
    assert len(prompt) <= BUDGET


def test_the_action_is_never_shortened() -> None:
    action = "waving " * 500
    prompt = still_prompt(brief(prompt="a fox " * 600), action)
    assert f"Action: {action.strip()}" in prompt
