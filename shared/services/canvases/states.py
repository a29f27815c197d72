"""How far what a canvas shows is: read from the items of its nodes and edges."""

from dataclasses import dataclass, replace
from typing import Final

from shared.graph import canvas_state
from shared.graph.canvas_state import ABSENT, EdgeState, NodeState, Stage, State, Stock
from shared.model import paths
from shared.model.asset import Asset, AssetType
from shared.model.canvas import Canvas, CanvasWork, Node
from shared.model.job import Job
from shared.model.link import Link, Role
from shared.ports import Ports
from shared.services import assets, entities, jobs, jobstore, versions
from shared.services.canvases import definitions
from shared.services.keys import Principal

ENDS: Final = {Role.SOURCE: "still", Role.END_FRAME: "end_still"}
"""The inputs of the step that makes a video, by the role of the link."""
ANEW: Final = "anew"
"""The id of a link that is not stored: it stands for one to a cut-out that was deleted."""
UNMADE: Final = ABSENT | {Stage.OUTDATED}


@dataclass(frozen=True, slots=True)
class Seen:
    """What was made for a canvas when it was looked at, and the version of that note; the job that
    is at work on it, if any; and how far everything is."""

    work: CanvasWork
    version: str
    job: Job | None
    state: State


def read(ports: Ports, who: Principal, canvas: Canvas) -> Seen:
    """Look at all that belongs to a canvas. That is up to two queries for each node and edge."""
    path = paths.canvas_work(who.workspace_id, canvas.id)
    work, version = entities.read(ports.documents, CanvasWork, path)
    job = at_work(ports, who, work)
    work = _with_items_that_exist(ports, who, canvas, work, job)
    nodes = {node.id: _node(ports, who, node, work, job) for node in canvas.nodes}
    return Seen(work, version, job, State(nodes, _edges(ports, who, canvas, nodes, work, job)))


def at_work(ports: Ports, who: Principal, work: CanvasWork) -> Job | None:
    """The job that is making something for a canvas."""
    loaded = work.job_id and jobstore.load(ports.documents, who.workspace_id, work.job_id)
    return loaded[0] if loaded and not loaded[0].finished else None


def _with_items_that_exist(
    ports: Ports, who: Principal, canvas: Canvas, work: CanvasWork, job: Job | None
) -> CanvasWork:
    """The items of nodes, with those that they name themselves, and of edges, as far as they are
    not deleted; one that a job is yet to make is there as well."""
    chosen = {node.id: node.item_id for node in canvas.nodes if node.item_id}
    nodes, edges = {**work.nodes, **chosen}, work.edges
    item_ids = {*nodes.values(), *edges.values()}
    there = entities.existing(
        ports.documents, {paths.item(who.workspace_id, item_id) for item_id in item_ids}
    )
    promised = {one.item_id for one in job.promises.values()} if job else set()
    kept = {
        item_id
        for item_id in item_ids
        if item_id in promised or paths.item(who.workspace_id, item_id) in there
    }
    return work.with_(
        nodes={id_: item_id for id_, item_id in nodes.items() if item_id in kept},
        edges={id_: item_id for id_, item_id in edges.items() if item_id in kept},
    )


def _node(ports: Ports, who: Principal, node: Node, work: CanvasWork, job: Job | None) -> NodeState:
    item_id = work.nodes.get(node.id)
    return canvas_state.node_state(
        node,
        item_id,
        _stock(ports, who, item_id if node.asset_id is None else None),
        definitions.pose(ports, who, node),
        waits=_waits(job, item_id),
    )


def _edges(
    ports: Ports,
    who: Principal,
    canvas: Canvas,
    nodes: dict[str, NodeState],
    work: CanvasWork,
    job: Job | None,
) -> dict[str, EdgeState]:
    found: dict[str, EdgeState] = {}
    stocks: dict[str | None, Stock] = {}
    anew = _cut_out_anew(ports, who, nodes)
    makers = canvas_state.makers(canvas)
    for edge in canvas.edges:
        made_by = makers[edge.id]
        item_id = work.edges.get(made_by.id)
        if item_id not in stocks:
            stocks[item_id] = _linked_anew(ports, who, _stock(ports, who, item_id), anew)
        start, end = (
            nodes[node_id].pose_id for node_id in (canvas.start_of(made_by), made_by.target)
        )
        state = canvas_state.edge_state(
            edge, made_by, item_id, stocks[item_id], (start, end), waits=_waits(job, item_id)
        )
        if not state.is_reverse and state.stage in UNMADE:
            state = _with_remainder(ports, who, state, stocks[item_id], (start, end))
        found[edge.id] = state
    return {
        id_: replace(one, stage=Stage.UNFINISHED)
        if one.is_reverse and one.stage in ABSENT and found[one.made_by.id].remainder
        else one
        for id_, one in found.items()
    }


def _with_remainder(
    ports: Ports,
    who: Principal,
    state: EdgeState,
    stock: Stock,
    stills: tuple[str | None, str | None],
) -> EdgeState:
    """The state of a film that can't be played, and of which a video may have been paid for."""
    for video in canvas_state.videos_that_fit(stock, stills):
        loaded = jobstore.load(ports.documents, who.workspace_id, video.job_id or "-")
        if loaded:
            job = jobs.last_retry(ports, who, loaded[0])
            # A retry of it would want the deleted cut-out.
            can_retry = not any(link.id == ANEW for link in _links_to(video, stock))
            found = canvas_state.with_remainder(state, job, video, stock, can_retry=can_retry)
            if found is not state:
                return found
    return state


def _cut_out_anew(ports: Ports, who: Principal, nodes: dict[str, NodeState]) -> dict[str, str]:
    """The first cut-outs of poses, which were deleted, and what stands for each of them now."""
    found: dict[str, str] = {}
    for node in nodes.values():
        image, pose_id = node.image, node.pose_id
        loaded = image and jobstore.load(ports.documents, who.workspace_id, image.job_id or "-")
        made = loaded[0].assets.get(AssetType.TRANSPARENT_IMAGE.value) if loaded else None
        if made and pose_id:
            found[made.id] = pose_id
    return found


def _linked_anew(ports: Ports, who: Principal, stock: Stock, anew: dict[str, str]) -> Stock:
    """An item's files, with its videos linked to what stands for the cut-outs that they begin and
    end in. A deletion takes the links along; a video's job still tells of which still it is."""
    if not anew:
        return stock
    links = [*stock.links]
    for video in stock.assets:
        if video.type is not AssetType.VIDEO or video.purpose is not None:
            continue
        roles = {link.role for link in _links_to(video, stock)}
        loaded = roles < ENDS.keys() and jobstore.load(
            ports.documents, who.workspace_id, video.job_id or "-"
        )
        inputs = loaded[0].steps["video"].inputs if loaded and "video" in loaded[0].steps else {}
        links += [
            Link(
                id=ANEW,
                created_at=video.created_at,
                updated_at=video.updated_at,
                source_asset_id=anew[inputs[name]],
                target_asset_id=video.id,
                role=role,
                item_id=video.item_id,
                collection_id=video.collection_id,
            )
            for role, name in ENDS.items()
            if role not in roles and inputs.get(name) in anew
        ]
    return replace(stock, links=links)


def _links_to(video: Asset, stock: Stock) -> list[Link]:
    return [link for link in stock.links if link.target_asset_id == video.id]


def _stock(ports: Ports, who: Principal, item_id: str | None) -> Stock:
    if item_id is None:
        return Stock()
    found = list(versions.of_item(ports, who.workspace_id, item_id))
    return Stock(found, assets.links_of_item(ports, who, item_id) if found else ())


def _waits(job: Job | None, item_id: str | None) -> bool:
    """Whether a job is yet to begin what an item is for."""
    return job is not None and any(one.item_id == item_id for one in job.promises.values())
