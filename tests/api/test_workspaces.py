"""One's own workspace, and who draws, animates and looks for it."""

from collections.abc import Iterator

import pytest

from functions import composition
from functions.api.workspaces import PROVIDERS
from shared import config
from shared.errors import PermanentError
from shared.model import paths
from shared.model.request import ImageProviderName, VideoProviderName, VisionProviderName
from shared.model.workspace import Scope
from shared.ports import Put
from shared.services import keys
from tests.api.client import Answer, Client
from tests.graph.jobs import FILM
from tests.services.world import Tenant, World

PATH = "/v1/workspace"
NONE = dict.fromkeys(PROVIDERS)


@pytest.fixture
def admin(world: World, tenant: Tenant) -> Client:
    secret = keys.issue(world.ports, tenant.who.workspace_id, "admin", tuple(Scope))
    return Client("api", secret)


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation with a key for openai."""
    monkeypatch.setenv("MASCOTRY_OPENAI_API_KEY", "k")
    config.settings.cache_clear()
    yield
    composition._openai_images.cache_clear()
    composition._openai_vision.cache_clear()


def providers(answer: Answer) -> dict[str, str | None]:
    return {field: answer.data[field] for field in PROVIDERS}


def test_a_workspace_has_the_installations_providers_at_first(api: Client, tenant: Tenant) -> None:
    shown = api.get(PATH)
    assert shown.data["id"] == tenant.who.workspace_id
    assert shown.data["name"] == "Tenant"
    assert providers(shown) == NONE
    assert shown.data["defaults"] == dict.fromkeys(PROVIDERS, "offline")


def test_choosing_and_going_back(admin: Client, api: Client, openai: None) -> None:
    changed = admin.patch(PATH, image_provider="openai", vision_provider="openai", name=" Fox ")
    assert changed.data["name"] == "Fox"
    assert providers(changed) == {**NONE, "image_provider": "openai", "vision_provider": "openai"}
    assert api.get(PATH).data == changed.data
    assert providers(admin.patch(PATH, image_provider=None, video_provider="offline")) == {
        "image_provider": None,
        "video_provider": "offline",
        "vision_provider": "openai",
    }


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ({"image_provider": "openai"}, "image_provider", "MASCOTRY_OPENAI_API_KEY"),
        ({"image_provider": "google"}, "image_provider", "MASCOTRY_GOOGLE_API_KEY"),
        ({"video_provider": "google"}, "video_provider", "MASCOTRY_GOOGLE_API_KEY"),
        ({"video_provider": "fal"}, "video_provider", "MASCOTRY_FAL_KEY"),
        ({"vision_provider": "openai"}, "vision_provider", "MASCOTRY_OPENAI_API_KEY"),
        ({"video_provider": "openai"}, "video_provider", "'fal'"),
        ({"image_provider": "leonardo"}, "image_provider", "'openai'"),
        ({"name": None}, "name", "null"),
        ({"name": " "}, "name", "must not be empty"),
        ({"user_prefix": "other"}, "user_prefix", "not a field"),
    ],
)
def test_what_cannot_be_chosen(
    admin: Client, body: dict[str, str | None], field: str, word: str
) -> None:
    before = admin.get(PATH).data
    answer = admin.patch(PATH, **{"name": "Changed", **body})
    assert answer.status == 400
    assert answer.error["field"] == field
    assert word in answer.error["message"]
    assert admin.get(PATH).data == before


def test_everybody_has_their_own(world: World, admin: Client) -> None:
    other = Client("api", world.tenant("Other").key)
    before = other.get(PATH).data
    admin.patch(PATH, name="Mine", video_provider="offline")
    assert other.get(PATH).data == before
    assert before["name"] == "Other"


def test_only_an_admin_changes_it(api: Client) -> None:
    answer = api.patch(PATH, name="Mine")
    assert answer.status == 403
    assert "admin" in answer.error["message"]


def test_a_workspace_from_before_there_was_a_choice(
    world: World, api: Client, tenant: Tenant
) -> None:
    path = paths.workspace(tenant.who.workspace_id)
    document = world.ports.documents.get(path)
    assert document
    old = {name: value for name, value in document.data.items() if name not in PROVIDERS}
    world.ports.documents.commit([Put(path, old)])
    assert providers(api.get(PATH)) == NONE


def test_a_job_keeps_the_choice_that_it_was_planned_with(
    world: World, admin: Client, tenant: Tenant, openai: None
) -> None:
    admin.patch(PATH, image_provider="openai", vision_provider="openai")
    job = world.generate(tenant).job
    own = world.generate(tenant, {**FILM, "image_provider": "google", "video_provider": "fal"}).job
    admin.patch(PATH, image_provider=None, video_provider="offline", vision_provider=None)

    def planned(job_id: str, step: str) -> str | None:
        found = world.ports.documents.get(paths.job(tenant.who.workspace_id, job_id))
        assert found
        name: str | None = found.data["steps"][step]["params"]["provider"]
        return name

    assert (planned(job.id, "image"), planned(job.id, "video")) == ("openai", None)
    assert (planned(job.id, "validate"), planned(job.id, "style_card")) == ("openai", "openai")
    assert (planned(own.id, "image"), planned(own.id, "video")) == ("google", "fal")
    assert "image_provider" not in job.request, "it is the workspace's choice, not the request's"


def test_who_is_asked_while_a_client_waits(
    admin: Client, ingest: Client, openai: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.patch(PATH, image_provider="openai", vision_provider="openai")
    asked: list[str] = []

    def refuse(name: str) -> None:
        asked.append(name)
        raise PermanentError("provider_unconfigured", "Not now.")

    monkeypatch.setattr(composition, "image_provider", refuse)
    monkeypatch.setattr(composition, "vision_provider", refuse)
    ingest.post("/v1/generate/preview", prompt="a fox")
    ingest.post("/v1/generate/preview", prompt="a fox", image_provider="offline")
    ingest.post("/v1/suggest-actions", prompt="a fox")
    assert asked == ["openai", "offline", "openai"]


@pytest.mark.parametrize(
    ("names", "table"),
    [
        (ImageProviderName, composition.IMAGE_PROVIDERS),
        (VideoProviderName, composition.VIDEO_PROVIDERS),
        (VisionProviderName, composition.VISION_PROVIDERS),
    ],
)
def test_what_can_be_chosen_is_what_there_is(names: type, table: dict[str, object]) -> None:
    assert set(names) == set(table)  # type: ignore[call-overload]
