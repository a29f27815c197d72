"""Traces: which request a piece of work was done for, whichever process did it.

A request's trace (W3C Trace Context) comes with its headers or begins here; the job that it starts
keeps it, and every step, storage event and webhook of the job goes on with it. Log lines carry it
in any case; spans are sent to a collector when one is configured, see `export`.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_HEADER = "traceparent"
_TRACER = trace.get_tracer("mascotry")
_PROPAGATOR = TraceContextTextMapPropagator()

Attributes = Mapping[str, str | int | float | bool]


@contextmanager
def span(
    name: str, parent: str | None = None, attributes: Attributes | None = None
) -> Iterator[trace.Span]:
    """Do something as a part of the trace of `parent` (a `traceparent` header), else of the one
    under way, else of a new one. What is raised is noted on the span and goes on."""
    context = _PROPAGATOR.extract({_HEADER: parent}) if parent else None
    known = trace.get_current_span(context).get_span_context()
    if not known.is_valid:
        context = trace.set_span_in_context(trace.NonRecordingSpan(_begun()))
    with _TRACER.start_as_current_span(name, context, attributes=attributes) as current:
        yield current


def rename(name: str) -> None:
    """Call the span under way by what it turned out to be."""
    trace.get_current_span().update_name(name)


def current() -> str | None:
    """The trace under way, as a `traceparent` header; None outside of any."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return carrier.get(_HEADER)


def ids() -> tuple[str, str, bool] | None:
    """The trace under way and its span, in hexadecimal, and whether it is kept by a collector."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return (
        trace.format_trace_id(context.trace_id),
        trace.format_span_id(context.span_id),
        context.trace_flags.sampled,
    )


def export(endpoint: str, service: str) -> None:
    """Send the spans of this process to an OpenTelemetry collector (OTLP over HTTP) from now on.

    They are sent in the background; `flush` waits for them. Which are kept is for the standard
    variable OTEL_TRACES_SAMPLER to say.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def flush(seconds: float) -> None:
    """Wait for the spans to be sent: a function is given no time once it has answered."""
    provider = trace.get_tracer_provider()
    if hasattr(provider, "force_flush"):
        provider.force_flush(int(seconds * 1000))


def _begun() -> trace.SpanContext:
    """A trace that begins here. Without a collector its ids are all there is of it."""
    return trace.SpanContext(
        trace_id=secrets.randbits(128) or 1,
        span_id=secrets.randbits(64) or 1,
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
