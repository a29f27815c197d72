"""How files and the studio's page reach people: with a public bucket, behind the load balancer, and
behind the load balancer from a bucket that nobody but it may read."""

import json
from typing import Any

import jsonschema
import pytest

from infra.site import CONFIGURATION, Site
from tests.infra import terraform as files
from tests.infra.planning import DOMAINS, Plan, Terraform, Values
from tests.infra.terraform import ROOT

HOST = "test-project-mascotry-assets.storage.googleapis.com"
SCHEMA = json.loads((ROOT / "tests" / "infra" / "firebase-config.schema.json").read_text())
PRIVATE = (
    "google_compute_global_network_endpoint",
    "google_compute_global_network_endpoint_group",
    "google_storage_hmac_key",
)


def matcher(plan: Plan, name: str) -> Values:
    (url_map,) = plan.of("google_compute_url_map").values()
    (found,) = (one for one in url_map["path_matcher"] if one["name"] == name)
    return dict(found)


def test_a_public_bucket_is_served_without_an_account(plain: Plan, balanced: Plan) -> None:
    for plan in (plain, balanced):
        (public,) = (
            one
            for key, one in plan.of("google_storage_bucket_iam_member").items()
            if key.startswith("public.")
        )
        assert (public["member"], public["role"]) == (
            "allUsers",
            "roles/storage.legacyObjectReader",
        )
        assert not any(plan.of(kind) for kind in PRIVATE)
    assert [
        one["bucket_name"] for one in balanced.of("google_compute_backend_bucket").values()
    ] == ["test-project-mascotry-assets"]
    assert not matcher(balanced, "files")["route_rules"]


def test_without_a_public_bucket_nothing_is_for_everybody(unshared: Plan) -> None:
    values = json.dumps(unshared.resources)
    assert "allUsers" not in values
    assert "allAuthenticatedUsers" not in values
    buckets = unshared.of("google_storage_bucket").values()
    assert {one["public_access_prevention"] for one in buckets} == {"enforced"}


def test_the_balancer_asks_for_private_files_as_an_account_that_cannot_list(unshared: Plan) -> None:
    assert not unshared.of("google_compute_backend_bucket")
    service = unshared.of("google_compute_backend_service")["files.this"]
    assert service["enable_cdn"] is True
    assert service["protocol"] == "HTTPS"
    assert service["custom_request_headers"] == [f"Host: {HOST}"]
    assert service["cdn_policy"][0]["cache_mode"] == "USE_ORIGIN_HEADERS"
    (security,) = service["security_settings"]
    assert security["aws_v4_authentication"][0]["origin_region"] == "us-central1"
    (endpoint,) = unshared.of("google_compute_global_network_endpoint").values()
    assert (endpoint["fqdn"], endpoint["port"]) == (HOST, 443)
    (group,) = unshared.of("google_compute_global_network_endpoint_group").values()
    assert group["network_endpoint_type"] == "INTERNET_FQDN_PORT"
    roles = {
        one["role"]
        for key, one in unshared.of("google_storage_bucket_iam_member").items()
        if key.startswith("delivery.")
    }
    assert roles == {"roles/storage.legacyObjectReader"}, "objectViewer may list the bucket"


def test_the_key_is_that_of_the_account_and_the_host_that_of_the_files() -> None:
    """References, which a plan does not show before their ends are made."""
    service = files.resources("google_compute_backend_service")["files"]
    (signing,) = service["security_settings"][0]["aws_v4_authentication"]
    assert signing["access_key_id"] == "${google_storage_hmac_key.delivery[each.key].access_id}"
    assert signing["access_key"] == "${google_storage_hmac_key.delivery[each.key].secret}"
    (url_map,) = files.resources("google_compute_url_map").values()
    (matched,) = (one for one in url_map["path_matcher"] if one["name"] == "files")
    assert matched["default_service"] == (
        "${var.public_bucket ? google_compute_backend_bucket.assets[each.key].id : "
        "google_compute_backend_service.files[each.key].id}"
    )


def test_no_query_changes_what_a_private_file_says_of_itself(unshared: Plan) -> None:
    """Cloud Storage lets who signs choose an answer's type; the balancer signs for everybody."""
    (rule,) = matcher(unshared, "files")["route_rules"]
    stopped = {
        asked["name"]
        for match in rule["match_rules"]
        for asked in match["query_parameter_matches"]
        if asked["present_match"] and match["prefix_match"] == "/"
    }
    assert stopped == {
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
        "response-content-language",
        "response-content-type",
        "response-expires",
    }
    assert rule["url_redirect"][0]["strip_query"] is True


def certificates(plan: Plan) -> dict[str, str]:
    """The name of each domain's certificate."""
    found = plan.of("google_compute_managed_ssl_certificate").values()
    return {one["managed"][0]["domains"][0]: one["name"] for one in found}


def test_a_certificate_for_another_domain_is_another_one(
    terraform: Terraform, plain: Plan, balanced: Plan
) -> None:
    """Google changes no certificate, and deletes none that is used; that of a domain which stays is
    left alone, since a new one takes up to an hour."""
    assert not certificates(plain)
    before = certificates(balanced)
    assert {*before} == {*DOMAINS.values()}
    moved = terraform.plan(load_balancer=True, **{**DOMAINS, "cdn_domain": "files.mascots.example"})
    after = certificates(moved)
    api = DOMAINS["api_domain"]
    assert after[api] == before[api]
    assert after["files.mascots.example"] not in before.values()
    (written,) = files.resources("google_compute_managed_ssl_certificate").values()
    assert written["lifecycle"][0]["create_before_destroy"] is True


def headers(configuration: dict[str, Any]) -> dict[str, str]:
    (everywhere,) = (
        one["headers"] for one in configuration["hosting"]["headers"] if one["source"] == "**"
    )
    return {one["key"]: one["value"] for one in everywhere}


def test_hosting_is_deployed_as_it_is_written(plain: Plan) -> None:
    assert plain.outputs["firebase"] == CONFIGURATION.read_text()


@pytest.mark.parametrize("shape", ["balanced", "unshared"])
def test_the_studio_may_show_what_the_balancer_serves(
    request: pytest.FixtureRequest, shape: str
) -> None:
    """The policy that Hosting sends is the one that the page is tried with here."""
    plan: Plan = request.getfixturevalue(shape)
    deployed = json.loads(plan.outputs["firebase"])
    jsonschema.validate(deployed, SCHEMA)
    origin = "https://cdn.mascots.example"
    assert plan.outputs["cdn_url"] == origin
    assert headers(deployed) == dict(Site(origin).headers("/"))
    policy = headers(deployed)["Content-Security-Policy"]
    for kind in ("img-src", "media-src", "connect-src"):
        (sources,) = (part.split() for part in policy.split("; ") if part.startswith(kind))
        assert origin in sources
        assert "https://storage.googleapis.com" not in sources


def test_hosting_asks_the_services_of_the_region(terraform: Terraform) -> None:
    deployed = json.loads(terraform.plan(region="europe-west1").outputs["firebase"])
    regions = {one["run"]["region"] for one in deployed["hosting"]["rewrites"]}
    assert regions == {"europe-west1"}
