"""The entry points, and nothing else: each is deployed as a function of its own.

What an entry point needs is imported when it is first called: cold start is part of the price.
"""

import functions_framework
from cloudevents.http import CloudEvent
from flask import Request
from flask.typing import ResponseReturnValue

from functions import draining, unrouted

draining.heed_gunicorn()
unrouted.pass_on()


@functions_framework.http
def api(request: Request) -> ResponseReturnValue:
    """The public API under /v1."""
    from functions.api.edge import handle
    from functions.api.routes import API

    return handle(request, API)


@functions_framework.http
def events(request: Request) -> ResponseReturnValue:
    """Long polls: cheap waits in great number."""
    from functions.api.edge import handle
    from functions.api.routes import EVENTS

    return handle(request, EVENTS)


@functions_framework.http
def ingest(request: Request) -> ResponseReturnValue:
    """What takes pictures or looks at them. It has those of clients decoded, and decodes our own.

    It answers everything else, too: a router that knows no methods sends all of a path here.
    """
    from functions.api.edge import handle
    from functions.api.routes import API, INGEST

    return handle(request, INGEST, API)


@functions_framework.http
def intake(request: Request) -> ResponseReturnValue:
    return _step(request, "intake")


@functions_framework.http
def style_card(request: Request) -> ResponseReturnValue:
    return _step(request, "style_card")


@functions_framework.http
def image(request: Request) -> ResponseReturnValue:
    return _step(request, "image")


@functions_framework.http
def cutout(request: Request) -> ResponseReturnValue:
    return _step(request, "cutout")


@functions_framework.http
def validate(request: Request) -> ResponseReturnValue:
    return _step(request, "validate")


@functions_framework.http
def video(request: Request) -> ResponseReturnValue:
    return _step(request, "video")


@functions_framework.http
def reverse(request: Request) -> ResponseReturnValue:
    return _step(request, "reverse")


@functions_framework.http
def transcode(request: Request) -> ResponseReturnValue:
    return _step(request, "transcode")


@functions_framework.http
def resize(request: Request) -> ResponseReturnValue:
    return _step(request, "resize")


@functions_framework.http
def sizes(request: Request) -> ResponseReturnValue:
    return _step(request, "sizes")


@functions_framework.http
def canvas(request: Request) -> ResponseReturnValue:
    return _step(request, "canvas")


@functions_framework.http
def purge(request: Request) -> ResponseReturnValue:
    return _step(request, "purge")


@functions_framework.http
def noop(request: Request) -> ResponseReturnValue:
    return _step(request, "noop")


@functions_framework.http
def webhook(request: Request) -> ResponseReturnValue:
    """Tell an endpoint of what has happened."""
    from functions.steps.entry import webhook

    return webhook(request)


@functions_framework.http
def upload(request: Request) -> ResponseReturnValue:
    """Look at a file that a client has sent."""
    from functions.steps.entry import upload

    return upload(request)


@functions_framework.http
def decode(request: Request) -> ResponseReturnValue:
    """Write an untrusted picture or film anew: nothing else decodes any, and this may do nothing
    else."""
    from functions.decode import handle

    return handle(request)


@functions_framework.http
def sweep(request: Request) -> ResponseReturnValue:
    """Re-deliver what is overdue; called by a schedule."""
    from functions.steps.entry import sweep

    return sweep(request)


@functions_framework.cloud_event
def on_object_finalized(event: CloudEvent) -> None:
    """A stored object is complete: enqueue what waits for it."""
    from functions.triggers.storage import finalized

    finalized(event)


def _step(request: Request, kind: str) -> ResponseReturnValue:
    from functions.steps.entry import step

    return step(request, kind)
