"""A small web server for pages and files, which remembers who asked for what."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

MODULES = {
    file.name: file.read_bytes()
    for file in (Path(__file__).parents[2] / "functions" / "studio").glob("mascot-*.js")
}
"""The player, and what it loads from beside itself."""
TYPES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript",
    "json": "application/json",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "png": "image/png",
    "webm": "video/webm",
    "webp": "image/webp",
}


@dataclass
class Site:
    """`files` by path are what it serves, to pages of other origins too if `cors` says so,
    and after so many seconds if `delays` has the path."""

    origin: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cors: bool = True
    asked: list[str] = field(default_factory=list)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)

    def url(self, path: str) -> str:
        return self.origin + path

    def put(self, path: str, content: bytes | str) -> str:
        """Serve something; returns its URL."""
        self.files[path] = content.encode() if isinstance(content, str) else content
        return self.url(path)


@contextmanager
def serve() -> Iterator[Site]:
    """A site on a port of its own, which is an origin of its own."""
    site = Site(files={f"/{name}": content for name, content in MODULES.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.headers[self.path] = dict(self.headers.items())
            time.sleep(site.delays.get(self.path, 0))
            content = site.files.get(self.path)
            self._begin(200 if content is not None else 404, len(content or b""))
            if content is not None:
                self.wfile.write(content)

        def do_OPTIONS(self) -> None:
            self._begin(204, 0)

        def _begin(self, status: int, length: int) -> None:
            self.send_response(status)
            extension = self.path.rpartition(".")[2]
            self.send_header("Content-Type", TYPES.get(extension, "application/json"))
            self.send_header("Content-Length", str(length))
            if site.cors:
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Access-Control-Allow-Headers", "Authorization")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

        def handle(self) -> None:
            with suppress(ConnectionError):  # a player that has seen enough hangs up
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.origin = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
