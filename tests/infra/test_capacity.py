"""Instances and queues are sized by what Cloud Run may use in the region: by one rule, in Python
and in Terraform."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.costs import WORK
from shared.model.queues import BY_NAME, NEW_PROJECT, QUEUES, REFERENCE, Region, instances, sized
from tests.infra import planning, terraform
from tests.infra.planning import Plan, Terraform, Values

REGIONS = (
    NEW_PROJECT,
    REFERENCE,
    Region(4, 8),  # the least that Terraform takes
    Region(100, 200),  # where shares such as 0.29 are no fractions of two
    Region(333, 500),  # memory is scarcer
    Region(20_000, 40_000),  # the most
)
BEFORE = {
    "intake": 10,
    "style_card": 20,
    "image": 40,
    "cutout": 20,
    "validate": 20,
    "video": 20,
    "reverse": 10,
    "transcode": 40,
    "resize": 20,
    "sizes": 4,
    "canvas": 8,
    "purge": 4,
    "webhook": 80,
    "noop": 20,
}
"""What ran at once before the region's quota was asked, for which it had to be large."""
PUBLIC = ("api", "events", "ingest")


@pytest.fixture(scope="module")
def deploying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    with planning.terraform(tmp_path_factory.mktemp("terraform")) as ready:
        yield ready


def planned(deploying: Terraform, region: Region, **more: Any) -> Plan:
    return deploying.plan(region_cpus=region.vcpus, region_memory_gib=region.gib, **more)


def templates(plan: Plan) -> dict[str, Values]:
    """What each function's instances are, by entry point."""
    services = plan.of("google_cloud_run_v2_service").items()
    return {key.removeprefix("this."): one["template"][0] for key, one in services}


def count(template: Values) -> int:
    return int(template["scaling"][0]["max_instance_count"])


def size(template: Values) -> tuple[float, float]:
    """The vCPUs and the GiB of an instance."""
    (container,) = template["containers"]
    limits = container["resources"][0]["limits"]
    memory = str(limits["memory"])
    unit = {"Gi": 1.0, "Mi": 1 / 1024}[memory[-2:]]
    return float(limits["cpu"]), float(memory[:-2]) * unit


@pytest.mark.parametrize("region", REGIONS, ids=str)
def test_terraform_sizes_by_the_rule_and_cloud_run_would_take_it(
    deploying: Terraform, region: Region
) -> None:
    plan = planned(deploying, region)
    queues = {one["name"]: one for one in plan.of("google_cloud_tasks_queue").values()}
    for name, template in templates(plan).items():
        vcpus, gib = size(template)
        assert count(template) >= 1
        assert count(template) * vcpus <= region.vcpus, f"{name}: refused, quota of CPU"
        assert count(template) * gib <= region.gib, f"{name}: refused, quota of memory"
        if name in BY_NAME:
            concurrency = int(template["max_instance_request_concurrency"])
            queue = sized(BY_NAME[name], region, concurrency=concurrency)
            (rate,) = queues[queue.queue_id]["rate_limits"]
            assert rate["max_concurrent_dispatches"] == queue.max_concurrent
            assert count(template) * concurrency == queue.max_concurrent
            assert queue.max_concurrent <= 5_000, "Cloud Tasks' own limit"


def test_what_terraform_takes_without_being_told_is_a_new_project(deploying: Terraform) -> None:
    defaults = {
        name: one["default"] for name, one in terraform.variables().items() if "default" in one
    }
    assert Region(defaults["region_cpus"], defaults["region_memory_gib"]) == NEW_PROJECT
    plain, new = templates(deploying.plan()), templates(planned(deploying, NEW_PROJECT))
    assert {name: count(one) for name, one in plain.items()} == {
        name: count(one) for name, one in new.items()
    }


@pytest.mark.parametrize("region", [NEW_PROJECT, REFERENCE], ids=str)
def test_animations_leave_room_for_those_who_answer(deploying: Terraform, region: Region) -> None:
    found = templates(planned(deploying, region))
    busy = [found[work.name] for work in WORK]
    for place, most in enumerate((region.vcpus, region.gib)):
        used = sum(count(one) * size(one)[place] for one in busy)
        assert used <= 0.95 * most
    assert sum(count(one) * size(one)[0] for one in busy) >= 0.75 * region.vcpus


def test_a_large_region_bears_at_least_what_was_deployed_before() -> None:
    assert {*BEFORE} <= {*BY_NAME}
    for queue in QUEUES:
        assert sized(queue, REFERENCE).max_concurrent >= BEFORE.get(queue.name, 1)


def test_strangers_and_the_sweeper_have_limits_of_their_own(deploying: Terraform) -> None:
    found = templates(planned(deploying, Region(20_000, 40_000), max_instances=7))
    assert {name: count(found[name]) for name in (*PUBLIC, "sweep")} == {
        **dict.fromkeys(PUBLIC, 7),
        "sweep": 1,
    }


def test_the_rule_divides_once_and_without_fractions() -> None:
    assert instances(150, NEW_PROJECT) == 3  # 150 * 0.02 is less than 3 in binary fractions
    assert instances(29, Region(100, 200)) == 2
    assert instances(80, NEW_PROJECT, concurrency=40) == 1
    assert instances(1, Region(4, 8)) == 1
    assert instances(100, Region(1_000, 40)) == instances(100, NEW_PROJECT)


def test_terraform_says_what_a_region_may_have(deploying: Terraform) -> None:
    said = deploying.complaints(region_cpus=3, region_memory_gib=8.5)
    assert "A whole number of vCPUs from 4 to 20,000." in said
    assert "A whole number of GiB from 8 to 40,000." in said
