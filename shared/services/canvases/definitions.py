"""Canvases: their definitions, which people make and change."""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.errors import BadRequest, Conflict, NotFound
from shared.graph import canvas_rules
from shared.graph.canvas_rules import Problem
from shared.graph.canvas_templates import TEMPLATES
from shared.model import paths
from shared.model.asset import Asset, AssetType
from shared.model.canvas import Canvas, CanvasWork, Node
from shared.ports import Create, Delete, Ports, Replace, Update, Write
from shared.services import assets, collections, entities, generation, items
from shared.services.keys import Principal


def create(
    ports: Ports,
    who: Principal,
    collection_id: str,
    name: str,
    template_id: str | None,
    parts: dict[str, Any],
) -> tuple[Canvas, str]:
    """A new canvas and its version: of a template's parts, and in their place those that are
    given."""
    collection, _ = collections.get(ports, who, collection_id)
    if template_id is not None:
        if template_id not in TEMPLATES:
            raise BadRequest(f"must be one of {', '.join(TEMPLATES)}", field="template_id")
        parts = {**TEMPLATES[template_id].parts, **parts}
    now, canvas_id = ports.clock.now(), ports.ids.uuid()
    canvas = Canvas(
        id=canvas_id,
        created_at=now,
        updated_at=now,
        project_id=collection.project_id,
        collection_id=collection_id,
        name=name,
        template_id=template_id,
        **parts,
    )
    _require_sound(ports, who, canvas, canvas.nodes)
    work = CanvasWork(id=canvas_id, created_at=now, updated_at=now, collection_id=collection_id)
    path, work_path = _paths(who, canvas_id)
    writes: list[Write] = [
        Create(path, canvas.stored()),
        Create(work_path, work.stored()),
        # A deletion takes this away before it looks for canvases: none is created behind its back.
        Update(paths.slug(who.workspace_id, collection.slug), {"collection_id": collection_id}),
    ]
    try:
        entities.create(ports.documents, path, writes)
    except Conflict:
        collections.get(ports, who, collection_id)
        raise
    return get(ports, who, collection_id, canvas_id)


def get(ports: Ports, who: Principal, collection_id: str, canvas_id: str) -> tuple[Canvas, str]:
    """A canvas of a collection that still exists, and its version."""
    collections.get(ports, who, collection_id)
    path, _ = _paths(who, canvas_id)
    canvas, version = entities.read(ports.documents, Canvas, path)
    if canvas.collection_id != collection_id:
        raise NotFound("There is no such canvas.")
    return canvas, version


def update(
    ports: Ports,
    who: Principal,
    collection_id: str,
    canvas_id: str,
    changes: dict[str, Any],
    *,
    if_match: str | None = None,
) -> tuple[Canvas, str]:
    """Change some parts of a canvas, each as a whole. A node or an edge that keeps its id keeps
    what was made for it."""
    canvas, version = get(ports, who, collection_id, canvas_id)
    entities.require_version(version, if_match)
    changed = canvas.with_(**changes, updated_at=ports.clock.now())
    _require_sound(ports, who, changed, [one for one in changed.nodes if one not in canvas.nodes])
    path, _ = _paths(who, canvas_id)
    return changed, ports.documents.commit([Replace(path, changed.stored(), version)])


def delete(
    ports: Ports,
    who: Principal,
    collection_id: str,
    canvas_id: str,
    *,
    if_match: str | None = None,
) -> None:
    """Delete a canvas. The items that were made for it stay: what was exported still plays."""
    _, version = get(ports, who, collection_id, canvas_id)
    entities.require_version(version, if_match)
    path, work_path = _paths(who, canvas_id)
    ports.documents.commit([Delete(path, version), Delete(work_path)])


def pose(ports: Ports, who: Principal, node: Node) -> Asset | None:
    """The cut-out that a node names by its `asset_id`, itself or by the image that it was cut out
    of; None when it is not there."""
    if node.asset_id is None:
        return None
    try:
        still, _ = assets.get(ports, who, node.asset_id)
    except NotFound:
        return None
    cutout = generation.cut_out(ports, who, still)
    return cutout if cutout.type is AssetType.TRANSPARENT_IMAGE else None


def _require_sound(ports: Ports, who: Principal, canvas: Canvas, nodes: Iterable[Node]) -> None:
    """BadRequest with all that keeps a canvas from being played. Of `nodes`, it is looked whether
    the poses that they name are there."""
    problems = canvas_rules.errors(canvas) or _absent(ports, who, canvas, nodes)
    if problems:
        first = problems[0]
        told = [one.as_dict() for one in problems]
        more = {"errors": told} if len(told) > 1 else {}
        raise BadRequest(first.message, field=first.field, **more)


def _absent(
    ports: Ports, who: Principal, canvas: Canvas, nodes: Iterable[Node]
) -> Sequence[Problem]:
    found = []
    for node in nodes:
        place = f"nodes[{canvas.nodes.index(node)}]"
        try:
            _require_pose(ports, who, canvas, node)
        except (BadRequest, NotFound) as error:
            field = "asset_id" if node.asset_id else "item_id"
            found.append(Problem(f"{place}.{field}", f"node '{node.id}': {error.message}"))
    return found


def _require_pose(ports: Ports, who: Principal, canvas: Canvas, node: Node) -> None:
    if node.asset_id is not None:
        assets.picture(ports, who, node.asset_id, field="asset_id")
        if pose(ports, who, node) is None:
            raise BadRequest(
                f"asset {node.asset_id} has no cut-out; import it, and give the item instead"
            )
    if node.item_id is not None:
        item, _ = items.get(ports, who, node.item_id)
        if item.collection_id != canvas.collection_id:
            raise BadRequest(f"item {item.id} belongs to another collection")


def _paths(who: Principal, canvas_id: str) -> tuple[str, str]:
    workspace_id = who.workspace_id
    return paths.canvas(workspace_id, canvas_id), paths.canvas_work(workspace_id, canvas_id)
