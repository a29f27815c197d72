"""What is made for a canvas: which films are whose way back, and of what each is made."""

from collections.abc import Iterable
from typing import Any

import pytest

from shared.graph import canvas_state
from shared.graph.canvas_plan import Production, Wish, produce
from shared.graph.canvas_state import EdgeState, NodeState, Stage, State, makers
from shared.model.canvas import Canvas
from tests.graph.canvases import Json, asks, canvas, edge

LOOPS = [edge("a", "a"), edge("b", "b")]
HELLO = [asks("go", "==", True)]


@pytest.mark.parametrize(
    ("edges", "turned"),
    [
        ([edge("a", "b"), edge("b", "a")], {"b-a": "a-b"}),
        ([edge("a", "b", description="x"), edge("b", "a")], {"b-a": "a-b"}),
        # What has words of its own is made by them.
        ([edge("a", "b"), edge("b", "a", description="x")], {}),
        ([edge("a", "b", reverse="b-a"), edge("b", "a")], {"a-b": "b-a"}),
        # An edge that others turn round is made itself, though it leads back where one comes from.
        (
            [edge("a", "b"), edge("b", "a"), edge("a", "b", id="c", priority=1, reverse="b-a")],
            {"c": "b-a"},
        ),
        (LOOPS, {}),
        ([edge("*", "b", conditions=HELLO), edge("b", "a")], {"b-a": "any-b"}),
    ],
)  # fmt: skip
def test_who_plays_whose_film(edges: list[Json], turned: dict[str, str]) -> None:
    made = makers(canvas(edges=edges))
    assert {id_: by.id for id_, by in made.items() if by.id != id_} == turned


def produced(canvas: Canvas, **wish: Any) -> Production:
    """Of a canvas of which nothing is there."""
    nodes = {one.id: NodeState(one, Stage.MISSING, None) for one in canvas.nodes}
    edges = {
        one.id: EdgeState(one, makers(canvas)[one.id], Stage.MISSING, None) for one in canvas.edges
    }
    return produce(canvas, State(nodes, edges), Wish(**wish), lambda words: words)


def films(canvas: Canvas, **wish: Any) -> dict[str, tuple[Any, ...]]:
    """By name: what each film begins and ends in, how long it is, and what it costs."""
    return {
        task.item_name: (
            *(still.job_id for still in task.stills),
            task.request["duration"],
            task.cost,
        )
        for task in produced(canvas, **wish).tasks
        if task.kind == "film"
    }


def test_a_film_is_made_of_the_stills_of_its_states() -> None:
    some = canvas(
        edges=[
            edge("a", "a", duration=1.2),
            edge("a", "b"),
            edge("*", "b", conditions=HELLO),
            edge("*", "a", conditions=HELLO),
            edge("b", "b", conditions=HELLO),
        ]
    )
    assert films(some, duration=2.0) == {
        "A loop": ("pose/a", 1.2, 10),
        "A to B": ("pose/a", "pose/b", 2.0, 10),
        "Any to B": ("pose/a", "pose/b", 2.0, 10),
        "Any to A": ("pose/a", 2.0, 10),
        "B loop": ("pose/b", 2.0, 10),
    }
    assert {film[-2] for film in films(some).values()} == {1.2, 4.0}


def test_what_nobody_describes_moves_all_the_same() -> None:
    some = canvas(nodes=[{"id": "a", "name": "A"}, {"id": "b", "name": "B", "prompt": "sitting"}])
    some = canvas(**{**parts(some), "edges": [edge("a", "a"), edge("a", "b")]})
    said = {task.part: task.request for task in produced(some).tasks}
    assert said["a"]["image_prompt"] == "A"
    assert said["b"]["image_prompt"] == "sitting"
    assert "breathes" in said["a-a"]["animation_prompt"]
    assert "sitting" in said["a-b"]["animation_prompt"]


def parts(of: Canvas) -> Json:
    return {"nodes": of.stored()["nodes"]}


@pytest.mark.parametrize(
    ("stages", "percent"), [([], 100), (["ready", "failed", "ready"], 66), (["waiting"], 0)]
)
def test_percentages(stages: Iterable[str], percent: int) -> None:
    [node, _] = canvas().nodes
    found = [NodeState(node, Stage(stage), None) for stage in stages]
    assert canvas_state.percent(found) == percent
