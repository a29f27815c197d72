"""How large a body may be, by the head of its request: a stranger may send a few kilobytes."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from functions import composition
from infra import gateway, heads
from infra.bodies import UNASKED
from shared.config import Settings, settings
from shared.model.workspace import KeyKind, Scope
from shared.ports import Bucket
from shared.services import keys
from tests.services.world import Tenant, World

LARGE = 150_000_000
FORM = "multipart/form-data; boundary=x"


def limit(method: str, path: str, token: str | None = None, **more: Any) -> int | tuple[int, str]:
    """The bytes that a body may have, or the status and the text of a refusal."""
    headers = [("Authorization", f"Bearer {token}")] if token else []
    environ = EnvironBuilder(path, method=method, headers=headers, **more).get_environ()
    found = heads.body_limit(environ)
    if isinstance(found, int):
        return found
    content, status, _ = run_wsgi_app(found, environ)
    return int(status.split()[0]), b"".join(content).decode()


def status(*request: Any, **more: Any) -> int:
    refused = limit(*request, **more)
    assert isinstance(refused, tuple), refused
    return refused[0]


@pytest.fixture
def publishable(world: World, tenant: Tenant) -> str:
    _, secret = keys.create(
        world.ports, tenant.who.workspace_id, "App", kind=KeyKind.PUBLISHABLE, scopes=(Scope.READ,)
    )
    return secret


def test_a_key_sends_what_its_route_takes(tenant: Tenant) -> None:
    chosen = Settings()
    assert limit("POST", "/v1/projects", tenant.key) == chosen.max_body_bytes
    form = limit("POST", "/v1/upload", tenant.key, content_type=FORM)
    assert form == chosen.max_body_bytes + chosen.max_upload_bytes


@pytest.mark.parametrize("path", ["/v1/projects", "/v1/upload", "/v1/collections"])
def test_nobody_else_sends_anything_large(path: str, publishable: str) -> None:
    assert status("POST", path) == 401
    assert status("POST", path, "msk_" + "a" * 40) == 401
    assert status("POST", path, publishable) == 403


def test_no_key_sends_more_than_its_route_takes(tenant: Tenant) -> None:
    refused = limit("POST", "/v1/projects", tenant.key, content_length=LARGE)
    assert isinstance(refused, tuple)
    assert refused[0] == 400
    assert "at most 1,000,000 bytes" in refused[1]
    assert status("POST", "/v1/nothing", tenant.key) == 404
    assert status("POST", "/v1/openapi.json") == 405


def test_a_signed_url_takes_what_was_signed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = world.ports.blobs
    monkeypatch.setattr(composition, "embedded", lambda: SimpleNamespace(blobs=blobs))
    signed = blobs.upload_url(
        "w/film.mp4",
        content_type="video/mp4",
        expires_at=world.clock.now() + timedelta(minutes=15),
        max_bytes=LARGE,
    ).url
    path = signed[signed.index("/uploads") :]
    film = {"content_type": "video/mp4"}
    assert limit("PUT", path, **film) == LARGE
    assert status("PUT", path, **film, content_length=LARGE + 1) == 413
    assert status("PUT", path.replace("film", "other"), **film) == 403
    assert status("PUT", path, content_type="video/webm") == 400
    assert status("POST", path, **film) == 405
    blobs.put(Bucket.UPLOADS, "w/film.mp4", b"x", content_type="video/mp4")
    assert status("PUT", path, **film) == 409


def test_the_decoder_takes_pictures_of_the_functions_alone(world: World) -> None:
    path = f"{gateway.address(gateway.DECODER)}/picture"
    chosen = settings()
    assert limit("POST", path, composition.task_token(chosen)) == chosen.max_upload_bytes
    assert status("POST", path, "somebody") == 401


@pytest.mark.parametrize("path", ["/", "/cdn/x", "/functions/image/", "/functions/x", "/x"])
def test_nothing_else_takes_anything_large(path: str) -> None:
    assert limit("POST", path) == UNASKED
