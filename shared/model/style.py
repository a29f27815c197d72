"""What a character looks like in numbers, what a picture shows, and how far the two are apart.

Lengths are shares of the figure's size, the square root of its area: an arm that is raised changes
a figure's height, but hardly its area. Places are in radii of the head, from the head's middle,
x to the right and y downwards.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.model.base import Instant, Value, matching
from shared.model.name import readable
from shared.model.schema import named

ShadingKind = Annotated[Literal["flat", "two_tone", "soft"], named("ShadingKind")]
Hex = Annotated[str, matching("#[0-9a-f]{6}", "must be a colour in lower case, such as #ff8800")]


class PaletteColour(Value):
    """A colour and the share of the figure that wears it (0 to 1), on a card in its first picture.

    `least` and `most` are the smallest and largest share seen in any picture, `x` and `y` where the
    colour's middle is, `spread` how far from it the colour reaches to the sides (one standard
    deviation).
    """

    name: str
    hex: str = Field(pattern=r"^#[0-9a-f]{6}$")
    share: float
    least: float
    most: float
    x: float = 0.0
    y: float = 0.0
    spread: float = 0.0


class Line(Value):
    """The outline: its width as a share of the figure's size, and its colour."""

    weight: float
    colour: Hex


class Proportions(Value):
    """The box's width over its height, the radius of the largest circle inside the head as a share
    of the figure's size, and how wide the silhouette is at ten heights, from the top to the bottom,
    as shares of the box's width. Comparable within one pose only."""

    aspect: float
    head: float
    widths: tuple[float, ...] = Field(min_length=10, max_length=10)


class Shading(Value):
    """How form is shown; `amount` is the share of the figure that lies in shadow tones, `least` and
    `most` the smallest and largest in any picture; `seams` is how long the edges between light and
    shadow are, in sizes of the figure, `shortest` and `longest` likewise."""

    kind: ShadingKind
    amount: float
    least: float
    most: float
    seams: float = 0.0
    shortest: float = 0.0
    longest: float = 0.0


class Portrait(Value):
    """The head as a small mosaic, row by row: `#rrggbb` of each cell, or nothing outside."""

    columns: int
    rows: int
    cells: tuple[str, ...]


class Measurement(Value):
    """What the pixels of one picture say about the figure in it.

    `ground` is where the figure ends below, in radii from the head's middle.
    `cut` is the longest straight run along which the frame truncates the figure, as a share of the
    box's side; `background` the distance (ΔE2000) of the background from the expected key, if the
    picture before the cut-out was measured too.
    """

    palette: tuple[PaletteColour, ...]
    line: Line | None
    proportions: Proportions
    shading: Shading
    portrait: Portrait
    ground: float
    cut: float
    background: float | None = None


class StyleCard(Value):
    """What keeps a character the same. `version` counts its editions; `source` says what it was
    made from; it holds for the character with just these `reference_asset_ids`.

    `proportions` are those of the first picture and hold for its `pose` only. `words` and `manner`
    are what somebody who looked said of the style and of the shading; `summary` is what prompts
    say. A locked card learns no more from pictures.
    """

    version: int
    source: str
    palette: tuple[PaletteColour, ...]
    line: Line | None
    proportions: Proportions
    shading: Shading
    portraits: tuple[Portrait, ...] = ()
    pose: str = ""
    features: tuple[str, ...] = ()
    words: str = ""
    manner: str = ""
    summary: str
    pictures: int = 1
    locked: bool = False
    reference_asset_ids: tuple[str, ...] = ()


class ColourEdit(Value):
    """A colour as somebody writes it into a palette."""

    name: Annotated[str, Field(min_length=1, max_length=40), AfterValidator(readable)]
    hex: Hex
    share: float = Field(ge=0, le=1)


class CardEdit(Value):
    """What somebody changes on a card by hand; what is left out stays. Without a `summary` of its
    own, one is written from the rest."""

    summary: str | None = Field(default=None, min_length=1, max_length=2_000)
    features: tuple[Annotated[str, Field(min_length=1, max_length=120)], ...] | None = Field(
        default=None, max_length=12
    )
    palette: tuple[ColourEdit, ...] | None = Field(default=None, min_length=1, max_length=24)
    line: Line | None = None
    shading: ShadingKind | None = None
    locked: bool | None = None


class Check(Value):
    """One thing that was looked at: 1 is as on the card, 0 is nothing like it."""

    name: str
    score: float
    threshold: float
    passed: bool


class Drift(Value):
    """A way in which a picture left the card, in words for the next prompt. `subject` is what it is
    about (a colour, a feature): the same check on the same subject is the same drift."""

    check: str
    subject: str
    text: str
    score: float


class Decision(StrEnum):
    ACCEPT = "accept"
    CAUTION = "caution"
    REJECT = "reject"


class Verdict(Value):
    """Accept; accept and take care next time; or reject and try again."""

    decision: Decision
    checks: tuple[Check, ...]
    drifts: tuple[Drift, ...]


class Caution(Value):
    """A drift that the next prompts warn of, with where it was first seen.

    `count` is how often it was seen, `clean_images` how many pictures in a row did not show it.
    `edited` texts are kept as they are; what is `retired` by hand stays so.
    """

    id: str
    text: str
    check: str
    subject: str
    score: float
    asset_id: str
    count: int = 1
    first_seen: Instant
    last_seen: Instant
    clean_images: int = 0
    edited: bool = False
    retired: bool = False


def diff(old: StyleCard, new: StyleCard) -> list[str]:
    """What changed between two editions of a card, one readable line each."""
    changes = [f"colour gone: {c.name} {c.hex}" for c in _without(old.palette, new.palette)]
    changes += [f"colour new: {c.name} {c.hex}" for c in _without(new.palette, old.palette)]
    before = {colour.hex: colour for colour in old.palette}
    for colour in new.palette:
        was = before.get(colour.hex)
        if was and abs(was.share - colour.share) >= 0.01:
            changes.append(f"{colour.name} {colour.hex}: {was.share:.0%} → {colour.share:.0%}")
    if old.line != new.line:
        changes.append(f"line: {_line(old.line)} → {_line(new.line)}")
    if old.proportions != new.proportions:
        changes.append(f"aspect: {old.proportions.aspect:.2f} → {new.proportions.aspect:.2f}")
    if old.shading != new.shading:
        changes.append(f"shading: {_shading(old.shading)} → {_shading(new.shading)}")
    changes += [f"feature gone: {f}" for f in old.features if f not in new.features]
    changes += [f"feature new: {f}" for f in new.features if f not in old.features]
    if old.summary != new.summary:
        changes.append(f"summary: {new.summary}")
    if old.locked != new.locked:
        changes.append("locked" if new.locked else "unlocked")
    return changes


def _without(
    some: tuple[PaletteColour, ...], others: tuple[PaletteColour, ...]
) -> list[PaletteColour]:
    known = {colour.hex for colour in others}
    return [colour for colour in some if colour.hex not in known]


def _line(line: Line | None) -> str:
    return f"{line.weight:.2%} in {line.colour}" if line else "none"


def _shading(shading: Shading) -> str:
    return f"{shading.kind.replace('_', '-')} over {shading.amount:.0%}"
