"""What docs/6-clients.md tells authors of clients to write, run as it stands there."""

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from shared.model.webhook import Secrets
from shared.services.webhooks import signature
from tests.e2e.server import ROOT, Server

PAGE = (ROOT / "docs" / "6-clients.md").read_text()
BODY = '{"event": "job.completed", "item": "Größe"}'
SECRET, OLD = "whsec_" + "a2" * 24, "whsec_" + "b3" * 24

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")


def blocks(language: str, mark: str) -> str:
    """All blocks of a language that are marked so, one after another."""
    found = re.findall(rf"```{language} {mark}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return "\n".join(found)


def run(code: str, folder: Path) -> dict[str, Any]:
    """Run Python; everything that it has defined."""
    path = folder / "sample.py"
    path.write_text(code)
    return runpy.run_path(str(path))


def node(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", "-e", code, *arguments], capture_output=True, text=True, timeout=200, check=False
    )


def addressed(code: str, api: str, key: str) -> str:
    """The client's code with an address and a key of ours."""
    code, addresses = re.subn(r'^API = ".*"$', f'API = "{api}"', code, flags=re.MULTILINE)
    code, keys = re.subn(r'^KEY = ".*"$', f'KEY = "{key}"', code, flags=re.MULTILINE)
    assert (addresses, keys) == (1, 1)
    return code


def test_every_link_on_the_page_leads_somewhere() -> None:
    for page in (PAGE, (ROOT / "docs" / "1-api.md").read_text()):
        for name, anchor in re.findall(r"\]\((\d-\w+\.md)?(?:#([\w-]+))?\)", page):
            text = (ROOT / "docs" / name).read_text() if name else page
            titles = [title.lower() for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)]
            known = {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}
            assert not anchor or anchor in known, (name, anchor)


def test_every_block_of_code_is_run_or_says_nothing_of_it() -> None:
    marked = re.findall(r"^```(\w+) (\w+)$", PAGE, re.MULTILINE)
    assert set(marked) == {
        ("python", "client"),
        ("js", "client"),
        ("python", "webhook"),
        ("js", "webhook"),
    }


# --- a client ------------------------------------------------------------------------------------


@pytest.fixture
def home(server: Server) -> tuple[str, str]:
    """The API's address, and a key."""
    api = f"{str(server.http.base_url).rstrip('/')}/v1"
    return api, (server.home / "dev-key").read_text().strip()


def test_the_client_in_python(server: Server, home: tuple[str, str], tmp_path: Path) -> None:
    found = run(addressed(blocks("python", "client"), *home), tmp_path)
    found["http"].close()
    assert found["job"]["status"] == "completed"
    assert found["quote"]["cost_credits"] == found["job"]["cost_credits"] == 1
    assert found["renamed"]["name"] == "My app!"
    assert [job["id"] for job in found["done"]] == [found["begun"]["job_id"]]


@needs_node
def test_following_a_job_in_javascript(server: Server, home: tuple[str, str]) -> None:
    begun = server.generate(
        server.collection(), type="image", name="Wave", image_prompt="waving hello"
    )
    harness = """
    (async () => {
      const [api, key, job] = process.argv.slice(1);
      for await (const state of follow(api, key, job)) console.log(state.status);
      await follow(api, key, "x").next().catch((error) => console.log(error.message));
    })();"""
    done = node(blocks("js", "client") + harness, *home, begun["job_id"])
    assert done.returncode == 0, done.stderr
    *states, refusal = done.stdout.splitlines()
    assert states[-1] == "completed"
    assert set(states[:-1]) <= {"pending", "processing"}
    assert "UUID" in refusal


@needs_node
def test_following_goes_on_where_it_was_broken_off() -> None:
    """By a server that breaks off, fails, and then says the rest."""
    asked: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Last-Event-ID"])
            self.send_response(503 if len(asked) == 2 else 200)
            self.send_header("Retry-After", "0")
            self.end_headers()
            status = "completed" if len(asked) == 3 else "processing"
            event = f'id: {len(asked)}\nevent: {status}\ndata: {{"status": "{status}"}}\n\nid: '
            self.wfile.write(f"retry: 1000\n\n: still here\n\n{event}".encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    harness = """
    (async () => {
      for await (const state of follow(process.argv[1], "key", "job")) console.log(state.status);
    })();"""
    try:
        done = node(blocks("js", "client") + harness, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert done.stdout.split() == ["processing", "completed"], done.stderr
    assert asked == [None, "1", "1"]


REFUSED = httpx.Response(409, json={"error": {"code": "conflict", "message": "At work."}})


@pytest.mark.parametrize(
    ("answers", "tries"),
    [
        ([httpx.ConnectError("refused"), REFUSED, httpx.Response(201, json={"data": 1})], 3),
        ([httpx.Response(502, text="<html>"), httpx.Response(201, json={"data": 1})], 2),
        ([httpx.Response(503, headers={"Retry-After": "7"}, json={"error": {}})] * 6, 6),
        ([REFUSED], 1),
        ([httpx.Response(402, json={"error": {"code": "insufficient_credits"}})], 1),
        ([httpx.Response(502, json={"error": {"retryable": False}})], 1),
    ],
)
def test_a_write_is_tried_again_under_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Any], tries: int
) -> None:
    (first, *_) = re.findall(r"```python client\n(.*?)\nproject = ", PAGE, re.DOTALL)
    found = run(first, tmp_path)
    names: list[str] = []
    waits: list[float] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        names.append(request.headers["Idempotency-Key"])
        said = left.pop(0)
        if isinstance(said, Exception):
            raise said
        response: httpx.Response = said
        return response

    send = found["send"]
    client = httpx.Client(transport=httpx.MockTransport(answer))
    found["http"].close()
    send.__globals__.update(http=client)
    monkeypatch.setattr("time.sleep", waits.append)
    if answers[-1] is answers[0]:
        with pytest.raises(RuntimeError):
            send("POST", "/projects")
    else:
        assert send("POST", "/projects").json() == {"data": 1}
    assert len(names) == tries
    assert len(set(names)) == 1
    if tries == 6:
        assert all(7 <= wait < 8 for wait in waits)
    client.close()


# --- webhooks ------------------------------------------------------------------------------------


def signed(at: datetime, *, rotated: bool = False) -> dict[str, str]:
    """The headers that are sent with the body, as the code of this repository makes them."""
    previous = SecretStr(OLD) if rotated else None
    until = at + timedelta(hours=1) if rotated else None
    secrets = Secrets(current=SecretStr(SECRET), previous=previous, previous_until=until)
    return signature.headers(secrets, "message-1", at, BODY)


def in_python(folder: Path, name: str, secret: str, headers: dict[str, str], body: str) -> bool:
    verify = run(blocks("python", "webhook"), folder)[name]
    try:
        verify(secret, headers, body.encode())
    except ValueError:
        return False
    return True


def in_javascript(folder: Path, name: str, secret: str, headers: dict[str, str], body: str) -> bool:
    del folder
    name = {"verify_masko": "verifyMasko"}.get(name, name)
    lower = {key.lower(): value for key, value in headers.items()}
    harness = f"""
    const [secret, headers, body] = process.argv.slice(1);
    try {{ {name}(secret, JSON.parse(headers), Buffer.from(body)); console.log("fine"); }}
    catch (error) {{ console.log(error.message); }}"""
    done = node(blocks("js", "webhook") + harness, secret, json.dumps(lower), body)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "fine" or "It was" in done.stdout or "theirs" in done.stdout
    return done.stdout.strip() == "fine"


@pytest.mark.parametrize(
    "check", [in_python, pytest.param(in_javascript, marks=needs_node)], ids=["python", "js"]
)
def test_the_code_that_checks_signatures(tmp_path: Path, check: Callable[..., bool]) -> None:
    now = datetime.now(UTC)
    headers, rotated = signed(now), signed(now, rotated=True)
    for name in ("verify", "verify_masko"):
        assert check(tmp_path, name, SECRET, headers, BODY)
        assert check(tmp_path, name, SECRET, rotated, BODY)
        assert not check(tmp_path, name, OLD, headers, BODY)
        assert not check(tmp_path, name, SECRET, headers, BODY + " ")
    assert check(tmp_path, "verify", OLD, rotated, BODY), "the old one signs along for a day"
    assert not check(tmp_path, "verify_masko", OLD, rotated, BODY)
    other = {**headers, "webhook-id": "message-2"}
    assert not check(tmp_path, "verify", SECRET, other, BODY)
    broken = {**headers, "webhook-signature": "v1,", "X-Masko-Signature": "é"}
    assert not check(tmp_path, "verify", SECRET, broken, BODY)
    assert not check(tmp_path, "verify_masko", SECRET, broken, BODY)
    for ago in (-400, 400):
        old = signed(now - timedelta(seconds=ago))
        assert not check(tmp_path, "verify", SECRET, old, BODY)
