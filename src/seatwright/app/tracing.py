"""Traces for OpenTelemetry: a span for each request, and in it one for each transaction.

Only a process whose settings name a collector imports this, because the library is an extra of the package (`otel`).
Spans have the route's template, status and request id; no address, body, SQL or message of an error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any, TypeVar

from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from seatwright.http.access import AccessMiddleware
from seatwright.http.context import Services
from seatwright.storage.engine import Database, Engine, Probe, ReadTx, Tx

T = TypeVar("T")

_PARENTS = TraceContextTextMapPropagator()
_HEADERS = frozenset({b"traceparent", b"tracestate"})


def collector(url: str) -> SpanProcessor:
    """Return what sends spans to a collector's address for OTLP over HTTP, such as `http://127.0.0.1:4318`."""
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces"))


class Tracing:
    """The spans of one process, and where they go."""

    def __init__(self, processor: SpanProcessor) -> None:
        resource = Resource.create({"service.name": "seatwright", "service.version": version("seatwright")})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self.tracer: Tracer = self._provider.get_tracer("seatwright")

    def watch(self, app: Litestar) -> None:
        """Make a span of each request to an application."""
        handler = app.asgi_handler
        assert isinstance(handler, AccessMiddleware)
        handler.app = TracedRequests(handler.app, self.tracer)

    def watched(self, services: Services) -> Services:
        """Return services whose database makes spans."""
        return replace(services, database=TracedDatabase(services.database, self.tracer))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class TracedRequests:
    """ASGI layer inside of the access layer, which has given the request its id."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run a request in a span; the caller's `traceparent` is its parent."""
        inner: Any = scope
        carrier = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in inner["headers"] if name in _HEADERS
        }
        span = self._tracer.start_span(inner["method"], context=_PARENTS.extract(carrier), kind=SpanKind.SERVER)

        async def observed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.set_attribute("http.response.status_code", message["status"])
                if message["status"] >= 500:
                    span.set_status(Status(StatusCode.ERROR))
            await send(message)

        with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                await self.app(scope, receive, observed_send)
            finally:
                route = inner.get("path_template") or "(no route)"
                span.update_name(f"{inner['method']} {route}")
                span.set_attribute("http.request.method", inner["method"])
                span.set_attribute("http.route", route)
                span.set_attribute("seatwright.request_id", str(inner.get("state", {}).get("request_id", "")))


class TracedDatabase:
    """A database whose transactions are spans of the request that they belong to; others are none."""

    def __init__(self, database: Database, tracer: Tracer) -> None:
        self._database = database
        self._tracer = tracer

    @property
    def engine(self) -> Engine:
        """Which database this is."""
        return self._database.engine

    @property
    def probe(self) -> Probe | None:
        """What watches every statement."""
        return self._database.probe

    @probe.setter
    def probe(self, probe: Probe | None) -> None:
        self._database.probe = probe

    async def read(self, use_case: Callable[[ReadTx], Awaitable[T]], *, patient: bool = False) -> T:
        """Run a read-only use case in a span."""
        if not trace.get_current_span().is_recording():
            return await self._database.read(use_case, patient=patient)
        with self._span("read"):
            return await self._database.read(use_case, patient=patient)

    async def write(
        self,
        use_case: Callable[[Tx], Awaitable[T]],
        *,
        patient: bool = False,
        heavy: bool = False,
        one_trip: bool = False,
    ) -> T:
        """Run a use case in a span, which lasts until it is committed."""
        if not trace.get_current_span().is_recording():
            return await self._database.write(use_case, patient=patient, heavy=heavy, one_trip=one_trip)
        with self._span("write"):
            return await self._database.write(use_case, patient=patient, heavy=heavy, one_trip=one_trip)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    def _span(self, kind: str) -> Any:
        return self._tracer.start_as_current_span(
            f"database {kind}",
            attributes={"db.system.name": self.engine},
            record_exception=False,
            set_status_on_exception=False,
        )
