"""One trace goes through real processes: a forked web worker, the queue, Celery's worker, SQL; through Kafka, too."""

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.trace import SpanKind

from interactions.consumers import EventConsumer
from interactions.producers import produce
from recsite.local.kafka import Kafka
from recsite.platform import redis, tracing
from recsite.platform.tracing import Kind
from tests import factories
from tests.outages import wait_until
from tests.tracing.collector import Collector, collector
from tests.tracing.conftest import Traces
from tests.web import web_server, worker

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
TRACE, TOKEN, SECRET = "4bf92f3577b34da6a3ce929d0e0e4736", "collector-token", "hunter2"


def names(found: Collector) -> set[str]:
    return {span.name for span in found.spans() if span.trace_id.hex() == TRACE}


def test_from_a_request_through_the_queue_to_sql(tmp_path: Path) -> None:
    redis.roundtrip(("FLUSHDB",))
    with collector() as found:
        own = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": found.url,
            "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{TOKEN}",
            "API_WORKERS": "1",
            "OTEL_TRACES_SAMPLER_ARG": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        with web_server(tmp_path, **own) as web, worker(tmp_path, **own):
            status, _ = web.get(
                f"/users/ada-{SECRET}/handing-on?title={SECRET}",
                traceparent=f"00-{TRACE}-00f067aa0ba902b7-01",
                Authorization=f"Api-Key {SECRET}",
                Cookie=f"sessionid={SECRET}",
            )
            assert status == 200
            task = "run/recsite.platform.tasks.thin_series"
            wait_until(lambda: {task, "GET users/<str:user_id>/handing-on"} <= names(found), 60)
            wait_until(lambda: any(line.get("trace_id") == TRACE for line in web.lines()), 10)
        spans = {span.span_id: span for span in found.spans() if span.trace_id.hex() == TRACE}
    [run] = [span for span in spans.values() if span.name == task]
    [sent] = [span for span in spans.values() if span.name == task.replace("run/", "apply_async/")]
    assert run.parent_span_id == sent.span_id
    assert spans[sent.parent_span_id].name == "GET users/<str:user_id>/handing-on"
    assert {spans[span.parent_span_id].name for span in spans.values() if span.name in ("SELECT", "DELETE")} == {
        task,
        "GET users/<str:user_id>/handing-on",
    }
    assert found.headers[0]["authorization"] == f"Bearer {TOKEN}"
    said = b"\n".join(found.bodies)
    assert b"handing-on" in said
    assert SECRET.encode() not in said
    assert TOKEN.encode() not in said


def drain(count: int) -> None:
    consumer = EventConsumer(uuid4().hex)
    deadline = time.monotonic() + 30
    consumer.run(lambda: consumer.totals.total() >= count or time.monotonic() > deadline)


def test_from_requests_through_kafka_to_sql(kafka: Kafka, traces: Traces) -> None:
    factories.item("emma")
    ids = set[Any]()
    for _ in range(2):
        with tracing.current().step("POST", Kind.SERVER):
            produce([factories.event("ada", "emma")])
            ids.add(int(tracing.current().trace_id(), 16))
    drain(2)
    sent, stored = traces.of("send to Kafka"), traces.of("store events")
    assert {span.context.trace_id for span in sent if span.context} == ids
    by_parent = {span.parent.span_id: span for span in stored if span.parent}
    assert by_parent.keys() == {span.context.span_id for span in sent if span.context}
    assert {span.context.trace_id for span in stored if span.context} == ids
    [whole] = [span for span in stored if not span.links]
    [other] = [span for span in stored if span.links]
    assert [link.context for link in other.links] == [whole.context]
    assert any(span.kind is SpanKind.CLIENT and span.parent == whole.context for span in traces.spans())
