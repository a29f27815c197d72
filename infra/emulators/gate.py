"""What stands in front of the Firestore emulator and asks who is calling, as Firestore does."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from infra.emulators.metadata import AccessTokens
from infra.emulators.policy import Policy

PERMISSION = "datastore.entities"
STREAMED = ("BatchGetDocuments", "RunQuery", "RunAggregationQuery")
"""The methods that answer with a stream; the ones that take one are not used here."""
_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
_THREADS = 64
_OWNER = ("authorization", "Bearer owner")


class FirestoreGate(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Passes on what an account may do; the emulator itself lets everybody do everything."""

    def __init__(
        self,
        emulator: str,
        address: str,
        credentials: grpc.ServerCredentials,
        policy: Policy,
        tokens: AccessTokens,
    ) -> None:
        self._channel = grpc.insecure_channel(emulator, options=_OPTIONS)
        self._policy, self._tokens = policy, tokens
        self._server = grpc.server(ThreadPoolExecutor(_THREADS, "firestore"), options=_OPTIONS)
        self._server.add_generic_rpc_handlers((self,))
        self._server.add_secure_port(address, credentials)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()
        self._channel.close()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        account = self._tokens.account(dict(details.invocation_metadata).get("authorization"))
        if not self._policy.allows(account, PERMISSION, ""):
            return grpc.unary_unary_rpc_method_handler(_refusing(account))
        metadata = [_OWNER] + [
            (key, value)
            for key, value in details.invocation_metadata
            if key in ("google-cloud-resource-prefix", "x-goog-request-params")
        ]
        if details.method.rpartition("/")[2] in STREAMED:
            ask = self._channel.unary_stream(details.method)

            def stream(request: bytes, context: Any) -> Iterator[bytes]:
                try:
                    yield from ask(request, timeout=context.time_remaining(), metadata=metadata)
                except grpc.RpcError as error:
                    context.abort(error.code(), error.details())

            return grpc.unary_stream_rpc_method_handler(stream)
        call = self._channel.unary_unary(details.method)

        def unary(request: bytes, context: Any) -> bytes:
            try:
                answer: bytes = call(request, timeout=context.time_remaining(), metadata=metadata)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            return answer

        return grpc.unary_unary_rpc_method_handler(unary)


def _refusing(account: str | None) -> Callable[[bytes, Any], bytes]:
    def refuse(request: bytes, context: Any) -> bytes:
        if account is None:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Request had invalid credentials.")
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "Missing or insufficient permissions.")
        raise AssertionError  # abort has raised

    return refuse
