"""What keeps a canvas from being played, and what is only suspicious."""

from typing import Any

import pytest

from shared.graph import canvas_rules
from shared.graph.canvas_rules import contradiction
from shared.graph.canvas_templates import TEMPLATES
from shared.model.canvas import Canvas, Condition
from tests.graph.canvases import Json, asks, canvas, edge, node
from tests.graph.fakes import START

LOOPS = [edge("a", "a"), edge("b", "b")]


def way(*conditions: Json, **more: Any) -> Json:
    """A canvas with one more edge from a to b."""
    return {"edges": [*LOOPS, edge("b", "a"), edge("a", "b", conditions=[*conditions], **more)]}


@pytest.mark.parametrize(
    ("parts", "field", "says"),
    [
        ({"nodes": [node("a"), node("b"), node("a")]}, "nodes[2].id", "another of the nodes"),
        ({"edges": [*LOOPS, LOOPS[0]]}, "edges[2].id", "another of the edges with the id 'a-a'"),
        (
            {"inputs": [{"name": "on", "type": "boolean"}, {"name": "on", "type": "number"}]},
            "inputs[1].name",
            "another of the inputs with the name 'on'",
        ),
        (
            {"inputs": [{"name": "n", "type": "number", "default": True}]},
            "inputs[0].default",
            "a number is a number, not true",
        ),
        (
            {"inputs": [{"name": "on", "type": "boolean", "default": 1}]},
            "inputs[0].default",
            "a boolean is true or false, not 1",
        ),
        (
            {"inputs": [{"name": "go", "type": "trigger", "default": True}]},
            "inputs[0].default",
            "has not fired at first",
        ),
        ({"initial_node": "c"}, "initial_node", "there is no node 'c'"),
        ({"edges": [edge("a", "c")]}, "edges[0].target", "edge 'a-c': there is no node 'c'"),
        ({"edges": [edge("c", "a")]}, "edges[0].source", "edge 'c-a': there is no node 'c'"),
        (
            {"nodes": [node("a", asset_id="0" * 8 + "-0000-4000-8000-" + "0" * 12,
                            item_id="0" * 8 + "-0000-4000-8000-" + "0" * 12), node("b")]},
            "nodes[0].item_id",
            "either asset_id or item_id",
        ),
        (way(asks("off", "==", True)), "edges[3].conditions[0].input", "there is no input 'off'"),
        (way(asks("n", "==", True)), "edges[3].conditions[0].value", "'n' is a number"),
        (way(asks("on", "==", 1)), "edges[3].conditions[0].value", "'on' is a boolean"),
        (way(asks("on", ">", True)), "edges[3].conditions[0].op", "which is == or !=, not >"),
        (way(asks("go", "!=", True)), "edges[3].conditions[0].op", "'go' is a trigger"),
        (way(asks("go", "==", False)), "edges[3].conditions[0].op", "'go' is a trigger"),
        (
            way(asks("n", ">", 5), asks("on", "==", True), asks("n", "<", 3)),
            "edges[3].conditions",
            "edge 'a-b': n > 5 and n < 3 can never hold together",
        ),
        (
            {"edges": [*LOOPS, edge("a", "b", reverse="b-b")]},
            "edges[2].reverse",
            "'b-b' leads from 'b' to 'b'",
        ),
        ({"edges": [*LOOPS, edge("a", "b", reverse="x")]}, "edges[2].reverse", "no edge 'x'"),
        (
            {"edges": [edge("a", "b"), edge("b", "a", reverse="a-b"),
                       edge("a", "b", id="x", priority=1, reverse="b-a")]},
            "edges[2].reverse",
            "plays another edge backwards itself",
        ),
        (
            {"edges": [edge("a", "a"), {**edge("a", "a", reverse="a-a"), "id": "x", "priority": 1,
                       "conditions": [asks("on", "==", True)]}]},
            "edges[1].reverse",
            "is a loop",
        ),
        (
            {"edges": [*LOOPS, {**edge("a", "b"), "id": "x"}, edge("a", "b")]},
            "edges[3]",
            "edge 'a-b': it has the source, conditions and priority of 'x'",
        ),
        (
            {"edges": [edge("a", "a"), {**edge("a", "a"), "id": "x"}]},
            "edges[1]",
            "edge 'x': 'a-a' is the loop of 'a' already",
        ),
        (
            {"edges": [edge("a", "b", description="x" * 4000, id=f"e{n}", priority=n)
                       for n in range(60)]},
            "edges",
            "may have 200,000",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_played(parts: Json, field: str, says: str) -> None:
    found = canvas_rules.errors(canvas(**parts))
    assert [one.field for one in found] == [field]
    assert says in found[0].message


def test_all_that_is_wrong_is_told() -> None:
    wrong = canvas(
        initial_node="x", edges=[edge("a", "y"), edge("b", "a", conditions=[asks("z", "==", 1)])]
    )
    fields = [one.field for one in canvas_rules.errors(wrong)]
    assert fields == ["initial_node", "edges[0].target", "edges[1].conditions[0].input"]


@pytest.mark.parametrize(
    ("parts", "field", "says"),
    [
        ({"nodes": [node("a"), node("b"), node("c")],
          "edges": [*LOOPS, edge("a", "b"), edge("c", "a"), edge("c", "c")]},
         "nodes[2]", "node 'c': no edges lead to it from 'a'"),
        ({"edges": [*LOOPS]}, "nodes[1]", "no edges lead to it"),
        ({"edges": [LOOPS[0], edge("a", "b")]}, "nodes[1]", "stops for good"),
        ({"edges": [LOOPS[0], edge("a", "b"), edge("b", "a")]}, "nodes[1]", "has no loop"),
        ({"edges": [*LOOPS, edge("*", "b")]}, "edges[2].conditions", "always taken"),
    ],
)  # fmt: skip
def test_what_is_suspicious(parts: Json, field: str, says: str) -> None:
    made = canvas(**parts)
    assert canvas_rules.errors(made) == []
    found = canvas_rules.warnings(made)
    assert [one.field for one in found] == [field]
    assert says in found[0].message


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"nodes": [], "edges": []},
        {"edges": [*LOOPS, edge("a", "b", priority=1), edge("*", "a",
                   conditions=[asks("go", "==", True)])]},
        # A loop at rest does not compete with a way out that asks for nothing, of any priority.
        {"edges": [*LOOPS, edge("a", "b", priority=1), edge("b", "a")]},
    ],
)  # fmt: skip
def test_what_is_neither(parts: Json) -> None:
    made = canvas(**parts)
    assert canvas_rules.errors(made) == canvas_rules.warnings(made) == []


@pytest.mark.parametrize(
    ("told", "holds"),
    [
        (["n > 5", "n < 3"], False),
        (["n > 3", "n < 5"], True),
        (["n > 3", "n < 3"], False),
        (["n >= 3", "n <= 3"], True),
        (["n > 3", "n <= 3"], False),
        (["n >= 3", "n < 3"], False),
        (["n >= 3", "n <= 3", "n != 3"], False),
        (["n == 3", "n == 4"], False),
        (["n == 3", "n == 3"], True),
        (["n == 3", "n != 3"], False),
        (["n == 3", "n > 2", "n < 4", "n != 2"], True),
        (["n == 3", "n > 3"], False),
        (["n != 3", "n != 4"], True),
        (["on == true", "on == false"], False),
        (["on == true", "on != true"], False),
        (["on == true", "on != false"], True),
        (["n > 5", "m < 3"], True),
    ],
)
def test_contradictions(told: list[str], holds: bool) -> None:
    conditions = []
    for text in told:
        name, op, value = text.split()
        held = value == "true" if value in ("true", "false") else int(value)
        conditions.append(Condition.model_validate(asks(name, op, held)))
    assert (contradiction(conditions) is None) == holds


@pytest.mark.parametrize(
    ("alias", "op"),
    [("eq", "=="), ("neq", "!="), ("gt", ">"), ("lt", "<"), ("gte", ">="), ("lte", "<=")],
)
def test_operators_have_other_names(alias: str, op: str) -> None:
    assert Condition.model_validate(asks("n", alias, 1)).op == op


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_templates_are_as_they_should_be(template_id: str) -> None:
    template = TEMPLATES[template_id]
    made = Canvas(
        id="c",
        created_at=START,
        updated_at=START,
        project_id="p",
        collection_id="c",
        name=template.name,
        **template.parts,
    )
    assert canvas_rules.errors(made) == canvas_rules.warnings(made) == []
    assert Canvas.load(made.stored()) == made
    assert all(one.prompt for one in template.nodes)
    assert all(bool(one.description) != bool(one.reverse) for one in template.edges)
