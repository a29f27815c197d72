"""/v1/keys: making keys, naming them, revoking them."""

import re
from typing import Any

import pytest

from shared.model.base import is_id
from shared.model.workspace import Scope
from shared.services import keys
from tests.api.client import Client
from tests.services.world import Tenant, World


@pytest.fixture
def admin(world: World, tenant: Tenant) -> Client:
    secret = keys.issue(world.ports, tenant.who.workspace_id, "admin", (Scope.ADMIN,))
    return Client("api", secret)


def test_a_secret_is_shown_once(world: World, admin: Client) -> None:
    made = admin.post("/v1/keys", name=" CI ")
    assert made.status == 201
    key = dict(made.data)
    secret = key.pop("secret")
    assert re.fullmatch("msk_[a-z2-7]{40}", secret)
    assert is_id(key["id"])
    assert key == {
        "id": key["id"],
        "name": "CI",
        "kind": "secret",
        "scopes": ["read", "write"],
        "allowed_origins": [],
        "last_four": secret[-4:],
        "created_at": "2026-01-02T03:04:05.000000Z",
        "updated_at": "2026-01-02T03:04:05.000000Z",
        "last_used_at": None,
    }
    listed = admin.get("/v1/keys")
    assert key in listed.data
    assert {one["name"] for one in listed.data} == {"Tenant", "admin", "CI"}
    text = listed.response.get_data(as_text=True)
    assert secret not in text
    assert keys.digest(secret) not in text
    path = f"/v1/keys/{key['id']}"
    assert admin.patch(path, name="Build").data["name"] == "Build"
    client = Client("api", secret)
    assert client.post("/v1/projects", name="App").status == 201
    (used,) = (one for one in admin.get("/v1/keys").data if one["id"] == key["id"])
    assert used["last_used_at"] == "2026-01-02T03:04:05.000000Z"
    assert admin.delete(path).data == {"id": key["id"], "deleted": True}
    assert client.get("/v1/projects").status == 401
    assert admin.delete(path).status == 404


def test_a_publishable_key(admin: Client) -> None:
    origins = ["https://app.example", "http://localhost:3000", "capacitor://localhost"]
    made = admin.post(
        "/v1/keys", name="App", kind="publishable", allowed_origins=[*origins, origins[0]]
    )
    assert made.data["secret"].startswith("mpk_")
    assert made.data["scopes"] == ["read"]
    assert made.data["allowed_origins"] == origins
    path = f"/v1/keys/{made.data['id']}"
    assert admin.patch(path, allowed_origins=origins[:1]).data["allowed_origins"] == origins[:1]
    assert admin.patch(path, name="Other").data["allowed_origins"] == origins[:1]


def test_scopes_are_told_with_what_they_include(admin: Client) -> None:
    for given, shown in (
        (["read"], ["read"]),
        (["write"], ["read", "write"]),
        (["admin", "read"], ["read", "write", "admin"]),
    ):
        assert admin.post("/v1/keys", name="key", scopes=given).data["scopes"] == shown


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "key", "scopes": []}, "scopes"),
        ({"name": "key", "scopes": ["root"]}, "scopes[0]"),
        ({"name": "key", "kind": "open"}, "kind"),
        ({"name": "key", "kind": "publishable", "scopes": ["write"]}, "scopes"),
        ({"name": "key", "allowed_origins": ["https://app.example"]}, "allowed_origins"),
        ({"name": "key", "workspace_id": "x"}, "workspace_id"),
    ],
)
def test_what_is_no_key(admin: Client, body: dict[str, Any], field: str) -> None:
    before = admin.get("/v1/keys").data
    refused = admin.post("/v1/keys", **body)
    assert refused.status == 400
    assert refused.error["field"] == field
    assert admin.get("/v1/keys").data == before


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "app.example",
        "https://",
        "https://app.example/",
        "https://app.example/path",
        "https://*.example",
        "https://App.example",
        "https://app.example:443",
        "http://app.example:80",
        "https://app.example:99999999",
        "https://user@app.example",
        "https://app.example https://b.example",
        "https://app.example\n",
    ],
)
def test_what_is_no_origin(admin: Client, origin: str) -> None:
    refused = admin.post("/v1/keys", name="key", kind="publishable", allowed_origins=[origin])
    assert refused.status == 400
    assert refused.error["field"] == "allowed_origins[0]"
    assert "https://app.example" in refused.error["message"]


def test_twenty_origins_and_no_more(admin: Client) -> None:
    origins = [f"https://{number}.example" for number in range(21)]
    body = {"name": "key", "kind": "publishable"}
    assert admin.post("/v1/keys", **body, allowed_origins=origins[:20]).status == 201
    assert admin.post("/v1/keys", **body, allowed_origins=origins).status == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"scopes": ["admin"]}, "scopes"),
        ({"allowed_origins": ["https://app.example"]}, "allowed_origins"),
    ],
)
def test_what_cannot_be_changed(admin: Client, body: dict[str, Any], field: str) -> None:
    key = admin.post("/v1/keys", name="key").data
    refused = admin.patch(f"/v1/keys/{key['id']}", **body)
    assert refused.status == 400
    assert refused.error["field"] == field


def test_ten_keys_and_no_more(admin: Client) -> None:
    made = [admin.post("/v1/keys", name=str(number)) for number in range(9)]
    assert [one.status for one in made] == [201] * 8 + [409]
    assert "10 keys" in made[-1].error["message"]
    assert admin.delete(f"/v1/keys/{made[0].data['id']}").status == 200
    assert admin.post("/v1/keys", name="late").status == 201


def test_a_workspace_does_not_lock_itself_out(admin: Client) -> None:
    (own,) = (key for key in admin.get("/v1/keys").data if "admin" in key["scopes"])
    refused = admin.delete(f"/v1/keys/{own['id']}")
    assert refused.status == 409
    assert "last key" in refused.error["message"]
    successor = admin.post("/v1/keys", name="next", scopes=["admin"]).data
    assert admin.delete(f"/v1/keys/{own['id']}").status == 200
    assert admin.get("/v1/keys").status == 401
    assert Client("api", successor["secret"]).get("/v1/keys").status == 200
