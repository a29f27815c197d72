"""The alarms: they can be made in one apply, and they look at what is logged and measured."""

import re

import pytest

from tests.infra.planning import Plan, Terraform, Values
from tests.infra.terraform import ROOT

MEASURED = {
    "run_googleapis_com:request_count",
    "run_googleapis_com:container_instance_count",
    "cloudtasks_googleapis_com:queue_task_attempt_delays_bucket",
    "pubsub_googleapis_com:subscription_oldest_unacked_message_age",
}
"""What Google measures, as PromQL writes its names."""
LINES = {
    "killed": (
        "Memory limit of 2048 MiB exceeded with 2255 MiB used. Consider increasing the memory",
        "While handling this request, the container instance was found to be using too much memory "
        "and was terminated.",
        "Container terminated on signal 9.",
    ),
    "no-instance": ("The request was aborted because there was no available instance.",),
}
"""What Cloud Run logs when it ends a container or turns a request away."""


def policies(plan: Plan) -> dict[str, Values]:
    found = plan.of("google_monitoring_alert_policy").values()
    return {one["display_name"].removeprefix("Mascotry: "): one for one in found}


def queries(plan: Plan) -> dict[str, str]:
    """The PromQL of each alarm that has one."""
    return {
        name: measured["query"]
        for name, policy in policies(plan).items()
        for condition in policy["conditions"]
        for measured in condition["condition_prometheus_query_language"]
    }


def filters(plan: Plan) -> dict[str, str]:
    """The filter of each alarm that sounds for a single line."""
    return {
        name: line["filter"]
        for name, policy in policies(plan).items()
        for condition in policy["conditions"]
        for line in condition["condition_matched_log"]
    }


def test_no_alarm_needs_a_metric_that_google_knows_already(plain: Plan) -> None:
    """Google answers 404 for a metric that was made less than ten minutes ago, unless it is told
    not to look for it; a line that is matched needs none."""
    for name, policy in policies(plain).items():
        (condition,) = policy["conditions"]
        used = {kind for kind, given in condition.items() if given and kind.startswith("condition")}
        assert used <= {"condition_matched_log", "condition_prometheus_query_language"}, name
        for measured in condition["condition_prometheus_query_language"]:
            assert measured["disable_metric_validation"] is True, name
        if condition["condition_matched_log"]:
            (strategy,) = policy["alert_strategy"]
            assert strategy["notification_rate_limit"], (
                "which Google wants of those that match lines"
            )


def test_what_is_counted_is_made_or_measured(plain: Plan) -> None:
    made = {
        f"logging_googleapis_com:user_{re.sub(r'[^A-Za-z0-9]', '_', one['name'])}"
        for one in plain.of("google_logging_metric").values()
    }
    named = {
        metric
        for query in queries(plain).values()
        for metric in re.findall(r"\w+_googleapis_com:\w+", query)
    }
    assert named <= made | MEASURED
    assert named >= MEASURED
    lines = {
        one["name"].removeprefix("mascotry/") for one in plain.of("google_logging_metric").values()
    }
    alarms = {name.removeprefix("no ") for name in policies(plain)}
    assert lines <= alarms


def test_queries_are_whole(plain: Plan) -> None:
    for name, query in queries(plain).items():
        bare = re.sub(r'"[^"]*"', "", query)
        for opening, closing in ("()", "[]", "{}"):
            assert bare.count(opening) == bare.count(closing), name
        for selector in re.findall(r"\w+_googleapis_com:\w+(\{.*?\})?", query):
            assert 'monitored_resource="' in selector, "some metrics are of several resources"


@pytest.mark.parametrize("share", ["private-4xx", "private-5xx", "public-5xx"])
def test_functions_that_answer_with_errors(plain: Plan, share: str) -> None:
    query = queries(plain)[share]
    whose, code = share.split("-")
    public = {"mascotry-api", "mascotry-events", "mascotry-ingest"}
    every = {one["name"] for one in plain.services().values()}
    asked = re.findall(r'service_name=~"([^"]+)"', query)
    # `decode` refuses files in normal work.
    calm = {"mascotry-decode"} if share == "private-4xx" else set()
    assert {frozenset(one.split("|")) for one in asked} == {
        frozenset(public if whose == "public" else every - public - calm)
    }
    assert {*re.findall(r'response_code_class="(\w+)"', query)} == {code}


def test_who_may_not_call_a_private_function_is_seen(plain: Plan) -> None:
    """Cloud Run's own refusals reach no container, and are in no count of its answers."""
    (metric,) = (
        one
        for one in plain.of("google_logging_metric").values()
        if one["name"] == "mascotry/refused"
    )
    assert "httpRequest.status=(401 OR 403)" in metric["filter"]
    private = {
        one["name"]
        for one in plain.services().values()
        if one["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    }
    assert "mascotry-decode" not in private, "strangers can try its address"
    assert {*re.findall(r'"(mascotry-[a-z-]+)"', metric["filter"])} == private


@pytest.mark.parametrize("name", LINES)
def test_what_cloud_run_logs_is_found(plain: Plan, name: str) -> None:
    metrics = {
        one["name"].removeprefix("mascotry/"): one["filter"]
        for one in plain.of("google_logging_metric").values()
    }
    found = re.findall(r'textPayload(=~|:)"([^"]+)"', metrics[name])
    for line in LINES[name]:
        assert any(re.search(text, line) if how == "=~" else text in line for how, text in found), (
            line
        )
    assert not any(re.search(text, "Container called exit(0).") for _, text in found)


def test_one_line_is_enough_where_something_died(plain: Plan) -> None:
    assert {*filters(plain)} == {"fault", "finding-error", "killed"}


def test_instances_are_compared_with_what_there_may_be(terraform: Terraform) -> None:
    plan = terraform.plan(max_instances=3)
    query = queries(plan)["instances"]
    bounds = re.findall(r'service_name="([^"]+)",state="active"\}\) >= (\d+)', query)
    allowed = {
        one["name"]: one["template"][0]["scaling"][0]["max_instance_count"]
        for one in plan.services().values()
    }
    assert {name for name, _ in bounds} >= {"mascotry-api", "mascotry-events", "mascotry-ingest"}
    assert {name: int(count) for name, count in bounds}.items() <= allowed.items()
    assert allowed["mascotry-api"] == 3


def test_the_sweeper_is_missed_even_if_it_never_ran(plain: Plan) -> None:
    query = queries(plain)["no sweep"]
    assert "or vector(0)" in query, "without it nothing is compared with nothing"
    assert query.endswith("< 1")


def test_a_budget_is_in_the_currency_of_its_account(terraform: Terraform) -> None:
    plan = terraform.plan(billing_account="012345-6789AB-CDEF01")
    (budget,) = plan.of("google_billing_budget").values()
    (amount,) = budget["amount"][0]["specified_amount"]
    assert amount["units"] == "50"
    assert amount["currency_code"] is None


def test_the_readme_names_every_alarm(plain: Plan) -> None:
    text = (ROOT / "infra" / "README.md").read_text()
    table = text.partition("## What calls for people")[2].partition("\n## ")[0]
    named = [
        name
        for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    ]
    assert sorted(named) == sorted(policies(plain))
