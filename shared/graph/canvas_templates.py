"""Canvases to begin with, as data: what they say fits any character."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from types import MappingProxyType
from typing import Any

from shared.model.canvas import ANY, Condition, Edge, Input, InputType, Node, Op, Position

SPACING = 320
"""Between the nodes, in an editor."""


@dataclass(frozen=True, slots=True)
class Template:
    id: str
    name: str
    description: str
    """What it is for."""
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    inputs: tuple[Input, ...]

    @property
    def parts(self) -> dict[str, Any]:
        """Those of a canvas."""
        return {"nodes": self.nodes, "edges": self.edges, "inputs": self.inputs}


def _node(place: int, id_: str, name: str, prompt: str) -> Node:
    position = Position(x=SPACING * (place % 2), y=SPACING * (place // 2))
    return Node(id=id_, name=name, prompt=prompt, position=position)


def _nodes(*told: tuple[str, str, str]) -> tuple[Node, ...]:
    return tuple(_node(place, *one) for place, one in enumerate(told))


def _loop(node_id: str, description: str) -> Edge:
    return Edge(id=f"{node_id}-loop", source=node_id, target=node_id, description=description)


def _both_ways(
    states: Sequence[str],
    asks: Mapping[str, tuple[Condition, ...]],
    motions: Mapping[tuple[str, str], str],
) -> Iterable[Edge]:
    """An edge for each ordered pair of states. One of the two is made, as `motions` says, and the
    other plays it backwards."""
    for source, target in permutations(states, 2):
        there = f"{source}-to-{target}"
        back = f"{target}-to-{source}" if (source, target) not in motions else None
        yield Edge(
            id=there,
            source=source,
            target=target,
            conditions=asks[target],
            priority=states.index(target),
            description=motions.get((source, target)),
            reverse=back,
        )


def _is(name: str, value: bool = True) -> Condition:
    return Condition(input=name, op=Op.EQUAL, value=value)


def _flag(name: str, *, system: bool = False) -> Input:
    return Input(name=name, type=InputType.BOOLEAN, system=system)


def _trigger(name: str) -> Input:
    return Input(name=name, type=InputType.TRIGGER)


# --- claude-code-4state --------------------------------------------------------------------------

_ASSISTANT = Template(
    id="claude-code-4state",
    name="Coding assistant, four states",
    description="Sits beside a coding assistant and shows what it is doing.",
    nodes=_nodes(
        ("idle", "Idle", "standing relaxed, arms at the sides, looking at the viewer"),
        ("working", "Working", "sitting and typing on a laptop, looking at its screen"),
        ("needs-attention", "Needs Attention", "waving one arm up high, mouth open, excited"),
        ("thinking", "Thinking", "one hand at the chin, looking up, thoughtful"),
    ),
    edges=(
        _loop("idle", "breathes calmly, blinks once, sways a little"),
        _loop("working", "types steadily, the head moving a little along"),
        _loop("needs-attention", "waves the raised arm from side to side, bouncing lightly"),
        _loop("thinking", "tilts the head slowly to one side and back, blinks once"),
        *_both_ways(
            ("idle", "working", "thinking", "needs-attention"),
            {
                "idle": (_is("working", False), _is("thinking", False), _is("attention", False)),
                "working": (_is("working"), _is("thinking", False), _is("attention", False)),
                "thinking": (_is("thinking"), _is("attention", False)),
                "needs-attention": (_is("attention"),),
            },
            {
                ("idle", "working"): "sits down, opens a laptop and begins to type",
                ("idle", "thinking"): "lifts one hand to the chin and looks up",
                ("idle", "needs-attention"): "jumps up and throws one arm into the air",
                ("working", "thinking"): "stops typing, gets up and lifts one hand to the chin",
                ("working", "needs-attention"): "looks up from the laptop, jumps up and waves",
                ("thinking", "needs-attention"): "has an idea, and throws one arm into the air",
            },
        ),
    ),
    inputs=(
        _flag("working", system=True),
        _flag("thinking", system=True),
        _flag("attention", system=True),
    ),
)

# --- onboarding-guide ----------------------------------------------------------------------------

_GUIDE = Template(
    id="onboarding-guide",
    name="Onboarding guide",
    description="Greets a new user, points at what matters and celebrates what is done.",
    nodes=_nodes(
        ("idle", "Idle", "standing relaxed, arms at the sides, looking at the viewer"),
        ("greet", "Greet", "waving hello with one raised arm, smiling"),
        ("point", "Point", "pointing to one side with a stretched arm, looking at the viewer"),
        ("celebrate", "Celebrate", "celebrating with both arms raised in the air, laughing"),
    ),
    edges=(
        _loop("idle", "breathes calmly, blinks once, sways a little"),
        _loop("greet", "waves the raised arm from side to side"),
        _loop("point", "moves the pointing arm a little to and fro, nods once"),
        _loop("celebrate", "bounces up and down with both arms in the air"),
        Edge(
            id="idle-to-greet",
            source="idle",
            target="greet",
            conditions=(_is("greet"),),
            description="lifts one arm and begins to wave",
        ),
        Edge(id="greet-to-idle", source="greet", target="idle", reverse="idle-to-greet"),
        Edge(
            id="idle-to-point",
            source="idle",
            target="point",
            conditions=(_is("pointing"),),
            priority=1,
            description="stretches one arm to the side and points",
        ),
        Edge(
            id="point-to-idle",
            source="point",
            target="idle",
            conditions=(_is("pointing", False),),
            reverse="idle-to-point",
        ),
        Edge(
            id="point-to-celebrate",
            source="point",
            target="celebrate",
            conditions=(_is("celebrate"),),
            priority=2,
            description="pulls the arm back and raises both arms, cheering",
        ),
        Edge(
            id="idle-to-celebrate",
            source="idle",
            target="celebrate",
            conditions=(_is("celebrate"),),
            priority=2,
            description="crouches a little and raises both arms, cheering",
        ),
        Edge(
            id="celebrate-to-idle",
            source="celebrate",
            target="idle",
            reverse="idle-to-celebrate",
        ),
    ),
    inputs=(_trigger("greet"), _flag("pointing"), _trigger("celebrate")),
)

# --- reactive-button -----------------------------------------------------------------------------

_BUTTON = Template(
    id="reactive-button",
    name="Reactive button",
    description="Stands on a button: notices the pointer, gives way when pressed, and is glad.",
    nodes=_nodes(
        ("rest", "Rest", "standing relaxed, arms at the sides, looking to one side"),
        (
            "hover",
            "Hover",
            "surprised, eyes wide open, leaning a little forward, looking at the viewer",
        ),
        (
            "pressed",
            "Pressed",
            "sitting low on the ground, ducked as if pressed from above, arms pulled in",
        ),
        ("done", "Done", "giving a thumbs up with one hand, winking"),
    ),
    edges=(
        _loop("rest", "breathes calmly, blinks once"),
        _loop("hover", "leans a little from side to side, blinks once"),
        _loop("pressed", "trembles a little with anticipation"),
        _loop("done", "nods, the thumb held up"),
        Edge(
            id="rest-to-hover",
            source="rest",
            target="hover",
            conditions=(_is("hover"),),
            description="notices something, turns to the viewer and leans forward",
        ),
        Edge(
            id="hover-to-rest",
            source="hover",
            target="rest",
            conditions=(_is("hover", False), _is("pressed", False)),
            reverse="rest-to-hover",
        ),
        Edge(
            id="hover-to-pressed",
            source="hover",
            target="pressed",
            conditions=(_is("pressed"),),
            priority=1,
            description="ducks down quickly, as if pressed from above",
        ),
        Edge(
            id="pressed-to-hover",
            source="pressed",
            target="hover",
            conditions=(_is("pressed", False),),
            reverse="hover-to-pressed",
        ),
        Edge(
            id="any-to-done",
            source=ANY,
            target="done",
            conditions=(_is("success"),),
            priority=10,
            description="straightens up and gives a thumbs up",
        ),
        Edge(
            id="done-to-rest",
            source="done",
            target="rest",
            reverse="any-to-done",
        ),
    ),
    inputs=(_flag("hover"), _flag("pressed"), _trigger("success")),
)

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {one.id: one for one in (_ASSISTANT, _GUIDE, _BUTTON)}
)
