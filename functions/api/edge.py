"""The HTTP edge: from a request to a handler, and from its reply or fault to a response."""

import io
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from flask import Request, Response
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import Map, Rule

from functions import composition, telemetry
from functions.api.call import Call, Reply, Route
from functions.api.idempotency import fingerprint
from functions.api.routes import Routes
from shared import disk, tracing
from shared.config import Settings, settings
from shared.errors import (
    BadRequest,
    Forbidden,
    MascotryError,
    NotFound,
    RateLimited,
    StorageFull,
    Unauthorized,
)
from shared.model.base import canonical_id
from shared.ports import Ports
from shared.services.keys import Principal, authenticate
from shared.services.limits import Allowance

log = logging.getLogger("shared.api")

IDEMPOTENCY_KEY = "Idempotency-Key"

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
# Any page may read what it was given: a key is sent by hand, never by the browser of its own
# accord, so that a page that has no key gets nothing by it. A key bound to origins narrows this.
CORS = {
    ALLOW_ORIGIN: "*",
    "Access-Control-Expose-Headers": (
        "ETag, Idempotent-Replayed, Retry-After, "
        "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
    ),
    "Vary": "Origin",
}
# A browser asks without the key, so that the answer cannot depend on it.
PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID"
    ),
    "Access-Control-Max-Age": "86400",
}


NOBODY = Principal("", ())
# What is the same for everybody: it may be kept for a while, and it loads and runs nothing.
DOCUMENT = {
    "Cache-Control": "public, max-age=300",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
}


def handle(request: Request, *served: Routes) -> Response:
    """Answer one request, by the first route that fits, in the envelope: `{"data", "meta"?}` or
    `{"error": {"code", "message"}}`.

    A fault that nobody foresaw is logged with its traceback and answered as `internal_error`,
    without a word of what it was.
    """
    chosen = settings()
    if request.method == "OPTIONS":
        return Response(status=204, headers=PREFLIGHT)
    told = dict(CORS)
    with telemetry.entry(chosen, request.method, request.headers.get("traceparent")):
        response = _answer(request, served, chosen, told)
    response.headers.update(told)
    return response


def body_limit(request: Request, *served: Routes) -> int | Response:
    """How many bytes the body of a request may have, or the answer to a request that is refused for
    its head alone. A server asks before it receives a large body."""
    try:
        route, _ = _match(served, request)
        if not route.keyless:
            _check_right(_authenticate(request), route)
        limit = _body_limit(request, settings())
        _check_length(request, limit)
    except Exception as error:
        response = _refusal(request, error)
        response.headers.update(CORS)
        return response
    return limit


def _answer(
    request: Request, served: Sequence[Routes], chosen: Settings, told: dict[str, str]
) -> Response:
    """The response; `told` is completed with the headers that it has in any case."""

    def answer() -> Response:
        try:
            route, ids = _match(served, request)
        except HTTPException:  # which is told to everybody, and counted for who has a key
            with suppress(Unauthorized):
                who = _authenticate(request)
                _admit(who, request.headers.get("Origin"), told)
            raise
        tracing.rename(f"{route.method} {route.path}")
        if route.keyless:
            return _success(route.handler(Call(composition.ports(), chosen, NOBODY, request)))
        who = _authenticate(request)
        _admit(who, request.headers.get("Origin"), told)
        _check_right(who, route)
        ids = _canonical(ids)
        _check_length(request, _body_limit(request, chosen))
        return _once(route, Call(composition.ports(), chosen, who, request, ids))

    return _guarded(request, answer)


def _once(route: Route, call: Call) -> Response:
    """Let the handler answer; of writes with an Idempotency-Key only the first time."""
    key = call.request.headers.get(IDEMPOTENCY_KEY)
    if key is None or route.method == "GET":
        return _unless_known(call.request, route, _success(route.handler(call)))
    from shared.services import errands  # which no read needs

    errands.check_key(key)
    if route.dry_answer and call.is_dry_run:  # which does nothing that could be done twice
        return _success(route.handler(call))
    first: Response | None = None

    def work(ports: Ports, resumed: bool) -> tuple[int, str]:
        nonlocal first
        again = replace(call, ports=ports, resumed=resumed)
        first = _guarded(call.request, lambda: _success(route.handler(again)))
        return first.status_code, first.get_data(as_text=True)

    status, body, replayed = errands.once(
        call.ports,
        call.who,
        key,
        fingerprint(call.request),
        work,
        secret=route.secret,
        deletes=route.method == "DELETE",
    )
    if first is not None:
        return first
    response = _text(body, status)
    if replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _unless_known(request: Request, route: Route, response: Response) -> Response:
    """The response, or word that the client has it already."""
    if route.cached:
        response.make_conditional(request)
    return response


def _guarded(request: Request, answer: Callable[[], Response]) -> Response:
    """The answer, or what is said of the fault that kept it from being given."""
    try:
        return answer()
    except Exception as error:
        return _refusal(request, error)


def _refusal(request: Request, error: Exception) -> Response:
    match error:
        case MascotryError():
            return _failure(error)
        case RequestEntityTooLarge():
            request.stream = io.BytesIO()  # functions-framework reads to the end of every request
            return _failure(BadRequest(_most(request), field="body"))
        case MethodNotAllowed():
            return _wrong_method(", ".join(sorted(error.valid_methods or ())))
        case HTTPException():
            return _failure(_translated(error), status=error.code)
        case _ if disk.is_full(error):
            return _failure(StorageFull())
    context = {"method": request.method, "path": request.path}
    log.error("request failed", extra=context, exc_info=error)
    return _failure(MascotryError("Something went wrong on our side."))


def _authenticate(request: Request) -> Principal:
    given = request.headers.get("Authorization")
    return authenticate(composition.ports(), given, composition.firebase_user)


def _admit(who: Principal, origin: str | None, told: dict[str, str]) -> None:
    """Count the request, and let it pass if the key may be used this often and from there."""
    accepted = who.accepts(origin)
    if not accepted:
        del told[ALLOW_ORIGIN]
    elif who.allowed_origins and origin:
        told[ALLOW_ORIGIN] = origin
    allowance = composition.limiter().take(who)
    if allowance:
        told.update(_rate_limit(allowance))
        if not allowance.granted:
            raise RateLimited(
                f"This {who.shown} has used its {allowance.limit:,} requests; "
                f"try again in {allowance.retry_after} seconds.",
                retry_after=allowance.retry_after,
            )
    if not accepted:
        place = f"from {origin}" if origin else "without the header Origin"
        raise Forbidden(
            f"This {who.shown} may not be used {place}: it is bound to allowed_origins."
        )


def _rate_limit(allowance: Allowance) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(allowance.limit),
        "X-RateLimit-Remaining": str(allowance.remaining),
        "X-RateLimit-Reset": str(allowance.reset),
    }


def _match(served: Sequence[Routes], request: Request) -> tuple[Route, dict[str, str]]:
    routes = tuple(route for known in served for route in known.of(request.path))
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


def _check_right(who: Principal, route: Route) -> None:
    if who.publishable and not route.publishable:
        holder = "A user with the scope 'read' alone" if who.person else "A publishable key"
        raise Forbidden(
            f"{holder} reads collections, items, assets and links, and nothing else; "
            "use a secret key, on your server."
        )
    who.require(route.scope)


def _canonical(ids: Mapping[str, str]) -> dict[str, str]:
    """The ids of a path as they are stored, whichever case the client wrote them in."""
    found = {name: canonical_id(value) for name, value in ids.items()}
    known = {name: id_ for name, id_ in found.items() if id_ is not None}
    if len(known) < len(found):
        raise NotFound("There is no such thing: every id is a UUID.")
    return known


def _body_limit(request: Request, chosen: Settings) -> int:
    """A form's file may be as large as uploads may be; what is around it comes on top."""
    is_form = request.mimetype.startswith("multipart/")
    return chosen.max_body_bytes + is_form * chosen.max_upload_bytes


def _check_length(request: Request, limit: int) -> None:
    """Refuse a body that is too large before it is read."""
    request.max_content_length = limit
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge


def _most(request: Request) -> str:
    """What a body may have at most, of what it has too much of."""
    limit, parts, beside = (
        request.max_content_length or 0,
        request.max_form_parts or 0,
        request.max_form_memory_size or 0,
    )
    if (request.content_length or 0) > limit:
        return f"the body may have at most {limit:,} bytes"
    return f"a form may have at most {parts:,} fields, and {beside:,} bytes beside its file"


def _success(reply: Reply) -> Response:
    if reply.stream is not None:
        # A proxy must pass each event on at once.
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Response(reply.stream, headers=headers, mimetype="text/event-stream")
    if reply.media_type is not None:
        headers = {**DOCUMENT, "Content-Type": reply.media_type}
        return Response(reply.data, status=reply.status, headers=headers)
    envelope = {"data": reply.data, **({"meta": reply.meta} if reply.meta else {})}
    response = _json(envelope, reply.status)
    if reply.version is not None:
        response.headers["ETag"] = f'"{reply.version}"'
    if reply.cache_control is not None:
        response.headers["Cache-Control"] = reply.cache_control
    return response


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
    return _text(json.dumps(value, separators=(",", ":"), ensure_ascii=False), status)


def _text(text: str, status: int) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(text, status=status, headers=headers, mimetype="application/json")
