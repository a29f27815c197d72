"""Instructions change what they name and nothing else."""

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.providers.base import Scene
from shared.providers.offline import vocabulary
from shared.providers.offline.artist import true_alpha
from shared.providers.offline.colour import lightness
from shared.providers.offline.framing import extent, frame
from shared.providers.offline.lexicon import Reading, read
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.sheet import Accessory, Sheet

CHARACTER, ACTION = "orange fox with a blue scarf and a hat", "waving"
BEFORE = {"species": "fox", "pose": "wave", "look": None, "body": "orange", "scarf": "blue"}
BEFORE |= {"hat": None}


def edited(*edits: str, character: str = CHARACTER) -> Reading:
    return read(Scene(character, ACTION, "", edits))


def facts(reading: Reading) -> dict[str, str | None]:
    """The reading with its colours by name."""
    names = {rgb: name for name, rgb in {**vocabulary.COLOURS, **vocabulary.SOFTENED}.items()}
    sheet = reading.sheet
    known: dict[str, str | None] = {"species": sheet.species, "pose": reading.pose}
    known |= {"look": sheet.expression}
    known |= {part: names[rgb] for part, rgb in sheet.colours}
    return known | {a.kind: names[a.colour] if a.colour else None for a in sheet.accessories}


@pytest.mark.parametrize(
    ("instruction", "gone", "now"),
    [
        ("make the scarf red", (), {"scarf": "red"}),
        ("change the scarf to green", (), {"scarf": "green"}),
        ("change the blue scarf to a red one", (), {"scarf": "red"}),
        ("change the scarf from blue to green", (), {"scarf": "green"}),
        ("change the colour of the scarf to red", (), {"scarf": "red"}),
        ("make the fox's scarf pink", (), {"scarf": "pink"}),
        ("scarf: red", (), {"scarf": "red"}),
        ("replace blue with red", (), {"scarf": "red"}),
        ("make the scarf and the hat red", (), {"scarf": "red", "hat": "red"}),
        ("make the scarf red and the hat green", (), {"scarf": "red", "hat": "green"}),
        ("Make the scarf red, the hat green.", (), {"scarf": "red", "hat": "green"}),
        ("give it a green hat", (), {"hat": "green"}),
        ("make the red hat green", (), {"hat": "green"}),
        ("add glasses", (), {"glasses": None}),
        ("put glasses on its face", (), {"glasses": None}),
        ("and give it sunglasses", (), {"sunglasses": None}),
        ("add sunglasses to the fox", (), {"sunglasses": None}),
        ("remove the scarf", ("scarf",), {}),
        ("without the scarf", ("scarf",), {}),
        ("take off the hat", ("hat",), {}),
        ("take the hat off, please", ("hat",), {}),
        ("remove the scarf and hat", ("scarf", "hat"), {}),
        ("keep the scarf but remove the hat", ("hat",), {}),
        ("no glasses", (), {}),
        ("don't change the scarf, make the fur teal", (), {"body": "teal"}),
        ("turn the fur purple", (), {"body": "purple"}),
        ("make it blue", (), {"body": "blue"}),
        ("make it blue and white", (), {"body": "blue", "second": "white"}),
        ("white belly", (), {"belly": "white"}),
        ("make the ears and tail black", (), {"ears": "black", "tail": "black"}),
        ("give it black ears and tail", (), {"ears": "black", "tail": "black"}),
        ("make it a cat", (), {"species": "cat"}),
        (
            "turn the fox into a black and white cat",
            (),
            {"species": "cat", "body": "black", "second": "white"},
        ),
        ("make the bird blue", (), {"body": "blue"}),
        ("happier", (), {"look": "happy"}),
        ("make it look sad", (), {"look": "sad"}),
        ("sitting instead", (), {"pose": "sit"}),
        ("change the pose to jumping", (), {"pose": "jump"}),
        ("standing instead of waving", (), {"pose": "idle"}),
        ("stop waving", (), {"pose": "idle"}),
        ("replace the hat with a crown", ("hat",), {"crown": None}),
        ("make the hat a crown", ("hat",), {"crown": None}),
        ("add a crown and make it red", ("hat",), {"crown": "red"}),
        ("give it a cap instead of the hat", ("hat",), {"cap": None}),
        ("swap the scarf for a bow tie", ("scarf",), {"bow_tie": None}),
        ("replace the blue scarf with a red bow tie", ("scarf",), {"bow_tie": "red"}),
    ],
)
def test_an_instruction_does_what_it_says(
    instruction: str, gone: tuple[str, ...], now: dict[str, str | None]
) -> None:
    reading = edited(instruction)
    assert facts(reading) == {k: v for k, v in BEFORE.items() if k not in gone} | now
    assert reading.missing == ()


@pytest.mark.parametrize(
    ("instruction", "missing"),
    [
        ("add a red umbrella and make it blue", ("umbrella",)),
        ("make the umbrella red", ("umbrella",)),
        ("remove the tail", ("no tail",)),
        ("make it fluffier", ("fluffier",)),
        ("give it wings", ("wings",)),
        ("add a cat", ("cat",)),
        ("turn it into a wolf", ("wolf",)),
    ],
)
def test_what_cannot_be_done_is_listed_and_changes_nothing(
    instruction: str, missing: tuple[str, ...]
) -> None:
    reading = edited(instruction)
    assert reading.missing == missing
    assert facts(reading) == BEFORE


def test_instructions_follow_one_another() -> None:
    assert facts(edited("make the hat red", "remove the hat", "give it a hat")) == BEFORE
    assert "hat" not in facts(edited("add glasses", "take off the hat"))


def test_a_word_for_a_kind_means_the_one_that_is_worn() -> None:
    wizard = "orange fox with a wizard hat and sunglasses"
    reading = edited("remove the hat and the glasses", character=wizard)
    assert reading.sheet.accessories == ()
    assert facts(edited("make the hat red", character=wizard))["wizard_hat"] == "red"


def test_darker_and_lighter_start_from_what_is_there() -> None:
    def level(*edits: str) -> float:
        scarf = next(p for p in edited(*edits).sheet.accessories if p.kind == "scarf").colour
        assert scarf is not None
        return lightness(scarf)

    assert level("make the scarf darker") < level() < level("a lighter scarf")


def test_what_was_asked_for_in_vain_can_be_taken_back() -> None:
    assert edited("remove the umbrella", character="a fox with an umbrella").missing == ()


def pixels(*edits: str, character: str = CHARACTER) -> NDArray[np.int_]:
    return true_alpha(Scene(character, ACTION, "", edits), 3, 192).astype(int)


def test_only_the_scarf_changes_with_its_colour() -> None:
    before, after = pixels(), pixels("make the scarf green")
    assert np.array_equal(before[..., 3] > 127, after[..., 3] > 127)
    changed = np.abs(before - after).max(axis=2) > 8
    bluish = (before[..., 2] > before[..., 0] + 8) & (before[..., 3] > 0)
    assert changed.mean() > 0.005
    assert (changed & ~bluish).sum() < 0.1 * changed.sum()


@pytest.mark.parametrize("species", SPECIES)
def test_the_figure_stays_where_it_was(species: str) -> None:
    for garment in ("cape", "wizard hat", "glasses"):
        character = f"a {species} with a {garment}"
        bare = edited(f"remove the {garment}", character=character)
        before = edited(character=character)
        assert bare.sheet != before.sheet
        assert frame(bare.sheet, 3, bare.earlier) == frame(before.sheet, 3)
    added = edited("add glasses", character=f"a {species}")
    assert frame(added.sheet, 3, added.earlier) == frame(added.earlier[0], 3)


def test_what_no_longer_fits_gets_the_room_that_it_needs() -> None:
    small, tall = Sheet("cat"), Sheet("rabbit", (), (Accessory("wizard_hat"),))
    _, top, width = frame(tall, 3, (small,))
    left, high, right, low = extent(tall, 3)
    assert top < high and low < top + width
    assert -width / 2 < left and right < width / 2
