"""What is seen in pictures, and what becomes of a character that was made from them."""

from typing import Any

import pytest

from functions import composition
from functions.api import pictures
from shared.errors import PermanentError, TransientError
from shared.providers.base import Later, Refused
from tests.api.client import Answer, Client
from tests.api.pictures import SEEN, Looker, drawing, large, upload
from tests.services.world import KINDS, Tenant, World

URL = "https://example.org/fox.png"


@pytest.fixture
def looker(monkeypatch: pytest.MonkeyPatch) -> Looker:
    found = Looker()
    monkeypatch.setattr(composition, "vision_provider", lambda name: found)
    return found


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Pictures by URL."""
    found = {URL: drawing()}
    monkeypatch.setattr(pictures, "fetch", lambda url, max_bytes: found[url])
    return found


def create(ingest: Client, tenant: Tenant, **body: Any) -> Answer:
    return ingest.post("/v1/collections", project_id=tenant.project_id, **body)


def traces(world: World, tenant: Tenant) -> list[Any]:
    return [*(world.documents(tenant, kind) for kind in (*KINDS, "slugs")), world.public()]


# --- looking -------------------------------------------------------------------------------------


def test_an_upload_is_described_and_measured(ingest: Client) -> None:
    seen = ingest.post("/v1/analyze-image", asset_id=upload(ingest)).data
    assert seen["name"] == "Orange mascot"
    assert all(word in seen["prompt"] for word in ("orange", "white", "blue"))
    assert "blue around the neck" in seen["features"]
    assert seen["palette"][0]["name"] == "orange"
    assert set(seen["palette"][0]) == {"name", "hex", "share"}
    assert set(seen["line"]) == {"weight", "colour"}
    assert seen["shading"] and seen["summary"]
    assert seen["provider"] == "offline"


def test_what_is_behind_a_url_is_not_stored(
    ingest: Client, tenant: Tenant, world: World, web: dict[str, bytes]
) -> None:
    before = traces(world, tenant)
    seen = ingest.post("/v1/analyze-image", url=URL).data
    assert seen["name"] == "Orange mascot"
    assert traces(world, tenant) == before
    web[URL] = b"no picture"
    assert ingest.post("/v1/analyze-image", url=URL).error["field"] == "url"


def test_a_provider_sees_a_small_picture(ingest: Client, looker: Looker) -> None:
    seen = ingest.post("/v1/analyze-image", asset_id=upload(ingest, large())).data
    assert looker.shown == [[(1024, 512)]]
    assert (seen["prompt"], seen["features"]) == (SEEN.character, list(SEEN.features))
    assert (seen["palette"], seen["line"]) == ([], None), "there is no figure in it"


def test_a_strangers_picture_is_not_there(ingest: Client, tenant: Tenant, world: World) -> None:
    foreign = world.upload(world.tenant("Other")).id
    for answer in (
        ingest.post("/v1/analyze-image", asset_id=foreign),
        create(ingest, tenant, reference_asset_ids=[foreign]),
    ):
        assert answer.status == 400
        assert answer.error["field"] in ("asset_id", "reference_asset_ids")
        assert "there is no asset" in answer.error["message"]


def test_suggestions(ingest: Client, tenant: Tenant, world: World) -> None:
    path, felix = "/v1/suggest-actions", tenant.collection
    six = ingest.post(path, collection_id=felix.id).data["actions"]
    assert len(set(six)) == 6
    assert ingest.post(path, prompt=felix.prompt).data["actions"] == six
    assert ingest.post(path, prompt=felix.prompt, count=2).data["actions"] == six[:2]
    other = world.tenant("Other").collection.id
    assert ingest.post(path, collection_id=other).error["field"] == "collection_id"


def test_no_more_is_suggested_than_was_asked_for(ingest: Client, looker: Looker) -> None:
    answer = ingest.post("/v1/suggest-actions", prompt="fox", count=2)
    assert answer.data["actions"] == ["fox 0", "fox 1"]


# --- what goes wrong -----------------------------------------------------------------------------

FAULTS = [
    (PermanentError("provider_rejected", "It did not take the request."), False),
    (TransientError("provider_unavailable", "It failed."), True),
]


def asks(ingest: Client, tenant: Tenant) -> dict[str, Answer]:
    asset_id = upload(ingest)
    return {
        "asset_id": ingest.post("/v1/analyze-image", asset_id=asset_id),
        "url": ingest.post("/v1/analyze-image", url=URL),
        "prompt": ingest.post("/v1/suggest-actions", prompt="a fox"),
        "reference_asset_ids": create(ingest, tenant, reference_asset_ids=[asset_id]),
        "reference_image_urls": create(ingest, tenant, reference_image_urls=[URL], name="Reynard"),
    }


def words(world: World, tenant: Tenant) -> list[Any]:
    return [world.documents(tenant, kind) for kind in ("collections", "slugs")]


@pytest.mark.usefixtures("web")
def test_a_refusal_is_explained(
    ingest: Client, tenant: Tenant, world: World, looker: Looker
) -> None:
    looker.answer, before = Refused("Not this one."), words(world, tenant)
    for field, answer in asks(ingest, tenant).items():
        assert answer.status == 400
        assert answer.error == {"code": "bad_request", "message": "Not this one.", "field": field}
    assert words(world, tenant) == before, "no slug was taken"


@pytest.mark.usefixtures("web")
def test_a_busy_provider_says_when(
    ingest: Client, tenant: Tenant, world: World, looker: Looker
) -> None:
    looker.answer, before = Later(11.2), words(world, tenant)
    for answer in asks(ingest, tenant).values():
        assert (answer.status, answer.error["code"]) == (429, "rate_limited")
        assert answer.response.headers["Retry-After"] == "12"
    assert words(world, tenant) == before


@pytest.mark.usefixtures("web")
@pytest.mark.parametrize(("fault", "retryable"), FAULTS)
def test_a_fault_of_the_provider_is_told_as_such(
    ingest: Client,
    tenant: Tenant,
    world: World,
    looker: Looker,
    fault: PermanentError | TransientError,
    retryable: bool,
) -> None:
    looker.answer, before = fault, words(world, tenant)
    for answer in asks(ingest, tenant).values():
        assert answer.status == 502
        assert answer.error == {
            "code": "provider_failed",
            "message": fault.message,
            "reason": fault.reason,
            "retryable": retryable,
        }
    assert words(world, tenant) == before


# --- characters from pictures --------------------------------------------------------------------


def test_references_give_what_was_not_given(ingest: Client, tenant: Tenant) -> None:
    references = [upload(ingest)]
    made = create(ingest, tenant, reference_asset_ids=references).data
    assert (made["name"], made["slug"]) == ("Orange mascot", "orange-mascot")
    assert "orange" in made["config"]["prompt"]
    assert made["config"]["reference_asset_ids"] == references


def test_what_was_given_is_kept(ingest: Client, tenant: Tenant, looker: Looker) -> None:
    references = [upload(ingest)]
    named = create(ingest, tenant, reference_asset_ids=references, name="Reynard").data
    assert (named["name"], named["config"]["prompt"]) == ("Reynard", SEEN.character)
    told = create(ingest, tenant, reference_asset_ids=references, description="a wolf").data
    assert (told["name"], told["config"]["prompt"]) == (SEEN.name, "a wolf")
    looker.shown.clear()
    both = {"name": "Reynard", "description": "a wolf"}
    made = create(ingest, tenant, reference_asset_ids=references, **both).data
    assert (made["name"], made["config"]["prompt"]) == ("Reynard", "a wolf")
    assert looker.shown == [], "there was nothing to ask"


def test_pictures_behind_urls_become_references(
    ingest: Client, tenant: Tenant, world: World, looker: Looker, web: dict[str, bytes]
) -> None:
    web[f"{URL}?2"] = large()
    uploaded = upload(ingest)
    urls = [URL, f"{URL}?2"]
    made = create(ingest, tenant, reference_asset_ids=[uploaded], reference_image_urls=urls).data
    references = made["config"]["reference_asset_ids"]
    assert references[0] == uploaded
    assert set(references) == world.ids(tenant, "assets")
    assert looker.shown == [[(320, 320), (320, 320), (1024, 512)]]


def test_a_character_of_nobodys_project_fetches_nothing(
    ingest: Client, world: World, web: dict[str, bytes], looker: Looker
) -> None:
    web.clear()
    other = world.tenant("Other")
    answer = create(ingest, other, reference_image_urls=[URL])
    assert answer.error["field"] == "project_id"
    assert looker.shown == []


def test_a_provider_that_rambles(ingest: Client, tenant: Tenant, looker: Looker) -> None:
    looker.answer = type(SEEN)(" ", "x" * 5000, (), "", "")
    made = create(ingest, tenant, reference_asset_ids=[upload(ingest)]).data
    assert made["name"] == "Mascot"
    assert len(made["config"]["prompt"]) == 4000
