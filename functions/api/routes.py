"""Which routes each public function serves, by the noun that their paths begin with.

A module is loaded when the first path is asked for that could be its own: a new instance answers
its first request sooner, and most know few nouns as long as they live.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from functions.api.call import Route


@dataclass(frozen=True)
class Routes:
    """The routes of a function: for each noun the modules of this package that serve it, and what
    these call the routes that the function has of them."""

    nouns: Mapping[str, tuple[str, ...]]
    name: str = "ROUTES"

    def of(self, path: str) -> tuple[Route, ...]:
        """Those that a path could be of; nothing else is loaded."""
        version, _, rest = path.removeprefix("/").partition("/")
        if version != "v1":
            return ()
        return _routes(self.nouns.get(rest.partition("/")[0], ()), self.name)

    def __iter__(self) -> Iterator[Route]:
        modules = dict.fromkeys(module for known in self.nouns.values() for module in known)
        return iter(_routes(tuple(modules), self.name))


@cache
def _routes(modules: tuple[str, ...], name: str) -> tuple[Route, ...]:
    loaded = [import_module(f"functions.api.{module}") for module in modules]
    return tuple(route for module in loaded for route in getattr(module, name))


API = Routes(
    {
        "workspace": ("workspaces", "firebase"),
        "projects": ("projects",),
        "collections": ("collections", "style", "items", "generate", "batches", "canvases"),
        "canvas-templates": ("canvases",),
        "items": ("items",),
        "assets": ("assets",),
        "jobs": ("jobs",),
        "uploads": ("uploads",),
        "keys": ("keys",),
        "webhooks": ("webhooks",),
        "credits": ("credits",),
        "openapi.json": ("reference",),
        "docs": ("reference",),
    }
)
EVENTS = Routes({"jobs": ("jobs",)}, "EVENT_ROUTES")
INGEST = Routes(
    {
        "upload": ("uploads",),
        "generate": ("previews",),
        "analyze-image": ("analysis",),
        "suggest-actions": ("analysis",),
        "collections": ("collections", "imports"),
    },
    "INGEST_ROUTES",
)
