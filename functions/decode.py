"""The function `decode`: an untrusted picture or film in, a clean one out.

    POST /moves             a picture                    {"moves": bool}
    POST /picture?side=     a picture                    a PNG
    POST /film              {"source", "target"}         the facts of `shared.ports.ImportedFilm`

It is the only function that opens what clients send, its account has no role, and it is told
nothing that leads to other files: a film lies behind signed URLs for two objects. A refusal is a
422 whose body the caller raises again.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, Final

from flask import Request, Response
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from functions import telemetry, trust
from shared.config import Settings, settings
from shared.errors import BadRequest, MascotryError, StepError
from shared.model import number
from shared.ports import MAX_MASTER
from shared.services import decoding
from shared.services.transfer import Store

CHUNK: Final = 1 << 16


class Target(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str
    headers: dict[str, str]


class FilmOrder(BaseModel):
    """Signed URLs: of the film, and for its master."""

    model_config = ConfigDict(extra="forbid")

    source: str = Field(max_length=4096)
    target: Target


def handle(request: Request) -> ResponseReturnValue:
    """Decode one file for one of the functions that may ask for it."""
    chosen = settings()
    with telemetry.entry(chosen, "decode", request.headers.get("traceparent"), flush=True):
        try:
            trust.admit_call(request, "decode", chosen)
            match request.method, request.path:
                case "POST", "/moves":
                    return {"moves": decoding.moves(_content(request, chosen))}
                case "POST", "/picture":
                    return _picture(request, chosen)
                case "POST", "/film":
                    return _film(request, chosen)
                case _:
                    return {"error": "There is nothing at this address."}, 404
        except (BadRequest, StepError) as error:
            return _refusal(error), 422
        except MascotryError as error:
            return {"error": error.message}, error.status


def _picture(request: Request, chosen: Settings) -> ResponseReturnValue:
    side = request.args.get("side", type=number.whole)
    with tempfile.TemporaryDirectory(prefix="mascotry-") as name:
        target = Path(name) / "clean.png"
        decoding.clean_picture(_content(request, chosen), target, side=side)
        stream = target.open("rb")
    # In chunks of no stated length: Cloud Run takes no other answer of more than 32 MiB.
    return Response(_chunks(stream), content_type="image/png")


def _film(request: Request, chosen: Settings) -> ResponseReturnValue:
    try:
        order = FilmOrder.model_validate_json(request.get_data())
    except ValidationError as error:
        raise BadRequest("is no order for a film", field="file") from error
    store = Store(chosen.storage_url)
    with tempfile.TemporaryDirectory(prefix="mascotry-") as name:
        source, master = Path(name) / "film", Path(name) / "master.mp4"
        store.get(order.source, source, max_bytes=chosen.max_film_bytes)
        film = decoding.import_film(source, master)
        source.unlink()
        store.put(order.target.url, master, order.target.headers, max_bytes=MAX_MASTER)
    return asdict(film)


def _content(request: Request, chosen: Settings) -> bytes:
    content, most = bytearray(), chosen.max_upload_bytes
    while piece := request.stream.read(most + 1 - len(content)):  # which may give less
        content += piece
        if len(content) > most:
            raise BadRequest(f"may have at most {most:,} bytes", field="file")
    return bytes(content)


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    with stream:
        while piece := stream.read(CHUNK):
            yield piece


def _refusal(error: BadRequest | StepError) -> dict[str, Any]:
    if isinstance(error, BadRequest):
        return {"kind": "bad_request", "message": error.message}
    kind = "transient" if error.retryable else "permanent"
    return {"kind": kind, "reason": error.reason, "message": error.message[:1000]}
