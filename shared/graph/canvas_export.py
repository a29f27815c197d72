"""A canvas as players read it: the configuration "2.0" of clients that are shipped already."""

from collections.abc import Callable
from typing import Any, Final

from shared.graph.canvas_plan import SECONDS
from shared.graph.canvas_rules import Problem
from shared.graph.canvas_state import EdgeState, NodeState, Stage, State
from shared.model.asset import USUAL_FORMATS, Asset, AssetType, asset_key
from shared.model.canvas import Canvas, Input

VERSION: Final = "2.0"
NAMES: Final = {AssetType.WEBM: "webm", AssetType.HEVC: "hevc", AssetType.STACKED_VIDEO: "stacked"}
SHIPPED: Final = ("webm", "hevc")
"""The formats that every client knows."""
PLAYABLE: Final = (Stage.READY, Stage.OUTDATED)

WHY: Final = {
    Stage.MISSING: "was not made yet",
    Stage.WAITING: "waits for what it is made from",
    Stage.PENDING: "is being made",
    Stage.FAILED: "could not be made",
    Stage.UNFINISHED: "was paid for and lacks files: generate-all finishes it for nothing",
    Stage.NEEDS_REVIEW: "needs review: approve it, or have it drawn again",
    Stage.OUTDATED: "fits older stills of its states",
}

Url = Callable[[Asset], str]


def missing(canvas: Canvas, state: State, *, partial: bool) -> list[Problem]:
    """What an export lacks; a `partial` one lacks no more than what it cannot begin without."""
    found = []
    if not canvas.nodes:
        found.append(Problem("nodes", "there is no node"))
    for place, node in enumerate(state.nodes.values()):
        if node.still is None and (not partial or node.node.id == canvas.initial):
            message = f"the pose of node '{node.node.id}' {WHY[node.stage]}"
            found.append(Problem(f"nodes[{place}]", message))
    for place, edge in enumerate(state.edges.values()):
        if edge.stage is not Stage.READY and not partial:
            message = f"the film of edge '{edge.edge.id}' {WHY[edge.stage]}"
            found.append(Problem(f"edges[{place}]", message))
    return found


def export(canvas: Canvas, state: State, url: Url, *, extended: bool) -> dict[str, Any]:
    """The configuration of what is ready. An `extended` one has what our own player makes use of,
    and no other would know."""
    nodes = {id_: node for id_, node in state.nodes.items() if node.still}
    edges = [
        edge
        for edge in state.edges.values()
        if edge.stage in PLAYABLE and {canvas.start_of(edge.edge), edge.edge.target} <= nodes.keys()
    ]
    shown = {
        "version": VERSION,
        "name": canvas.name,
        "initialNode": canvas.initial,
        "autoPlay": canvas.auto_play,
        "nodes": [_node(node, url, extended) for node in nodes.values()],
        "edges": [_edge(edge, url, extended) for edge in edges],
    }
    if canvas.inputs:
        shown["inputs"] = [_input(one) for one in canvas.inputs]
    return shown


def _node(state: NodeState, url: Url, extended: bool) -> dict[str, Any]:
    assert state.still  # noqa: S101 - for the type: others are left out
    shown = {
        "id": state.node.id,
        "name": state.node.name,
        "transparentThumbnailUrl": url(state.thumbnail or state.still),
    }
    return {**shown, "stillUrl": url(state.still)} if extended else shown


def _edge(state: EdgeState, url: Url, extended: bool) -> dict[str, Any]:
    edge, films = state.edge, _films(state, None, url)
    content = state.assets[AssetType.WEBM.value].content
    measured = content.duration if content else None
    shown = {
        "id": edge.id,
        "source": edge.source,
        "target": edge.target,
        "isLoop": edge.is_loop,
        "duration": round(measured or edge.duration or SECONDS, 3),
        "conditions": [one.model_dump(mode="json") for one in edge.conditions],
        "videos": {name: films[name] for name in SHIPPED},
    }
    if not extended:
        return shown
    sizes = sorted({asset.size for asset in state.assets.values() if asset.size})
    return {
        **shown,
        "priority": edge.priority,
        "speed": edge.speed,
        "videos": films,
        "sizes": {str(size): found for size in sizes if (found := _films(state, size, url))},
    }


def _films(state: EdgeState, size: int | None, url: Url) -> dict[str, str]:
    """The URLs of the formats that are ready in a size."""
    found = {type_: state.assets.get(asset_key(type_, size)) for type_ in USUAL_FORMATS}
    return {NAMES[type_]: url(asset) for type_, asset in found.items() if asset and asset.content}


def _input(one: Input) -> dict[str, Any]:
    shown = {"name": one.name, "type": one.type.value, "default": one.initially}
    return {**shown, "system": True} if one.system else shown
