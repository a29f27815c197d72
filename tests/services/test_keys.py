"""Keys open one workspace, for what their scopes allow."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from shared.errors import Conflict, Forbidden, Unauthorized
from shared.model.base import is_id
from shared.model.workspace import Key, KeyKind, Scope
from shared.ports import Create, Delete
from shared.services import keys
from shared.services.limits import Limiter
from tests.services.world import Tenant, World


def test_a_key_opens_its_workspace(world: World, tenant: Tenant) -> None:
    who = keys.authenticate(world.ports, f"Bearer {tenant.key}")
    assert (who.workspace_id, who.scopes) == (tenant.who.workspace_id, tenant.who.scopes)
    assert not who.publishable
    assert keys.authenticate(world.ports, f"bearer  {tenant.key} ") == who


def test_a_key_is_stored_as_its_hash_alone(world: World, tenant: Tenant) -> None:
    stored = world.ports.documents.get(f"keys/{keys.digest(tenant.key)}")
    assert stored
    assert tenant.key not in str(stored)
    assert tenant.key.startswith("msk_")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x", "Bearer é"]
)
def test_anything_else_opens_nothing(world: World, tenant: Tenant, header: str | None) -> None:
    with pytest.raises(Unauthorized):
        keys.authenticate(world.ports, header and header.format(key=tenant.key))


@pytest.mark.parametrize("scope", Scope)
def test_a_scope_includes_those_before_it(world: World, tenant: Tenant, scope: Scope) -> None:
    secret = keys.issue(world.ports, tenant.who.workspace_id, "key", (scope,))
    who = keys.authenticate(world.ports, f"Bearer {secret}")
    order = list(Scope)
    for place, wanted in enumerate(order):
        if place <= order.index(scope):
            who.require(wanted)
        else:
            with pytest.raises(Forbidden, match=wanted.value):
                who.require(wanted)


def test_what_cannot_be_a_key_is_refused_without_a_look(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(type(world.ports.documents), "get", lambda self, path: looked.append(path))
    for secret in ("x", tenant.key + "a", tenant.key[:-1], tenant.key.upper(), "é" * 44):
        with pytest.raises(Unauthorized):
            keys.authenticate(world.ports, f"Bearer {secret}")
    assert looked == []


# --- keys from before they had ids ----------------------------------------------------------------


@pytest.fixture
def old(world: World, tenant: Tenant) -> str:
    """A key as it was stored once: its id is the hash, and it says little else."""
    secret = "msk_" + "a" * 40
    hashed = keys.digest(secret)
    data = {
        "id": hashed,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "updated_at": "2026-01-01T00:00:00.000000Z",
        "workspace_id": tenant.who.workspace_id,
        "name": "old",
        "scopes": ["read", "write", "admin"],
    }
    world.ports.documents.commit([Create(f"keys/{hashed}", data)])
    return secret


def stored(world: World, tenant: Tenant) -> dict[str, Key]:
    query = keys.of_workspace(tenant.who.workspace_id)
    found = [keys.load(one) for one in world.ports.documents.query(query, limit=100).results]
    return {key.name: key for key in found}


def test_an_old_key_works_and_has_an_id_that_lasts(world: World, tenant: Tenant, old: str) -> None:
    key = stored(world, tenant)["old"]
    who = keys.authenticate(world.ports, f"Bearer {old}")
    assert who.scopes == tuple(Scope)
    used = stored(world, tenant)["old"]
    assert used.last_used_at == world.clock.now()
    assert who.subject == key.id == used.id
    assert is_id(key.id)
    assert keys.digest(old) not in key.model_dump_json()
    assert (key.kind, key.allowed_origins, key.last_four) == (KeyKind.SECRET, (), None)
    keys.update(world.ports, who, key.id, {"name": "renamed"})
    assert stored(world, tenant)["renamed"].id == key.id
    assert keys.authenticate(world.ports, f"Bearer {old}").subject == key.id
    keys.issue(world.ports, tenant.who.workspace_id, "successor", (Scope.ADMIN,))
    keys.revoke(world.ports, who, key.id)
    with pytest.raises(Unauthorized):
        keys.authenticate(world.ports, f"Bearer {old}")


# --- when it was used -----------------------------------------------------------------------------


def test_use_is_noted_every_few_minutes(world: World, tenant: Tenant) -> None:
    noted, versions = set(), set()
    for _ in range(60):
        keys.authenticate(world.ports, f"Bearer {tenant.key}")
        document = world.ports.documents.get(f"keys/{keys.digest(tenant.key)}")
        assert document
        noted.add(document.data["last_used_at"])
        versions.add(document.version)
        world.clock.advance(timedelta(seconds=30))
    assert len(noted) == len(versions) == 6, "thirty minutes"


@pytest.mark.parametrize("fault", [Conflict("changed"), RuntimeError("the disk is full")])
def test_a_request_never_fails_of_noting(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail(self: object, writes: object) -> None:
        raise fault

    monkeypatch.setattr(type(world.ports.documents), "commit", fail)
    assert keys.authenticate(world.ports, f"Bearer {tenant.key}").scopes


def test_noting_does_not_bring_a_revoked_key_back(world: World, tenant: Tenant) -> None:
    path = f"keys/{keys.digest(tenant.key)}"
    read = world.ports.documents.get(path)
    assert read
    world.ports.documents.commit([Delete(path)])
    keys._note_use(world.ports, read)
    assert world.ports.documents.get(path) is None


# --- what a workspace may not lose or exceed ------------------------------------------------------


def together(world: World, monkeypatch: pytest.MonkeyPatch, *changes: Callable[[], object]) -> int:
    """How many of some changes succeed when each has looked before any of them writes."""
    looked, late = threading.Barrier(len(changes)), threading.local()
    query = type(world.ports.documents).query

    def look(*arguments: Any, **options: Any) -> Any:
        found = query(*arguments, **options)
        if not hasattr(late, "comer"):
            late.comer = True
            looked.wait(10)
        return found

    def run(change: Callable[[], object]) -> int:
        try:
            change()
        except Conflict:
            return 0
        return 1

    with monkeypatch.context() as patch, ThreadPoolExecutor(len(changes)) as pool:
        patch.setattr(type(world.ports.documents), "query", look)
        return sum(pool.map(run, changes))


def test_of_the_last_two_administrators_one_stays(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id = tenant.who.workspace_id
    for name in ("one", "other"):
        keys.issue(world.ports, workspace_id, name, (Scope.ADMIN,))
    ids = [key.id for key in stored(world, tenant).values() if Scope.ADMIN in key.scopes]
    assert len(ids) == 2
    changes = [partial(keys.revoke, world.ports, tenant.who, id_) for id_ in ids]
    assert together(world, monkeypatch, *changes) == 1
    (left,) = (key for key in stored(world, tenant).values() if Scope.ADMIN in key.scopes)
    with pytest.raises(Conflict, match="last key"):
        keys.revoke(world.ports, tenant.who, left.id)
    keys.issue(world.ports, workspace_id, "successor", (Scope.ADMIN,))
    keys.revoke(world.ports, tenant.who, left.id)


def test_ten_keys_and_no_more(
    world: World, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace_id = tenant.who.workspace_id
    for number in range(keys.MAX_KEYS - 3):
        keys.issue(world.ports, workspace_id, str(number), (Scope.READ,))
    issue = partial(keys.issue, world.ports, workspace_id, "late", (Scope.READ,))
    assert together(world, monkeypatch, *[issue] * 8) == 2
    with pytest.raises(Conflict, match="10 keys"):
        issue()
    keys.revoke(world.ports, tenant.who, stored(world, tenant)["0"].id)
    issue()


def test_a_revoked_key_leaves_nothing(world: World, tenant: Tenant) -> None:
    secret = keys.issue(world.ports, tenant.who.workspace_id, "key", (Scope.READ,))
    who = keys.authenticate(world.ports, f"Bearer {secret}")
    limiter = Limiter(world.ports.documents, world.clock, per_minute=60, per_hour=0)
    limiter.take(who)
    assert world.ids(tenant, "limits") == {who.subject}
    keys.revoke(world.ports, tenant.who, who.subject)
    assert world.ids(tenant, "limits") == set()
    assert set(stored(world, tenant)) == {"Tenant"}
