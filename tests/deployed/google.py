"""Google's APIs as the deployed functions meet them: under their own names, with certificates that
only this machine believes, and for those alone whom IAM lets in."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

import grpc
from cryptography.hazmat.primitives.asymmetric import rsa
from google.cloud import tasks_v2
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.oauth2.credentials import Credentials

from infra.emulators import firestore, storage
from infra.emulators.access import Access
from infra.emulators.authority import Authority
from infra.emulators.bridge import Bridge
from infra.emulators.eventarc import Eventarc
from infra.emulators.front import GOOGLE
from infra.emulators.gate import FirestoreGate
from infra.emulators.http_server import HttpServer
from infra.emulators.identity import PATH, Issuer
from infra.emulators.metadata import AccessTokens
from infra.emulators.policy import Policy
from infra.emulators.signing import Signing
from infra.emulators.tasks import CloudTasksServer, Refused
from tests.deployed.deployment import Deployment

ADDRESSES: Final = {
    f"{name}.googleapis.com": f"127.0.1.{number}"
    for number, name in enumerate(
        ("firestore", "cloudtasks", "storage", "iamcredentials", "www"), 1
    )
}
OPERATOR: Final = "operator@example.com"
"""Who deploys, and owns the project."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What all of Google's services share: who is who, and who may do what."""

    authority: Authority
    issuer: Issuer
    policy: Policy
    tokens: AccessTokens


def serve(stack: ExitStack, deployment: Deployment, platform: Platform) -> None:
    """Serve all APIs that the functions ask, until the stack ends."""
    keys = {account: _key() for account in _signers(deployment)}
    _json(stack, platform, "www.googleapis.com", _certificates(platform.issuer))
    signing = Signing(keys, platform.policy, platform.tokens)
    _json(stack, platform, "iamcredentials.googleapis.com", signing.answer)
    emulator = stack.enter_context(firestore.running(rules=firestore.RULES))
    address, credentials = _grpc(platform, "firestore.googleapis.com")
    gate = FirestoreGate(emulator, address, credentials, platform.policy, platform.tokens)
    gate.start()
    stack.callback(gate.stop)
    _warm(deployment, platform.tokens)
    _storage(stack, deployment, platform, keys)
    tasks = CloudTasksServer(
        issuer=platform.issuer,
        secure=_grpc(platform, "cloudtasks.googleapis.com"),
        authorize=_enqueuer(platform.policy, platform.tokens),
        caller=GOOGLE,
    )
    for queue in deployment.queues:
        tasks.create(_queue(deployment, queue))
    tasks.start()
    stack.callback(tasks.stop, 0)


def _warm(deployment: Deployment, tokens: AccessTokens) -> None:
    """Let the emulator do its first commit, which takes Java its time on a busy machine."""
    client = FirestoreClient(credentials=Credentials(tokens.issue(OPERATOR)))  # type: ignore[no-untyped-call]
    database = f"projects/{deployment.project}/databases/(default)"
    document = {"name": f"{database}/documents/warm/up"}
    client.commit({"database": database, "writes": [{"update": document}]}, timeout=120)


def _storage(
    stack: ExitStack,
    deployment: Deployment,
    platform: Platform,
    keys: Mapping[str, rsa.RSAPrivateKey],
) -> None:
    """Cloud Storage, and who is told of its objects."""
    made: list[Bridge] = []
    files = stack.enter_context(
        storage.running(
            443,
            buckets=tuple(deployment.buckets),
            keys={account: key.public_key() for account, key in keys.items()},
            address=ADDRESSES["storage.googleapis.com"],
            host="storage.googleapis.com",
            tls=platform.authority.context("storage.googleapis.com"),
            authorize=Access(platform.policy, platform.tokens).guard(lambda: made[0]),
        )
    )
    made.append(files.bridge)
    urls = {one.service.name: one.url for one in deployment.functions.values()}
    for bucket, (service, account) in deployment.triggers.items():

        def authorization(url: str = urls[service], account: str = account) -> str:
            return f"Bearer {platform.issuer.token(url, account)}"

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


def _grpc(platform: Platform, host: str) -> tuple[str, grpc.ServerCredentials]:
    credentials = grpc.ssl_server_credentials([platform.authority.issue(host)])
    return f"{ADDRESSES[host]}:443", credentials


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


def _queue(deployment: Deployment, queue: Any) -> tasks_v2.Queue:
    """A queue as it was asked for, but with no more at once than this machine has cores and one
    container of its function has room."""
    (rates,), (retries,) = queue["rate_limits"], queue["retry_config"]
    name = f"projects/{deployment.project}/locations/{queue['location']}/queues/{queue['name']}"
    at_once = int(rates["max_concurrent_dispatches"])

    def seconds(text: str) -> timedelta:
        return timedelta(seconds=float(text.removesuffix("s")))

    room = next(
        (
            one.limits.concurrency
            for one in deployment.functions.values()
            if one.service.name == queue["name"]
        ),
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


def _certificates(issuer: Issuer) -> Any:
    def answer(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        if path in (PATH, "/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"):
            return 200, issuer.certificates
        return 404, {}

    return answer


def _json(stack: ExitStack, platform: Platform, host: str, answer: Any) -> None:
    """Serve JSON under a host's name: `answer` takes path, headers and body."""

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

    server = HttpServer((ADDRESSES[host], 443), Handler, tls=platform.authority.context(host))
    server.start()
    stack.callback(server.stop)
