"""Words to a sheet: which creature, which colours on which part, what it wears, what it does.

English noun phrases put colours in front of their noun ("a blue scarf") or behind it ("a scarf that
is blue"). The reader walks through the words once, keeps the colours that still wait for a noun,
and hands them to the next noun; what is left over belongs to the body.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from shared.providers.base import Rgb, Scene
from shared.providers.offline import vocabulary as words
from shared.providers.offline.colour import from_oklab, oklab
from shared.providers.offline.sheet import Accessory, Sheet

FALLBACK = "blob"
NOUNS = ("species", "part", "wear")
TABLES: Mapping[str, Mapping[tuple[str, ...], str]] = {
    "wear": words.WEAR,
    "species": words.SPECIES,
    "kin": words.KIN,
    "pose": words.POSES,
    "look": words.LOOKS,
    "part": words.PARTS,
}
LONGEST = 3
"""The most words that a phrase of the tables or a colour's name has."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood. `pose` is the still's, `motion` the film's (the same unless the motion
    words name another); `missing` are the words that asked for something that is not drawn."""

    sheet: Sheet
    pose: str
    motion: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One understood stretch of the text: its kind, its meaning and its own words."""

    kind: str
    value: str
    text: str
    rgb: Rgb | None = None


@lru_cache(maxsize=256)
def read(scene: Scene) -> Reading:
    """Read a scene. The character's words win over the action's where they disagree."""
    reader = _Reader()
    reader.take(terms(scene.character))
    reader.take(terms(scene.action))
    motion_terms = terms(scene.motion)
    pose = reader.pose or "idle"
    moves = [term.value for term in motion_terms if term.kind == "pose"]
    reader.missing += [term.text for term in motion_terms if term.kind in ("unknown", "kin")]
    sheet = Sheet(
        species=reader.species or FALLBACK,
        colours=tuple(sorted(reader.colours.items())),
        accessories=tuple(Accessory(kind, rgb) for kind, rgb in reader.worn.items()),
        expression=reader.look,
    )
    motion = next((move for move in moves if move != "idle"), pose)
    return Reading(sheet, pose, motion, tuple(dict.fromkeys(reader.missing)))


def terms(text: str) -> list[Term]:
    """The text as terms, the longest known phrase first at every place."""
    tokens = re.findall(r"[a-z]+|[.;:,]", re.sub(r"['’]", "", text.lower().replace("_", " ")))
    found: list[Term] = []
    place = 0
    while place < len(tokens):
        term, length = _term(tokens, place)
        found.append(term)
        place += length
    return found


def _term(tokens: Sequence[str], place: int) -> tuple[Term, int]:
    for length in range(min(LONGEST, len(tokens) - place), 0, -1):
        run = tuple(tokens[place : place + length])
        text = " ".join(run)
        rgb = _colour(run)
        if rgb is not None:
            return Term("colour", text, text, rgb), length
        for form in _forms(run):
            for kind, table in TABLES.items():
                if form in table:
                    return Term(kind, table[form], text), length
    word = tokens[place]
    if word in words.NEGATIONS:
        return Term("negation", word, word), 1
    if word in words.BREAKS:
        return Term("break", word, word), 1
    if word in words.LINKS:
        return Term("link", word, word), 1
    if word in words.SOFT or word == "," or word.endswith("ly") or len(word) == 1:
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
        return _modified(base, *words.MODIFIERS[run[0]]) if base else None
    return None


def _modified(colour: Rgb, lift: float, chroma: float) -> Rgb:
    level, a, b = oklab(colour)
    level = level + (1 - level) * lift if lift >= 0 else level * (1 + lift)
    return from_oklab((level, a * chroma, b * chroma))


@dataclass(slots=True)
class _Reader:
    """The state of the walk: waiting colours, the noun last named, and what is known so far."""

    species: str | None = None
    colours: dict[str, Rgb] = field(default_factory=dict)
    worn: dict[str, Rgb | None] = field(default_factory=dict)
    look: str | None = None
    pose: str | None = None
    missing: list[str] = field(default_factory=list)
    waiting: list[Term] = field(default_factory=list)
    last: tuple[str, str] | None = None
    linked: bool = False
    negated: bool = False
    previous: str = ""

    def take(self, found: Sequence[Term]) -> None:
        for index, term in enumerate(found):
            following = found[index + 1 :]
            getattr(self, f"_take_{term.kind}")(term, following)
            self.previous = term.kind
            self.linked = term.kind == "link" or (self.linked and term.kind == "soft")
        self._flush()
        self.last, self.negated = None, False

    def _take_colour(self, term: Term, following: Sequence[Term]) -> None:
        if self.linked and self.last and not _noun_ahead(following):
            if term.rgb:
                self._paint(self.last, term.rgb)
        else:
            self.waiting.append(term)

    def _take_species(self, term: Term, following: Sequence[Term]) -> None:
        if self.species is not None and self.species != term.value:
            self.missing.append(term.text)
            self.waiting.clear()
            return
        self.species = term.value
        painted = [waiting.rgb for waiting in self.waiting if waiting.rgb]
        for part, rgb in zip(("body", "second"), painted, strict=False):
            self.colours.setdefault(part, rgb)
        self.waiting.clear()
        self.last = ("part", "body")

    def _take_kin(self, term: Term, following: Sequence[Term]) -> None:
        self.missing.append(term.text)
        if self.species is None:
            self._take_species(term, following)

    def _take_part(self, term: Term, following: Sequence[Term]) -> None:
        before = self.last
        self.last = ("part", term.value)
        if self.negated:
            self.missing.append(f"no {term.text}")
            self.waiting.clear()
        elif self.waiting and self.waiting[0].rgb:
            self.colours[term.value] = self.waiting[0].rgb
        elif before and before[0] == "part" and before[1] not in ("body", term.value):
            # "black ears and tail": the colour is said once for both.
            shared = self.colours.get(before[1])
            if shared:
                self.colours.setdefault(term.value, shared)
        self.waiting.clear()

    def _take_wear(self, term: Term, following: Sequence[Term]) -> None:
        if not self.negated:
            rgb = self.waiting[0].rgb if self.waiting else None
            self.worn[term.value] = rgb or self.worn.get(term.value)
            self.last = ("wear", term.value)
        self.waiting.clear()

    def _take_pose(self, term: Term, following: Sequence[Term]) -> None:
        if self.pose is None or (self.pose == "idle" and term.value != "idle"):
            self.pose = term.value
        self._flush()

    def _take_look(self, term: Term, following: Sequence[Term]) -> None:
        if not self.negated:
            self.look = self.look or term.value

    def _take_unknown(self, term: Term, following: Sequence[Term]) -> None:
        self.missing.append(term.text)
        if following and following[0].kind in (*NOUNS, "kin", "colour", "unknown"):
            return  # an adjective: the colours go on waiting
        if self.species is None and not self.worn:
            self._flush()
        self.waiting.clear()
        self.last = None

    def _take_break(self, term: Term, following: Sequence[Term]) -> None:
        self._flush()
        # "not wearing a hat": the verb belongs to the negation.
        self.negated = self.negated and self.previous == "negation"

    def _take_negation(self, term: Term, following: Sequence[Term]) -> None:
        self._flush()
        self.negated = True

    def _take_link(self, term: Term, following: Sequence[Term]) -> None:
        pass

    def _take_soft(self, term: Term, following: Sequence[Term]) -> None:
        if term.value == "but":
            self.negated = False

    def _flush(self) -> None:
        """Colours that found no noun are the body's, unless they are things themselves."""
        for term in self.waiting:
            if term.value in words.THINGS:
                self.missing.append(term.text)
            elif term.rgb:
                self.colours.setdefault("body", term.rgb)
        self.waiting.clear()

    def _paint(self, target: tuple[str, str], rgb: Rgb) -> None:
        kind, name = target
        if kind == "wear":
            self.worn[name] = self.worn[name] or rgb
        else:
            self.colours.setdefault(name, rgb)


def _noun_ahead(following: Sequence[Term]) -> bool:
    """Whether a colour that stands here describes a noun that comes, rather than the last one."""
    for term in following:
        if term.kind in (*NOUNS, "kin"):
            return True
        if term.kind not in ("soft", "colour", "unknown") or term.value in (",", "and"):
            return False
    return False
