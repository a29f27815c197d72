"""Terraform's plans of an empty project, made once for all tests of the deployment."""

from collections.abc import Iterator

import pytest

from tests.infra import planning
from tests.infra.planning import DOMAINS, Plan, Terraform


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with planning.terraform(tmp_path_factory.mktemp("terraform")) as ready:
        yield ready


@pytest.fixture(scope="session")
def plain(terraform: Terraform) -> Plan:
    return terraform.plan()


@pytest.fixture(scope="session")
def balanced(terraform: Terraform) -> Plan:
    return terraform.plan(load_balancer=True, **DOMAINS)


@pytest.fixture(scope="session")
def unshared(terraform: Terraform) -> Plan:
    """Where an organization refuses allUsers: no bucket is public."""
    return terraform.plan(load_balancer=True, public_bucket=False, **DOMAINS)
