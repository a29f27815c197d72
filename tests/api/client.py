"""A client of one function, served as functions-framework does it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import functions_framework
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api import contract

SOURCE = Path(__file__).parents[2] / "functions" / "main.py"


@cache
def function(target: str, signature: str = "http") -> FlaskClient:
    create_app: Callable[..., Flask] = functions_framework.create_app
    app = create_app(target=target, source=str(SOURCE), signature_type=signature)
    client: FlaskClient = app.test_client()
    return client


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    response: TestResponse

    @property
    def data(self) -> Any:
        assert self.status < 300, self.body
        return self.body["data"]

    @property
    def pagination(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["meta"]["pagination"]
        return found

    @property
    def error(self) -> dict[str, Any]:
        assert set(self.body) == {"error"}, self.body
        found: dict[str, Any] = self.body["error"]
        assert found["message"]
        return found


class Client:
    """Asks with a key; every answer is checked to be in the envelope."""

    def __init__(self, target: str, key: str | None) -> None:
        self._client = function(target)
        self._headers = {"Authorization": f"Bearer {key}"} if key is not None else {}

    def ask(self, method: str, path: str, **arguments: Any) -> Answer:
        headers = {**self._headers, **arguments.pop("headers", {})}
        response = self._client.open(path, method=method, headers=headers, **arguments)
        contract.check(response)
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        if response.mimetype == "text/event-stream":
            return Answer(response.status_code, {"data": response.text}, response)
        assert response.mimetype == "application/json"
        body = response.get_json()
        assert set(body) in ({"data"}, {"data", "meta"}, {"error"})
        assert ("error" in body) == (response.status_code >= 400)
        return Answer(response.status_code, body, response)

    def get(self, path: str, **query: Any) -> Answer:
        return self.ask("GET", path, query_string=query)

    def post(self, path: str, **body: Any) -> Answer:
        return self.ask("POST", path, json=body)

    def patch(self, path: str, **body: Any) -> Answer:
        return self.ask("PATCH", path, json=body)

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path)
