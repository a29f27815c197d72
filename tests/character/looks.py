"""A card and a measurement in plain numbers, for tests that need no pixels."""

from shared.character import card as cards
from shared.model.style import (
    Line,
    Measurement,
    PaletteColour,
    Portrait,
    Proportions,
    Shading,
    StyleCard,
)


def colour(name: str, code: str, share: float, x: float = 0.0, y: float = 1.0) -> PaletteColour:
    return PaletteColour(
        name=name, hex=code, share=share, least=share, most=share, x=x, y=y, spread=0.6
    )


ORANGE = colour("orange", "#f57f22", 0.5)
CREAM = colour("ivory", "#fff3e4", 0.3)
INK = colour("black brown", "#331704", 0.15)
SCARF = colour("blue", "#2f6fe4", 0.05, 0.1, 1.2)
FOX = (ORANGE, CREAM, INK, SCARF)


def measurement(*palette: PaletteColour) -> Measurement:
    return Measurement(
        palette=palette or FOX,
        line=Line(weight=0.02, colour="#331704"),
        proportions=Proportions(aspect=0.75, head=0.36, widths=(0.5,) * 10),
        shading=Shading(
            kind="two_tone",
            amount=0.12,
            least=0.12,
            most=0.12,
            seams=2.4,
            shortest=2.4,
            longest=2.4,
        ),
        portrait=Portrait(columns=2, rows=2, cells=("#f57f22", "#f57f22", "#fff3e4", "")),
        ground=2.6,
        cut=0.0,
        background=1.0,
    )


def fox() -> StyleCard:
    return cards.make(
        [measurement()],
        source="references",
        pose="idle",
        features=("blue scarf", "white-tipped tail"),
    )
