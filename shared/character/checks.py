"""The checks of a style card: each looks at one thing, and gives a distance and words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import hypot

from shared.character import likeness
from shared.character.likeness import OTHER, SAME, nearest, shades, shown, to_lab, worn
from shared.model.style import Measurement, PaletteColour, StyleCard

VARIES, USUAL_VARIETY = 0.6, 5.0
"""The part of a head's own variety (ΔE2000) that is forgiven, and that of a head seen once."""
FAINT, SHORT = 0.02, 0.2
"""Less of the figure in shadow tones, and shorter seams of them, than this are hardly seen."""
TONES, SEAMS, GONE = 0.3, 0.4, 0.3
"""What the share in shadow tones counts, the length of their seams, and the very tones."""
HIDDEN, INK = 0.15, 22.0
"""Less than this part of a shadow's least share is gone; a tone of lower L* may be a line."""
MORE, SOME, FEET = 2.5, 0.006, 0.014
"""A known colour may cover this many times its largest share, and a share on top, before the rest
counts as added; feet are hidden and seen from below, so they may show still more."""
PRESENT, FLEETING = 0.005, 0.02
"""A colour whose share was never smaller than this is missed when it is gone. Eyes close and
shadows move, so in the middle of the face and of a shadow it takes more."""
DETAIL = 0.025
"""A head drawn alone shows parts that are too small to be seen on the whole figure: a new colour
with a smaller share is one of those."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: the distance from the card, and what the next prompt should say."""

    distance: float
    subject: str = ""
    text: str = ""


def palette(card: StyleCard, seen: Measurement) -> Finding:
    """The share-weighted ΔE2000 of the figure's colours from the card's."""
    far = [(nearest(c.hex, card.palette), c) for c in seen.palette]
    total = sum(colour.share for _, colour in far) or 1.0
    distance = sum(away * colour.share for away, colour in far) / total
    main = ", ".join(f"{c.name} {c.hex}" for c in card.palette[:4])
    return Finding(distance, "palette", f"Keep the colours of the character: {main}.")


def missing_colours(card: StyleCard, seen: Measurement) -> Finding:
    """The part of a colour's least share that is gone, for the colour that lost most."""
    lost = [
        (1 - worn(c.hex, seen.palette) / c.least, c)
        for c in card.palette
        if c.least >= _noticed(c, card)
    ]
    if not lost:
        return Finding(0.0)
    distance, colour = max(lost, key=lambda pair: (min(pair[0], 0.95), pair[1].share))
    part = subject(colour, card.features)
    instead = _instead(colour, _news(card, seen))
    if instead:
        text = f"Keep {_the(part)} {colour.name} ({colour.hex}), not {instead.name}."
    else:
        text = f"Do not leave out {_the(part)} ({colour.name}, {colour.hex})."
    return Finding(max(0.0, distance), part, text)


def added_colours(card: StyleCard, seen: Measurement) -> Finding:
    """The share of the figure in colours that the card does not have, or not so much of."""
    return _added(_news(card, seen))


def strange_colours(card: StyleCard, seen: Measurement) -> Finding:
    """The share of a head drawn alone in colours that the card does not have. Those that it has
    may cover more: what a head wears looks larger beside less body."""
    return _added([new for new in _strangers(card, seen) if new[1].share >= DETAIL])


def _added(news: Sequence[tuple[float, PaletteColour]]) -> Finding:
    if not news:
        return Finding(0.0)
    distance = sum(weight for weight, _ in news)
    _, colour = max(news, key=lambda pair: pair[0])
    text = f"Add nothing {colour.name} ({colour.hex}): the character does not wear it."
    return Finding(distance, f"added {colour.name}", text)


def line(card: StyleCard, seen: Measurement) -> Finding:
    """How far the outline's width is from the card's, as a share of it."""
    if card.line is None:
        return Finding(0.0)
    if seen.line is None:
        return Finding(1.0, "outline", f"Keep the outlines, in {card.line.colour}.")
    ratio = seen.line.weight / card.line.weight
    manner = "thinner" if ratio > 1 else "thicker"
    text = (
        f"Draw the outlines {manner}: {card.line.weight:.1%} of the figure's size, "
        f"not {seen.line.weight:.1%}."
    )
    return Finding(_excess(ratio), "outline", text)


def shading(card: StyleCard, seen: Measurement) -> Finding:
    """How far the share in shadow tones and the length of their seams are outside what the card
    knows, as a share of it, and which part of its very tones is gone. Each errs, but seldom
    together: the tones where light falls off, the seams where limbs cover each other."""
    was, now = card.shading, seen.shading
    tones = _outside(now.amount, was.least, was.most, FAINT)
    seams = _outside(now.seams, was.shortest, was.longest, SHORT)
    gone = _gone_tones(card, seen)
    if gone or (now.seams, now.amount) < (was.shortest, was.least):
        text = f"Keep the {was.kind.replace('_', '-')} shading; do not draw it flat."
    else:
        text = "Shade less: the character is drawn in flatter colours."
    return Finding(TONES * tones + SEAMS * seams + GONE * gone, "shading", text)


def _gone_tones(card: StyleCard, seen: Measurement) -> float:
    """The part of the card's shadows whose very tone is not in the picture."""
    tones = [
        colour
        for colour in card.palette
        if colour.least >= PRESENT and to_lab(colour.hex)[0] > INK and _is_shadow(colour, card)
    ]
    gone = [c for c in tones if shown(c.hex, seen.palette) < HIDDEN * c.least]
    return sum(c.least for c in gone) / max(sum(c.least for c in tones), card.shading.least, FAINT)


def _outside(now: float, least: float, most: float, faint: float) -> float:
    """By which share an amount is under the least; what is over the most counts half, since limbs
    that come out from behind each other bring their shadows along."""
    return max(0.0, least - now, (now - most) / 2) / max(least, now, faint)


def head(card: StyleCard, seen: Measurement) -> Finding:
    """The mean ΔE2000 from the most similar head that the card remembers, less a part of how much
    those differ among themselves: some heads change more from pose to pose than others."""
    nearest_one = min(
        (likeness.apart(portrait, seen.portrait) for portrait in card.portraits), default=0.0
    )
    pairs = [likeness.apart(one, two) for one, two in combinations(card.portraits, 2)]
    variety = sum(pairs) / len(pairs) if pairs else USUAL_VARIETY
    text = "Keep the shape of the head, its ears and its face as on the references."
    return Finding(max(0.0, nearest_one - VARIES * variety), "head", text)


def frame(seen: Measurement) -> Finding:
    """The straight run along which the figure is cut, as a share of its box."""
    text = "Show the whole figure inside the frame, with a margin on every side."
    return Finding(seen.cut, "frame", text)


def background(seen: Measurement) -> Finding:
    """ΔE2000 of the background from the key colour that was asked for."""
    text = "Use one perfectly flat background of the colour that was asked for."
    return Finding(seen.background or 0.0, "background", text)


def proportions(card: StyleCard, seen: Measurement) -> Finding:
    """How far the box, the head or the silhouette is off, as a share. One pose only."""
    was, now = card.proportions, seen.proportions
    pairs = zip(now.widths, was.widths, strict=True)
    # Both silhouettes at the same height: what an aspect changes is not counted twice.
    bands = sum(abs(a - b) for a, b in pairs) / len(was.widths)
    distance = max(_excess(now.aspect / was.aspect), _excess(now.head / was.head), bands)
    if _excess(now.head / was.head) == distance:
        change = "the head smaller" if now.head > was.head else "the head larger"
    else:
        change = "the figure narrower" if now.aspect > was.aspect else "the figure wider"
    text = f"Keep the proportions of the references: make {change}."
    return Finding(distance, "proportions", text)


def features(missing: Sequence[str], added: Sequence[str]) -> Finding:
    """How many features somebody missed, or saw unasked."""
    parts = [f"Do not leave out {_the(feature)}." for feature in missing]
    parts += [f"Do not add {feature}." for feature in added]
    about = ", ".join([*missing, *added])
    return Finding(float(len(missing) + len(added)), about, " ".join(parts))


def subject(colour: PaletteColour, features: Sequence[str]) -> str:
    """What wears a colour: the feature that names it, or the parts in that colour."""
    words = set(colour.name.split())
    for feature in features:
        if words & set(feature.lower().split()):
            bare = [word for word in feature.split() if word.lower() not in words]
            return " ".join(bare) or feature
    return f"parts in {colour.name}"


def _news(card: StyleCard, seen: Measurement) -> list[tuple[float, PaletteColour]]:
    """Colours that the card lacks, or has less of than it ever had, with the share that is new."""
    usual = tuple(colour.with_(share=colour.most) for colour in card.palette)
    strange = {colour.hex: weight for weight, colour in _strangers(card, seen)}
    news = []
    for colour in seen.palette:
        slack = FEET if _is_low(colour, seen) else SOME
        more = colour.share - MORE * worn(colour.hex, usual) - slack
        weight = max(strange.get(colour.hex, 0.0), more)
        if weight > 0 and not _is_usual(colour, seen):
            news.append((weight, colour))
    return news


def _strangers(card: StyleCard, seen: Measurement) -> list[tuple[float, PaletteColour]]:
    """Colours that the card lacks, with their shares, less the nearer they are to one it has."""
    found = []
    for colour in seen.palette:
        away = (nearest(colour.hex, card.palette) - SAME) / (OTHER - SAME)
        if away > 0 and not _is_usual(colour, seen):
            found.append((colour.share * min(1.0, away), colour))
    return found


def _is_usual(colour: PaletteColour, seen: Measurement) -> bool:
    """Whether poses bring such a colour along."""
    return _is_mouth(colour) or _is_sole(colour, seen)


def _noticed(colour: PaletteColour, card: StyleCard) -> float:
    """The least share from which on a colour is missed."""
    if _is_white_of_eyes(colour):
        return 1.0
    return FLEETING if _is_shadow(colour, card) or _is_facial(colour) else PRESENT


def _is_shadow(colour: PaletteColour, card: StyleCard) -> bool:
    return any(
        other.share > colour.share and shades(colour.hex, other.hex) for other in card.palette
    )


def _is_white_of_eyes(colour: PaletteColour) -> bool:
    level, a, b = to_lab(colour.hex)
    return _is_facial(colour) and colour.share < 0.1 and level > 90 and hypot(a, b) < 6


def _is_facial(colour: PaletteColour) -> bool:
    return abs(colour.x) < 0.4 and abs(colour.y) < 0.5


def _is_mouth(colour: PaletteColour) -> bool:
    """Whether a small new colour, red or nearly black, lies where a mouth opens."""
    level, a, b = to_lab(colour.hex)
    is_red = a > 8 and -a < b < a
    is_central = abs(colour.x) < 0.4 and -0.2 < colour.y < 0.8 and colour.spread < 0.3
    return is_central and colour.share < (0.05 if is_red else 0.02 if level < 20 else 0)


def _is_sole(colour: PaletteColour, seen: Measurement) -> bool:
    """Whether a small new colour lies where feet show their soles: low, and left and right."""
    return _is_low(colour, seen) and colour.share < 0.03


def _is_low(colour: PaletteColour, seen: Measurement) -> bool:
    """Whether a colour lies where the feet are."""
    return 0 < seen.ground - colour.y < 0.9 and colour.spread > 0.3


def _excess(ratio: float) -> float:
    """By which share the larger of two lengths is longer."""
    return max(ratio, 1 / max(ratio, 0.01)) - 1


def _instead(
    colour: PaletteColour, news: Sequence[tuple[float, PaletteColour]]
) -> PaletteColour | None:
    """The new colour at the place of a missing one."""
    near = [new for _, new in news if abs(new.x - colour.x) + abs(new.y - colour.y) < 0.8]
    return max(near, key=lambda new: new.share, default=None)


def _the(part: str) -> str:
    return part if part.startswith("the ") else f"the {part}"
