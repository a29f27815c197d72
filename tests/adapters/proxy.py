"""A wire between Google's client and a Firestore that loses answers and refuses calls."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc

COMMIT = "Commit"
READ = "BatchGetDocuments"
READ_ONE = "GetDocument"

_STREAMS = (READ, "RunQuery", "RunAggregationQuery")


@dataclass(frozen=True)
class Fault:
    """What becomes of one call: a status instead of its answer, and whether it arrived before."""

    status: grpc.StatusCode
    arrives: bool = False
    then: Callable[[], object] = lambda: None
    """Happens before the client learns of the fault."""


@dataclass
class Wire:
    address: str
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    """By the name of the call, for the next ones of it."""
    calls: list[str] = field(default_factory=list)

    def fail(self, call: str, *faults: Fault) -> None:
        self.faults[call] = deque(faults)


@contextmanager
def wire(firestore: str) -> Iterator[Wire]:
    with grpc.insecure_channel(firestore) as channel, ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool)
        wire = Wire(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        server.add_generic_rpc_handlers((_Handler(wire, channel),))
        server.start()
        try:
            yield wire
        finally:
            server.stop(None).wait()


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Passes messages on as they are, bytes for bytes."""

    def __init__(self, wire: Wire, channel: grpc.Channel) -> None:
        self._wire = wire
        self._channel = channel

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        name = details.method.rsplit("/", 1)[1]
        metadata = [(key, value) for key, value in details.invocation_metadata if key[0] != ":"]

        def send(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            call = self._channel.unary_stream(details.method)
            try:
                return iter(list(call(request, metadata=metadata, timeout=60)))
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
                raise AssertionError from None

        def handle(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            self._wire.calls.append(name)
            faults = self._wire.faults.get(name)
            if not faults:
                return send(request, context)
            fault = faults.popleft()
            if fault.arrives:
                send(request, context)
            fault.then()
            context.abort(fault.status, "a fault that a test has asked for")
            raise AssertionError

        if name in _STREAMS:
            return grpc.unary_stream_rpc_method_handler(handle)
        return grpc.unary_unary_rpc_method_handler(lambda *call: next(handle(*call)))
