"""Paths that functions-framework's router knows no function for, such as one with a line break."""

from typing import cast

from flask import Flask, current_app, has_app_context
from flask.typing import ResponseReturnValue

PUBLIC = ("api", "events", "ingest")
"""The functions that answer in the API's envelope, whatever is asked of them."""


def pass_on() -> None:
    """Let a public function, while its entry points are loaded, answer these paths too: the
    framework would answer them with a page of HTML."""
    if has_app_context() and current_app.name in PUBLIC:
        _register(current_app)


def _register(app: Flask) -> None:
    def answer(error: Exception) -> ResponseReturnValue:
        del error  # the function finds out by itself that there is no such path
        return cast(ResponseReturnValue, app.view_functions["run"](""))

    app.register_error_handler(404, answer)
