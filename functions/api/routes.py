"""Which routes each public function serves."""

from functions.api import (
    analysis,
    assets,
    batches,
    collections,
    credits,  # noqa: A004 - Python's own is for its prompt alone
    firebase,
    generate,
    imports,
    items,
    jobs,
    keys,
    previews,
    projects,
    reference,
    style,
    uploads,
    webhooks,
    workspaces,
)

API = (
    *workspaces.ROUTES,
    *projects.ROUTES,
    *collections.ROUTES,
    *style.ROUTES,
    *items.ROUTES,
    *assets.ROUTES,
    *generate.ROUTES,
    *batches.ROUTES,
    *jobs.ROUTES,
    *uploads.ROUTES,
    *keys.ROUTES,
    *firebase.ROUTES,
    *webhooks.ROUTES,
    *credits.ROUTES,
    *reference.ROUTES,
)
EVENTS = jobs.EVENT_ROUTES
INGEST = (
    *uploads.INGEST_ROUTES,
    *previews.ROUTES,
    *analysis.ROUTES,
    *collections.INGEST_ROUTES,
    *imports.INGEST_ROUTES,
)
