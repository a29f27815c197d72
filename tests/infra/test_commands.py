"""Every gcloud line that we print or run is one that gcloud knows."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from tests import emulators
from tests.infra import terraform as files
from tests.infra.planning import Terraform
from tests.infra.terraform import ROOT

FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
INSTALL = "https://cloud.google.com/sdk/docs/install says how to get gcloud."


def commands(text: str) -> list[str]:
    """The gcloud commands in the fenced blocks of a page, up to a pipe, with something in the place
    of variables."""
    joined = re.sub(r"\$\w+", "some-value", "\n".join(FENCE.findall(text)))
    found = (re.search(r"\bgcloud .*", line) for line in joined.splitlines())
    return [re.split(r" [|&]|\)$", match[0])[0] for match in found if match]


def problems(lines: list[str], folder: Path) -> dict[str, str]:
    """What gcloud does not accept, by line, with what it says."""
    found = shutil.which("gcloud")
    program = emulators.require("gcloud", Path(found) if found else None, INSTALL)
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": line} for line in lines]))
    done = subprocess.run(
        [program, "meta", "lint-gcloud-commands", f"--commands-file={file}"],
        env={"PATH": "/usr/bin:/bin", "CLOUDSDK_CONFIG": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answers = json.loads(done.stdout)
    assert len(answers) == len(lines)
    return {one["command_string"]: one["error_message"] for one in answers if not one["success"]}


def test_gcloud_takes_what_the_readme_says(tmp_path: Path) -> None:
    lines = commands((ROOT / "infra" / "README.md").read_text())
    assert len(lines) >= 3
    assert problems(lines, tmp_path) == {}


def test_terraform_has_what_the_readme_names() -> None:
    said = "\n".join(FENCE.findall((ROOT / "infra" / "README.md").read_text()))
    named = re.findall(r"(?:-target=|-replace='|import )(google_\w+)\.(\w+)", said)
    assert len(named) >= 5
    for kind, name in named:
        assert name in files.resources(kind), f"{kind}.{name}"
    outputs = {*re.findall(r"output -raw (\w+)", said)}
    blocks = (block for file in files.files().values() for block in file.get("output", ()))
    assert outputs == {"environment", "firebase"} <= {name for block in blocks for name in block}
    chosen = {*re.findall(r"(\w+) = \"", said.replace("\\n", "\n"))}
    assert {"project", "image_tag", "generation"} == chosen <= {*files.variables()}


def test_what_the_images_need_is_made_before_the_functions(terraform: Terraform) -> None:
    said = "\n".join(FENCE.findall((ROOT / "infra" / "README.md").read_text()))
    targets = re.findall(r"-target=\S+", said)
    plan = terraform.plan(*targets, provider_keys=["fal_key"])
    assert not plan.of("google_cloud_run_v2_service")
    assert [one["account_id"] for one in plan.of("google_service_account").values()] == [
        "mascotry-build"
    ]
    services = {one["service"] for one in plan.of("google_project_service").values()}
    assert services >= {"artifactregistry.googleapis.com", "cloudbuild.googleapis.com"}
    assert plan.of("google_artifact_registry_repository")
    assert plan.of("google_artifact_registry_repository_iam_member")
    assert {*plan.of("google_project_iam_member")} == {
        "build_logs.build_logs",
        "build_source.build_source",
    }
    assert plan.of("google_secret_manager_secret")


def test_a_wrong_line_would_be_found(tmp_path: Path) -> None:
    page = "```sh\nX=$(gcloud run services list --regoin=x)\ngcloud projects list | head\n```\n"
    lines = commands(page)
    assert lines == ["gcloud run services list --regoin=x", "gcloud projects list"]
    assert "did you mean '--region'" in str(problems(lines, tmp_path))
