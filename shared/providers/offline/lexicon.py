"""Words to a sheet: which creature, which colours on which part, what it wears, what it does.

English noun phrases put colours in front of their noun ("a blue scarf") or behind it ("a scarf that
is blue"). The reader walks through the words once, keeps the colours that still wait for a noun,
and hands them to the next noun; what is left over belongs to the body.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from shared.providers.base import Rgb, Scene
from shared.providers.offline import edits
from shared.providers.offline import vocabulary as words
from shared.providers.offline.known import Known
from shared.providers.offline.phrases import NOUNS, Term, noun_ahead, terms
from shared.providers.offline.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood. `pose` is the still's, `motion` the film's (the same unless the motion
    words name another); `missing` are the words that asked for something that is not drawn;
    `earlier` is the character before each of its edits."""

    sheet: Sheet
    pose: str
    motion: str
    missing: tuple[str, ...]
    earlier: tuple[Sheet, ...] = ()


@lru_cache(maxsize=256)
def read(scene: Scene) -> Reading:
    """Read a scene. The character's words win over the action's where they disagree, and each edit
    over all that was said before it."""
    reader = _Reader()
    reader.take(terms(scene.character))
    reader.take(terms(scene.action))
    earlier = []
    for instruction in scene.edits:
        earlier.append(reader.sheet())
        edits.apply(reader, instruction)
    motion_terms = terms(scene.motion)
    pose = reader.pose or "idle"
    moves = [term.value for term in motion_terms if term.kind == "pose"]
    reader.missing += [term.text for term in motion_terms if term.kind in ("unknown", "kin")]
    motion = next((move for move in moves if move != "idle"), pose)
    return Reading(
        reader.sheet(), pose, motion, tuple(dict.fromkeys(reader.missing)), tuple(earlier)
    )


@dataclass(slots=True)
class _Reader(Known):
    """The state of the walk: what is known so far, waiting colours, and the noun last named."""

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
        if self.linked and self.last and not noun_ahead(following):
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
        if following and following[0].kind in (*NOUNS, "colour", "unknown"):
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
