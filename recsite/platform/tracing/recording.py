"""Record traces by OpenTelemetry's SDK, and send them by OTLP over HTTP."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.signals import connection_created
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from recsite.platform.tracing import PARENT, Kind, Step, Tracer
from recsite.platform.tracing.scrubbing import Scrubbed, without_values

MOST_JOINED = 100
"""Traces of one batch that are told of it: the others have the request's id in the log."""

LEAVING_MS = 2_000
KINDS = {kind: SpanKind[kind.name] for kind in Kind}
PARTS = {Kind.CLIENT, Kind.PRODUCER}
_headers = TraceContextTextMapPropagator()
# Its authors have typed it in part.
_celery: Any = CeleryInstrumentor


def from_settings() -> "Recorder":
    """Return a recorder that sends to OTEL_EXPORTER_OTLP_ENDPOINT, and have Django and Celery tell it what they do."""
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces",
        headers=settings.OTEL_EXPORTER_OTLP_HEADERS,
    )
    about = {"service.name": settings.OTEL_SERVICE_NAME, "service.version": settings.VERSION}
    if settings.PROCESS_ROLE:
        about["recsite.role"] = settings.PROCESS_ROLE
    recorder = Recorder(exporter, settings.OTEL_TRACES_SAMPLER_ARG, about)
    recorder.listen()
    return recorder


class Recording(Step):
    """Add what is said to a span."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def tell(self, name: str = "", *, failed: bool = False, **about: Any) -> None:
        if name:
            self._span.update_name(name)
        if failed:
            self._span.set_status(Status(StatusCode.ERROR))
        for key, value in about.items():
            if value not in ("", None):
                self._span.set_attribute(key.replace("__", "."), value)


class Recorder(Tracer):
    """Record a share of the traces. The trace's id decides, so that all processes decide alike, whoever began it."""

    is_on = True

    def __init__(self, exporter: SpanExporter, ratio: float, about: Mapping[str, str]) -> None:
        by_id = TraceIdRatioBased(ratio)
        self._provider = TracerProvider(
            sampler=ParentBased(by_id, remote_parent_sampled=by_id), resource=Resource.create(dict(about))
        )
        # It makes its thread anew in a process that was forked.
        self._provider.add_span_processor(BatchSpanProcessor(Scrubbed(exporter)))
        self._tracer = self._provider.get_tracer("recsite")

    def listen(self) -> None:
        """Have Celery's signals and Django's connections tell of tasks and statements."""
        _celery().instrument(tracer_provider=self._provider)
        connection_created.connect(self._watch, weak=False, dispatch_uid="traces")
        for connection in connections.all(initialized_only=True):
            self._watch(connection)

    def mute(self) -> None:
        """Undo `listen`."""
        _celery().uninstrument()
        connection_created.disconnect(dispatch_uid="traces")
        for connection in connections.all(initialized_only=True):
            connection.execute_wrappers[:] = [one for one in connection.execute_wrappers if one != self._statement]

    def trace_id(self) -> str:
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.trace_flags.sampled else ""

    def carried(self) -> dict[str, str]:
        found: dict[str, str] = {}
        _headers.inject(found)
        return found

    @contextmanager
    def step(self, name: str, kind: Kind, carrier: Mapping[str, str] | None = None) -> Iterator[Step]:
        if kind in PARTS and not trace.get_current_span().is_recording():
            yield Step()
            return
        context = None if carrier is None else _headers.extract(carrier, Context())
        with self._tracer.start_as_current_span(name, context, KINDS[kind]) as span:
            yield Recording(span)

    @contextmanager
    def joined(self, name: str, parents: Iterable[str]) -> Iterator[Step]:
        """Record the block in the trace of the first; the others get a step as long, with a link to that one."""
        contexts = [_headers.extract({PARENT: parent}, Context()) for parent in dict.fromkeys(parents)]
        sampled = [one for one in contexts if trace.get_current_span(one).get_span_context().trace_flags.sampled]
        first, *others = sampled or [Context()]
        with ExitStack() as ends:
            span = ends.enter_context(self._tracer.start_as_current_span(name, first, SpanKind.CONSUMER))
            links = [Link(span.get_span_context())]
            for one in others[:MOST_JOINED]:
                ends.callback(self._tracer.start_span(name, one, SpanKind.CONSUMER, links=links).end)
            yield Recording(span)

    def leave(self) -> None:
        self._provider.force_flush(LEAVING_MS)

    def _watch(self, connection: Any, **_: Any) -> None:
        """Have a connection tell of its statements. First in the list: whoever leaves early removes the last one."""
        if self._statement not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, self._statement)

    def _statement(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = sql if isinstance(sql, str) else ""
        verb = (text.split(None, 1) or ["SQL"])[0].upper()
        with self.step(verb, Kind.CLIENT) as step:
            step.tell(db__system__name="postgresql", db__query__text=without_values(text))
            return execute(sql, params, many, context)
