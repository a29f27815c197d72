"""What would be made in an empty project, as Terraform itself plans it."""

import re
import shutil
import subprocess
from pathlib import Path

from functions.api.routes import API, EVENTS, INGEST
from infra import declared, gateway
from shared.adapters.gcp import decoder
from shared.adapters.gcp.messages import EXPIRES
from shared.config import read
from shared.media import foreign
from shared.model.indexes import EXPIRING
from shared.model.queues import BY_NAME, QUEUES, function_address, queue_id
from shared.services import transfer
from tests import emulators
from tests.infra import planning
from tests.infra.planning import DOMAINS, Plan, Terraform, Values, environment
from tests.infra.terraform import FOLDER

ROUTES = [*dict.fromkeys((*API, *EVENTS, *INGEST))]
LOOKING = {"style_card", "image", "validate"}
WITH_MODELS = {*LOOKING, "video", "ingest"}


def test_terraform_takes_the_files(terraform: Terraform) -> None:
    assert "The configuration is valid" in terraform.run("validate")


def test_the_provider_would_not_take_everything(terraform: Terraform, tmp_path: Path) -> None:
    file = Path(terraform.folder) / "broken.tf"
    file.write_text('resource "google_cloud_tasks_queue" "x" {\n  name = "x"\n  rate = 1\n}\n')
    try:
        said = terraform.run("validate", fails=True)
    finally:
        file.unlink()
    assert 'The argument "location" is required' in said
    assert 'An argument named "rate" is not expected here' in said


def test_the_files_are_formatted() -> None:
    found = shutil.which("terraform")
    program = emulators.require("terraform", Path(found) if found else None, planning.INSTALL)
    done = subprocess.run(
        [program, "fmt", "-check", "-diff", FOLDER], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_a_function_runs_its_entry_point_for_as_long_as_its_queue_waits(plain: Plan) -> None:
    for name, service in plain.services().items():
        given, template = environment(service), service["template"][0]
        concurrency = template["max_instance_request_concurrency"]
        assert given["FUNCTION_TARGET"] == name
        assert given["THREADS"] == str(concurrency)
        assert f"{given['CLOUD_RUN_TIMEOUT_SECONDS']}s" == template["timeout"]
        assert (given["FUNCTION_SIGNATURE_TYPE"] == "cloudevent") == (
            name == gateway.STORAGE_TRIGGER
        )
        if name in BY_NAME:
            assert template["timeout"] == f"{BY_NAME[name].dispatch_deadline}s"


def test_only_private_functions_believe_that_the_platform_has_checked_a_caller(
    plain: Plan, balanced: Plan, unshared: Plan
) -> None:
    """What a token without its signature rests on: Google lets only members of a role call them."""
    for plan in (plain, balanced, unshared):
        believing = {
            name: service
            for name, service in plan.services().items()
            if "MASCOTRY_PLATFORM_CHECKS_CALLERS" in environment(service)
        }
        assert {*believing} == {*plan.services()} - {"api", "events", "ingest"}
        assert not [name for name, one in believing.items() if one["invoker_iam_disabled"]]


def test_what_a_function_is_given_makes_settings(plain: Plan) -> None:
    given = environment(plain.services()["api"])
    someone = "someone@test-project.iam.gserviceaccount.com"
    settings = read({name: value or someone for name, value in given.items()})
    assert settings.backend == "google"
    assert settings.base_url == plain.outputs["base_url"] == "https://test-project.web.app"
    assert settings.tasks_account
    buckets = {settings.assets_bucket, settings.work_bucket, settings.uploads_bucket}
    assert buckets == {one["name"] for one in plain.of("google_storage_bucket").values()}
    addresses = {name: function_address(settings.functions_url, name) for name in plain.services()}
    assert addresses == plain.outputs["functions"]
    for name, service in plain.services().items():
        assert addresses[name].startswith(f"https://{service['name']}-")


def test_queues_are_as_the_code_says(plain: Plan) -> None:
    made = {one["name"]: one for one in plain.of("google_cloud_tasks_queue").values()}
    assert {*made} == {queue.queue_id for queue in QUEUES}
    for queue in QUEUES:
        (rate,) = made[queue.queue_id]["rate_limits"]
        (retry,) = made[queue.queue_id]["retry_config"]
        assert rate["max_dispatches_per_second"] == queue.max_per_second
        assert retry["min_backoff"] == f"{queue.min_backoff}s"
        assert retry["max_backoff"] == f"{queue.max_backoff}s"
        assert retry["max_retry_duration"] == f"{queue.retry_for}s"


def test_the_schedule_calls_the_sweeper_with_a_token_for_it(plain: Plan) -> None:
    (job,) = plain.of("google_cloud_scheduler_job").values()
    (target,) = job["http_target"]
    assert target["uri"] == plain.outputs["functions"]["sweep"]
    assert target["oidc_token"][0]["audience"] == target["uri"]


def test_what_expires_has_a_ttl_policy(plain: Plan) -> None:
    fields = plain.of("google_firestore_field").values()
    found = {(one["collection"], one["field"]) for one in fields if one["ttl_config"]}
    assert found == {(collection, EXPIRES) for collection in EXPIRING}


def test_every_declared_query_has_its_indexes(plain: Plan) -> None:
    def key(collection: str, fields: list[dict[str, str]], path: str) -> tuple[str, ...]:
        return (collection, *(f"{field[path]} {field['order']}" for field in fields))

    made = plain.of("google_firestore_index").values()
    wanted = declared.indexes()["indexes"]
    assert {key(one["collection"], one["fields"], "field_path") for one in made} == {
        key(one["collectionGroup"], one["fields"], "fieldPath") for one in wanted
    }
    assert len(made) == len(wanted) < 200, "Firestore's limit"


def test_only_the_files_are_public(plain: Plan) -> None:
    buckets = plain.of("google_storage_bucket").items()
    protection = {key: one["public_access_prevention"] for key, one in buckets}
    assert protection == {"this.assets": "inherited"} | dict.fromkeys(
        ("this.work", "this.uploads"), "enforced"
    )
    ages = {
        key: [one["condition"][0]["age"] for one in bucket["lifecycle_rule"]]
        for key, bucket in buckets
        if any(one["action"][0]["type"] == "Delete" for one in bucket["lifecycle_rule"])
    }
    assert {*ages} == {"this.work", "this.uploads"}


def test_strangers_reach_only_the_public_functions(
    plain: Plan, balanced: Plan, unshared: Plan
) -> None:
    """Firebase Hosting, and with it the studio, reaches public functions in each shape. That Google
    has checked who calls a private one is what accepting tokens without a signature rests on."""
    for plan in (plain, balanced, unshared):
        for name, service in plan.services().items():
            public = name in {"api", "events", "ingest"}
            # One service is not inside for another; see who may invoke it.
            reached = public or name == gateway.DECODER
            inside = "INGRESS_TRAFFIC_INTERNAL_ONLY"
            assert service["ingress"] == ("INGRESS_TRAFFIC_ALL" if reached else inside), name
            assert service["invoker_iam_disabled"] is public, name
        callers = plan.of("google_cloud_run_v2_service_iam_member").values()
        assert {one["role"] for one in callers} == {"roles/run.invoker"}
        assert "allUsers" not in {one.get("member") for one in callers}


def test_what_decodes_untrusted_files_may_do_nothing(
    plain: Plan, balanced: Plan, unshared: Plan
) -> None:
    for plan in (plain, balanced, unshared):
        for kind in plan.resources:
            if "_iam_" in kind and kind != "google_project_iam_custom_role":
                keys = [key for key in plan.of(kind) if _names(key, gateway.DECODER)]
                assert keys == [], kind
        (decoder,) = (one for name, one in plan.services().items() if name == gateway.DECODER)
        assert {*environment(decoder)} == {
            *("FUNCTION_TARGET", "FUNCTION_SIGNATURE_TYPE", "THREADS"),
            *("CLOUD_RUN_TIMEOUT_SECONDS", "MASCOTRY_PLATFORM_CHECKS_CALLERS"),
            *("MASCOTRY_BACKEND", "MASCOTRY_PROJECT"),
            *("MASCOTRY_FUNCTIONS_URL", "MASCOTRY_DECODE_CALLERS"),
        }


def _names(key: str, function: str) -> bool:
    """Whether a grant is one to the account of a function, which is the key of `for_each`; that of
    `decode` is of those who may call it."""
    resource, _, each = key.partition(".")
    return resource != "decode" and function in each.split()


def test_three_functions_may_have_something_decoded(plain: Plan) -> None:
    members = plain.of("google_cloud_run_v2_service_iam_member")
    assert {key.partition(".")[2] for key in members if key.startswith("decode.")} == {
        *("ingest", "intake", "upload")
    }
    service = plain.services()[gateway.DECODER]["name"]
    assert {key.partition(".")[0] for key, one in members.items() if one["name"] == service} == {
        "decode"
    }


def test_a_decoder_gives_up_before_those_who_wait_for_it(plain: Plan) -> None:
    decode = int(plain.services()[gateway.DECODER]["template"][0]["timeout"].rstrip("s"))
    assert decode < decoder.FILM_SECONDS < BY_NAME["intake"].dispatch_deadline
    assert BY_NAME["upload"].dispatch_deadline > decoder.PICTURE_SECONDS
    ingest = int(plain.services()["ingest"]["template"][0]["timeout"].rstrip("s"))
    assert ingest > decoder.PICTURE_SECONDS
    look = 2 * foreign.LOOK_TIMEOUT + foreign.SAMPLE_TIMEOUT + foreign.TIMEOUT
    assert look + transfer.SECONDS < decode


def test_accounts_have_names_that_google_takes(plain: Plan) -> None:
    names = [one["account_id"] for one in plain.of("google_service_account").values()]
    assert len(names) == len({*names}) == len(plain.services()) + 3
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", name) for name in names)


def test_models_and_keys_are_for_those_who_ask_models(terraform: Terraform) -> None:
    plan = terraform.plan(
        image_provider="google", video_provider="fal", provider_keys=["fal_key", "openai_api_key"]
    )
    asking = {
        key.removeprefix("models.")
        for key in plan.of("google_project_iam_member")
        if key.startswith("models.")
    }
    assert asking == WITH_MODELS
    keys = {
        name: {key for key in environment(service) if key.endswith("_KEY")}
        for name, service in plan.services().items()
    }
    openai, fal = {"MASCOTRY_OPENAI_API_KEY"}, {"MASCOTRY_FAL_KEY"}
    expected = {**dict.fromkeys(LOOKING, openai), "video": fal, "ingest": openai | fal}
    assert {name: found for name, found in keys.items() if found} == expected
    readers = plan.of("google_secret_manager_secret_iam_member")
    assert {key.removeprefix("provider_key.") for key in readers} == {
        f"{name} {key.removeprefix('MASCOTRY_').lower()}"
        for name, found in expected.items()
        for key in found
    }


def test_without_a_load_balancer_nothing_has_a_fixed_price(plain: Plan) -> None:
    assert not [kind for kind in plain.resources if kind.startswith("google_compute_")]
    scaling = [one["template"][0]["scaling"][0] for one in plain.services().values()]
    assert not any(one["min_instance_count"] for one in scaling)


def test_what_removes_files_may_have_the_cdn_forget_them(balanced: Plan) -> None:
    (url_map,) = balanced.of("google_compute_url_map").values()
    told = {
        environment(one)["MASCOTRY_CDN_URL_MAP"]
        for name, one in balanced.services().items()
        if name != gateway.DECODER
    }
    assert told == {url_map["name"]}
    (role,) = balanced.of("google_project_iam_custom_role").values()
    assert role["permissions"] == ["compute.urlMaps.invalidateCache"]


def test_the_load_balancer_routes_as_the_local_gateway_does(balanced: Plan) -> None:
    (url_map,) = balanced.of("google_compute_url_map").values()
    (matcher,) = (one for one in url_map["path_matcher"] if one["name"] == "api")
    rules = sorted(matcher["route_rules"], key=lambda rule: int(rule["priority"]))
    assert [rule["priority"] for rule in rules] == [1, 2]
    for route in ROUTES:
        path = re.sub(r"<\w+>", "0b3f", route.path)
        for query in ("", "wait=true") if route.path == "/v1/jobs/<job_id>" else ("",):
            asked = {"PATH_INFO": path, "REQUEST_METHOD": route.method, "QUERY_STRING": query}
            hit = [
                name
                for name, rule in zip(("ingest", "events"), rules, strict=True)
                if any(matches(match, route.method, path, query) for match in rule["match_rules"])
            ]
            assert [*hit, "api"][0] == gateway.target(asked), (route.method, path, query)


def matches(rule: Values, method: str, path: str, query: str) -> bool:
    """Whether a request is one that a rule of the URL map means."""
    template = rule.get("path_template_match")
    paths = (
        rule["full_path_match"] == path
        if rule.get("full_path_match")
        else re.fullmatch(str(template).replace("*", "[^/]+"), path) is not None
    )
    headers = all(
        header["header_name"] == ":method" and header["exact_match"] == method
        for header in rule["header_matches"]
    )
    given = {pair.partition("=")[0] for pair in query.split("&")}
    asked = all(one["name"] in given for one in rule["query_parameter_matches"])
    return paths and headers and asked


def test_another_generation_has_other_names_for_what_google_keeps(terraform: Terraform) -> None:
    plan = terraform.plan(load_balancer=True, generation="2", **DOMAINS)
    made = {one["name"] for one in plan.of("google_cloud_tasks_queue").values()}
    # `decode` enqueues nothing.
    services = {name: one for name, one in plan.services().items() if name != gateway.DECODER}
    given = {environment(one)["MASCOTRY_QUEUE_GENERATION"] for one in services.values()}
    assert given == {"2"}
    assert made == {queue_id(queue.name, *given) for queue in QUEUES}
    assert all(name.endswith("-2") for name in made)
    (role,) = plan.of("google_project_iam_custom_role").values()
    assert role["role_id"] == "mascotryForgets2"


def test_a_kept_database_is_taken_over(terraform: Terraform) -> None:
    """As infra/README.md does it after a destroy: everything else is made anew."""
    kept = "google_firestore_database.this"
    identity = "projects/test-project/databases/(default)"
    shape = {"load_balancer": True, "public_bucket": False, **DOMAINS}
    changes = terraform.after_import(kept, identity, generation="2", **shape)
    assert changes.pop(kept) == ["update"]
    assert {*map(tuple, changes.values())} <= {("create",), ("read",)}
    assert len(changes) > 100


def test_bad_values_get_an_answer_that_says_what_would_be_right(terraform: Terraform) -> None:
    said = terraform.complaints(
        project="Nope",
        region="us",
        database="x",
        image_tag="latest",
        image_provider="magic",
        video_provider="magic",
        vision_provider="magic",
        provider_keys=["google_api_key"],
        settings={"openai_api_key": "secret"},
        max_instances=0,
        load_balancer=True,
        alert_email="nobody",
        billing_account="1",
        monthly_budget=0.5,
        generation="Two",
    )
    for words in (
        "A project's id has 6 to 30",
        "A single region such as us-central1",
        "(default), or 4 to 63",
        "but not latest",
        "One of offline, google, openai.",
        "One of offline, google, fal.",
        "Of openai_api_key, fal_key.",
        "belong into provider_keys",
        "Between 1 and 1,000.",
        "a host name such as api.mascots.example",
        "An e-mail address.",
        "Three groups of six",
        "A whole number, in the currency",
        "Up to eight lower-case letters",
    ):
        assert words in said
    domain = DOMAINS["api_domain"]
    said = terraform.complaints(load_balancer=True, api_domain=domain, cdn_domain=domain)
    assert "another one than api_domain" in said
    assert "nothing but the load balancer serves" in terraform.complaints(public_bucket=False)
