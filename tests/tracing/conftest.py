"""A recorder whose spans stay in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from recsite.platform import tracing
from recsite.platform.tracing import Tracer
from recsite.platform.tracing.recording import Recorder
from tests.brokers import broker as broker
from tests.brokers import kafka as kafka


@dataclass
class Traces:
    recorder: Recorder
    exporter: InMemorySpanExporter

    def spans(self) -> tuple[ReadableSpan, ...]:
        self.recorder.leave()
        return self.exporter.get_finished_spans()

    def of(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.spans() if span.name == name]


@pytest.fixture
def traces(settings: Any) -> Iterator[Traces]:
    exporter = InMemorySpanExporter()
    recorder = Recorder(exporter, 1.0, {"service.name": "test"})
    settings.API_AUTH_REQUIRED = False
    settings.MIDDLEWARE = ["recsite.platform.tracing.middleware.traced", *settings.MIDDLEWARE]
    tracing.use(recorder)
    recorder.listen()
    yield Traces(recorder, exporter)
    recorder.mute()
    tracing.use(Tracer())
