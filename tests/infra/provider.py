"""Terraform's Google provider as far as plans need it: what it takes, and nothing behind it.

Terraform asks providers by gRPC (its plugin protocol, version 5), and takes one that runs already
if TF_REATTACH_PROVIDERS says where. This one knows the schema of the resources that we use
(google-provider.json), plans everything as asked for, and makes nothing.
"""

import json
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import msgpack  # type: ignore[import-untyped]

SCHEMA = json.loads((Path(__file__).parent / "google-provider.json").read_text())
SOURCE = "registry.terraform.io/hashicorp/google"
KNOWN = {"google_project": {"number": "123456789012", "name": "Test", "project_id": "test-project"}}
"""What data sources answer."""
PROJECT = KNOWN["google_project"]["project_id"]
UNKNOWN = msgpack.ExtType(0, b"\0")
NESTING = {"single": 1, "list": 2, "set": 3}
PROVIDER = dict.fromkeys(("project", "region", "billing_project"), "string?") | {
    "user_project_override": "bool?"
}

Shape = dict[str, Any]
"""Attributes by name, as "type", with ! if required, ? if optional and = if the provider knows it;
blocks as [nesting, shape]."""


# --- protobuf, of which the protocol uses little --------------------------------------------------


def _varint(number: int) -> bytes:
    low = bytes([number & 0x7F | (0x80 if number > 0x7F else 0)])
    return low if number <= 0x7F else low + _varint(number >> 7)


def _field(number: int, value: bytes | int | str) -> bytes:
    """One field of a message; nothing for what is the default."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value) if value else b""
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _parsed(message: bytes) -> dict[int, bytes]:
    """The fields of a message that have a length, by number."""
    found, place = {}, 0

    def varint() -> int:
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(message):
        tag = varint()
        length = varint()
        if tag & 7 == 2:
            found[tag >> 3] = message[place : place + length]
            place += length
    return found


# --- schemas --------------------------------------------------------------------------------------


def _attribute(name: str, text: str) -> bytes:
    kind = text.rstrip("!?=").split()
    typed = json.dumps(kind[0] if len(kind) == 1 else kind)
    marks = zip((4, 5, 6), "!?=", strict=True)
    flags = b"".join(_field(number, int(mark in text)) for number, mark in marks)
    return _field(1, name) + _field(2, typed) + flags


def _block(shape: Shape) -> bytes:
    encoded = b""
    for name, of in shape.items():
        if isinstance(of, str):
            encoded += _field(2, _attribute(name, of))
        else:
            nesting, inner = of
            kind = NESTING[nesting.rstrip("!")]
            least = int(nesting.endswith("!"))
            nested = _field(1, name) + _field(2, _block(inner)) + _field(3, kind)
            encoded += _field(3, nested + _field(4, least))
    return encoded


def _schemas(number: int, shapes: dict[str, Shape]) -> bytes:
    return b"".join(
        _field(number, _field(1, name) + _field(2, _field(2, _block(shape))))
        for name, shape in shapes.items()
    )


@cache
def _schema() -> bytes:
    provider = _field(1, _field(2, _block(PROVIDER)))
    return provider + _schemas(2, SCHEMA["resources"]) + _schemas(3, SCHEMA["data"])


# --- answers --------------------------------------------------------------------------------------


def _value(dynamic: bytes) -> Any:
    return msgpack.unpackb(_parsed(dynamic)[1], strict_map_key=False)


def _dynamic(value: Any) -> bytes:
    return _field(1, msgpack.packb(value))


def _planned(shape: Shape, value: Any) -> Any:
    """What is asked for, with what only Google knows left unknown."""
    if not isinstance(value, dict):
        return value
    filled = dict(value)
    for name, of in shape.items():
        if isinstance(of, str):
            if "=" in of and filled.get(name) is None:
                filled[name] = UNKNOWN
        elif isinstance(filled.get(name), list):
            filled[name] = [_planned(of[1], one) for one in filled[name]]
    return filled


def _told(kind: str, value: Any) -> Any:
    """The value with what Google's own provider tells beforehand, too: who an account will be."""
    if kind != "google_service_account" or not isinstance(value, dict):
        return value
    email = f"{value['account_id']}@{PROJECT}.iam.gserviceaccount.com"
    name = f"projects/{PROJECT}/serviceAccounts/{email}"
    return {**value, "email": email, "member": f"serviceAccount:{email}", "name": name}


def _plan(request: bytes) -> bytes:
    asked = _parsed(request)
    kind = asked[1].decode()
    value = _told(kind, _value(asked[3]))
    return _field(1, _dynamic(_planned(SCHEMA["resources"][kind], value))) + _field(5, 1)


def _read(request: bytes) -> bytes:
    asked = _parsed(request)
    name = asked[1].decode()
    known = KNOWN.get(name, {})
    return _field(1, _dynamic({**_value(asked[2]), "id": name, **known}))


def _import(request: bytes) -> bytes:
    """A resource of which nothing is known but what its id says."""
    asked = _parsed(request)
    kind, identity = asked[1].decode(), asked[2].decode()
    shape: Shape = SCHEMA["resources"][kind]
    empty: dict[str, Any] = {
        name: None if isinstance(of, str) or of[0].startswith("single") else []
        for name, of in shape.items()
    }
    known = {"id": identity, "name": identity.rpartition("/")[2]}
    return _field(1, _field(1, kind) + _field(2, _dynamic(empty | known)))


def _upgrade(request: bytes) -> bytes:
    """State as it was written, since there is one version of it alone."""
    written = _parsed(_parsed(request)[3])[1]
    return _field(1, _dynamic(json.loads(written)))


METHODS: dict[str, Callable[[bytes], bytes]] = {
    "GetSchema": lambda request: _schema(),
    "PrepareProviderConfig": lambda request: _field(1, _parsed(request)[1]),
    "ValidateResourceTypeConfig": lambda request: b"",
    "ValidateDataSourceConfig": lambda request: b"",
    "Configure": lambda request: b"",
    "PlanResourceChange": _plan,
    "ReadDataSource": _read,
    "ImportResourceState": _import,
    "ReadResource": lambda request: _field(1, _parsed(request)[2]),
    "UpgradeResourceState": _upgrade,
    "Stop": lambda request: b"",
}


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """The provider while it runs: the environment that Terraform needs to find it."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(lambda asked, _, answer=answer: answer(asked))
        for name, answer in METHODS.items()
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("tfplugin5.Provider", handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    where = {"Network": "tcp", "String": f"127.0.0.1:{port}"}
    attach = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": 1, "Test": True, "Addr": where}
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps({SOURCE: attach})}
    finally:
        server.stop(None)
