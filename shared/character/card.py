"""The style card: made from what pictures of a character measure, and from what somebody saw."""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.character.likeness import OTHER, SAME, nearest, worn
from shared.model.style import (
    CardEdit,
    ColourEdit,
    Line,
    Measurement,
    PaletteColour,
    Shading,
    StyleCard,
)

PORTRAITS = 6
"""The most heads that a card remembers."""
NAMED = 6
"""Colours that the summary names."""
SMALL = 0.005
"""Smaller shares are not worth a word in a prompt."""
SHADED = {"flat": "flat colours without shading", "two_tone": "two-tone", "soft": "soft gradients"}


def make(
    measurements: Sequence[Measurement],
    *,
    source: str,
    version: int = 1,
    reference_asset_ids: Sequence[str] = (),
    pose: str = "",
    features: Sequence[str] = (),
    shading: str = "",
    summary: str = "",
) -> StyleCard:
    """The card of a character from one or more clean pictures of it, the first in `pose`.

    `features`, `shading` and `summary` are what a vision provider saw, if one was asked. Raises
    ValueError without a measurement.
    """
    if not measurements:
        raise ValueError("a card needs at least one measurement")
    first, *others = measurements
    card = StyleCard(
        version=version,
        source=source,
        palette=first.palette,
        line=first.line,
        proportions=first.proportions,
        shading=first.shading,
        portraits=(first.portrait,),
        pose=pose,
        features=tuple(features),
        words=summary,
        manner=shading,
        summary="",
        reference_asset_ids=tuple(reference_asset_ids),
    )
    for measurement in others:
        card = merge(card, measurement)
    return card.with_(summary=describe(card))


def merge(card: StyleCard, measurement: Measurement) -> StyleCard:
    """The card with one more accepted picture in its numbers. Its version, words and proportions
    stay: a picture in another pose says nothing about those. A locked card is returned as it is."""
    if card.locked:
        return card
    count = card.pictures
    known = [_seen_again(colour, measurement.palette, count) for colour in card.palette]
    new = [
        colour.with_(least=0.0, share=round(colour.share / (count + 1), 4))
        for colour in measurement.palette
        if nearest(colour.hex, card.palette) > SAME
    ]
    return card.with_(
        palette=tuple(sorted([*known, *new], key=lambda colour: -colour.share)),
        line=_mean_line(card.line, measurement.line, count),
        shading=_mean_shading(card.shading, measurement.shading, count),
        portraits=(*card.portraits, measurement.portrait)[:PORTRAITS],
        pictures=count + 1,
    )


def edit(card: StyleCard, wanted: CardEdit) -> StyleCard:
    """The card as somebody wants it, in the same edition. What was measured of a colour stays with
    it; a new colour may be there or not."""
    changes: dict[str, Any] = {}
    if wanted.features is not None:
        changes["features"] = wanted.features
    if wanted.palette is not None:
        known = {colour.hex: colour for colour in card.palette}
        changes["palette"] = tuple(_repainted(known.get(c.hex), c) for c in wanted.palette)
    if wanted.line is not None:
        changes["line"] = wanted.line
    if wanted.shading is not None:
        changes |= {"shading": card.shading.with_(kind=wanted.shading), "manner": ""}
    after = card.with_(**changes)
    if wanted.summary is not None:
        after = after.with_(summary=wanted.summary)
    elif after != card:
        after = after.with_(summary=describe(after))
    return after if wanted.locked is None else after.with_(locked=wanted.locked)


def describe(card: StyleCard) -> str:
    """The card in words that fit a prompt; what somebody said stands in for our own."""
    shown = _distinct(colour for colour in card.palette if colour.share >= SMALL)[:NAMED]
    colours = ", ".join(f"{c.name} {c.hex} ({c.share:.0%})" for c in shown)
    parts = [card.words.strip().rstrip("."), f"Colours: {colours}"]
    if card.line:
        parts.append(f"Even outlines in {card.line.colour}, {_weight(card.line)}")
    else:
        parts.append("No outlines")
    parts.append(f"Shading: {card.manner.strip().rstrip('.') or SHADED[card.shading.kind]}")
    if card.features:
        parts.append(f"Always there: {', '.join(card.features)}")
    return " ".join(f"{part}." for part in parts if part)


def _distinct(palette: Iterable[PaletteColour]) -> list[PaletteColour]:
    """Without shades of colours that come first: a small scarf says more than a second brown."""
    found: list[PaletteColour] = []
    for colour in palette:
        if nearest(colour.hex, found) >= OTHER:
            found.append(colour)
    return found


def _weight(line: Line) -> str:
    return f"{line.weight:.1%} of the figure's size wide"


def _repainted(known: PaletteColour | None, wanted: ColourEdit) -> PaletteColour:
    share = wanted.share
    if known is None:
        return PaletteColour(name=wanted.name, hex=wanted.hex, share=share, least=0.0, most=share)
    return known.with_(
        name=wanted.name,
        share=share,
        least=min(known.least, share),
        most=max(known.most, share),
    )


def _seen_again(
    colour: PaletteColour, palette: Sequence[PaletteColour], count: int
) -> PaletteColour:
    share = round(worn(colour.hex, palette), 4)
    return colour.with_(
        least=min(colour.least, share),
        most=max(colour.most, share),
    )


def _mean_line(old: Line | None, new: Line | None, count: int) -> Line | None:
    if old is None or new is None:
        return old
    return old.with_(weight=_mean(old.weight, new.weight, count))


def _mean_shading(old: Shading, new: Shading, count: int) -> Shading:
    return old.with_(
        amount=_mean(old.amount, new.amount, count),
        least=min(old.least, new.least),
        most=max(old.most, new.most),
        seams=_mean(old.seams, new.seams, count),
        shortest=min(old.shortest, new.shortest),
        longest=max(old.longest, new.longest),
    )


def _mean(old: float, new: float, count: int) -> float:
    return round((old * count + new) / (count + 1), 4)
