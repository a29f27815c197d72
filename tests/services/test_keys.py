"""Keys open one workspace, for what their scopes allow."""

import pytest

from shared.errors import Forbidden, Unauthorized
from shared.model.workspace import Scope
from shared.services import keys
from tests.services.world import Tenant, World


def test_a_key_opens_its_workspace(world: World, tenant: Tenant) -> None:
    who = keys.authenticate(world.ports, f"Bearer {tenant.key}")
    assert who == tenant.who
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


def test_scopes_say_what_a_key_may_do(world: World, tenant: Tenant) -> None:
    secret = keys.issue(world.ports, tenant.who.workspace_id, "reader", (Scope.READ,))
    who = keys.authenticate(world.ports, f"Bearer {secret}")
    who.require(Scope.READ)
    with pytest.raises(Forbidden, match="write"):
        who.require(Scope.WRITE)
