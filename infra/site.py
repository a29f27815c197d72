"""The studio's page and the player, served as Firebase Hosting serves them.

Headers are those that `firebase.json` names, so that a page which works here works there.
"""

import hashlib
import json
import mimetypes
import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ROOT / "firebase.json"
FILES_ORIGIN = "https://storage.googleapis.com"
"""Where `firebase.json` says that files come from."""
INDEX, MISSING = "index.html", "404.html"
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


class Site:
    """Serves the files of Hosting's folder. `files_origin` is where the page may load pictures and
    films from, in place of the one in `firebase.json`."""

    def __init__(self, files_origin: str, configuration: Path = CONFIGURATION) -> None:
        hosting = json.loads(configuration.read_text())["hosting"]
        self._folder = configuration.parent / hosting["public"]
        self._rules = [
            (pattern(rule["source"]), header["key"], header["value"])
            for rule in hosting.get("headers", ())
            for header in rule["headers"]
        ]
        self._files_origin = files_origin

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.method in ("GET", "HEAD"):
            response = self._answer(request)
        else:
            response = Response(
                status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": "GET, HEAD"}
            )
        for name, value in self.headers(request.path):
            response.headers[name] = value
        return response(environ, respond)

    def headers(self, path: str) -> Iterator[tuple[str, str]]:
        """What `firebase.json` wants to be said of a path."""
        for rule, name, value in self._rules:
            if rule.fullmatch(path):
                yield name, value.replace(FILES_ORIGIN, self._files_origin)

    def _answer(self, request: Request) -> Response:
        status, file = HTTPStatus.OK, self._file(request.path)
        if file is None:
            status, file = HTTPStatus.NOT_FOUND, self._folder / MISSING
        content = file.read_bytes()
        response = Response(content, status, content_type=_content_type(file))
        response.set_etag(hashlib.sha256(content).hexdigest()[:32])
        if status is HTTPStatus.OK:
            response.make_conditional(request)
        return response

    def _file(self, path: str) -> Path | None:
        """The file at a path; nothing outside of the folder, nothing hidden."""
        parts = PurePosixPath(path + INDEX if path.endswith("/") else path).parts[1:]
        if any(part.startswith(".") or "\\" in part or "\0" in part for part in parts):
            return None
        file = self._folder.joinpath(*parts)
        return file if file.is_file() else None


def pattern(source: str) -> re.Pattern[str]:
    """Hosting's patterns: * is within a segment, ** any number of them."""
    wild = {"**": ".*", "*": "[^/]*"}
    parts = re.split(r"(\*\*|\*)", "/" + source.lstrip("/"))
    return re.compile("".join(wild.get(part) or re.escape(part) for part in parts))


def _content_type(file: Path) -> str:
    found = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
