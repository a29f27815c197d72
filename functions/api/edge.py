"""The HTTP edge: from a request to a handler, and from its reply or fault to a response."""

import io
import json
import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache

from flask import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, Rule

from functions import composition
from functions.api.call import Call, Reply, Route
from shared.config import settings
from shared.errors import BadRequest, MascotryError, NotFound
from shared.model.base import is_id
from shared.services.keys import authenticate

log = logging.getLogger("shared.api")

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After",
}
PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-Match",
    "Access-Control-Max-Age": "86400",
}


def handle(request: Request, routes: Sequence[Route]) -> Response:
    """Answer one request in the envelope: `{"data", "meta"?}` or `{"error": {"code", "message"}}`.

    A fault that nobody foresaw is logged with its traceback and answered as `internal_error`,
    without a word of what it was.
    """
    chosen = settings()
    composition.configure_logging(chosen.log_level)
    if request.method == "OPTIONS":
        return Response(status=204, headers=PREFLIGHT)
    try:
        route, ids = _match(tuple(routes), request)
        who = authenticate(composition.ports(), request.headers.get("Authorization"))
        who.require(route.scope)
        _check_ids(ids)
        is_form = request.mimetype.startswith("multipart/")
        # A form's file may be as large as uploads may be; what is around it comes on top.
        _check_length(request, chosen.max_body_bytes + is_form * chosen.max_upload_bytes)
        return _success(route.handler(Call(composition.ports(), chosen, who, request, ids)))
    except MascotryError as error:
        return _failure(error)
    except RequestEntityTooLarge:
        request.stream = io.BytesIO()  # functions-framework reads to the end of every request
        limit = request.max_content_length
        return _failure(BadRequest(f"the body may have at most {limit:,} bytes", field="body"))
    except MethodNotAllowed as error:
        return _wrong_method(", ".join(sorted(error.valid_methods or ())))
    except HTTPException as error:
        return _failure(_translated(error), status=error.code)
    except Exception:
        log.exception("request failed", extra={"method": request.method, "path": request.path})
        return _failure(MascotryError("Something went wrong on our side."))


def _match(routes: tuple[Route, ...], request: Request) -> tuple[Route, dict[str, str]]:
    adapter = _url_map(routes).bind("api")
    rule, ids = adapter.match(request.path, method=request.method, return_rule=True)
    return rule.endpoint, dict(ids)


@lru_cache
def _url_map(routes: tuple[Route, ...]) -> Map:
    return Map(
        [Rule(route.path, methods=[route.method], endpoint=route) for route in routes],
        strict_slashes=False,
        merge_slashes=False,
    )


def _check_ids(ids: Mapping[str, str]) -> None:
    if not all(is_id(value) for value in ids.values()):
        raise NotFound("There is no such thing: every id is a UUID.")


def _check_length(request: Request, limit: int) -> None:
    """Refuse a body that is too large before it is read."""
    request.max_content_length = limit
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge


def _success(reply: Reply) -> Response:
    envelope = {"data": reply.data, **({"meta": reply.meta} if reply.meta else {})}
    return _json(envelope, reply.status)


def _failure(error: MascotryError, *, status: int | None = None) -> Response:
    body = {"code": error.code, "message": error.message, **error.details}
    response = _json({"error": body}, status or error.status)
    if "retry_after" in error.details:
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response


def _wrong_method(allowed: str) -> Response:
    response = _failure(BadRequest(f"this path takes {allowed}", field="method"), status=405)
    response.headers["Allow"] = allowed
    return response


def _translated(error: HTTPException) -> MascotryError:
    if isinstance(error, NoRoute):
        return NotFound("There is no such path; every path starts with /v1.")
    return BadRequest(error.description or "the request could not be read")


def _json(value: object, status: int) -> Response:
    headers = {**CORS, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Response(text, status=status, headers=headers, mimetype="application/json")
