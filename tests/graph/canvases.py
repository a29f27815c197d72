"""Canvases to try the rules on."""

from typing import Any

from shared.model.canvas import Canvas
from tests.graph.fakes import START

Json = dict[str, Any]


def node(id_: str, **more: Any) -> Json:
    return {"id": id_, "name": id_.title(), **more}


def edge(source: str, target: str, **more: Any) -> Json:
    return {
        "id": f"{source}-{target}".replace("*", "any"),
        "source": source,
        "target": target,
        **more,
    }


def asks(input_: str, op: str, value: Any) -> Json:
    return {"input": input_, "op": op, "value": value}


INPUTS = [
    {"name": "n", "type": "number"},
    {"name": "on", "type": "boolean"},
    {"name": "go", "type": "trigger"},
]


def canvas(**parts: Any) -> Canvas:
    """Two states, each with a loop, and a way there and back, unless something else is said."""
    data = {
        "id": "00000000-0000-4000-8000-00000000c0de",
        "created_at": START,
        "updated_at": START,
        "project_id": "project",
        "collection_id": "collection",
        "name": "Canvas",
        "nodes": [node("a"), node("b")],
        "edges": [
            edge("a", "a", description="breathes"),
            edge("b", "b", description="breathes"),
            edge("a", "b", conditions=[asks("on", "==", True)], description="sits down"),
            edge("b", "a", conditions=[asks("on", "==", False)]),
        ],
        "inputs": INPUTS,
        **parts,
    }
    return Canvas.model_validate(data)
