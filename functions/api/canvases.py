"""/v1/canvases: interactive mascots as state machines, of a collection."""

import hashlib
import json
from typing import Annotated, Any

from pydantic import Field

from functions.api import parameter
from functions.api.call import Call, Reply, Route
from functions.api.changes import Changes, Given
from shared.errors import Conflict, InsufficientCredits
from shared.graph import canvas_rules
from shared.graph.canvas_plan import Wish
from shared.graph.canvas_state import EdgeState, NodeState, State, percent
from shared.graph.canvas_templates import TEMPLATES, Template
from shared.model import paths
from shared.model.asset import Asset
from shared.model.base import Value
from shared.model.canvas import MAX_EDGES, MAX_NODES, Canvas, Edges, Input, Inputs, Nodes, PartId
from shared.model.job import Job
from shared.model.request import Name
from shared.model.workspace import Scope
from shared.ports import Query
from shared.services import collections
from shared.services.canvases import definitions, exports, production, states

MAX_TARGETS = MAX_NODES + MAX_EDGES
CACHED = "private, no-cache"
"""Of an export: kept where it was read, and asked for each time whether it is still so."""


class CreateBody(Changes):
    """Parts that are given take the place of the template's."""

    name: Name
    template_id: Name | None = None
    nodes: Given[Nodes] = None
    edges: Given[Edges] = None
    inputs: Given[Inputs] = None
    initial_node: PartId | None = None
    auto_play: bool = True


class UpdateBody(Changes):
    """Each part is replaced as a whole. What keeps its id keeps what was made for it."""

    name: Given[Name] = None
    nodes: Given[Nodes] = None
    edges: Given[Edges] = None
    inputs: Given[Inputs] = None
    initial_node: PartId | None = None
    auto_play: Given[bool] = None


class GenerateAllBody(Value):
    """What is complete is passed over if you don't say otherwise. `duration` is that of films
    whose edges don't say; `dry_run` only asks what it would cost, and `max_credits` refuses what
    would cost more."""

    dry_run: bool = False
    targets: Annotated[tuple[PartId, ...], Field(min_length=1, max_length=MAX_TARGETS)] | None = (
        Field(default=None, description="Ids of nodes and edges; all, if you don't say.")
    )
    skip_completed: bool = True
    duration: Annotated[float, Field(ge=1, le=10)] | None = Field(
        default=None, description="In seconds."
    )
    max_credits: Annotated[int, Field(ge=0)] | None = None


def show(canvas: Canvas) -> dict[str, Any]:
    """A canvas as lists show it."""
    inputs = [_input(one) for one in canvas.inputs]
    return {**canvas.stored(), "inputs": inputs, "initial_node": canvas.initial}


def show_whole(call: Call, canvas: Canvas) -> dict[str, Any]:
    """A canvas with how far it is, and what about it is suspicious."""
    seen = states.read(call.ports, call.who, canvas)
    return {
        **show(canvas),
        "status": _status(call, seen.state, seen.job),
        "warnings": [one.as_dict() for one in canvas_rules.warnings(canvas)],
    }


def templates(call: Call) -> Reply:
    """List the canvases to begin with."""
    del call
    return Reply([_template(one) for one in TEMPLATES.values()])


def index(call: Call) -> Reply:
    """List the canvases of a collection, oldest first."""
    collections.get(call.ports, call.who, call.ids["collection_id"])
    kind = paths.collection_of(call.who.workspace_id, "canvases")
    query = Query(kind, {"collection_id": call.ids["collection_id"]})
    return call.listing(
        query, lambda page: [show(Canvas.load(found.data)) for found in page.results]
    )


def create(call: Call) -> Reply:
    """Create a canvas, of a template or of parts of your own.

    What keeps it from being played is refused; what is only suspicious is in `warnings`.
    """
    parts = call.body(CreateBody).changes()
    canvas, version = definitions.create(
        call.ports,
        call.who,
        call.ids["collection_id"],
        parts.pop("name"),
        parts.pop("template_id", None),
        parts,
    )
    return Reply(show_whole(call, canvas), status=201, version=version)


def get(call: Call) -> Reply:
    """Read a canvas: its definition, and how far its stills and films are."""
    canvas, version = _canvas(call)
    return Reply(show_whole(call, canvas), version=version)


def update(call: Call) -> Reply:
    """Change a canvas.

    Nodes, edges and inputs are replaced as a whole. What keeps its id keeps what was made for it.
    """
    changes = call.body(UpdateBody).changes()
    canvas, version = definitions.update(
        call.ports, call.who, *_ids(call), changes, if_match=call.if_match
    )
    return Reply(show_whole(call, canvas), version=version)


def delete(call: Call) -> Reply:
    """Delete a canvas.

    The items that were made for it stay, with their files: what was exported still plays.
    """
    with call.unless_done():
        definitions.delete(call.ports, call.who, *_ids(call), if_match=call.if_match)
    return Reply({"id": call.ids["canvas_id"], "deleted": True})


def generate_all(call: Call) -> Reply:
    """Make the stills and films of a canvas, those that are wanted and are not there yet.

    Stills come first, and each film follows by itself when its stills are there. All that it costs
    is held at once, and what could not be made is given back. Films that were paid for before and
    lack only formats are finished for nothing. With `dry_run`, or when nothing is to be done, the
    answer is 200 and nothing is begun.
    """
    asked = call.body(GenerateAllBody, optional=True)
    targets = frozenset(asked.targets) if asked.targets is not None else None
    proposal = production.propose(
        call.ports,
        call.who,
        *_ids(call),
        Wish(targets, asked.skip_completed, asked.duration),
        max_credits=asked.max_credits,
    )
    job = None
    if not asked.dry_run:
        job = production.begin(call.ports, call.settings, call.who, proposal)
    told = production.report(job) if job else proposal.production.report()
    data = {
        "dry_run": asked.dry_run,
        "job_id": job.id if job else None,
        "poll_url": call.poll_url(job.id) if job else None,
        **told,
        "generated": told["planned_jobs"] if job else 0,
        "actual_cost": told["estimated_cost"] if job else 0,
        "would_charge_credits": told["estimated_cost"],
    }
    return Reply(data, status=202 if job else 200)


def export(call: Call) -> Reply:
    """Export a canvas for players: the configuration 2.0.

    While something of it is not ready the answer is 409 and names what; with `partial` that is
    left out. With `extended` there is more, of which our own player makes use.
    """
    canvas, _ = _canvas(call)
    shown = exports.export(
        call.ports,
        call.who,
        canvas,
        partial=call.flag("partial"),
        extended=call.flag("extended"),
    )
    digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:32]
    return Reply(shown, version=digest, cache_control=CACHED)


def _canvas(call: Call) -> tuple[Canvas, str]:
    return definitions.get(call.ports, call.who, *_ids(call))


def _ids(call: Call) -> tuple[str, str]:
    return call.ids["collection_id"], call.ids["canvas_id"]


def _input(one: Input) -> dict[str, Any]:
    return {**one.model_dump(mode="json"), "default": one.initially}


def _template(template: Template) -> dict[str, Any]:
    return {
        "id": template.id,
        "name": template.name,
        "description": template.description,
        "nodes": [one.model_dump(mode="json", by_alias=True) for one in template.nodes],
        "edges": [one.model_dump(mode="json") for one in template.edges],
        "inputs": [_input(one) for one in template.inputs],
        "initial_node": template.nodes[0].id,
    }


def _status(call: Call, state: State, job: Job | None) -> dict[str, Any]:
    nodes, edges = state.nodes.values(), state.edges.values()
    return {
        "complete": state.is_complete,
        "percent": percent(state.parts),
        "stills_percent": percent(nodes),
        "films_percent": percent(edges),
        "job": {"job_id": job.id, "poll_url": call.poll_url(job.id)} if job else None,
        "nodes": [_node_status(call, one) for one in nodes],
        "edges": [_edge_status(call, one) for one in edges],
    }


def _node_status(call: Call, state: NodeState) -> dict[str, Any]:
    return {
        "id": state.node.id,
        "state": state.stage.value,
        "item_id": state.item_id,
        "asset_id": state.still.id if state.still else None,
        "assets": _assets(call, state.assets),
    }


def _edge_status(call: Call, state: EdgeState) -> dict[str, Any]:
    return {
        "id": state.edge.id,
        "state": state.stage.value,
        "item_id": state.item_id,
        "reverse_of": state.made_by.id if state.is_reverse else None,
        "assets": _assets(call, state.assets),
    }


def _assets(call: Call, assets: Any) -> dict[str, Any]:
    return {key: _asset(call, asset) for key, asset in assets.items()}


def _asset(call: Call, asset: Asset) -> dict[str, Any]:
    url = call.ports.blobs.public_url(asset.path)
    return {"asset_id": asset.id, "status": asset.status.value, "url": url}


_PATH = "/v1/collections/<collection_id>/canvases"
_ONE = f"{_PATH}/<canvas_id>"

ROUTES = (
    Route("GET", "/v1/canvas-templates", templates, answer="CanvasTemplates"),
    Route("GET", _PATH, index, answer="Canvas", paged=True),
    Route(
        "POST",
        _PATH,
        create,
        Scope.WRITE,
        body=CreateBody,
        answer="CanvasDetails",
        status=201,
        gives={"canvas_id": "/id"},
        example={"name": "Assistant", "template_id": "claude-code-4state"},
    ),
    Route("GET", _ONE, get, answer="CanvasDetails", versioned=True),
    Route(
        "PATCH",
        _ONE,
        update,
        Scope.WRITE,
        versioned=True,
        body=UpdateBody,
        answer="CanvasDetails",
        example={
            "nodes": [
                {"id": "idle", "name": "Idle", "prompt": "standing relaxed"},
                {"id": "wave", "name": "Wave", "prompt": "waving", "position": {"x": 320, "y": 0}},
            ],
            "inputs": [{"name": "hello", "type": "trigger"}],
            "edges": [
                {"id": "rest", "source": "idle", "target": "idle", "description": "breathes"},
                {
                    "id": "greet",
                    "source": "idle",
                    "target": "wave",
                    "conditions": [{"input": "hello", "op": "==", "value": True}],
                    "description": "lifts one arm and waves",
                },
                {"id": "calm", "source": "wave", "target": "idle", "reverse": "greet"},
            ],
        },
    ),
    Route("DELETE", _ONE, delete, Scope.WRITE, versioned=True, answer="Gone"),
    Route(
        "POST",
        f"{_ONE}/generate-all",
        generate_all,
        Scope.WRITE,
        body=GenerateAllBody,
        optional=True,
        answer="CanvasProduction",
        status=202,
        dry_answer="CanvasProduction",
        gives={"job_id": "/job_id"},
        errors=(InsufficientCredits,),
        example={"dry_run": True},
    ),
    Route(
        "GET",
        f"{_ONE}/export",
        export,
        publishable=True,
        query=(
            parameter.flag("partial", "Leave out what is not ready, instead of answering 409."),
            parameter.flag("extended", "Add what our own player makes use of."),
        ),
        answer="CanvasExport",
        cached=True,
        errors=(Conflict,),
    ),
)
