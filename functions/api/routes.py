"""Which routes each public function serves."""

from functions.api import (
    analysis,
    assets,
    collections,
    generate,
    items,
    jobs,
    previews,
    projects,
    uploads,
)

API = (
    *projects.ROUTES,
    *collections.ROUTES,
    *items.ROUTES,
    *assets.ROUTES,
    *generate.ROUTES,
    *jobs.ROUTES,
    *uploads.ROUTES,
)
EVENTS = jobs.ROUTES
INGEST = (*uploads.INGEST_ROUTES, *previews.ROUTES, *analysis.ROUTES, *collections.INGEST_ROUTES)
