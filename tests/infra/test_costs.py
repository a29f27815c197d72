"""What a month costs: the table that is shown is what is computed, for what is deployed."""

import pytest

from infra import costs
from tests.infra import terraform
from tests.infra.terraform import ROOT


def test_the_readme_shows_the_computed_table() -> None:
    text = (ROOT / "infra" / "README.md").read_text()
    shown = text.split("<!-- costs: python -m infra.costs -->\n")[1].split("<!-- /costs -->")[0]
    assert shown == costs.table(), "put the output of python -m infra.costs there"


def test_steps_have_the_size_that_is_deployed() -> None:
    functions = terraform.local("functions")
    for work in costs.WORK:
        function = functions[work.name]
        assert function["cpu"] == str(work.vcpus), work.name
        assert function["memory"] == f"{work.memory:.0f}Gi", work.name
        assert function["concurrency"] == 1, work.name
    assert functions["events"]["concurrency"] == costs.AT_ONCE


def test_what_is_free_costs_nothing_and_the_rest_is_proportional() -> None:
    price = costs.PRICE["requests"]
    assert price.of(price.free) == 0
    assert price.of(price.free + 1_000_000) == pytest.approx(0.4)


def test_every_quantity_has_a_price_and_every_price_is_charged_once() -> None:
    charged = [name for names in costs.GROUPS.values() for name in names]
    assert sorted((*charged, *costs.BALANCED)) == sorted(costs.PRICE)
    assert set(costs.quantities(1)) == set(costs.PRICE)


def test_waits_share_instances() -> None:
    alone = costs.waiting(1)
    assert alone == pytest.approx(costs.WAITED, rel=0.01)
    assert costs.waiting(1_000_000) < 1_000_000 * costs.WAITED / 20
    many = 100_000_000
    assert costs.waiting(many) == pytest.approx(many * costs.WAITED / costs.AT_ONCE)


def test_more_animations_never_cost_less() -> None:
    for row in costs.rows([10**power for power in range(8)]):
        assert list(row.dollars) == sorted(row.dollars), row.name
