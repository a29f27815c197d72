"""What an artist needs to know about a character: the words, understood."""

from dataclasses import dataclass

from shared.providers.base import Rgb


@dataclass(frozen=True, slots=True)
class Accessory:
    """Something worn; without a colour of its own it has its usual one."""

    kind: str
    colour: Rgb | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Who is drawn: species, `(part, colour)` pairs that differ from the usual, what is worn, and
    the look on the face if one was asked for."""

    species: str
    colours: tuple[tuple[str, Rgb], ...] = ()
    accessories: tuple[Accessory, ...] = ()
    expression: str | None = None
