"""A request's trace: what it says, what it never says, and what it leads to in logs and metrics."""

import logging
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from opentelemetry.trace import SpanKind
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from recsite.logging import logging_config
from recsite.platform import counting, exposing, redis, tracing
from recsite.platform.log_privacy import hashed
from recsite.platform.tracing import Kind
from recsite.platform.tracing.scrubbing import without_values
from tests import factories
from tests.tracing.conftest import Traces

pytestmark = pytest.mark.django_db
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CALLER = PARENT.split("-")[1]


def test_a_request_is_a_span_of_its_caller_s_trace_and_its_statements_are_parts_of_it(
    client: Client, traces: Traces
) -> None:
    factories.item("emma")
    answer = client.get("/api/v1/items/emma", headers={"traceparent": PARENT})
    assert answer.status_code == 200
    [web] = [span for span in traces.spans() if span.kind is SpanKind.SERVER]
    assert web.context is not None
    assert web.name.startswith("GET api/v1/items/<")
    assert web.attributes is not None
    assert dict(web.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": web.name.removeprefix("GET "),
        "url.path": "/api/v1/items/emma",
        "request_id": answer["X-Request-ID"],
    }
    assert f"{web.context.trace_id:032x}" == CALLER
    statements = traces.of("SELECT")
    assert statements
    assert {span.parent and span.parent.span_id for span in statements} == {web.context.span_id}
    assert {span.context.trace_id for span in traces.spans() if span.context} == {web.context.trace_id}


def test_no_user_and_no_value_is_in_a_span(client: Client, traces: Traces) -> None:
    with tracing.current().step("GET", Kind.SERVER):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'ada-4711', 471147114711, %s", ["ada-4711"])
        redis.roundtrip(("GET", "ada-4711"))
        client.get("/api/v1/recommendations/users/ada-4711?q=ada-4711", headers={"X-Request-ID": "request-1"})
    with pytest.raises(ValueError, match="ada-4711"), tracing.current().step("fails", Kind.SERVER):
        raise ValueError("ada-4711")
    said = "\n".join(span.to_json() for span in traces.spans())
    # Four digits alone are in many an id of a span.
    assert "ada-4711" not in said
    assert "471147114711" not in said
    assert f"/users/~{hashed('ada-4711')}" in said
    assert "SELECT ?, ?, %s" in said
    assert '"REDIS"' in said
    assert '"exception.type": "ValueError"' in said


@pytest.mark.parametrize(
    ("statement", "rest"),
    [
        ("SELECT a1 FROM t2 WHERE x = 'it''s' AND y > 3.5", "SELECT a1 FROM t2 WHERE x = ? AND y > ?"),
        (r"SELECT E'it\'s secret', $1", "SELECT ?, $1"),
        ("DO $body$ SELECT 'secret' $body$", "DO ?"),
        ('SELECT "table".20 LIMIT 5', 'SELECT "table".20 LIMIT ?'),
    ],
)
def test_statements_lose_the_values_that_are_written_into_them(statement: str, rest: str) -> None:
    assert without_values(statement) == rest


def test_a_statement_outside_of_any_trace_begins_none(traces: Traces) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert traces.spans() == ()


def test_those_who_look_after_the_server_leave_no_trace(client: Client, traces: Traces) -> None:
    client.get("/ping")
    client.get("/ready")
    assert traces.spans() == ()


def test_failures_are_marked(client: Client, traces: Traces, settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.web_urls"
    client.raise_request_exception = False
    assert client.get("/mistake").status_code == 500
    [web] = [span for span in traces.spans() if span.kind is SpanKind.SERVER]
    assert not web.status.is_ok
    assert "a secret detail" not in web.to_json()


def test_log_lines_carry_the_trace(client: Client, traces: Traces, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/nothing", headers={"traceparent": PARENT})
    lines: list[Any] = [record.msg for record in caplog.records if record.name == "recsite.access"]
    assert [line["trace_id"] for line in lines] == [CALLER]
    config = logging_config("json", "INFO")["formatters"]["lines"]
    formatter = config.pop("()")(**config)
    record = logging.makeLogRecord({"name": "recsite", "msg": "Hello", "levelname": "INFO"})
    with tracing.current().step("GET", Kind.SERVER):
        assert f'"trace_id": "{tracing.current().trace_id()}"' in formatter.format(record)
    assert "trace_id" not in formatter.format(record)


def test_a_bucket_names_the_latest_trace_that_fell_into_it(client: Client, traces: Traces) -> None:
    other = "a" * 32
    client.get("/api/v1/items", headers={"traceparent": PARENT.replace(CALLER, other)})
    told = client.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert told["Content-Type"].startswith("application/openmetrics-text")
    families = {one.name: one for one in text_string_to_metric_families(told.content.decode())}
    found = [one for one in families[counting.SECONDS].samples if one.exemplar]
    [bucket] = [one for one in found if one.exemplar and one.exemplar.labels == {"trace_id": other}]
    assert bucket.exemplar
    assert bucket.exemplar.value <= float(bucket.labels["le"])
    assert bucket.labels["method"] == "GET"
    plain = client.get("/metrics", headers={"Accept": "text/plain"})
    assert plain["Content-Type"] == exposing.CONTENT_TYPE
    assert other not in plain.content.decode()
    assert re.search(rf"^{counting.SECONDS}_bucket{{.*\}} ", plain.content.decode(), re.MULTILINE)
