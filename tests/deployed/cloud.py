"""A project on Google Cloud, as Terraform would make it, on this machine: each function in a
process of its own as its own account, behind stand-ins that answer under Google's own names and let
through only what IAM lets through."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import urllib3

from infra.emulators.authority import Authority
from infra.emulators.container import Container, Image
from infra.emulators.front import GOOGLE, Front, Hosting, Target
from infra.emulators.identity import Issuer
from infra.emulators.invocation import Invocation
from infra.emulators.metadata import AccessTokens, MetadataServer
from infra.emulators.policy import Grant, Policy
from infra.site import pattern
from shared.adapters.system import SystemClock
from tests.deployed import google, namespace
from tests.deployed.deployment import Deployment
from tests.deployed.google import ADDRESSES, OPERATOR, Platform
from tests.infra.terraform import ROOT

FRONT: Final = "127.0.1.9"
PORTS: Final = 8100
"""Below those that the kernel gives to connections."""
HOOKS: Final = "hooks.mascots.example"
AT_HOME: Final = "127.0.2.250"
"""Where the operator's own machine finds out whose account it has."""
TRUST: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH")
"""Where Python, requests and gRPC look for the certificates that they believe."""


@dataclass(frozen=True)
class Cloud:
    """The running project."""

    deployment: Deployment
    targets: Mapping[str, Target]
    platform: Platform
    resolver: namespace.Resolver
    folder: Path
    known: frozenset[str]

    def sweep(self) -> int:
        """Call what the schedule calls; the status."""
        address, account, audience = self.deployment.schedule
        headers = {"Authorization": f"Bearer {self.platform.issuer.token(audience, account)}"}
        with urllib3.PoolManager(source_address=(GOOGLE, 0), retries=False) as http:
            return int(http.request("POST", address, headers=headers, timeout=900).status)

    def foreign_names(self) -> set[str]:
        """The names that somebody has asked for which are not Google's own here."""
        return {
            name
            for name in self.resolver.asked
            # What is reserved for examples is what requests name here.
            if name not in self.known and not re.search(r"(^|\.)example(\.com)?$", name)
        }

    def log(self, function: str) -> str:
        return (self.folder / f"{function}.log").read_text(errors="replace")


@contextmanager
def running(deployment: Deployment, images: Mapping[str, Image], folder: Path) -> Iterator[Cloud]:
    """The project, until the block ends. Only in a namespace of its own: it names itself Google."""
    authority = Authority(folder)
    functions = deployment.functions
    site = deployment.outputs["base_url"].removeprefix("https://")
    hosts = {
        **ADDRESSES,
        **{one.host: FRONT for one in functions.values()},
        site: FRONT,
        HOOKS: namespace.PUBLIC,
        # Servers look for the name of the address that they are bound to.
        **{f"{name}.internal": _inside(deployment, name) for name in functions},
        "operator.internal": AT_HOME,
    }
    namespace.name(hosts, folder)
    resolver = namespace.Resolver()
    resolver.start()
    trust = dict.fromkeys(TRUST, str(authority.root))
    os.environ.update(trust)
    owner = Grant("roles/datastore.user", f"serviceAccount:{OPERATOR}")
    policy = Policy([*deployment.grants, owner])
    platform = Platform(authority, Issuer(SystemClock()), policy, AccessTokens())
    with ExitStack() as stack:
        google.serve(stack, deployment, platform)
        targets = {
            name: _target(stack, deployment, name, images, trust, platform, folder)
            for name in functions
        }
        front = Front(
            (FRONT, 443),
            authority.context(site, *(one.host for one in functions.values())),
            Invocation(platform.issuer, policy),
            {target.service.name: target for target in targets.values()},
            {site: _hosting()},
        )
        front.start()
        stack.callback(front.stop)
        known = frozenset(hosts) | {"metadata.google.internal", "localhost"}
        yield Cloud(deployment, targets, platform, resolver, folder, known)


def _inside(deployment: Deployment, name: str) -> str:
    """The address of the metadata server that a function's container sees."""
    return f"127.0.2.{1 + sorted(deployment.functions).index(name)}"


def _target(
    stack: ExitStack,
    deployment: Deployment,
    name: str,
    images: Mapping[str, Image],
    trust: Mapping[str, str],
    platform: Platform,
    folder: Path,
) -> Target:
    """A function's service, its container not started yet, and the metadata server beside it."""
    function, address = deployment.functions[name], _inside(deployment, name)
    metadata = MetadataServer(
        function.account,
        deployment.project,
        issuer=platform.issuer,
        tokens=platform.tokens,
        address=(address, 80),
    )
    metadata.start()
    stack.callback(metadata.stop)
    environment = {
        **function.environment,
        **trust,
        "GCE_METADATA_HOST": address,
        "GCE_METADATA_IP": address,
        "K_SERVICE": function.service.name,
        "K_REVISION": f"{function.service.name}-00001",
        "K_CONFIGURATION": function.service.name,
    }
    port = PORTS + int(address.rpartition(".")[2])
    log = folder / f"{name}.log"
    container = Container(name, images[function.image], environment, function.limits, log, port)
    stack.callback(container.close)
    return Target(function.service, container)


def _hosting() -> Hosting:
    """Where Hosting sends a path, as firebase.json says; files of the site go nowhere."""
    rewrites = json.loads((ROOT / "firebase.json").read_text())["hosting"]["rewrites"]
    rules = [(pattern(one["source"]), one["run"]["serviceId"]) for one in rewrites]

    def service(path: str) -> str | None:
        return next((name for rule, name in rules if rule.fullmatch(path)), None)

    return service
