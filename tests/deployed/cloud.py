"""A project on Google Cloud, as Terraform would make it, on this machine: each function in a
process of its own as its own account, behind stand-ins that answer under Google's own names and let
through only what IAM lets through."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

import grpc
import urllib3
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud import tasks_v2
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.oauth2.credentials import Credentials

from infra.emulators import firestore, storage
from infra.emulators.access import Access
from infra.emulators.authority import Authority
from infra.emulators.bridge import Bridge
from infra.emulators.container import Container, Image
from infra.emulators.eventarc import Eventarc
from infra.emulators.front import GOOGLE, Front, Target
from infra.emulators.gate import FirestoreGate
from infra.emulators.http_server import HttpServer
from infra.emulators.identity import PATH, Issuer
from infra.emulators.invocation import Invocation
from infra.emulators.metadata import AccessTokens, MetadataServer
from infra.emulators.policy import Grant, Policy
from infra.emulators.signing import Signing
from infra.emulators.tasks import CloudTasksServer, Refused
from infra.site import pattern
from shared.adapters.system import SystemClock
from tests.deployed import namespace
from tests.deployed.deployment import Deployment
from tests.infra.terraform import ROOT

ADDRESSES: Final = {
    name: f"127.0.1.{number}"
    for number, name in enumerate(("firestore", "cloudtasks", "storage", "iamcredentials"), 1)
}
"""Of Google's APIs, each `NAME.googleapis.com`."""
PORTS: Final = 8100
"""Below those that the kernel gives to connections."""
CERTIFICATES, FRONT = "127.0.1.8", "127.0.1.9"
OPERATOR: Final = "operator@example.com"
HOOKS: Final = "hooks.mascots.example"
AT_HOME: Final = "127.0.2.250"
"""Where the operator's own machine finds out whose account it has."""


@dataclass(frozen=True)
class Cloud:
    """The running project."""

    deployment: Deployment
    targets: Mapping[str, Target]
    policy: Policy
    tokens: AccessTokens
    issuer: Issuer
    resolver: namespace.Resolver
    authority: Authority
    folder: Path
    known: frozenset[str]

    def sweep(self) -> int:
        """Call what the schedule calls; the status."""
        address, account, audience = self.deployment.schedule
        headers = {"Authorization": f"Bearer {self.issuer.token(audience, account)}"}
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
    clock = SystemClock()
    authority = Authority(folder)
    functions = deployment.functions
    site = deployment.outputs["base_url"].removeprefix("https://")
    hosts = {f"{name}.googleapis.com": address for name, address in ADDRESSES.items()}
    hosts |= {"www.googleapis.com": CERTIFICATES, site: FRONT, HOOKS: namespace.PUBLIC}
    hosts["operator.internal"] = AT_HOME
    hosts |= {one.host: FRONT for one in functions.values()}
    inside = {key: f"127.0.2.{number}" for number, key in enumerate(sorted(functions), 1)}
    # Servers look for the name of the address that they are bound to.
    namespace.name({**hosts, **{f"{key}.internal": inside[key] for key in inside}}, folder)
    resolver = namespace.Resolver()
    resolver.start()
    trust = {
        name: str(authority.root)
        for name in (
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        )
    }
    os.environ.update(trust)
    # Who deploys owns the project.
    owner = Grant("roles/datastore.user", f"serviceAccount:{OPERATOR}")
    policy, tokens = Policy([*deployment.grants, owner]), AccessTokens()
    accounts = {one.account for one in functions.values()}
    keys = {account: _key() for account in _signers(deployment)}
    issuer = Issuer(clock)
    with ExitStack() as stack:
        _serve_json(
            stack, authority.context("www.googleapis.com"), CERTIFICATES, _certificates(issuer)
        )
        signing = Signing(keys, policy, tokens)
        name = "iamcredentials.googleapis.com"
        _serve_json(stack, authority.context(name), ADDRESSES["iamcredentials"], signing.answer)
        emulator = stack.enter_context(firestore.running(rules=firestore.RULES))
        gate = FirestoreGate(
            emulator,
            f"{ADDRESSES['firestore']}:443",
            _grpc(authority, "firestore.googleapis.com"),
            policy,
            tokens,
        )
        gate.start()
        stack.callback(gate.stop)
        _warm(deployment, tokens)
        _bridge(stack, deployment, authority, policy, tokens, keys, issuer)
        tasks = CloudTasksServer(
            issuer=issuer,
            secure=(
                f"{ADDRESSES['cloudtasks']}:443",
                _grpc(authority, "cloudtasks.googleapis.com"),
            ),
            authorize=_enqueuer(policy, tokens),
            caller=GOOGLE,
        )
        for queue in deployment.queues:
            tasks.create(_queue(deployment, queue, functions))
        tasks.start()
        stack.callback(tasks.stop, 0)
        targets: dict[str, Target] = {}
        for key, function in functions.items():
            address = inside[key]
            metadata = MetadataServer(
                function.account,
                deployment.project,
                issuer=issuer,
                tokens=tokens,
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
            container = Container(
                key,
                images[function.image],
                environment,
                function.limits,
                folder / f"{key}.log",
                PORTS + len(targets),
            )
            stack.callback(container.close)
            targets[function.service.name] = Target(function.service, container)
        front = Front(
            (FRONT, 443),
            authority.context(site, *(one.host for one in functions.values())),
            Invocation(issuer, policy),
            targets,
            {site: _hosting()},
        )
        front.start()
        stack.callback(front.stop)
        assert accounts <= {one.account for one in functions.values()}
        known = frozenset(hosts) | {"metadata.google.internal", "localhost"}
        yield Cloud(
            deployment,
            {name: targets[one.service.name] for name, one in functions.items()},
            policy,
            tokens,
            issuer,
            resolver,
            authority,
            folder,
            known,
        )


def _warm(deployment: Deployment, tokens: AccessTokens) -> None:
    """Let the emulator do its first commit, which takes Java its time on a busy machine."""
    client = FirestoreClient(credentials=Credentials(tokens.issue(OPERATOR)))  # type: ignore[no-untyped-call]
    database = f"projects/{deployment.project}/databases/(default)"
    document = {"name": f"{database}/documents/warm/up"}
    client.commit({"database": database, "writes": [{"update": document}]}, timeout=120)


def _bridge(
    stack: ExitStack,
    deployment: Deployment,
    authority: Authority,
    policy: Policy,
    tokens: AccessTokens,
    keys: Mapping[str, rsa.RSAPrivateKey],
    issuer: Issuer,
) -> None:
    """Cloud Storage, and who is told of its objects."""
    made: list[Bridge] = []
    files = stack.enter_context(
        storage.running(
            443,
            buckets=tuple(deployment.buckets),
            keys={account: key.public_key() for account, key in keys.items()},
            address=ADDRESSES["storage"],
            host="storage.googleapis.com",
            tls=authority.context("storage.googleapis.com"),
            authorize=Access(policy, tokens).guard(lambda: made[0]),
        )
    )
    made.append(files.bridge)
    urls = {one.service.name: one.url for one in deployment.functions.values()}
    for bucket, (service, account) in deployment.triggers.items():

        def authorization(url: str = urls[service], account: str = account) -> str:
            return f"Bearer {issuer.token(url, account)}"

        events = Eventarc(f"{urls[service]}/", [bucket], authorization=authorization, caller=GOOGLE)
        events.start()
        stack.callback(events.stop)
        files.bridge.subscribers.append(events.announce)


def _signers(deployment: Deployment) -> set[str]:
    """The accounts that may sign as themselves."""
    return {
        grant.resource.removeprefix("account/")
        for grant in deployment.grants
        if grant.role == "roles/iam.serviceAccountTokenCreator"
    }


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _grpc(authority: Authority, host: str) -> grpc.ServerCredentials:
    return grpc.ssl_server_credentials([authority.issue(host)])


def _enqueuer(policy: Policy, tokens: AccessTokens) -> Any:
    """Cloud Tasks' own question: may this account enqueue here, and name that account?"""

    def authorize(request: Any, metadata: dict[str, str]) -> None:
        account = tokens.account(metadata.get("authorization"))
        if account is None:
            raise Refused(grpc.StatusCode.UNAUTHENTICATED, "Request had invalid credentials.")
        if not isinstance(request, tasks_v2.CreateTaskRequest):
            raise Refused(grpc.StatusCode.PERMISSION_DENIED, "nobody here is granted this")
        queue = request.parent.rpartition("/")[2]
        named = request.task.http_request.oidc_token.service_account_email
        for permission, resource in (
            ("cloudtasks.tasks.create", f"queue/{queue}"),
            ("iam.serviceAccounts.actAs", f"account/{named}"),
        ):
            if not policy.allows(account, permission, resource):
                message = f"The principal lacks {permission} on {resource}"
                raise Refused(grpc.StatusCode.PERMISSION_DENIED, message)

    return authorize


def _queue(deployment: Deployment, queue: Any, functions: Any) -> tasks_v2.Queue:
    """A queue as it was asked for, but with no more at once than this machine has cores and one
    container of its function has room."""
    (rates,), (retries,) = queue["rate_limits"], queue["retry_config"]
    name = f"projects/{deployment.project}/locations/{queue['location']}/queues/{queue['name']}"
    at_once = int(rates["max_concurrent_dispatches"])

    def seconds(text: str) -> timedelta:
        return timedelta(seconds=float(text.removesuffix("s")))

    room = next(
        (one.limits.concurrency for one in functions.values() if one.service.name == queue["name"]),
        at_once,
    )
    return tasks_v2.Queue(
        name=name,
        rate_limits=tasks_v2.RateLimits(
            max_dispatches_per_second=float(rates["max_dispatches_per_second"]),
            max_concurrent_dispatches=min(at_once, room),
        ),
        retry_config=tasks_v2.RetryConfig(
            max_attempts=int(retries["max_attempts"]),
            max_retry_duration=seconds(retries["max_retry_duration"]),
            min_backoff=seconds(retries["min_backoff"]),
            max_backoff=seconds(retries["max_backoff"]),
            max_doublings=int(retries["max_doublings"]),
        ),
    )


def _hosting() -> Any:
    """Where Hosting sends a path, as firebase.json says; files of the site go nowhere."""
    rewrites = json.loads((ROOT / "firebase.json").read_text())["hosting"]["rewrites"]
    rules = [(pattern(one["source"]), one["run"]["serviceId"]) for one in rewrites]

    def service(path: str) -> str | None:
        return next((name for rule, name in rules if rule.fullmatch(path)), None)

    return service


def _certificates(issuer: Issuer) -> Any:
    def answer(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        if path in (PATH, "/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"):
            return 200, issuer.certificates
        return 404, {}

    return answer


def _serve_json(stack: ExitStack, tls: SSLContext, address: str, answer: Any) -> None:
    class Handler(BaseHTTPRequestHandler):
        timeout = 30

        def serve(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            status, said = answer(self.path, headers, body)
            text = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Cache-Control", "public, max-age=3600")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = serve  # noqa: N815 - as the library wants them
        do_POST = serve  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = HttpServer((address, 443), Handler, tls=tls)
    server.start()
    stack.callback(server.stop)
