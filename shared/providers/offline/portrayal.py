"""A character in words that draw it again, from what looks at its pictures gave.

Pixels tell colours, places, lines and proportions; they do not tell a fox from a cat, so no word
here names a creature, or a thing that it wears.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shared.providers.base import Description
from shared.providers.offline.regions import Glance, Region

LEAST, LEAST_MUTED = 0.01, 0.03
"""The share of the figure from which a colour is worth a word; a muted one may be a shadow."""
MUTED = frozenset({"white", "grey", "beige", "brown", "olive"})
MUCH = 0.08
"""The share from which a colour is no accent."""
MOST = 6
"""Colours that are named."""
EQUAL = 0.7
"""A second colour with this part of the first one's share is in the name as well."""
COVERED = 0.45
"""The share of a region that a colour covers when the region is said to be of that colour."""
GATHERED = 0.4
"""The part of a colour that a region holds when the colour is said to be there."""
BIG_HEAD, ALL_HEAD = 0.5, 0.85
"""The share of the figure's height from which a head is big, and from which there is no body."""

_FAMILIES = """
white, ivory, pale grey, light grey
black, charcoal, midnight
grey, dark grey, slate
brown, dark brown, reddish brown, chestnut, black brown
beige, cream, tan
red, dark red, crimson, brick, maroon
pink, hot pink, salmon
pale pink
magenta
orange, dark orange, coral
peach
amber, yellow, gold, mustard
pale yellow
green, dark green, forest green
olive
lime
pale green, mint
teal, dark teal
cyan
pale cyan, sky blue, light blue
blue, dark blue, navy
purple, dark purple, indigo, violet, plum
lilac, lavender
"""
PLAIN: Mapping[str, str] = {
    "ivory": "white",
    "pale grey": "white",
    "charcoal": "black",
    "midnight": "black",
    "slate": "slate grey",
    "reddish brown": "brown",
    "chestnut": "brown",
    "black brown": "dark brown",
    "brick": "dark red",
}
"""Names of the palette that a prompt had better say more simply."""
FAMILIES: Mapping[str, str] = {
    shade.strip(): line.split(",")[0]
    for line in _FAMILIES.strip().split("\n")
    for shade in line.split(",")
}
"""Name of the palette → the colour that it is a shade of."""

COVERABLE: Mapping[Region, str] = {
    Region.FACE: "{} face",
    Region.BELLY: "{} belly",
    Region.FEET: "{} feet",
}
PLACES: Mapping[Region, str] = {
    Region.NECK: "{} around the neck",
    Region.TOP: "{} on top of the head",
}
SHADING: Mapping[str, tuple[str, str]] = {
    "flat": ("flat colours without shading", "Simple flat shading"),
    "two_tone": ("two-tone shading", "Simple shading"),
    "soft": ("soft gradients", "Smooth shading"),
}
"""Kind → for people, and for a prompt."""

H = TypeVar("H", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Worn:
    """A colour that the figure wears, its share of the figure, and that share by region."""

    word: str
    share: float
    places: Mapping[Region, float]


@dataclass(frozen=True, slots=True)
class Colouring:
    """Words for the colours: those of the body, phrases for the parts that one covers ("white
    belly") and for the places where one is gathered ("blue around the neck"), and what is left,
    much of it or little."""

    body: tuple[str, ...]
    covered: tuple[str, ...]
    placed: tuple[str, ...]
    some: tuple[str, ...]
    accents: tuple[str, ...]


def portray(glances: Sequence[Glance]) -> Description:
    """Describe the character that one or more looks showed."""
    colours = colouring(glances)
    who = " and ".join(colours.body)
    shading, in_short = SHADING[_commonest([glance.shading for glance in glances])]
    outline = _commonest([glance.outline for glance in glances])
    lines = f"outlines in {_plain(outline)}" if outline else "no outlines"
    head = sum(glance.head for glance in glances) / len(glances)
    build = "head and body in one" if head >= ALL_HEAD else "a big head" if head >= BIG_HEAD else ""
    parts = _parts(colours, has_big_head=BIG_HEAD <= head < ALL_HEAD)
    sentences = [
        _with_article(f"{who} mascot character") + (f" with {_listed(parts)}" if parts else ""),
        *([f"bold {lines}"] if outline else []),
        in_short,
    ]
    summary = [f"mostly {who}", *([build] if build else []), lines, shading]
    return Description(
        name=_sentence(f"{who} mascot"),
        character=" ".join(f"{_sentence(sentence)}." for sentence in sentences),
        features=(
            *colours.covered,
            *colours.placed,
            *(f"{accent} accents" for accent in colours.accents),
        ),
        shading=shading,
        summary=f"{_sentence(', '.join(summary))}.",
    )


def colouring(glances: Sequence[Glance]) -> Colouring:
    """What there is to say of the colours that the looks showed."""
    main, *others = worn_colours(glances)[:MOST]
    regions = _mean([glance.regions for glance in glances])
    body = (main.word, *(c.word for c in others[:1] if c.share >= EQUAL * main.share))
    covered: list[str] = []
    placed: list[str] = []
    some: list[str] = []
    accents: list[str] = []
    for colour in others:
        if phrases := _covered(colour, regions):
            covered += phrases
        elif phrases := _gathered(colour):
            placed += phrases
        elif colour.word not in body:
            (some if colour.share >= MUCH else accents).append(colour.word)
    return Colouring(body, tuple(covered), tuple(placed), tuple(some), tuple(accents))


def _parts(colours: Colouring, *, has_big_head: bool) -> list[str]:
    """What a prompt lists. What covers a part comes first: whoever reads takes a colour for that of
    the next part that is named."""
    return [
        *(["a big head"] if has_big_head else []),
        *(
            phrase if phrase.endswith("feet") else _with_article(phrase)
            for phrase in colours.covered
        ),
        *colours.placed,
        *([f"some {_listed(colours.some)}"] if colours.some else []),
        *([f"small accents of {_listed(colours.accents)}"] if colours.accents else []),
    ]


def worn_colours(glances: Sequence[Glance]) -> list[Worn]:
    """The colours worth a word, the largest share first; shades of a colour count as that one, by
    the name of the largest of them."""
    shades: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    places: dict[str, dict[Region, float]] = defaultdict(lambda: defaultdict(float))
    for (shade, region), share in _mean([glance.patches for glance in glances]).items():
        family = FAMILIES[shade]
        shades[family][shade] += share
        places[family][region] += share
    found = {
        family: Worn(
            word=_plain(max(shades[family], key=lambda shade: shades[family][shade])),
            share=sum(places[family].values()),
            places=places[family],
        )
        for family in shades
    }
    return sorted(
        (
            colour
            for family, colour in found.items()
            if colour.share >= (LEAST_MUTED if family in MUTED else LEAST)
        ),
        key=lambda colour: -colour.share,
    )


def _covered(colour: Worn, regions: Mapping[Region, float]) -> list[str]:
    return [
        words.format(colour.word)
        for region, words in COVERABLE.items()
        if 0 < COVERED * regions.get(region, 0.0) <= colour.places.get(region, 0.0)
    ]


def _gathered(colour: Worn) -> list[str]:
    return [
        words.format(colour.word)
        for region, words in PLACES.items()
        if colour.places.get(region, 0.0) >= GATHERED * colour.share
    ]


def _mean(looks: Sequence[Mapping[H, float]]) -> Mapping[H, float]:
    total: dict[H, float] = defaultdict(float)
    for look in looks:
        for key, share in look.items():
            total[key] += share / len(looks)
    return total


def _commonest(found: Sequence[H]) -> H:
    """The commonest of these, the first of them if there are several."""
    return Counter(found).most_common(1)[0][0]


def _plain(shade: str) -> str:
    return PLAIN.get(shade, shade)


def _with_article(phrase: str) -> str:
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _listed(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
