"""What the API says of itself: its OpenAPI document, and the same as a page to read."""

import json
from functools import cache

from functions.api.call import Call, Reply, Route


def openapi(call: Call) -> Reply:
    """Read the OpenAPI document."""
    return Reply(_document(call.settings.base_url), media_type="application/json")


def docs(call: Call) -> Reply:
    """Read about the API in a browser."""
    return Reply(_page(call.settings.base_url), media_type="text/html; charset=utf-8")


@cache
def _document(base_url: str) -> str:
    # Made when it is first asked for: no other request should load what it takes.
    from functions.api import document, routes

    everything = (*routes.API, *routes.EVENTS, *routes.INGEST)
    built = document.build(everything, base_url)
    return json.dumps(built, separators=(",", ":"), ensure_ascii=False)


@cache
def _page(base_url: str) -> str:
    from functions.api import page

    return page.render(json.loads(_document(base_url)))


ROUTES = (
    Route("GET", "/v1/openapi.json", openapi, keyless=True, answer="Document"),
    Route("GET", "/v1/docs", docs, keyless=True, media_type="text/html"),
)
