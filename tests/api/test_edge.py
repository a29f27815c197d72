"""What every request meets before and after its handler."""

import errno

import pytest
from werkzeug.test import encode_multipart

from shared.errors import Busy
from shared.ports import Ports
from shared.services import projects
from shared.services.keys import Principal
from tests.api.client import Client, function
from tests.services.world import Tenant, World


@pytest.mark.parametrize("target", ["api", "events", "ingest"])
@pytest.mark.parametrize("path", ["/v1/projects", "/v1/upload", "/nowhere"])
def test_a_preflight_needs_no_key(world: World, target: str, path: str) -> None:
    response = function(target).options(path)
    assert response.status_code == 204
    assert response.data == b""
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    methods = response.headers["Access-Control-Allow-Methods"]
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(methods.split(", "))
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v2/projects", "/v1/nothing", "/v1//projects", "/v1/projects/a/b"]
)
def test_an_unknown_path(api: Client, path: str) -> None:
    for client in (api, Client("api", None)):
        answer = client.get(path)
        assert answer.status == 404
        assert answer.error["code"] == "not_found"


ODD = ["%0A", "%0D%0A", "%00", "%2F", "%ff", "%c0%af", "%ed%a0%80", "%e2%80%a8", "%7f", "%0A" * 999]


@pytest.mark.parametrize("target", ["api", "events", "ingest"])
@pytest.mark.parametrize("path", ["/{}", "/v1/{}", "/v1/projects/{}", "/v1/{}/x", "/v1/x/{}x"])
def test_an_odd_path_is_answered_in_the_envelope(tenant: Tenant, target: str, path: str) -> None:
    for odd in ODD:
        for key, method in ((tenant.key, "GET"), (tenant.key, "DELETE"), (None, "GET")):
            answer = Client(target, key).ask(method, path.format(odd))
            assert answer.status in (200, 401, 404, 405)  # a slash at the end does no harm


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
def test_what_the_framework_keeps_for_itself(api: Client, path: str) -> None:
    assert api.get(path).status == 404


def test_a_slash_at_the_end_does_no_harm(api: Client) -> None:
    assert api.get("/v1/projects/").data == api.get("/v1/projects").data


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_a_wrong_method(api: Client, method: str) -> None:
    answer = api.ask(method, "/v1/projects")
    assert answer.status == 405
    assert answer.error["code"] == "bad_request"
    assert "GET" in answer.error["message"]
    assert "POST" in answer.error["message"]
    assert answer.response.headers["Allow"] == "GET, HEAD, POST"


def test_a_function_serves_its_own_routes_alone(tenant: Tenant) -> None:
    assert Client("api", tenant.key).post("/v1/upload").status == 404
    assert Client("ingest", tenant.key).post("/v1/upload").status == 400
    assert Client("events", tenant.key).get("/v1/projects").status == 404
    assert Client("events", tenant.key).get("/v1/jobs").status == 404
    assert Client("api", tenant.key).get("/v1/jobs").status == 200


def test_answers_are_not_kept_by_caches(api: Client) -> None:
    headers = api.get("/v1/projects").response.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_text_of_every_script(api: Client) -> None:
    name = "Füchslein 狐 🦊"
    made = api.post("/v1/projects", name=name)
    assert made.data["name"] == name
    assert name in made.response.get_data(as_text=True)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_no_fault_of_the_code(
    api: Client, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(ports: Ports, who: Principal, name: str) -> None:
        raise RuntimeError("cannot be written") from OSError(number, "none left")

    monkeypatch.setattr(projects, "create", fail)
    answer = api.post("/v1/projects", name="App")
    assert answer.status == 507
    assert answer.error == {
        "code": "storage_full",
        "message": "The disk of this installation is full; free some space, then try again.",
    }


def test_who_is_to_come_again_learns_when(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def create(ports: Ports, who: Principal, name: str) -> None:
        raise Busy("There is no room at this moment.")

    monkeypatch.setattr(projects, "create", create)
    answer = api.post("/v1/projects", name="App")
    assert answer.status == 503
    assert answer.response.headers["Retry-After"] == str(answer.error["retry_after"])


def test_a_form_of_too_many_fields_is_refused_as_such(ingest: Client) -> None:
    fields = {f"field-{number}": "x" for number in range(20_000)}
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    answer = ingest.ask("POST", "/v1/upload", data=body, content_type=kind)
    assert answer.status == 400
    assert answer.error["message"] == (
        "a form may have at most 1,000 fields, and 500,000 bytes beside its file"
    )


def test_a_fault_of_ours_says_nothing_of_its_inside(
    api: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(ports: Ports, who: Principal, name: str) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(projects, "create", fail)
    with caplog.at_level("ERROR", "shared"):
        answer = api.post("/v1/projects", name="App")
    assert answer.status == 500
    assert answer.error["code"] == "internal_error"
    assert set(answer.error) == {"code", "message"}
    assert "secret" not in answer.response.get_data(as_text=True)
    assert "a secret of ours" in caplog.text
