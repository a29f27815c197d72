"""What the words have said so far, while they are still being read."""

from dataclasses import dataclass, field

from shared.providers.base import Rgb
from shared.providers.offline.sheet import Accessory, Sheet

FALLBACK = "blob"
"""Who is drawn if no creature was named."""


@dataclass(slots=True)
class Known:
    """A sheet in the making. `worn` is in the order of naming; None is an accessory's own colour.
    `missing` are the words that asked for something that is not drawn."""

    species: str | None = None
    colours: dict[str, Rgb] = field(default_factory=dict)
    worn: dict[str, Rgb | None] = field(default_factory=dict)
    look: str | None = None
    pose: str | None = None
    missing: list[str] = field(default_factory=list)

    def sheet(self) -> Sheet:
        """The character as it is known now."""
        return Sheet(
            species=self.species or FALLBACK,
            colours=tuple(sorted(self.colours.items())),
            accessories=tuple(Accessory(kind, rgb) for kind, rgb in self.worn.items()),
            expression=self.look,
        )
