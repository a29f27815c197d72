"""A function in this very process, behind what Cloud Run does with its requests."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from infra.emulators.invocation import Invocation, Refused, Service


class Checked:
    """Passes on the requests of those who may call, as they would arrive in a container."""

    def __init__(self, invocation: Invocation, service: Service, function: WSGIApplication) -> None:
        self._invocation, self._service, self._function = invocation, service, function

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        admitted = self._invocation.admit(
            self._service, headers, size=request.content_length or 0, internal=True
        )
        if isinstance(admitted, Refused):
            return Response(admitted.reason, admitted.status)(environ, respond)
        changed = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in admitted.items()
            if headers.get(name) != value
        }
        return self._function({**environ, **changed}, respond)
