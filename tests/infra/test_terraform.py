"""The deployment's shape: every function once, every queue with its function, and nobody who may
do more than he needs."""

import ast
import json
import re
from collections.abc import Iterator

import pytest

from functions import main
from infra import gateway
from shared.config import Settings
from shared.model.finding import MEANINGS, Finding, LogEvent, Severity
from shared.model.job import StepKind
from shared.model.queues import QUEUES, function_address
from tests.infra import terraform
from tests.infra.terraform import ROOT

FUNCTIONS = terraform.local("functions")
QUEUE_NAMES = {queue.function for queue in QUEUES}
PUBLIC = {"api", "events", "ingest"}

READ, ADD, WRITE = (f"roles/storage.object{name}" for name in ("Viewer", "Creator", "User"))
STEPS = {kind.value for kind in StepKind} - {"purge", "noop", "sizes", "canvas"}
MODELS = {"ingest", "style_card", "image", "validate", "video"}
LEAST = {
    "api": {"assets": WRITE, "work": READ, "uploads": ADD},
    "ingest": {"assets": WRITE, "work": READ, "uploads": ADD},
    "events": {},
    "webhook": {},
    **{step: {"assets": WRITE, "work": WRITE} for step in STEPS},
    "decode": {},
    "upload": {"assets": WRITE, "uploads": WRITE},
    "intake": {"assets": WRITE, "work": WRITE, "uploads": READ},
    "sizes": {"assets": WRITE, "work": READ},
    "canvas": {"assets": WRITE, "work": READ},
    "purge": {"assets": WRITE, "work": READ},
    "noop": {"assets": WRITE, "work": READ},
    "sweep": {"assets": WRITE, "work": READ, "uploads": WRITE},
    "on_object_finalized": {"assets": WRITE, "work": READ},
}
GRANTS = {
    ("google_project_iam_member", "documents"): "roles/datastore.user",
    ("google_project_iam_member", "models"): "roles/aiplatform.user",
    ("google_project_iam_member", "forgets"): (
        "${google_project_iam_custom_role.forgets[each.key].id}"
    ),
    ("google_project_iam_member", "trigger"): "roles/eventarc.eventReceiver",
    ("google_project_iam_member", "storage_events"): "roles/pubsub.publisher",
    ("google_project_iam_member", "build_logs"): "roles/logging.logWriter",
    ("google_project_iam_member", "build_source"): "roles/storage.objectViewer",
    ("google_artifact_registry_repository_iam_member", "build"): "roles/artifactregistry.writer",
    ("google_storage_bucket_iam_member", "function"): "${each.value.role}",
    ("google_storage_bucket_iam_member", "public"): "roles/storage.legacyObjectReader",
    ("google_storage_bucket_iam_member", "delivery"): "roles/storage.legacyObjectReader",
    ("google_cloud_tasks_queue_iam_binding", "function"): "roles/cloudtasks.enqueuer",
    ("google_service_account_iam_member", "enqueues"): "roles/iam.serviceAccountUser",
    ("google_service_account_iam_member", "signs"): "roles/iam.serviceAccountTokenCreator",
    ("google_cloud_run_v2_service_iam_member", "tasks"): "roles/run.invoker",
    ("google_cloud_run_v2_service_iam_member", "decode"): "roles/run.invoker",
    ("google_cloud_run_v2_service_iam_member", "trigger"): "roles/run.invoker",
    ("google_secret_manager_secret_iam_member", "provider_key"): (
        "roles/secretmanager.secretAccessor"
    ),
}


def entry_points() -> Iterator[str]:
    tree = ast.parse((ROOT / "functions" / "main.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            yield node.name


def grants() -> dict[tuple[str, str], str]:
    """Each resource that lets somebody do something, and the role that it gives."""
    return {
        (kind, name): body["role"]
        for kind in terraform.kinds()
        if "_iam_" in kind and kind != "google_project_iam_custom_role"
        for name, body in terraform.resources(kind).items()
    }


def test_every_entry_point_is_deployed_once() -> None:
    assert sorted(FUNCTIONS) == sorted(entry_points())
    services = terraform.resources("google_cloud_run_v2_service")
    assert {name: body["for_each"] for name, body in services.items()} == {
        "this": "${local.functions}"
    }
    assert {name for name in FUNCTIONS if "signature" in FUNCTIONS[name]} == {
        gateway.STORAGE_TRIGGER
    }
    assert all(callable(getattr(main, name)) for name in FUNCTIONS)


def test_every_queue_feeds_a_function_whose_patience_is_its_own() -> None:
    assert set(json.loads((ROOT / "infra" / "queues.json").read_text())) == QUEUE_NAMES
    assert {*FUNCTIONS} >= QUEUE_NAMES >= {kind.value for kind in StepKind}
    assert {name for name, one in FUNCTIONS.items() if "timeout" not in one} == QUEUE_NAMES
    queues = terraform.resources("google_cloud_tasks_queue")
    assert {body["for_each"] for body in queues.values()} == {"${local.queues}"}
    invoked = terraform.resources("google_cloud_run_v2_service_iam_member")["tasks"]["for_each"]
    assert invoked == '${setunion(keys(local.queues), ["sweep"])}'


def test_functions_are_where_the_queues_look_for_them() -> None:
    template = "https://mascotry-{function}-1.us-central1.run.app"
    assert terraform.local("functions_url") == "https://mascotry-{function}-${local.addresses}"
    assert function_address(template, "style_card") == template.replace("{function}", "style-card")
    for name in FUNCTIONS:  # as Terraform's `service` names it, which is its account's name, too
        assert re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", f"mascotry-{name.replace('_', '-')}")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_what_it_needs_and_nothing_else(name: str) -> None:
    rights = FUNCTIONS[name]["rights"]
    assert rights["buckets"] == LEAST[name]
    assert rights["documents"] == (name != "decode")
    assert rights["enqueues"] == (name not in {"decode", "events", "upload"})
    assert rights["signs"] == (name in {"api", "ingest", "intake"})
    assert bool(rights["keys"]) == (name in MODELS)


def test_nothing_else_gives_anybody_a_role() -> None:
    assert grants() == GRANTS


def test_only_public_functions_and_files_are_for_everybody() -> None:
    everybody = {
        (kind, name)
        for kind in terraform.kinds()
        for name, body in terraform.resources(kind).items()
        if {*terraform.strings(body)} & {"allUsers", "allAuthenticatedUsers"}
    }
    files = ("google_storage_bucket_iam_member", "public")
    assert everybody == {files}
    assert {*re.findall(r'"(\w+)"', terraform.locals_()["public"])} == PUBLIC
    bucket = terraform.resources(files[0])["public"]["bucket"]
    assert bucket == '${google_storage_bucket.this["assets"].name}'


def test_every_variable_that_a_function_gets_is_a_setting() -> None:
    names = {
        name.removeprefix("MASCOTRY_").lower()
        for text in terraform.strings(terraform.locals_()["environment"])
        for name in re.findall(r"MASCOTRY_[A-Z_]*[A-Z]", text)
    }
    keys = {key for one in FUNCTIONS.values() for key in one["rights"]["keys"]}
    assert {"backend", "functions_url", "tasks_account", "google_project"} <= names
    assert names | keys <= {*Settings.model_fields}
    for name in ("image_provider", "video_provider", "vision_provider"):
        assert name in terraform.variables()


def test_both_public_buckets_tell_the_trigger() -> None:
    trigger = terraform.resources("google_eventarc_trigger")["finalized"]
    assert trigger["for_each"] == '${toset(["assets", "uploads"])}'
    (destination,) = (one["cloud_run_service"][0] for one in trigger["destination"])
    service = f'${{google_cloud_run_v2_service.this["{gateway.STORAGE_TRIGGER}"].name}}'
    assert destination["service"] == service
    types = {one["value"] for one in trigger["matching_criteria"] if one["attribute"] == "type"}
    assert types == {"google.cloud.storage.object.v1.finalized"}


def test_alarms_look_for_what_is_logged() -> None:
    lines = terraform.local("lines")
    for name, event in (("finding", LogEvent.FINDING), ("sweep", LogEvent.SWEEP)):
        assert lines[name]["filter"].startswith(f'jsonPayload.event="{event.value}"')
    called_for = {one for one in Finding if MEANINGS[one].severity is Severity.ERROR}
    told = {*re.findall(r"\((\w+_\w+)\)", lines["finding-error"]["text"])}
    assert told == {finding.value for finding in called_for}
    loggers = re.findall(r'logger="([\w.]+)"', " ".join(terraform.strings(lines)))
    for logger in loggers:
        source = (ROOT / f"{logger.replace('.', '/')}.py").read_text()
        assert "log = logging.getLogger(__name__)" in source
        assert '"outcome": ' in source


def test_the_readme_tells_the_sizes_that_are_deployed() -> None:
    text = (ROOT / "infra" / "README.md").read_text()
    told: dict[str, tuple[str, str, str, int]] = {}
    for row in re.findall(
        r"^\| (`.+`) \| (\w+) \| (\d) \| (\S+ \wi) \| (.+?) \|", text, re.MULTILINE
    ):
        names, image, cpus, memory, at_once = row
        functions = re.findall(r"`(\w+)`", names)
        counts = [int(one) for one in at_once.split(", ")] * len(functions)
        for name, count in zip(functions, counts, strict=False):
            told[name] = (image, cpus, memory.replace(" ", ""), count)
    assert told == {
        name: (one["image"], one["cpu"], one["memory"], one["concurrency"])
        for name, one in FUNCTIONS.items()
    }
