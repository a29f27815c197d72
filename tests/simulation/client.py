"""What clients ask for, in whatever state things are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from shared.config import Settings as AppSettings
from shared.graph.canvas_plan import Wish
from shared.model import paths
from shared.model.asset import Asset, AssetStatus, AssetType, Content, Review
from shared.model.collection import Settings
from shared.model.credit import METERED
from shared.model.request import GenerateRequest
from shared.model.style import CardEdit
from shared.model.webhook import Event, Secrets, Webhook
from shared.model.workspace import Scope
from shared.ports import Bucket, Create, Json, Ports
from shared.services import (
    again,
    collections,
    deletion,
    generation,
    guides,
    imports,
    items,
    jobs,
    keys,
    ledger,
    projects,
    sizes,
    uploads,
    versions,
)
from shared.services.canvases import definitions, production
from shared.services.keys import Principal
from tests.graph.canvases import canvas
from tests.graph.jobs import FILM, IMAGE, LOGO
from tests.services.world import PROVENANCE
from tests.simulation.hub import Hub
from tests.simulation.orders import Order
from tests.simulation.store import Documents

Ask = Callable[[], object]
MOVIE = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"
"""What a film could begin with."""
NOWHERE = "00000000-0000-4000-8000-000000000000"
"""The id of a character that there is not."""
STILLS = (AssetType.IMAGE, AssetType.TRANSPARENT_IMAGE)


class Client:
    """Everybody who uses one workspace. `calm` are the ports without interruptions, for what is
    there when the simulation begins."""

    def __init__(
        self, hub: Hub, ports: Ports, calm: Ports, documents: Documents, settings: AppSettings
    ) -> None:
        self.destroys = False
        """Whether something was deleted or cancelled."""
        self.orders: list[Order] = []
        self.crowd: Sequence[Order] = ()
        """The batches that meet at the last credits, before anybody else asks for anything."""
        self._hub, self._ports, self._documents = hub, ports, documents
        self._calm = calm
        self._settings = settings
        workspace = keys.create_workspace(calm, "Tenant")
        self.who = Principal(workspace.id, (Scope.READ, Scope.WRITE))
        self._project = projects.create(calm, self.who, "Project").id
        for name in ("Felix", "Piggy")[: hub.dice.choice((1, 1, 1, 2))]:
            sizes = hub.dice.choice(((), (), (128,)))
            collection = collections.create(
                calm,
                self.who,
                project_id=self._project,
                name=name,
                prompt="an orange fox",
                settings=Settings(animation_sizes=sizes),
            )
            if hub.dice.random() < 0.2:
                upload = _upload(calm, self.who)
                collections.add_reference(calm, self.who, collection.id, upload)
        if hub.dice.random() < 0.4:
            _listen(calm, self.who)
        if settings.metered:
            crowded = hub.dice.random() < 0.3
            for bucket in METERED:
                amount = hub.dice.choice((1, 3, 5) if crowded else (3, 20, 100))
                ledger.grant(calm, workspace.id, amount, bucket)
            if crowded:
                self.crowd = [self._order(IMAGE, LOGO) for _ in range(hub.dice.choice((3, 5, 8)))]

    def wants(self) -> tuple[str, Ask]:
        """Something to ask for, and its name."""
        dice = self._hub.dice
        destroying: tuple[Callable[[], Ask | None], ...] = (
            *(self._cancel, self._delete_asset, self._delete_item, self._delete_more),
            self._delete_canvas,
        )
        others = (self._again, self._judge, self._rename, self._card, self._import, self._sizes)
        canvases = (self._canvas, self._produce, self._produce)
        kind = dice.choice(
            (self._generate,) * 6
            + (self._batch, self._edit, self._film, self._film)
            + destroying
            + others
            + canvases
        )
        ask = kind()
        if ask is None:
            return "generate", self._generate()
        self.destroys = self.destroys or kind in destroying
        return kind.__name__.lstrip("_"), ask

    def first(self) -> list[tuple[str, Ask]]:
        """What is asked for before anything else."""
        if not self.crowd:
            return [("generate", self._generate())]
        asks = [
            self._asking(one) for one in self.crowd for _ in range(self._hub.dice.choice((1, 1, 2)))
        ]
        return [("batch in a crowd", ask) for ask in asks]

    def of(self, kind: str) -> list[Json]:
        """The documents of the workspace, as they are."""
        rows = self._documents.rows.get(paths.collection_of(self.who.workspace_id, kind), {})
        return [row.data for row in rows.values()]

    # --- requests --------------------------------------------------------------------------------

    def _one(self, kind: str, **equals: Any) -> Json | None:
        found = [
            data
            for data in self.of(kind)
            if all(data.get(field) == value for field, value in equals.items())
        ]
        return self._hub.dice.choice(found) if found else None

    def _still(self) -> str | None:
        stills = [data["id"] for data in self.of("assets") if data["type"] in STILLS]
        return self._hub.dice.choice(stills) if stills else None

    def _ask(self, collection_id: str, **wanted: Any) -> Ask:
        item = self._one("items", collection_id=collection_id)
        target: Json = {"name": "Wave"}
        if item and self._hub.dice.random() < 0.3:
            target = {"item_id": item["id"]}
        request = GenerateRequest.model_validate({**target, **wanted})
        return lambda: generation.generate(
            self._ports, self._settings, self.who, collection_id, request
        )

    def _generate(self) -> Ask:
        dice = self._hub.dice
        collection = self._one("collections")
        small: Json = {"sizes": [64]}
        wanted = dice.choice((IMAGE, IMAGE | small, LOGO, FILM, FILM, FILM | small))
        id_ = collection["id"] if collection else NOWHERE
        return self._ask(id_, **wanted)

    def _batch(self) -> Ask:
        return self._asking(self._order(IMAGE, LOGO, FILM))

    def _order(self, *kinds: Json) -> Order:
        dice = self._hub.dice
        collection = self._one("collections")
        requests = [
            GenerateRequest.model_validate({"name": f"Pose {number}", **dice.choice(kinds)})
            for number in range(dice.choice((2, 3, 4)))
        ]
        id_ = collection["id"] if collection else NOWHERE
        order = Order(f"key {len(self.orders)}", id_, requests)
        self.orders.append(order)
        return order

    def _asking(self, order: Order) -> Ask:
        return lambda: order.ask(self._ports, self._settings, self.who)

    def _edit(self) -> Ask | None:
        collection, still = self._one("collections"), self._still()
        if collection is None or still is None:
            return None
        return self._ask(
            collection["id"],
            type="edit",
            edit_instructions="make the scarf red",
            source_image_asset_id=still,
        )

    def _film(self) -> Ask | None:
        collection, still, end = self._one("collections"), self._still(), self._still()
        if collection is None or still is None:
            return None
        ends = {"end_image_asset_id": end} if self._hub.dice.random() < 0.5 else {}
        return self._ask(
            collection["id"],
            type="animation",
            animation_prompt="waves happily",
            source_image_asset_id=still,
            **ends,
        )

    def _again(self) -> Ask | None:
        dice = self._hub.dice
        if dice.random() < 0.5:
            job = self._one("jobs", status="failed") or self._one("jobs")
            return self._retry(job["id"]) if job else None
        asset = self._one("assets")
        return (
            (lambda: again.regenerate(self._ports, self._settings, self.who, asset["id"]))
            if asset
            else None
        )

    def _retry(self, job_id: str) -> Ask:
        return lambda: again.retry(self._ports, self._settings, self.who, job_id)

    def _import(self) -> Ask | None:
        """A picture that is there already, or a film that is sent just now."""
        collection, sends_film = self._one("collections"), self._hub.dice.random() < 0.6
        if collection is None:
            return None
        item = self._one("items", collection_id=collection["id"])
        target = imports.Target("Mine")
        if item and self._hub.dice.random() < 0.3:
            target = imports.Target(item_id=item["id"])
        picture = None if sends_film else _upload(self._calm, self.who)

        def ask() -> object:
            upload = (
                imports.uploaded(self._ports, self.who, picture, field="asset_id")
                if picture
                else self._sent_film()
            )
            proposal = imports.propose(
                self._ports, self.who, collection["id"], upload, target, sizes=[32]
            )
            return generation.accept(self._ports, self._settings, self.who, proposal)

        return ask

    def _sent_film(self) -> Asset:
        return uploads.keep(
            self._ports, self.who, uploads.prepare(self._ports, self.who, MOVIE, Path())
        )

    def _sizes(self) -> Ask | None:
        """Other sizes, of all that there is."""
        collection = self._one("collections")
        chosen = self._hub.dice.choice(((32,), (32, 16), (48,), ()))
        return (
            (
                lambda: sizes.update(
                    self._ports, self.who, collection["id"], {}, {"animation_sizes": chosen}
                )
            )
            if collection
            else None
        )

    def _canvas(self) -> Ask | None:
        """An interactive mascot, of two states at most."""
        collection = self._one("collections")
        if collection is None:
            return None
        of_two = canvas()
        states = of_two.nodes[: self._hub.dice.choice((1, 2))]
        known = {node.id for node in states}
        edges = tuple(one for one in of_two.edges if {one.source, one.target} <= known)
        parts = {"nodes": states, "edges": edges, "inputs": of_two.inputs}
        return lambda: definitions.create(
            self._ports, self.who, collection["id"], "Canvas", None, parts
        )

    def _produce(self) -> Ask | None:
        """All that a canvas shows, or all of it anew."""
        canvas = self._one("canvases")
        if canvas is None:
            return self._canvas()
        return self._make(canvas, Wish(skip_completed=self._hub.dice.random() < 0.8, duration=1))

    def _make(self, canvas: Json, wish: Wish) -> Ask:
        def ask() -> object:
            proposal = production.propose(
                self._ports, self.who, canvas["collection_id"], canvas["id"], wish
            )
            return production.begin(self._ports, self._settings, self.who, proposal)

        return ask

    def _delete_canvas(self) -> Ask | None:
        canvas = self._one("canvases")
        return (
            (
                lambda: definitions.delete(
                    self._ports, self.who, canvas["collection_id"], canvas["id"]
                )
            )
            if canvas
            else None
        )

    def asks_again(self) -> list[tuple[str, Ask]]:
        """What everybody asks for who finds something missing: several at once retry each job that
        failed, have each canvas made, and repeat a batch of which they have heard nothing."""
        failed = [job for job in self.of("jobs") if job["status"] == "failed"]
        of_canvases = [job for job in failed if job["batch_id"]]
        chosen = [self._hub.dice.choice(some)["id"] for some in (failed, of_canvases) if some]
        asks = [("retry", self._retry(id_)) for id_ in chosen for _ in range(3)]
        for one in self.of("canvases")[-1:]:
            asks += [("produce", self._make(one, Wish(duration=1)))] * 2
        asks += [("batch", self._asking(one)) for one in self.orders if one.is_open] * 2
        self._hub.dice.shuffle(asks)
        return asks

    def animates(self) -> Ask | None:
        """A canvas, and all that it shows."""
        create = self._canvas()

        def ask() -> object:
            made = create() if create else None
            return made and self._make(self.of("canvases")[-1], Wish(duration=1))()

        return create and ask

    def stops(self) -> Ask | None:
        """Cancel what is made for a canvas, as soon as a video is there without its formats."""
        batches = {job["batch_id"] for job in self._moved()} - {None}
        self.destroys = self.destroys or bool(batches)
        return (lambda: jobs.cancel(self._ports, self.who, min(batches))) if batches else None

    def _moved(self) -> list[Json]:
        """The jobs under way that have a video."""
        return [
            job
            for job in self.of("jobs")
            if not job["completed_at"]
            and job["steps"].get("video", {}).get("status") in ("publishing", "succeeded")
        ]

    def _cancel(self) -> Ask | None:
        """Stop any job, or rather one that has something to lose."""
        moved = self._moved()
        job = self._hub.dice.choice(moved) if moved else self._one("jobs")
        return (lambda: jobs.cancel(self._ports, self.who, job["id"])) if job else None

    def _delete_asset(self) -> Ask | None:
        asset = self._one("assets")
        return (
            (lambda: deletion.delete_asset(self._ports, self.who, asset["id"])) if asset else None
        )

    def _delete_item(self) -> Ask | None:
        item = self._one("items")
        return (lambda: deletion.delete_item(self._ports, self.who, item["id"])) if item else None

    def _delete_more(self) -> Ask | None:
        if self._hub.dice.random() < 0.3:
            return lambda: deletion.delete_project(self._ports, self.who, self._project)
        collection = self._one("collections")
        return (
            (lambda: deletion.delete_collection(self._ports, self.who, collection["id"]))
            if collection
            else None
        )

    def _judge(self) -> Ask | None:
        asset = self._one("assets", status=AssetStatus.READY.value)
        changes: Json = self._hub.dice.choice(
            ({"pinned": True}, {"pinned": False}, *({"review": review} for review in Review))
        )
        return (
            (lambda: versions.judge(self._ports, self.who, asset["id"], changes)) if asset else None
        )

    def _rename(self) -> Ask | None:
        item = self._one("items")
        return (lambda: items.rename(self._ports, self.who, item["id"], "Bow")) if item else None

    def _card(self) -> Ask | None:
        collection = self._one("collections")
        if collection is None:
            return None
        if self._hub.dice.random() < 0.5:
            return lambda: guides.clear_card(self._ports, self.who, collection["id"])
        wanted = CardEdit(summary="An orange fox.")
        return lambda: guides.edit_card(self._ports, self.who, collection["id"], wanted)


def _upload(ports: Ports, who: Principal) -> str:
    """A picture of one's own, which is there already."""
    now, id_ = ports.clock.now(), ports.ids.uuid()
    asset = Asset(
        id=id_,
        created_at=now,
        updated_at=now,
        project_id=None,
        collection_id=None,
        item_id=None,
        job_id=None,
        type=AssetType.IMAGE,
        path=f"uploads/{id_}.png",
        status=AssetStatus.READY,
        content=Content(sha256="", bytes=3, width=1, height=1),
        provenance=PROVENANCE,
    )
    ports.blobs.put(Bucket.ASSETS, asset.path, b"png", content_type="image/png")
    ports.documents.commit([Create(paths.asset(who.workspace_id, id_), asset.stored())])
    return id_


def _listen(ports: Ports, who: Principal) -> None:
    """An endpoint of one's own."""
    now, id_ = ports.clock.now(), ports.ids.uuid()
    endpoint = Webhook(
        id=id_,
        created_at=now,
        updated_at=now,
        url="https://203.0.113.5/hook",
        events=(Event.JOB_COMPLETED, Event.JOB_FAILED),
    )
    secrets = {"current": "whsec_" + "a" * 48, "previous": None, "previous_until": None}
    Secrets.model_validate(secrets)
    ports.documents.commit(
        [
            Create(paths.webhook(who.workspace_id, id_), endpoint.stored()),
            Create(paths.webhook_secrets(who.workspace_id, id_), secrets),
        ]
    )
