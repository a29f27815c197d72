"""What Terraform would make, as the stand-ins of Google's services need it. Nothing is added."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.emulators.container import Limits
from infra.emulators.invocation import Service
from infra.emulators.policy import Grant

UNITS: Final = {"Mi": 1 << 20, "Gi": 1 << 30}

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """One service of Cloud Run, and what its container is given."""

    name: str
    service: Service
    image: str
    account: str
    environment: Mapping[str, str]
    limits: Limits

    @property
    def url(self) -> str:
        return self.service.addresses[0]

    @property
    def host(self) -> str:
        return self.url.removeprefix("https://")


class Deployment:
    """A plan for an empty project."""

    def __init__(self, resources: Mapping[str, Mapping[str, Values]], outputs: Values) -> None:
        self._resources, self.outputs = resources, outputs
        self.project = self.settings["MASCOTRY_PROJECT"]

    def _all(self, kind: str) -> list[Values]:
        return list(self._resources.get(kind, {}).values())

    def _one(self, kind: str) -> Values:
        (found,) = self._all(kind)
        return found

    @property
    def functions(self) -> dict[str, Function]:
        return {one.name: one for one in map(self._function, self._services())}

    def _services(self) -> list[Values]:
        return self._all("google_cloud_run_v2_service")

    def _function(self, service: Values) -> Function:
        (template,) = service["template"]
        (container,) = template["containers"]
        given = {one["name"]: one["value"] for one in container["env"]}
        name = given["FUNCTION_TARGET"]
        (resources,) = container["resources"]
        return Function(
            name=name,
            service=Service(
                name=service["name"],
                addresses=(self.outputs["functions"][name],),
                invoker_check=not service.get("invoker_iam_disabled"),
                internal_only=service["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY",
            ),
            image=container["image"].rpartition("/")[2].partition(":")[0],
            account=template["service_account"],
            environment=given,
            limits=Limits(
                memory=size(resources["limits"]["memory"]),
                timeout=float(template["timeout"].removesuffix("s")),
                concurrency=int(template["max_instance_request_concurrency"]),
            ),
        )

    @property
    def grants(self) -> list[Grant]:
        return [*self._grants()]

    def _grants(self) -> Iterator[Grant]:
        for one in self._all("google_project_iam_member"):
            # Of Google's own agents the names are known only when they are there.
            if one.get("member") and not one.get("condition"):
                yield Grant(one["role"], one["member"])
        for one in self._all("google_storage_bucket_iam_member"):
            yield Grant(one["role"], one["member"], f"bucket/{one['bucket']}")
        for one in self._all("google_cloud_run_v2_service_iam_member"):
            yield Grant(one["role"], one["member"], f"service/{one['name']}")
        for one in self._all("google_service_account_iam_member"):
            account = one["service_account_id"].rpartition("/")[2]
            yield Grant(one["role"], one["member"], f"account/{account}")
        for one in self._all("google_cloud_tasks_queue_iam_binding"):
            for member in one["members"]:
                yield Grant(one["role"], member, f"queue/{one['name']}")

    @property
    def buckets(self) -> list[str]:
        return [one["name"] for one in self._all("google_storage_bucket")]

    @property
    def queues(self) -> list[Values]:
        return self._all("google_cloud_tasks_queue")

    @property
    def region(self) -> str:
        return str(self.queues[0]["location"])

    @property
    def triggers(self) -> dict[str, tuple[str, str]]:
        """By bucket: the service that is told of its objects, and the account that tells it."""
        found = {}
        for one in self._all("google_eventarc_trigger"):
            (bucket,) = (c["value"] for c in one["matching_criteria"] if c["attribute"] == "bucket")
            (run,) = one["destination"][0]["cloud_run_service"]
            found[bucket] = (run["service"], one["service_account"])
        return found

    @property
    def schedule(self) -> tuple[str, str, str]:
        """What is called each minute: its address, whose token it gets, and for which audience."""
        (target,) = self._one("google_cloud_scheduler_job")["http_target"]
        (token,) = target["oidc_token"]
        return target["uri"], token["service_account_email"], token["audience"]

    @property
    def settings(self) -> dict[str, str]:
        """The settings that commands on an operator's own machine get."""
        return dict(one.split("=", 1) for one in self.outputs["environment"].split())


def size(text: str) -> int:
    """Bytes of a quantity such as 512Mi."""
    found = re.fullmatch(r"(\d+)(Mi|Gi)", text)
    assert found, f"{text!r} is no memory size that is known here"
    return int(found[1]) * UNITS[found[2]]
