"""The Decoder port in this process, and by the function `decode` over HTTP, with a token that is
checked and a store that checks what was signed."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from functions import composition
from infra import gateway
from infra.emulators.account import ServiceAccount
from infra.emulators.identity import Issuer
from shared import config
from shared.adapters.gcp.blobs import StorageBlobs
from shared.adapters.gcp.decoder import DecodeFunction
from shared.adapters.gcp.identity import IdentityToken
from shared.adapters.system import SystemClock
from shared.ports import Blobs, Bucket, Decoder
from shared.services.decoding import LocalDecoder
from tests.contract import embedded
from tests.contract.cloud_storage import CloudStorage
from tests.contract.world import Place

CALLER = "mascotry-intake@demo.iam.gserviceaccount.com"


@dataclass(frozen=True)
class Decoding:
    """A decoder, and the store that it takes films from and writes masters to."""

    decoder: Decoder
    blobs: Blobs


@contextmanager
def local(place: Place) -> Iterator[Decoding]:
    with embedded.blobs(place) as blobs:
        yield Decoding(LocalDecoder(blobs), blobs)


@contextmanager
def function(place: Place) -> Iterator[Decoding]:
    cloud: CloudStorage = place.fixture("cloud_storage")
    with cloud.open(cloud.buckets()) as blobs, serving(place, blobs, cloud.server.url) as decoder:
        yield Decoding(decoder, blobs)


@contextmanager
def serving(place: Place, blobs: StorageBlobs, storage_url: str) -> Iterator[DecodeFunction]:
    """The function as it is deployed, and the client that its callers have."""
    issuer = Issuer(SystemClock())
    issuer.start()
    account = ServiceAccount(CALLER, token_uri=issuer.token_url)
    issuer.accounts[account.email] = account.public_key
    place.folder.mkdir(parents=True, exist_ok=True)
    account.write(place.folder / "account.json")
    app = DispatcherMiddleware(NotFound(), {"/decode": gateway.function(gateway.DECODER)})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    origin = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    environment = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(place.folder / "account.json"),
        "MASCOTRY_BACKEND": "google",
        "MASCOTRY_FUNCTIONS_URL": f"{origin}/{{function}}",
        "MASCOTRY_DECODE_CALLERS": json.dumps([CALLER]),
        "MASCOTRY_STORAGE_URL": storage_url,
        "MASCOTRY_TASKS_CERTIFICATES_URL": issuer.url,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        _forget()
        try:
            yield DecodeFunction(f"{origin}/decode", IdentityToken(f"{origin}/decode").text, blobs)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            issuer.stop()
    _forget()


def _forget() -> None:
    """Let the functions read the environment anew."""
    config.settings.cache_clear()
    composition.ports.cache_clear()
    composition.caller_certificates.cache_clear()


DECODERS: Mapping[str, Callable[[Place], AbstractContextManager[Decoding]]] = {
    "local": local,
    "function": function,
}


def send(blobs: Blobs, name: str, content: bytes) -> None:
    """What a client's PUT does."""
    blobs.put(Bucket.UPLOADS, name, content, content_type="video/mp4")
