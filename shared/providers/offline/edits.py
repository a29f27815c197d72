"""Instructions that change a character which is already known: "make the scarf red", "no hat".

A verb says what happens to the nouns behind it (set, add, remove, swap, keep); "to" and, where
something is swapped, "with" or "for" announce the new value. Without a verb an instruction
describes what there should be: "a white belly", "sitting".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.providers.base import Rgb
from shared.providers.offline import colour
from shared.providers.offline import vocabulary as words
from shared.providers.offline.ink import palette
from shared.providers.offline.known import Known
from shared.providers.offline.menagerie import SPECIES
from shared.providers.offline.phrases import TABLES, Table, Term, modified, noun_ahead, terms
from shared.providers.offline.wardrobe import GARMENTS

EDIT_TABLES: Mapping[str, Table] = {
    "verb": words.EDIT_VERBS,
    "into": words.EDIT_LINKS,
    "place": words.EDIT_PLACES,
    "shade": words.EDIT_SHADES,
    "soft": words.EDIT_SOFT,
    **TABLES,
}


def apply(known: Known, instruction: str) -> None:
    """Change `known` as the instruction says; what cannot be done is added to its `missing`."""
    _Editor(known).take(terms(instruction, EDIT_TABLES))


@dataclass(frozen=True, slots=True)
class _Target:
    """Something that can have a colour: a part, or a garment which may not be worn yet."""

    kind: str
    name: str
    text: str


BODY = _Target("part", "body", "body")


@dataclass(slots=True)
class _Editor:
    """The state of the walk. `targets` are the nouns that the next colour is for, `waiting` the
    adjectives of the next noun; `lost` is set after a noun that is not drawn, whose colours
    go with it; `into` once the new value was announced."""

    known: Known
    mode: str = "set"
    targets: list[_Target] = field(default_factory=list)
    waiting: list[Rgb] = field(default_factory=list)
    shade: str | None = None
    into: bool = False
    placed: bool = False
    joined: bool = False
    painted: bool = False
    lost: bool = False
    posed: bool = False
    fresh: set[str] = field(default_factory=set)
    previous: Term | None = None

    def take(self, found: Sequence[Term]) -> None:
        for index, term in enumerate(found):
            getattr(self, f"_take_{term.kind}")(term, found[index + 1 :])
            self.previous = term
        self._settle()

    def _take_verb(self, term: Term, following: Sequence[Term]) -> None:
        self._begin(term.value, following)

    def _take_negation(self, term: Term, following: Sequence[Term]) -> None:
        self._begin("remove", following)

    def _take_break(self, term: Term, following: Sequence[Term]) -> None:
        self._begin("set", following)

    def _begin(self, mode: str, following: Sequence[Term]) -> None:
        """A new clause. "Add a hat and make it red": the pronoun stands for the hat."""
        self._settle()
        if not any(term.text in words.PRONOUNS for term in following[:2]):
            self.targets, self.lost = [], False
        self.mode, self.waiting, self.shade = mode, [], None
        self.into = self.placed = self.joined = self.painted = False

    def _take_into(self, term: Term, following: Sequence[Term]) -> None:
        if term.value == "to" or self.mode == "swap":
            # "Add a hat to the fox" names a place, "change the hat to a cap" a new value.
            self.placed = self.mode in ("add", "remove")
            self.into = not self.placed
            self.painted = False
        elif term.text == "with":
            self._begin("add", following)

    def _take_place(self, term: Term, following: Sequence[Term]) -> None:
        self.placed = True

    def _take_link(self, term: Term, following: Sequence[Term]) -> None:
        pass

    def _take_soft(self, term: Term, following: Sequence[Term]) -> None:
        if term.text in (",", "and"):
            self.joined = True
        elif term.text == "but":
            self._begin("set", following)

    def _take_colour(self, term: Term, following: Sequence[Term]) -> None:
        if self.mode in ("remove", "keep") or self.lost or term.rgb is None:
            return
        if noun_ahead(following) or ((self.into or not self.targets) and _second_ahead(following)):
            self.waiting.append(term.rgb)
        elif _value_ahead(following):
            self.targets = self.targets or self._wearing(term.rgb) or [BODY]
        elif term.value in words.THINGS and self.mode == "add" and not self.targets:
            self.known.missing.append(term.text)
        elif not (self._unowned() and following and following[0].kind == "unknown"):
            self._paint(term.rgb)

    def _unowned(self) -> bool:
        """Whether a colour that stands here has nothing before it that it could be for."""
        pronoun = self.previous is not None and self.previous.text in words.PRONOUNS
        return not self.targets and not pronoun

    def _wearing(self, rgb: Rgb) -> list[_Target]:
        """Everything that has exactly this colour."""
        parts = [_Target("part", name, name) for name, has in self.known.colours.items()]
        worn = [_Target("wear", name, name) for name in self.known.worn]
        return [target for target in (*parts, *worn) if self._current(target) == rgb]

    def _take_shade(self, term: Term, following: Sequence[Term]) -> None:
        if noun_ahead(following):
            self.shade = term.value
        elif not self.lost:
            self._shift(term.value)

    def _take_wear(self, term: Term, following: Sequence[Term]) -> None:
        placed, self.placed = self.placed, False
        if self.mode == "keep" or (placed and self.targets):
            return
        if self.mode == "remove":
            worn = self._worn(term.value)
            self.known.worn.pop(worn or term.value, None)
            return
        replaced = self.targets if self._replaces() else []
        for target in replaced:
            if target.kind == "wear":
                self.known.worn.pop(target.name, None)
        spoken_of = self.mode != "add" and not replaced
        name = (spoken_of and self._worn(term.value)) or term.value
        target = _Target("wear", name, term.text)
        if replaced:
            self.targets, self.joined = [], False
        self._aim(target)
        if self.mode == "add" or replaced:
            self._wear(name, None)
        self._describe()

    def _take_part(self, term: Term, following: Sequence[Term]) -> None:
        placed, self.placed = self.placed, False
        if self.mode == "keep" or (placed and (self.targets or self.mode == "remove")):
            return
        if self.mode == "remove":
            self.known.missing.append(f"no {term.text}")
            return
        shared = self.known.colours.get(self.targets[-1].name) if self.targets else None
        target = _Target("part", term.value, term.text)
        alike = self.joined and self.painted and not self.waiting and self.mode == "add"
        self._aim(target)
        if alike and shared:
            # "give it black ears and tail": the colour is said once for both.
            self.waiting.append(shared)
        self._describe()

    def _take_species(self, term: Term, following: Sequence[Term]) -> None:
        placed, self.placed = self.placed, False
        if self.mode == "keep" or (placed and (self.targets or self.mode in ("add", "remove"))):
            return
        if self.mode == "remove":
            self.known.missing.append(f"no {term.text}")
        elif term.value == self.known.species or self._spoken_of():
            self.targets = []
            self._aim(BODY)
            self._describe()
        elif self.mode == "add":
            self.known.missing.append(term.text)
            self._lose()
        else:
            self.known.species = term.value
            self.targets = []
            self._aim(BODY)
            self._describe()

    def _take_kin(self, term: Term, following: Sequence[Term]) -> None:
        if self.mode in ("set", "swap") and not self._spoken_of():
            self.known.missing.append(term.text)
        self._take_species(term, following)

    def _spoken_of(self) -> bool:
        """Whether a creature's name only stands for the character: "make the fox blue"."""
        before = self.previous.text if self.previous else ""
        return not self.into and before in words.DETERMINERS

    def _take_pose(self, term: Term, following: Sequence[Term]) -> None:
        if self.mode == "remove" and term.value == self.known.pose:
            self.known.pose = None
        elif self.mode == "keep" or self._denied():
            return
        elif term.value != "idle" or self.into or not self.posed:
            # "Stand up and wave" is waving; "from waving to standing" is standing.
            self.known.pose, self.posed = term.value, True

    def _take_look(self, term: Term, following: Sequence[Term]) -> None:
        if self.mode == "remove" and term.value == self.known.look:
            self.known.look = None
        elif self._denied():
            if term.value == "happy" and self.known.look is None:
                # Nothing was said, and every face smiles by itself.
                self.known.missing.append(f"no {term.text}")
        elif self.mode != "keep":
            self.known.look = term.value

    def _denied(self) -> bool:
        """Whether "not" or its like stands right before this word."""
        return self.mode == "remove" and (
            self.previous is None or self.previous.kind in ("verb", "negation")
        )

    def _take_unknown(self, term: Term, following: Sequence[Term]) -> None:
        missing = self.known.missing
        if self.mode == "keep":
            return
        if self.mode == "remove":
            if term.text in missing:
                missing.remove(term.text)
            else:
                missing.append(f"no {term.text}")
            return
        missing.append(term.text)
        if noun_ahead(following):
            return  # an adjective: what waits goes on waiting
        before = self.previous
        if (
            before
            and before.kind in ("soft", "colour", "verb")
            and before.text not in words.PRONOUNS
        ):
            self._lose()

    def _lose(self) -> None:
        self._settle()
        self.targets, self.waiting, self.lost = [], [], True

    def _aim(self, target: _Target) -> None:
        """The next colour is for this noun, and for those that it was joined to by "and"."""
        if not self.joined or self.painted or self.waiting:
            self._settle()
            self.targets = []
        self.targets.append(target)
        self.joined = self.painted = self.lost = False

    def _replaces(self) -> bool:
        """Whether a noun that stands here takes the place of the last: "the hat to a crown"."""
        apposed = (
            self.mode == "set"
            and not self.joined
            and not self.painted
            and self.previous is not None
            and (self.previous.text in ("a", "an") or bool(self.waiting))
        )
        return bool(self.targets) and (self.into or apposed)

    def _describe(self) -> None:
        """Give the last noun the adjectives that stood before it."""
        if self.mode == "swap" and not self.into:
            self.waiting.clear()  # they only say which one is meant
        if self.waiting:
            self._assign(self.targets[-1], self.waiting[0])
            if self.targets[-1] == BODY and len(self.waiting) > 1:
                self.known.colours["second"] = self.waiting[1]
            self.painted = True
        if self.shade:
            self._shift(self.shade)
        self.waiting, self.shade = [], None

    def _paint(self, rgb: Rgb) -> None:
        if self.painted and self.targets in ([], [BODY]):
            self.known.colours["second"] = rgb
        elif not self.painted or self.mode == "set":
            for target in self.targets or [BODY]:
                self._assign(target, rgb)
        self.painted = True

    def _shift(self, modifier: str) -> None:
        """Lighter or darker than it is now."""
        for target in self.targets or [BODY]:
            self._assign(target, modified(self._current(target), modifier))
        self.painted = True

    def _current(self, target: _Target) -> Rgb:
        if target.kind == "wear":
            return self.known.worn.get(target.name) or colour.parse(GARMENTS[target.name].colour)
        sheet = self.known.sheet()
        drawn = palette(sheet, SPECIES[sheet.species]).rgb(target.name)
        return self.known.colours.get(target.name, drawn)

    def _assign(self, target: _Target, rgb: Rgb) -> None:
        if target.kind == "wear":
            self._wear(target.name, rgb)
        else:
            self.known.colours[target.name] = rgb
            if target.name in words.EXTRAS and not self._has(target):
                self.known.missing.append(target.text)

    def _has(self, target: _Target) -> bool:
        return target == BODY or target.name in SPECIES[self.known.sheet().species].colours

    def _wear(self, name: str, rgb: Rgb | None) -> None:
        worn = self.known.worn
        for slot in words.SLOTS:
            for other in slot & worn.keys() - {name} if name in slot else ():
                del worn[other]
        worn[name] = rgb or worn.get(name)
        self.fresh.add(name)

    def _worn(self, name: str) -> str | None:
        """Which of the things that were worn before this instruction the word means."""
        for kind in (name, *words.FAMILIES.get(name, ())):
            if kind in self.known.worn and kind not in self.fresh:
                return kind
        return name if name in self.known.worn else None

    def _settle(self) -> None:
        """The clause is over: what was only named is worn, and a part that was to be added and got
        no colour was asked for in vain."""
        for target in self.targets:
            if self.mode in ("set", "add") and target.kind == "wear":
                self._wear(target.name, None)
            elif self.mode == "add" and not self.painted and not self._has(target):
                self.known.missing.append(target.text)


def _second_ahead(following: Sequence[Term]) -> bool:
    """Whether this is the first colour of "a black and white cat"."""
    return [term.kind for term in following[:2]] == ["soft", "colour"] and noun_ahead(following[1:])


def _value_ahead(following: Sequence[Term]) -> bool:
    """Whether the colour before is the old one: "from orange to purple"."""
    rest = [term.kind for term in following if term.kind not in ("soft", "link")]
    return rest[:2] == ["into", "colour"]
