"""One request's trace, in the log lines and spans of every function that works on it."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from functions import telemetry
from shared.config import ROOT
from shared.model.job import Job
from tests.api.client import Client
from tests.services.endpoint import serve
from tests.services.world import Tenant, World

TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
FIELD = "logging.googleapis.com/trace"
OURS = f"projects/mascots/traces/{TRACE}"


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    """What is logged, as it would be written."""
    found: list[dict[str, Any]] = []
    formatter = telemetry.Lines("mascots")

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.loads(formatter.format(record)))

    logger = logging.getLogger("shared")
    handlers, level = logger.handlers, logger.level
    logger.handlers = [Keep()]
    logger.setLevel("INFO")
    yield found
    logger.handlers = handlers
    logger.setLevel(level)


def begin(api: Client, tenant: Tenant, traceparent: str | None = TRACEPARENT) -> str:
    headers = {"traceparent": traceparent} if traceparent else {}
    path = f"/v1/collections/{tenant.collection.id}/generate"
    body = {
        "type": "animation",
        "name": "Wave",
        "image_prompt": "waving",
        "animation_prompt": "waves",
    }
    return str(api.ask("POST", path, json=body, headers=headers).data["job_id"])


def test_every_step_logs_the_trace_of_the_request_that_began_its_job(
    world: World, tenant: Tenant, api: Client, lines: list[dict[str, Any]]
) -> None:
    api.post("/v1/webhooks", url="https://93.184.216.34/hook", events=["job.completed"])
    begin(api, tenant)
    world.drain()
    steps = [line for line in lines if line["message"] == "step"]
    assert {line["kind"] for line in steps} >= {"image", "cutout", "validate", "video", "transcode"}
    told = [line for line in lines if line["message"] == "webhook"]
    assert len(told) == 1
    assert {line[FIELD] for line in (*steps, *told)} == {OURS}


def test_a_sweep_goes_on_with_the_job_s_trace(
    world: World, tenant: Tenant, api: Client, lines: list[dict[str, Any]]
) -> None:
    begin(api, tenant)
    world.lose_deliveries()
    world.settle()
    assert {line[FIELD] for line in lines if line["message"] == "step"} == {OURS}


@pytest.mark.parametrize("given", [None, "junk", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_a_request_without_a_trace_begins_one(
    world: World, tenant: Tenant, api: Client, lines: list[dict[str, Any]], given: str | None
) -> None:
    begin(api, tenant, given)
    begin(api, tenant, given)
    (first, second) = (job.trace for job in world.jobs(tenant))
    assert first and second and first[3:35] != second[3:35]
    world.drain()
    traces = {line[FIELD].rsplit("/")[-1] for line in lines if line["message"] == "step"}
    assert traces == {first[3:35], second[3:35]}


def test_a_line_has_the_fields_that_cloud_logging_reads(
    api: Client, monkeypatch: pytest.MonkeyPatch, lines: list[dict[str, Any]]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault that nobody foresaw")

    monkeypatch.setattr("functions.api.edge._check_right", fail)
    assert api.ask("GET", "/v1/projects", headers={"traceparent": TRACEPARENT}).status == 500
    (line,) = lines
    assert line["severity"] == "ERROR"
    assert line["message"] == "request failed"
    assert line[FIELD] == OURS
    assert len(line["logging.googleapis.com/spanId"]) == 16
    assert line["logging.googleapis.com/trace_sampled"] is True
    assert datetime.fromisoformat(line["time"]).tzinfo
    assert "RuntimeError: a fault that nobody foresaw" in line["stack_trace"]


def test_jobs_of_before_there_were_traces_are_read(world: World, tenant: Tenant) -> None:
    stored = world.generate(tenant).job.stored()
    del stored["trace"]
    assert Job.load(stored).trace is None


WORK = """
from functions import telemetry
from shared import tracing
from shared.config import settings

with telemetry.entry(settings(), "image", "{parent}", flush=True):
    with tracing.span("step image", attributes={{"attempt": 2}}):
        pass
"""


def test_spans_reach_a_collector() -> None:
    with serve() as collector:
        address = collector.url.partition("/hook")[0]
        variables = {"MASCOTRY_OTLP_ENDPOINT": address, "FUNCTION_TARGET": "image"}
        work = WORK.format(parent=TRACEPARENT)
        environment = {**os.environ, **variables, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", work], env=environment, check=True, timeout=60)
        (request,) = collector.messages
    assert request.path == "/v1/traces"
    (resource,) = ExportTraceServiceRequest.FromString(request.body).resource_spans
    assert resource.resource.attributes[0].value.string_value
    inner, outer = resource.scope_spans[0].spans
    assert (outer.name, outer.trace_id.hex(), outer.parent_span_id.hex()) == (
        "image",
        TRACE,
        "b7ad6b7169203331",
    )
    assert (inner.name, inner.trace_id, inner.parent_span_id) == (
        "step image",
        outer.trace_id,
        outer.span_id,
    )
