"""Text to terms: the stretches of words that mean something, each with its kind and its meaning."""

import re
import string
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.providers.base import Rgb
from shared.providers.offline import vocabulary as words
from shared.providers.offline.colour import from_oklab, oklab

Table = Mapping[tuple[str, ...], str]
TABLES: Mapping[str, Table] = {
    "wear": words.WEAR,
    "species": words.SPECIES,
    "kin": words.KIN,
    "pose": words.POSES,
    "look": words.LOOKS,
    "part": words.PARTS,
}
NOUNS = ("species", "kin", "part", "wear")
LONGEST = 3
"""The most words that a phrase of the tables or a colour's name has."""
_LETTERS = frozenset(string.ascii_lowercase)
_TOKEN = re.compile(r"[^\W\d_]+|[.;:,]|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Term:
    """One understood stretch of the text: its kind, its meaning and its own words."""

    kind: str
    value: str
    text: str
    rgb: Rgb | None = None


def terms(text: str, tables: Mapping[str, Table] = TABLES) -> list[Term]:
    """The text as terms, the longest known phrase first at every place; of two tables that know
    the same phrase the first one wins."""
    tokens = list(_tokens(text, tables))
    found: list[Term] = []
    place = 0
    while place < len(tokens):
        term, length = _term(tokens, place, tables)
        found.append(term)
        place += length
    return found


def _tokens(text: str, tables: Mapping[str, Table]) -> Iterator[str]:
    """Words, in small letters and of any script, marks that part phrases, and pictographs. One
    that shows what the tables know ("fox face") stands for these words."""
    for piece in _TOKEN.findall(re.sub(r"['’]", "", text.lower().replace("_", " "))):
        if piece.isalpha() or piece in ".;:,":
            yield piece
        elif unicodedata.category(piece) == "So":  # a pictograph, not its tone of skin
            name = tuple(unicodedata.name(piece, "").lower().removesuffix(" face").split())
            yield from name if any(name in table for table in tables.values()) else (piece,)


def _term(tokens: Sequence[str], place: int, tables: Mapping[str, Table]) -> tuple[Term, int]:
    for length in range(min(LONGEST, len(tokens) - place), 0, -1):
        run = tuple(tokens[place : place + length])
        text = " ".join(run)
        rgb = _colour(run)
        if rgb is not None:
            return Term("colour", text, text, rgb), length
        for form in _forms(run):
            for kind, table in tables.items():
                if form in table:
                    return Term(kind, table[form], text), length
    word = tokens[place]
    if word in words.NEGATIONS:
        return Term("negation", word, word), 1
    if word in words.BREAKS:
        return Term("break", word, word), 1
    if word in words.LINKS:
        return Term("link", word, word), 1
    if word in words.SOFT or word == "," or word.endswith("ly") or word in _LETTERS:
        return Term("soft", word, word), 1
    return Term("unknown", word, word), 1


def _forms(run: tuple[str, ...]) -> list[tuple[str, ...]]:
    """A phrase as it stands, and with its last word in the singular."""
    *head, last = run
    forms = [run]
    for ending, instead in (("s", ""), ("es", ""), ("ies", "y"), ("ves", "f")):
        if last.endswith(ending) and len(last) > len(ending) + 1:
            forms.append((*head, last[: -len(ending)] + instead))
    return forms


def _colour(run: tuple[str, ...]) -> Rgb | None:
    name = "".join(run)
    name = name.removesuffix("ish") if name.removesuffix("ish") in words.COLOURS else name
    if name in words.SOFTENED:
        return words.SOFTENED[name]
    if name in words.COLOURS:
        return words.COLOURS[name]
    if len(run) > 1 and run[0] in words.MODIFIERS:
        base = _colour(run[1:])
        return modified(base, run[0]) if base else None
    return None


def modified(colour: Rgb, modifier: str) -> Rgb:
    """A lighter, darker or stronger version of a colour."""
    lift, chroma = words.MODIFIERS[modifier]
    level, a, b = oklab(colour)
    level = level + (1 - level) * lift if lift >= 0 else level * (1 + lift)
    return from_oklab((level, a * chroma, b * chroma))


def noun_ahead(following: Sequence[Term]) -> bool:
    """Whether a colour that stands here describes a noun that comes, rather than the last one."""
    for term in following:
        if term.kind in NOUNS:
            return True
        if term.kind not in ("soft", "colour", "unknown") or term.value in (",", "and"):
            return False
    return False
