"""How a task reaches a step's code: check, parse, deliver, acknowledge."""

from collections.abc import Callable
from importlib import import_module

from flask import Request
from flask.typing import ResponseReturnValue

from functions import composition, telemetry, trust
from shared import disk
from shared.config import Settings, settings
from shared.errors import Busy, MascotryError, StorageFull
from shared.services import runner, sweeper
from shared.services.steps import Delivery


def step(request: Request, kind: str) -> ResponseReturnValue:
    """Handle one delivery. 2xx acknowledges it; anything else brings it back."""

    def work(chosen: Settings) -> ResponseReturnValue:
        delivery = Delivery.parse(request.get_json())
        code = import_module(f"functions.steps.{kind}").run
        runner.deliver(composition.ports(), chosen, delivery, code)
        return "", 204

    return _answer(request, kind, work)


def webhook(request: Request) -> ResponseReturnValue:
    """Make one attempt at telling an endpoint of an event; 2xx says that no more is to be done."""
    from shared.services.webhooks import delivery, outbox

    def work(chosen: Settings) -> ResponseReturnValue:
        errand = outbox.Errand.parse(request.get_json())
        delivery.deliver(composition.ports(), chosen, errand)
        return "", 204

    return _answer(request, "webhook", work)


def upload(request: Request) -> ResponseReturnValue:
    """Look at one file that has arrived; 2xx says that no more is to be done."""
    from shared.services import uploads

    def work(chosen: Settings) -> ResponseReturnValue:
        uploads.receive(
            composition.ports(),
            request.get_json()["name"],
            max_bytes=chosen.max_upload_bytes,
            max_film_bytes=chosen.max_film_bytes,
        )
        return "", 204

    return _answer(request, uploads.QUEUE, work)


def sweep(request: Request) -> ResponseReturnValue:
    """Look after overdue jobs; answers how many there were."""

    def work(chosen: Settings) -> ResponseReturnValue:
        return {"jobs": sweeper.sweep(composition.ports())}, 200

    return _answer(request, "sweep", work)


def _answer(
    request: Request, name: str, work: Callable[[Settings], ResponseReturnValue]
) -> ResponseReturnValue:
    """Do the work if the queue asks for it, and say what kept it from being done."""
    chosen = settings()
    with telemetry.entry(chosen, name, request.headers.get("traceparent"), flush=True):
        try:
            trust.admit_task(request, name, chosen)
            return work(chosen)
        except Busy as error:
            seconds = str(error.details["retry_after"])
            return _problem(error), error.status, {"Retry-After": seconds}
        except MascotryError as error:
            return _problem(error), error.status
        except Exception as error:
            if not disk.is_full(error):
                raise
            full = StorageFull()
            return _problem(full), full.status


def _problem(error: MascotryError) -> dict[str, object]:
    return {"error": {"code": error.code, "message": error.message}}
