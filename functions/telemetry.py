"""What is told of the work while it is done: log lines, and spans if somebody collects them."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from shared import tracing
from shared.config import Settings

FLUSH_SECONDS = 2.0
# https://docs.cloud.google.com/logging/docs/structured-logging: the fields with a meaning there.
_TRACE = "logging.googleapis.com/trace"
_SPAN = "logging.googleapis.com/spanId"
_SAMPLED = "logging.googleapis.com/trace_sampled"


@contextmanager
def entry(
    chosen: Settings, name: str, traceparent: str | None, *, flush: bool = False
) -> Iterator[None]:
    """The work of one entry point on one request, event or task, as part of the caller's trace,
    which its header `traceparent` tells.

    `flush` waits at the end for the spans to be sent, which is for functions that are given no
    time between two requests, and not for those that somebody waits for.
    """
    _configure(chosen.log_level, chosen.project, chosen.otlp_endpoint)
    try:
        with tracing.span(name, traceparent):
            yield
    finally:
        if flush and chosen.otlp_endpoint:
            tracing.flush(FLUSH_SECONDS)


@cache
def _configure(level: str, project: str, otlp_endpoint: str) -> None:
    log_as_json(level, project)
    if otlp_endpoint:
        service = os.environ.get("K_SERVICE") or os.environ.get("FUNCTION_TARGET") or "mascotry"
        tracing.export(otlp_endpoint, service)


def log_as_json(level: str, project: str = "") -> None:
    """One line of JSON per record on standard error, which Cloud Logging groups by trace."""
    handler = logging.StreamHandler()
    handler.setFormatter(Lines(project))
    logger = logging.getLogger("shared")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


class Lines(JsonFormatter):
    """Log records with the field names that Cloud Logging and Error Reporting read."""

    def __init__(self, project: str) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            timestamp="time",
            rename_fields={"levelname": "severity", "name": "logger", "exc_info": "stack_trace"},
        )
        self._prefix = f"projects/{project}/traces/" if project else ""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Add the trace under way."""
        found = tracing.ids()
        if found:
            trace, span, sampled = found
            log_data |= {_TRACE: self._prefix + trace, _SPAN: span, _SAMPLED: sampled}
        return super().process_log_record(log_data)
