"""A canvas: an interactive mascot, as a state machine of poses and the films between them."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from shared.model.base import Entity, Id, Value, matching
from shared.model.request import Name, Prompt

MAX_NODES, MAX_EDGES, MAX_INPUTS, MAX_CONDITIONS = 100, 500, 50, 8
MAX_TEXT: Final = 200_000
"""Characters of a whole definition; a document has room for little more than four times that."""
FARTHEST: Final = 1_000_000
LARGEST: Final = 1_000_000_000
ANY: Final = "*"
"""The source of an edge that leads away from whatever state there is."""

_PART = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_SAID = "must be 1 to 64 letters, digits, dashes and underscores"
PartId = Annotated[str, matching(_PART, _SAID)]
SourceId = Annotated[str, matching(rf"\*|{_PART}", f"{_SAID}, or * for any state")]
InputName = Annotated[
    str,
    matching(r"[A-Za-z][A-Za-z0-9_.:-]{0,119}", "must begin with a letter, and have no blanks"),
]


class InputType(StrEnum):
    BOOLEAN = "boolean"
    NUMBER = "number"
    TRIGGER = "trigger"
    """Fires once, then resets."""


class Op(StrEnum):
    EQUAL = "=="
    UNEQUAL = "!="
    GREATER = ">"
    LESS = "<"
    AT_LEAST = ">="
    AT_MOST = "<="


ALIASES: Final = {
    "eq": Op.EQUAL,
    "neq": Op.UNEQUAL,
    "gt": Op.GREATER,
    "lt": Op.LESS,
    "gte": Op.AT_LEAST,
    "lte": Op.AT_MOST,
}


def _op(value: Any) -> Any:
    """The operator that is meant; what is none is left to be refused."""
    if not isinstance(value, str):
        return value
    return ALIASES.get(value) or (Op(value) if value in set(Op) else value)


AnyOp = Annotated[
    Op,
    BeforeValidator(_op),
    WithJsonSchema(
        {
            "title": "AnyOp",
            "type": "string",
            "enum": [*(op.value for op in Op), *ALIASES],
            "x-enum-varnames": [*(op.name for op in Op), *map(str.upper, ALIASES)],
        }
    ),
]
_Whole = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
_Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
_LIMITS = {"minimum": -LARGEST, "maximum": LARGEST}
Held = Annotated[
    bool | _Whole | _Number,
    WithJsonSchema(
        {"title": "InputValue", "anyOf": [{"type": "boolean"}, {"type": "number", **_LIMITS}]}
    ),
]
"""What an input can be."""
Coordinate = Annotated[float, Field(ge=-FARTHEST, le=FARTHEST, allow_inf_nan=False)]


class Condition(Value):
    """What has to be so of an input. That a trigger has fired is `== true`."""

    input: InputName
    op: AnyOp = Op.EQUAL
    value: Held = True


class Input(Value):
    """Something that decides which edges are taken. A `system` one is set by what plays the
    canvas, not by the app around it."""

    name: InputName
    type: InputType
    default: Held | None = None
    system: bool = False

    @property
    def initially(self) -> Held:
        """Its value at first: false or 0, if nothing else is said."""
        if self.default is not None:
            return self.default
        return 0 if self.type is InputType.NUMBER else False


class Position(Value):
    """Where an editor shows a node."""

    x: Coordinate = 0
    y: Coordinate = 0


class Node(Value):
    """A state: a pose of the character. The pose is an image that is there, the best one of an
    item, or one that is drawn as `prompt` says (or as the name does)."""

    id: PartId
    name: Name
    prompt: Prompt | None = Field(default=None, description="What the pose shows.")
    asset_id: Id | None = Field(default=None, description="The pose: a cut-out that is there.")
    item_id: Id | None = Field(default=None, description="The pose: the best one of an item.")
    position: Position = Position()
    item_name: Name | None = Field(
        default=None, alias="itemName", description="What its item is called."
    )


class Edge(Value):
    """A film that leads from one state to another, or (a loop) is played while in one.

    All `conditions` have to hold for it to be taken; of several that could be, the one of the
    highest `priority` is. With `reverse` it plays another edge's film backwards.
    """

    id: PartId
    source: SourceId
    target: PartId
    conditions: Annotated[tuple[Condition, ...], Field(max_length=MAX_CONDITIONS)] = ()
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    speed: Annotated[float, Field(ge=0.1, le=10)] = 1
    duration: Annotated[float, Field(ge=1, le=10)] | None = None
    description: Prompt | None = Field(default=None, description="How it moves.")
    reverse: PartId | None = Field(default=None, description="The edge that it turns round.")

    @property
    def is_loop(self) -> bool:
        """Whether it leads back to where it begins."""
        return self.source == self.target

    @property
    def rests(self) -> bool:
        """Whether it is what is seen while nothing happens."""
        return self.is_loop and not self.conditions


Nodes = Annotated[tuple[Node, ...], Field(max_length=MAX_NODES)]
Edges = Annotated[tuple[Edge, ...], Field(max_length=MAX_EDGES)]
Inputs = Annotated[tuple[Input, ...], Field(max_length=MAX_INPUTS)]


class Canvas(Entity):
    """The definition alone: what is made for it is in `CanvasWork`, so that only people change
    this."""

    project_id: str
    collection_id: str
    name: str
    template_id: str | None = None
    nodes: Nodes = ()
    edges: Edges = ()
    inputs: Inputs = ()
    initial_node: str | None = None
    auto_play: bool = True

    def stored(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)

    @property
    def initial(self) -> str | None:
        """The state that it begins in: the first one, if none was chosen."""
        return self.initial_node or (self.nodes[0].id if self.nodes else None)

    def node(self, node_id: str) -> Node:
        return next(node for node in self.nodes if node.id == node_id)

    def start_of(self, edge: Edge) -> str:
        """The node in whose pose an edge's film begins. One from any state begins in the state
        where the mascot mostly is."""
        return (self.initial or "") if edge.source == ANY else edge.source


class CanvasWork(Entity):
    """What is made for a canvas: the items of its nodes and edges, by their ids, and the job that
    was last begun for it. It has the canvas's id."""

    collection_id: str
    nodes: dict[str, str] = Field(default_factory=dict)
    edges: dict[str, str] = Field(default_factory=dict)
    job_id: str | None = None
