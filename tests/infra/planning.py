"""What Terraform itself makes of the files: real plans, with a provider that makes nothing."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import emulators
from tests.infra import provider
from tests.infra.terraform import FOLDER, ROOT

INSTALL = "https://developer.hashicorp.com/terraform/install says how to get Terraform."
GIVEN = {"project": "test-project", "image_tag": "v1"}
DOMAINS = {"api_domain": "api.mascots.example", "cdn_domain": "cdn.mascots.example"}

Values = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What would be made: each resource's values, as far as they are known, by type and key, and
    the outputs."""

    resources: Mapping[str, Mapping[str, Values]]
    outputs: Values

    def of(self, kind: str) -> Mapping[str, Values]:
        return self.resources.get(kind, {})

    def services(self) -> dict[str, Values]:
        """The functions' services by entry point."""
        found = self.of("google_cloud_run_v2_service")
        return {key.removeprefix("this."): one for key, one in found.items()}


def container(service: Values) -> Values:
    (found,) = service["template"][0]["containers"]
    return dict(found)


def environment(service: Values) -> dict[str, Any]:
    """The variables of a function; None for what is not known before it is made."""
    return {one["name"]: one.get("value") for one in container(service)["env"]}


class Terraform:
    """Terraform in a copy of the files."""

    def __init__(self, program: Path, folder: Path, environment: dict[str, str]) -> None:
        self._program, self.folder = program, folder / "infra" / "terraform"
        self._environment = environment
        shutil.copytree(
            FOLDER, self.folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfvars")
        )
        for name in ("queues.json", "firestore.indexes.json"):
            shutil.copy(ROOT / "infra" / name, self.folder.parent)
        shutil.copy(ROOT / "firebase.json", folder)
        self.run("init")

    def run(self, *arguments: str, fails: bool = False) -> str:
        """What it prints; what it complains of if it is to fail."""
        done = subprocess.run(
            [self._program, arguments[0], "-no-color", *arguments[1:]],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stderr if fails else done.stdout

    def plan(self, *options: str, **variables: object) -> Plan:
        """The plan for an empty project."""
        self.run("plan", "-refresh=false", "-out=plan", *options, *self._chosen(variables))
        planned = json.loads(self.run("show", "-json", "plan"))["planned_values"]
        resources: dict[str, dict[str, Values]] = {}
        for one in planned["root_module"]["resources"]:
            key = str(one.get("index", one["name"]))
            resources.setdefault(one["type"], {})[f"{one['name']}.{key}"] = one["values"]
        outputs = {name: of.get("value") for name, of in planned.get("outputs", {}).items()}
        return Plan(resources, outputs)

    def after_import(
        self, address: str, identity: str, **variables: object
    ) -> dict[str, list[str]]:
        """What a plan would do with each resource once one was imported into an empty state."""
        chosen, state = self._chosen(variables), "-state=imported.tfstate"
        self.run("import", state, *chosen, address, identity)
        self.run("plan", "-refresh=false", state, "-out=plan", *chosen)
        changes = json.loads(self.run("show", "-json", "plan"))["resource_changes"]
        return {one["address"]: one["change"]["actions"] for one in changes}

    def complaints(self, **variables: object) -> str:
        """What it says of variables that it does not take, in one line."""
        return " ".join(self.run("plan", *self._chosen(variables), fails=True).split())

    def _chosen(self, variables: Mapping[str, object]) -> list[str]:
        values = {**GIVEN, **variables}
        return [
            f"-var={name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in values.items()
        ]


@contextmanager
def terraform(folder: Path) -> Iterator[Terraform]:
    """Terraform, in a folder of its own, with a provider that runs beside it."""
    found = shutil.which("terraform")
    program = emulators.require("terraform", Path(found) if found else None, INSTALL)
    with provider.running() as where:
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
        yield Terraform(program, folder, {**environment, **where})
