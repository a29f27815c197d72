"""Colours find their nouns, and what cannot be drawn is said."""

import subprocess
import sys

import pytest

from shared.providers.base import Rgb, Scene
from shared.providers.offline import vocabulary
from shared.providers.offline.lexicon import Reading, read
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.pose import EXPRESSIONS, POSES
from shared.providers.offline.wardrobe import GARMENTS

ORANGE, BLUE, BLACK, GREEN, WHITE, RED, GOLD, YELLOW, PURPLE, PINK = map(
    vocabulary.SOFTENED.__getitem__,
    ("orange", "blue", "black", "green", "white", "red", "gold", "yellow", "purple", "pink"),
)


def reading(character: str, action: str = "", motion: str = "") -> Reading:
    return read(Scene(character, action, motion))


def colours(character: str, action: str = "") -> dict[str, Rgb | None]:
    """Every colour that was bound, by part or accessory."""
    sheet = reading(character, action).sheet
    return {**dict(sheet.colours), **{piece.kind: piece.colour for piece in sheet.accessories}}


def test_the_demo_prompt_is_understood_whole() -> None:
    found = reading("A friendly orange fox mascot wearing a blue scarf", "waving hello")
    assert found.sheet.species == "fox"
    assert found.missing == ()
    assert found.pose == "wave"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("orange fox with a blue scarf", {"body": ORANGE, "scarf": BLUE}),
        (
            "orange fox with a blue scarf and black glasses",
            {"body": ORANGE, "scarf": BLUE, "glasses": BLACK},
        ),
        ("a fox wearing a scarf that is blue", {"scarf": BLUE}),
        ("a fox whose scarf is blue, with red glasses", {"scarf": BLUE, "glasses": RED}),
        ("a fox with a scarf in blue", {"scarf": BLUE}),
        ("a blue-scarfed fox", {"scarf": BLUE}),
        ("Blue-Scarfed ORANGE Fox", {"scarf": BLUE, "body": ORANGE}),
        ("green-eyed cat", {"eyes": GREEN}),
        ("a cat with green eyes and a white belly", {"eyes": GREEN, "belly": WHITE}),
        ("white cat with black ears", {"body": WHITE, "ears": BLACK}),
        ("white cat with black ears and tail", {"body": WHITE, "ears": BLACK, "tail": BLACK}),
        ("black and white cat", {"body": BLACK, "second": WHITE}),
        ("a small, orange, very friendly fox", {"body": ORANGE}),
        ("a fox in a red hat", {"hat": RED}),
        ("a fox in a hat", {"hat": None}),
        ("a bear with two red bow ties", {"bow_tie": RED}),
        ("a bear with a bow", {"bow": None}),
        ("a bear with a sky blue scarf", {"scarf": vocabulary.COLOURS["skyblue"]}),
        ("a bear with a skyblue scarf", {"scarf": vocabulary.COLOURS["skyblue"]}),
        ("a medium sea green bear", {"body": vocabulary.COLOURS["mediumseagreen"]}),
        ("a golden-crowned lion", {"crown": vocabulary.COLOURS["golden"]}),
        ("a lion with a gold crown", {"crown": GOLD}),
        ("an orange cat", {"body": ORANGE}),
        ("a mascot in purple", {"body": PURPLE}),
        ("a robot. purple", {"body": PURPLE}),
        (
            "a peach rabbit with a mint scarf",
            {
                "body": vocabulary.COLOURS["peach"],
                "scarf": vocabulary.COLOURS["mint"],
            },
        ),
        ("a penguin without a hat", {}),
        ("a penguin, no glasses, but a yellow scarf", {"scarf": YELLOW}),
        ("a penguin not wearing a red hat or a scarf", {}),
        ("a dragon with red wings", {"wings": RED}),
        ("a dog wearing pink sun glasses", {"sunglasses": PINK}),
        ("a dog wearing headphones", {"headphones": None}),
        ("a dog with a wizard's hat", {"wizard_hat": None}),
        ("a fox with a blue scarf and a scarf", {"scarf": BLUE}),
    ],
)
def test_colours_bind_to_their_own_noun(words: str, expected: dict[str, Rgb | None]) -> None:
    assert colours(words) == expected


def test_an_accessory_in_the_action_counts() -> None:
    assert colours("an orange fox", "holding a red flower") == {"body": ORANGE, "flower": RED}


@pytest.mark.parametrize("name", vocabulary.CSS_COLOURS)
def test_every_css_colour_is_known(name: str) -> None:
    expected = vocabulary.SOFTENED.get(name, vocabulary.CSS_COLOURS[name])
    assert colours(f"a {name} cat")["body"] == expected


def test_modifiers_change_lightness() -> None:
    plain, light, dark = (
        sum(colours(f"{word} teal frog")["body"] or ()) for word in ("", "pale", "dark")
    )
    assert dark < plain < light


@pytest.mark.parametrize(
    ("words", "pose"),
    [
        ("waving", "wave"),
        ("says hello", "wave"),
        ("greeting users", "wave"),
        ("giving a thumbs-up", "thumbs_up"),
        ("thumbs up!", "thumbs_up"),
        ("jumping for joy", "jump"),
        ("dancing", "dance"),
        ("sitting down", "sit"),
        ("thinking", "think"),
        ("celebrating with arms up", "celebrate"),
        ("pointing to the right", "point"),
        ("asleep", "sleep"),
        ("running fast", "run"),
        ("shrugging", "shrug"),
        ("standing", "idle"),
        ("", "idle"),
        ("standing and waving", "wave"),
    ],
)
def test_actions_are_poses(words: str, pose: str) -> None:
    assert reading("a fox", words).pose == pose


def test_motion_words_may_name_another_pose() -> None:
    found = reading("a fox", "standing", "waves hello twice")
    assert (found.pose, found.motion) == ("idle", "wave")
    assert reading("a fox", "jumping", "gently, again and again").motion == "jump"


@pytest.mark.parametrize(
    ("words", "look"),
    [("a sad fox", "sad"), ("grumpy cat", "angry"), ("a fox", None), ("a smiling fox", "happy")],
)
def test_expressions(words: str, look: str | None) -> None:
    assert reading(words).sheet.expression == look


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("a purple platypus with a hat", ("platypus",)),
        ("a fox holding a red umbrella", ("umbrella",)),
        ("a fox juggling tomatoes", ("juggling", "tomatoes")),
        ("a fox eating a tomato", ("eating", "tomato")),
        ("a fox and a rabbit", ("rabbit",)),
        ("a wolf", ("wolf",)),
        ("a cat without a tail", ("no tail",)),
        ("the cutest little fox in the whole world", ("cutest", "whole", "world")),
        ("a 🦊 with a scarf", ()),
        ("a fox with a scarf 👋🏽✨", ("👋", "✨")),
        ("une écharpe", ("une", "écharpe")),
        ("лиса, 狐", ("лиса", "狐")),
    ],
)
def test_what_cannot_be_drawn_is_listed(words: str, missing: tuple[str, ...]) -> None:
    assert reading(words).missing == missing


def test_an_unknown_creature_keeps_its_colour() -> None:
    found = reading("a purple platypus")
    assert found.sheet.species == "blob"
    assert dict(found.sheet.colours) == {"body": PURPLE}


def test_an_unknown_thing_takes_its_colour_with_it() -> None:
    assert colours("a fox with a red umbrella") == {}


def test_kin_stands_in() -> None:
    assert reading("a grey wolf").sheet.species == "fox"


def test_every_word_leads_to_something_drawable() -> None:
    assert set(vocabulary.SPECIES.values()) == set(SPECIES)
    assert set(vocabulary.KIN.values()) <= set(SPECIES)
    assert set(vocabulary.WEAR.values()) == set(GARMENTS)
    assert set(vocabulary.POSES.values()) == set(POSES)
    assert set(vocabulary.LOOKS.values()) == set(EXPRESSIONS)


def test_the_lexicon_loads_nothing_heavy() -> None:
    code = (
        "import sys, shared.providers.offline.lexicon;"
        "print([m for m in ('numpy', 'cv2', 'resvg_py', 'imageio_ffmpeg') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
