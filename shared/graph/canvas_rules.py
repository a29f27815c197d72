"""What a canvas has to be to be played, and what about one is merely suspicious."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.model.canvas import ANY, MAX_TEXT, Canvas, Condition, Edge, Held, Input, InputType, Op


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a part of a canvas; `field` is where in the definition it is."""

    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        return {"field": self.field, "message": self.message}


def errors(canvas: Canvas) -> list[Problem]:
    """Why a canvas cannot be played; empty when it can."""
    found = [*_size(canvas), *_duplicates(canvas), *_inputs(canvas.inputs)]
    if found:  # below, an id or a name stands for one thing
        return found
    return [
        *_initial(canvas),
        *_ends(canvas),
        *_poses(canvas),
        *_conditions(canvas),
        *_reverses(canvas),
        *_alike(canvas),
    ]


def warnings(canvas: Canvas) -> list[Problem]:
    """What of a canvas that can be played may not be meant so."""
    return [*_unreachable(canvas), *_at_rest(canvas), *_always(canvas)]


# --- errors --------------------------------------------------------------------------------------


def _size(canvas: Canvas) -> Iterator[Problem]:
    length = len(json.dumps(canvas.stored()))
    if length > MAX_TEXT:
        yield Problem(
            "edges",
            f"the definition has {length:,} characters; it may have {MAX_TEXT:,}, so shorten "
            "the descriptions",
        )


def _duplicates(canvas: Canvas) -> Iterator[Problem]:
    parts: Mapping[str, tuple[str, Sequence[str]]] = {
        "nodes": ("id", [node.id for node in canvas.nodes]),
        "edges": ("id", [edge.id for edge in canvas.edges]),
        "inputs": ("name", [one.name for one in canvas.inputs]),
    }
    for kind, (name, values) in parts.items():
        seen = Counter[str]()
        for place, value in enumerate(values):
            seen[value] += 1
            if seen[value] > 1:
                message = f"there is another of the {kind} with the {name} '{value}'"
                yield Problem(f"{kind}[{place}].{name}", message)


def _inputs(inputs: Iterable[Input]) -> Iterator[Problem]:
    for place, one in enumerate(inputs):
        if not _is_of(one.initially, one.type):
            wanted = "a number" if one.type is InputType.NUMBER else "true or false"
            yield Problem(
                f"inputs[{place}].default",
                f"input '{one.name}': a {one.type.value} is {wanted}, not {_shown(one.initially)}",
            )
        elif one.type is InputType.TRIGGER and one.default:
            yield Problem(
                f"inputs[{place}].default",
                f"input '{one.name}': a trigger has not fired at first; leave it out",
            )


def _initial(canvas: Canvas) -> Iterator[Problem]:
    if canvas.initial_node is not None and canvas.initial_node not in _ids(canvas):
        yield Problem("initial_node", f"there is no node '{canvas.initial_node}'")


def _ends(canvas: Canvas) -> Iterator[Problem]:
    for place, edge in enumerate(canvas.edges):
        for end in ("source", "target"):
            node_id = getattr(edge, end)
            if node_id not in _ids(canvas) and (end, node_id) != ("source", ANY):
                message = f"edge '{edge.id}': there is no node '{node_id}'"
                yield Problem(f"edges[{place}].{end}", message)


def _poses(canvas: Canvas) -> Iterator[Problem]:
    for place, node in enumerate(canvas.nodes):
        if node.asset_id and node.item_id:
            yield Problem(
                f"nodes[{place}].item_id",
                f"node '{node.id}': its pose is either asset_id or item_id; leave one out",
            )


def _conditions(canvas: Canvas) -> Iterator[Problem]:
    types = {one.name: one.type for one in canvas.inputs}
    for place, edge in enumerate(canvas.edges):
        wrong = False
        for number, condition in enumerate(edge.conditions):
            for part, message in _misfit(condition, types):
                wrong = True
                where = f"edges[{place}].conditions[{number}].{part}"
                yield Problem(where, f"edge '{edge.id}': {message}")
        if not wrong and (said := contradiction(edge.conditions)):
            message = f"edge '{edge.id}': {said} can never hold together"
            yield Problem(f"edges[{place}].conditions", message)


def _misfit(condition: Condition, types: Mapping[str, InputType]) -> Iterator[tuple[str, str]]:
    """What of a condition does not fit its input."""
    name, type_ = condition.input, types.get(condition.input)
    if type_ is None:
        yield "input", f"there is no input '{name}'; name it in inputs"
        return
    if not _is_of(condition.value, type_):
        wanted = "a number" if type_ is InputType.NUMBER else "true or false"
        shown = _shown(condition.value)
        yield "value", f"'{name}' is a {type_.value}, which is {wanted}, not {shown}"
    if type_ is InputType.BOOLEAN and condition.op not in (Op.EQUAL, Op.UNEQUAL):
        yield "op", f"'{name}' is a boolean, which is == or !=, not {condition.op.value}"
    if type_ is InputType.TRIGGER and (condition.op, condition.value) != (Op.EQUAL, True):
        yield (
            "op",
            f"'{name}' is a trigger: that it has fired is == true, and nothing else is asked",
        )


def contradiction(conditions: Iterable[Condition]) -> str | None:
    """Those conditions on one input that exclude each other, in words; None when all can hold."""
    by_input: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_input.setdefault(condition.input, []).append(condition)
    for name, some in by_input.items():
        if not _can_hold(some):
            said = [f"{name} {one.op.value} {_shown(one.value)}" for one in some]
            return " and ".join(dict.fromkeys(said))
    return None


@dataclass(slots=True)
class _Range:
    """The numbers that some conditions leave. What is excluded counts only where one is left."""

    low: float = float("-inf")
    high: float = float("inf")
    excluded: set[float] = field(default_factory=set)
    """Single numbers, among them the bounds that do not belong to it."""

    def narrow(self, op: Op, value: float) -> None:
        if op in (Op.GREATER, Op.AT_LEAST, Op.EQUAL):
            self.low = max(self.low, value)
        if op in (Op.LESS, Op.AT_MOST, Op.EQUAL):
            self.high = min(self.high, value)
        if op in (Op.GREATER, Op.LESS, Op.UNEQUAL):
            self.excluded.add(value)

    @property
    def is_empty(self) -> bool:
        return self.low > self.high or (self.low == self.high and self.low in self.excluded)


def _can_hold(conditions: Sequence[Condition]) -> bool:
    """Whether one value fits all conditions on an input."""
    if isinstance(conditions[0].value, bool):
        kept = {True, False}
        for one in conditions:
            kept &= {bool(one.value) == (one.op is Op.EQUAL)}
        return bool(kept)
    left = _Range()
    for one in conditions:
        left.narrow(one.op, one.value)
    return not left.is_empty


def _reverses(canvas: Canvas) -> Iterator[Problem]:
    edges = {edge.id: edge for edge in canvas.edges}
    for place, edge in enumerate(canvas.edges):
        if edge.reverse is None:
            continue
        message = _misturned(canvas, edge, edges.get(edge.reverse))
        if message:
            yield Problem(f"edges[{place}].reverse", f"edge '{edge.id}': {message}")


def _misturned(canvas: Canvas, edge: Edge, other: Edge | None) -> str | None:
    """Why an edge cannot play another one backwards."""
    if other is None:
        return f"there is no edge '{edge.reverse}'"
    if other.reverse is not None:
        return f"'{other.id}' plays another edge backwards itself; name that one"
    start, end = canvas.start_of(other), other.target
    if (canvas.start_of(edge), edge.target) != (end, start):
        return f"'{other.id}' leads from '{start}' to '{end}', so its way back does not fit"
    if start == end:
        return f"'{other.id}' is a loop, which ends where it begins"
    return None


def _alike(canvas: Canvas) -> Iterator[Problem]:
    first: dict[object, str] = {}
    for place, edge in enumerate(canvas.edges):
        asked = frozenset((one.input, one.op, one.value) for one in edge.conditions)
        # What is seen at rest is no way out: it does not compete with those.
        told_by = (edge.source, asked, None if edge.rests else edge.priority)
        other = first.setdefault(told_by, edge.id)
        if other == edge.id:
            continue
        message = f"it has the source, conditions and priority of '{other}', so nobody can tell "
        message += "which is taken"
        if edge.rests:
            message = f"'{other}' is the loop of '{edge.source}' already; give one a condition"
        yield Problem(f"edges[{place}]", f"edge '{edge.id}': {message}")


# --- warnings ------------------------------------------------------------------------------------


def _unreachable(canvas: Canvas) -> Iterator[Problem]:
    reached: set[str] = set()
    waiting = [canvas.initial] if canvas.initial else []
    while waiting:
        node_id = waiting.pop()
        if node_id not in reached:
            reached.add(node_id)
            waiting += [e.target for e in canvas.edges if e.source in (node_id, ANY)]
    for place, node in enumerate(canvas.nodes):
        if node.id not in reached:
            yield Problem(
                f"nodes[{place}]",
                f"node '{node.id}': no edges lead to it from '{canvas.initial}', where it begins",
            )


def _at_rest(canvas: Canvas) -> Iterator[Problem]:
    """States without a loop stand still, and some of these for ever."""
    loops = {edge.source for edge in canvas.edges if edge.rests}
    for place, node in enumerate(canvas.nodes):
        if node.id in loops:
            continue
        out = any(edge.source in (node.id, ANY) and edge.target != node.id for edge in canvas.edges)
        says = "it has no loop, so nothing moves while it is there"
        if not out:
            says = "no edge leads out of it and it has no loop: what gets there stops for good"
        yield Problem(f"nodes[{place}]", f"node '{node.id}': {says}")


def _always(canvas: Canvas) -> Iterator[Problem]:
    for place, edge in enumerate(canvas.edges):
        if edge.source == ANY and not edge.conditions:
            yield Problem(
                f"edges[{place}].conditions",
                f"edge '{edge.id}': it leads away from any state and asks for nothing, so it is "
                "always taken",
            )


# --- details -------------------------------------------------------------------------------------


def _ids(canvas: Canvas) -> set[str]:
    return {node.id for node in canvas.nodes}


def _is_of(value: Held, type_: InputType) -> bool:
    return isinstance(value, bool) != (type_ is InputType.NUMBER)


def _shown(value: Held) -> str:
    return json.dumps(value)
