"""One of everything in a workspace, and what each route of the API can be asked for."""

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from PIL import Image, ImageDraw

from functions.api.call import Route
from functions.api.routes import API, EVENTS, INGEST
from shared.model.canvas import Edge, Node
from shared.model.webhook import Event
from shared.model.workspace import Scope
from shared.ports import Bucket, Document
from shared.services import collections, guides, keys
from shared.services.canvases import definitions
from shared.services.firebase import projects as firebase
from shared.services.keys import Principal
from shared.services.webhooks import endpoints
from tests.character.looks import fox
from tests.graph.jobs import EDIT, FILM, FILM_FROM_STILL, IMAGE, TRANSITION
from tests.services import google
from tests.services.world import KINDS, Tenant, World

Json = dict[str, Any]

ENDPOINT = "https://93.184.216.34/hook"
UNKNOWN = "99999999-0000-4000-8000-000000000000"
ROUTES = [
    *(
        pytest.param("api", route, id=f"{route.method} {route.path}")
        for route in API
        if not route.keyless  # which has nothing of anybody's
    ),
    *(pytest.param("events", route, id=f"events: {route.path}") for route in EVENTS),
    *(pytest.param("ingest", route, id=f"{route.method} {route.path}") for route in INGEST),
]


def names_in(path: str) -> list[str]:
    """The names of the ids in a route's path."""
    return re.findall(r"<(\w+)>", path)


def fill(path: str, ids: Mapping[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda found: ids[found[1]], path)


class Everything:
    """One of everything; `ids` are by the names that paths, queries and bodies use.

    Whose id a new name in a path or a body is has to be said here, or the tests fail.
    """

    def __init__(self, world: World, tenant: Tenant) -> None:
        self.tenant = tenant
        self.workspace_id = tenant.who.workspace_id
        self.key = keys.issue(world.ports, self.workspace_id, "admin", (Scope.ADMIN,))
        spare = keys.issue(world.ports, self.workspace_id, "spare", (Scope.READ,))
        upload = world.upload(tenant)
        world.ports.blobs.put(Bucket.ASSETS, upload.path, _picture(), content_type="image/png")
        collections.add_reference(world.ports, tenant.who, tenant.collection.id, upload.id)
        job = world.generate(tenant, FILM).job
        world.drain()
        job = world.job(job)
        still = job.assets["transparent_image"].id
        collections.add_reference(world.ports, tenant.who, tenant.collection.id, still)
        card = fox().with_(reference_asset_ids=(upload.id, still))
        world.ports.documents.commit(
            guides.extracted(world.ports, self.workspace_id, tenant.collection.id, card)
        )
        _, guide = guides.get(world.ports, tenant.who, tenant.collection.id)
        assert guide
        endpoint, _ = endpoints.create(
            world.ports, world.settings, tenant.who, ENDPOINT, (Event.JOB_FAILED,)
        )
        firebase_project_id = f"app-{self.workspace_id.replace('-', '')[-20:]}"
        firebase.register(
            world.ports,
            lambda: google.certificates(world.clock),
            Principal(self.workspace_id, tuple(Scope)),
            firebase_project_id,
            scopes=(Scope.READ,),
            allowed_origins=(),
            proof=google.token(
                world.clock.now(),
                iss=f"https://securetoken.google.com/{firebase_project_id}",
                aud=firebase_project_id,
                mascotry_workspace=self.workspace_id,
            ),
        )
        node = Node(id="idle", name="Idle", asset_id=still)
        loop = Edge(id="rest", source="idle", target="idle")
        canvas, _ = definitions.create(
            world.ports,
            tenant.who,
            tenant.collection.id,
            "Owner's canvas",
            None,
            {"nodes": (node,), "edges": (loop,)},
        )
        ping = endpoints.ping(world.ports, tenant.who, endpoint.id)
        world.drain()
        self.ids = {
            "project_id": tenant.project_id,
            "collection_id": tenant.collection.id,
            "item_id": job.item_id or "",
            "asset_id": still,
            "video_id": job.assets["video"].id,
            "job_id": job.id,
            "key_id": keys.authenticate(world.ports, f"Bearer {spare}").subject,
            "firebase_project_id": firebase_project_id,
            "webhook_id": endpoint.id,
            "delivery_id": ping.id,
            "caution_id": guide.cautions[0].id,
            "canvas_id": canvas.id,
            "template_id": f"of-{self.workspace_id}",  # which nobody has
            "reference_asset_ids": upload.id,
            "source_image_asset_id": still,
            "end_image_asset_id": still,
        }
        self.stills = {job.assets["image"].id, still}


def _picture() -> bytes:
    """Something that stands out from its background."""
    picture, content = Image.new("RGB", (128, 128), "white"), io.BytesIO()
    ImageDraw.Draw(picture).ellipse((30, 20, 98, 108), fill="orange", outline="black", width=3)
    picture.save(content, "PNG")
    return content.getvalue()


WEBHOOKS = ("webhooks", "webhook_secrets", "webhook_deliveries")
CREDITS = ("credits", "credit_entries")
FIREBASE = ("firebase",)
CANVASES = ("canvases", "canvas_work")


def stored(world: World, everything: Everything) -> list[list[Document]]:
    """All that a workspace holds, but for when a key was used."""
    kinds = (*KINDS, *CANVASES, "slugs", "guides", "card_editions", *WEBHOOKS, *CREDITS, *FIREBASE)
    return [world.documents(everything.tenant, kind) for kind in kinds]


# Bodies that would do for each route, as the workspace itself would send them: between them they
# have every field that takes an id. A route that takes no body has none.
Bodies = Callable[[Mapping[str, str]], list[Json]]


def _generate(ids: Mapping[str, str]) -> list[Json]:
    still = {"source_image_asset_id": ids["source_image_asset_id"]}
    end = {"end_image_asset_id": ids["end_image_asset_id"]}
    return [
        {"name": "Sit", **IMAGE},
        {"item_id": ids["item_id"], **IMAGE},
        {"name": "Sit", **FILM_FROM_STILL, **still},
        {"name": "Sit", **TRANSITION, **still, **end},
        {**EDIT, **still},
    ]


def _canvas(pose: Json) -> Json:
    loop = {"id": "rest", "source": "idle", "target": "idle"}
    return {"name": "Mine", "nodes": [{"id": "idle", "name": "Idle", **pose}], "edges": [loop]}


BODIES: Mapping[str, Bodies] = {
    "PATCH /v1/workspace": lambda ids: [{"name": "Mine"}],
    "PUT /v1/workspace/firebase": lambda ids: [{"firebase_project_id": ids["firebase_project_id"]}],
    "POST /v1/projects": lambda ids: [{"name": "Mine"}],
    "PATCH /v1/projects/<project_id>": lambda ids: [{"name": "Mine"}],
    "POST /v1/collections": lambda ids: [
        {
            "project_id": ids["project_id"],
            "name": "Mine",
            "description": "a fox",
            "reference_asset_ids": [ids["reference_asset_ids"]],
        }
    ],
    "PATCH /v1/collections/<collection_id>": lambda ids: [{"name": "Mine"}],
    "POST /v1/collections/<collection_id>/references": lambda ids: [{"asset_id": ids["asset_id"]}],
    "PATCH /v1/collections/<collection_id>/style-card": lambda ids: [{"locked": True}],
    "PATCH /v1/collections/<collection_id>/cautions/<caution_id>": lambda ids: [{"retired": True}],
    "POST /v1/collections/<collection_id>/items": lambda ids: [{"type": "image", "name": "Sit"}],
    "POST /v1/collections/<collection_id>/items/import": lambda ids: [
        {"asset_id": ids["reference_asset_ids"], "name": "Sit"},
        {"asset_id": ids["reference_asset_ids"], "item_id": ids["item_id"]},
    ],
    "PATCH /v1/items/<item_id>": lambda ids: [{"name": "Mine"}],
    "POST /v1/collections/<collection_id>/generate": _generate,
    "POST /v1/jobs/<job_id>/cancel": lambda ids: [],
    "POST /v1/jobs/<job_id>/retry": lambda ids: [{"dry_run": True}, {"max_credits": 50}],
    "POST /v1/assets/<asset_id>/regenerate": lambda ids: [{"dry_run": True}, {"max_credits": 50}],
    "POST /v1/assets/<video_id>/reverse": lambda ids: [{"dry_run": True}, {}],
    "PATCH /v1/assets/<asset_id>": lambda ids: [{"review": "approved"}],
    "POST /v1/collections/<collection_id>/generate/batch": lambda ids: [
        {"requests": [body]} for body in _generate(ids)
    ],
    "POST /v1/collections/<collection_id>/canvases": lambda ids: [
        {"name": "Mine", "template_id": "reactive-button"},
        _canvas({"asset_id": ids["asset_id"]}),
        _canvas({"item_id": ids["item_id"]}),
    ],
    "PATCH /v1/collections/<collection_id>/canvases/<canvas_id>": lambda ids: [
        _canvas({"asset_id": ids["asset_id"]}),
        _canvas({"item_id": ids["item_id"]}),
    ],
    "POST /v1/collections/<collection_id>/canvases/<canvas_id>/generate-all": lambda ids: [
        {"dry_run": True},
        {"duration": 1},
    ],
    "POST /v1/generate/preview": lambda ids: [{"prompt": "a fox"}],
    "POST /v1/uploads": lambda ids: [{"content_type": "image/png"}],
    "POST /v1/upload": lambda ids: [],  # a form, or a URL that is fetched: neither has ids
    "POST /v1/analyze-image": lambda ids: [{"asset_id": ids["reference_asset_ids"]}],
    "POST /v1/suggest-actions": lambda ids: [{"collection_id": ids["collection_id"]}],
    "POST /v1/webhooks": lambda ids: [{"url": ENDPOINT, "events": ["job.completed"]}],
    "PATCH /v1/webhooks/<webhook_id>": lambda ids: [{"enabled": False}],
    "POST /v1/webhooks/<webhook_id>/ping": lambda ids: [],
    "POST /v1/webhooks/<webhook_id>/rotate-secret": lambda ids: [],
    "POST /v1/webhooks/<webhook_id>/deliveries/<delivery_id>/replay": lambda ids: [],
    "POST /v1/keys": lambda ids: [{"name": "Mine"}],
    "PATCH /v1/keys/<key_id>": lambda ids: [{"name": "Mine"}],
}


QUERIES: Mapping[str, Mapping[str, str]] = {
    "/v1/collections/<collection_id>/style-card/diff": {"from": "1", "to": "1"},
    "/v1/collections/<collection_id>/canvases/<canvas_id>/export": {"partial": "true"},
}
"""What has to be said in the query of some routes."""


def bodies(route: Route, ids: Mapping[str, str]) -> list[Json]:
    """The bodies that a route takes; a route that is not known here is an error."""
    if route.method not in ("POST", "PATCH", "PUT"):
        return []
    name = f"{route.method} {route.path}"
    assert name in BODIES, f"say in tests/api/everything.py which body {name} takes"
    return BODIES[name](ids)
