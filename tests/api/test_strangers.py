"""A stranger who knows the document alone: whatever it allows, and whatever it does not, is asked
of the API, which has to answer as it says.

The same is asked each time: the examples are chosen by the code of the tests, not by chance.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case as AnyCase
from schemathesis import GenerationMode, HookContext, Response
from schemathesis.schemas import BaseSchema
from werkzeug.test import Client as WerkzeugClient
from werkzeug.test import TestResponse

from functions import composition
from functions.api import imports, pictures, uploads
from infra import gateway
from shared.ports import Ports
from shared.providers.base import ImageRequest, Picture, Progress
from shared.services import guard, jobs
from shared.services.keys import Principal
from tests.api import contract
from tests.api.client import function
from tests.api.everything import Everything
from tests.api.pictures import Looker, drawing
from tests.services.world import World

Case = AnyCase[Any]
Ids = dict[str, str]

CALM = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MANY, RUNS, STEPS = 8, 15, 20
"""How many examples of each operation, how many stories, and how many steps to a story."""
STORY = ["projects", "collections", "items", "assets", "generate", "jobs"]
WITH_CHILDREN = ["projects_delete", "collections_delete", "items_delete"]
"""After which what was below is gone too, as it should be; that, a stranger can't tell by paths."""
OPERATIONS = [
    (method.upper(), path)
    for path, methods in contract.whole()["paths"].items()
    for method, operation in methods.items()
]


def app(environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
    """The public functions behind one address."""
    return function(gateway.target(environ)).application(environ, respond)


STATUSES = [200, 201, 202, 400, 404, 409, 412]
"""That something is not there, or not in the state for it, no schema can say."""
BEYOND_SCHEMAS = {
    *("project_id", "collection_id", "item_id", "asset_id"),
    *("source_image_asset_id", "end_image_asset_id", "reference_asset_ids"),
    *("image_provider", "video_provider", "vision_provider"),  # may lack credentials
    *("allowed_origins", "scopes", "proof", "pinned"),  # depend on what else is so
    *("item_id", "max_credits", "film"),
    *(
        "nodes",
        "edges",
        "inputs",
        "initial_node",
        "template_id",
        "targets",
    ),  # have to fit each other
    *("name", "itemName", "palette"),  # have to show something, and no control characters
    *("url", "reference_image_urls", "file", "bytes", "cursor", "offset"),
}
"""Fields of which a schema cannot say all: whether something is there, and is what is needed."""


@cache
def document() -> BaseSchema:
    config = schemathesis.Config.from_dict(
        {
            "generation": {
                "database": "none",
                "deterministic": True,
                "with-security-parameters": False,
                "allow-extra-parameters": False,  # which are ignored, as HTTP has it
            },
            "checks": {
                "positive_data_acceptance": {"expected-statuses": STATUSES},
            },
        }
    )
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", app, config=config)


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    raw_schema.update(contract.strict(raw_schema))
    # It takes the schema of a stream for that of each event, which a stream's content is made of.
    stream = raw_schema["paths"]["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"]
    events = stream["text/event-stream"]
    events["schema"] = events["schema"]["contentSchema"]


@pytest.fixture
def everything(world: World, monkeypatch: pytest.MonkeyPatch) -> Everything:
    """One of everything in a world without a network, where nobody has to wait."""
    for module in (pictures, uploads, imports):
        monkeypatch.setattr(module, "fetch", fetch)
    monkeypatch.setattr(composition, "vision_provider", lambda name: Looker())
    monkeypatch.setattr(composition, "image_provider", lambda name: Painter())
    monkeypatch.setattr(guard, "resolve", lambda *_: ("203.0.113.1", 443))
    wait, follow = jobs.wait, jobs.follow

    def at_once(ports: Ports, who: Principal, job_id: str, *_: object) -> Any:
        return wait(ports, who, job_id, 0)

    def followed(ports: Ports, who: Principal, job_id: str, *_: object) -> Any:
        return follow(ports, who, job_id, 0)

    monkeypatch.setattr(jobs, "wait", at_once)
    monkeypatch.setattr(jobs, "follow", followed)
    return Everything(world, world.tenant())


def fetch(url: str, max_bytes: int) -> bytes:
    guard.parse(url)
    return drawing()


class Painter:
    name = "painter"

    def generate(self, request: ImageRequest, folder: Path, progress: Progress) -> Picture:
        path = folder / "picture.png"
        path.write_bytes(drawing())
        return Picture(path, model="painter", background=None)


def ask(case: Case, key: str) -> None:
    """Ask as the key allows, and hold the answer against the document."""
    answer = case.call_and_validate(headers={"Authorization": f"Bearer {key}"})
    mode = case.meta.generation.mode if case.meta else None
    if answer.status_code == 400 and mode is GenerationMode.POSITIVE:
        field = re.sub(r"^requests\[\d+\]\.", "", answer.json()["error"]["field"])
        field = re.split(r"[.\[]", field)[0]
        assert field in BEYOND_SCHEMAS, answer.json()


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_whatever_is_asked(
    everything: Everything, method: str, path: str, mode: GenerationMode
) -> None:
    """By somebody who has the ids: they lead to what is there."""
    operation = document()[path][method]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.body):
        return
    known = {name: everything.ids[name] for name in re.findall(r"{(\w+)}", path)}

    @settings(CALM, max_examples=MANY)
    @given(case=operation.as_strategy(mode, path_parameters=known or None))
    def asked(case: Case) -> None:
        ask(case, everything.key)

    asked()


def test_every_link_leads_somewhere(world: World, everything: Everything) -> None:
    """From a project to a collection, an item, a job and its assets, by links and examples."""
    known = {
        operation["operationId"]: (method, path, operation)
        for path, methods in contract.whole()["paths"].items()
        for method, operation in methods.items()
    }
    stranger = WerkzeugClient(app)
    reached: dict[str, int] = {}
    waiting: list[tuple[str, Ids, Ids]] = [("projects_create", {}, {})]
    while waiting:
        waiting.sort(key=lambda one: known[one[0]][0] == "delete")  # last, or there is nothing left
        name, ids, more = waiting.pop(0)
        method, path, operation = known[name]
        if reached.get(name, 404) < 300:
            continue
        world.drain()
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        answer = stranger.open(
            path.format(**ids),
            method=method.upper(),
            json={**content.get("example", {}), **more} if content else None,
            headers={"Authorization": f"Bearer {everything.key}"},
        )
        contract.check(answer)
        reached[name] = answer.status_code
        assert answer.status_code in {*STATUSES} - {400}, (name, answer.get_json())
        described = operation["responses"].get(str(answer.status_code), {})
        for link in described.get("links", {}).values():
            parameters = found(answer, link.get("parameters", {}))
            fields = found(answer, link.get("requestBody", {}))
            if parameters or fields:
                waiting.append((link["operationId"], parameters, fields))
    made = {name for name, status in reached.items() if status < 300}
    assert made > {
        *("collections_create", "collections_get", "items_create", "generate_generate"),
        *("jobs_get", "jobs_follow", "items_assets_of", "assets_get", "assets_links_of"),
        *("assets_judge", "projects_delete"),
    }


def found(answer: TestResponse, expressions: Ids) -> Ids:
    """The ids in an answer that a link points to; none if the answer does not hold one."""
    ids = {}
    for name, expression in expressions.items():
        value = answer.get_json()
        for part in expression.partition("#/")[2].split("/"):
            try:
                value = value[int(part) if isinstance(value, list) else part]
            except LookupError:
                return {}
        ids[name] = value
    return ids


def test_whatever_follows_from_an_answer(
    everything: Everything, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a project to a collection, an item, a job and its assets, by the document's links."""

    story = document().include(tag=STORY).exclude(operation_id=WITH_CHILDREN)

    class Stranger(story.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            """The same world for each story, so that nothing of one is in another."""
            self.folder = TemporaryDirectory()
            self.world = World(Path(self.folder.name))
            monkeypatch.setattr(composition, "ports", lambda: self.world.ports)
            self.key = Everything(self.world, self.world.tenant()).key

        def teardown(self) -> None:
            self.world.close()
            self.folder.cleanup()

        def before_call(self, case: Case) -> None:
            self.world.drain()

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {self.key}"}}

        def validate_response(self, response: Response, case: Case, *_: Any, **sent: Any) -> None:
            if "\n" in "".join(map(str, (case.path_parameters or {}).values())):
                return  # the framework answers, in HTML, before we see such a path
            case.validate_response(response, transport_kwargs=sent, **sent, recorder=self.recorder)

    run_state_machine_as_test(
        Stranger, settings=settings(CALM, max_examples=RUNS, stateful_step_count=STEPS)
    )
