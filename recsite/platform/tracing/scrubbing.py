"""Let nothing out with a trace that names a user or is secret: what isn't known to be harmless stays here."""

import re
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Link, Status

HARMLESS = frozenset(
    {
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "url.path",
        "request_id",
        "db.system.name",
        "db.query.text",
        "messaging.system",
        "messaging.destination.name",
        "messaging.batch.message_count",
        "messaging.message.id",
        "celery.action",
        "celery.state",
        "celery.task_name",
        "exception.type",
    }
)
"""The attributes that are sent: paths have hashes in place of user ids, statements have no values."""

LONGEST_STATEMENT = 2_000
_VALUES = re.compile(r"\$(\w*)\$.*?\$\1\$|[eE]?'(?:[^'\\]|''|\\.)*'|(?<![\w.$\"])\d+(?:\.\d+)?\b", re.DOTALL)


class Scrubbed(SpanExporter):
    """Hand spans on without messages of exceptions and without unknown attributes."""

    def __init__(self, other: SpanExporter) -> None:
        self._other = other

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._other.export([_scrubbed(span) for span in spans])

    def shutdown(self) -> None:
        self._other.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._other.force_flush(timeout_millis)


def without_values(statement: str) -> str:
    """Return a statement with a question mark for each value that is written into it."""
    return _VALUES.sub("?", statement[:LONGEST_STATEMENT])


def _scrubbed(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_harmless(span.attributes),
        events=[Event(one.name, _harmless(one.attributes), one.timestamp) for one in span.events],
        links=[Link(one.context) for one in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _harmless(attributes: Any) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in HARMLESS}
