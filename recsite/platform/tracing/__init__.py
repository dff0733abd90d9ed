"""Trace requests through queue, Kafka, Redis and SQL, where OTEL_EXPORTER_OTLP_ENDPOINT is set.

Without it nothing is imported that records or sends them: a `Tracer` stands here that does nothing.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from importlib import import_module
from typing import Any

from django.conf import settings

PARENT = "traceparent"
"""The header of requests and messages that names the trace they belong to, as the W3C has it."""


class Kind(Enum):
    """Say which end of a call a step is. `CLIENT` and `PRODUCER` are parts of another step: alone, none is recorded."""

    SERVER = "server"
    CLIENT = "client"
    PRODUCER = "producer"
    CONSUMER = "consumer"


class Step:
    """Take what there is to say of a step."""

    def tell(self, name: str = "", *, failed: bool = False, **about: Any) -> None:
        """Name the step once more is known of it, and add attributes, whose names have `__` for each dot."""


class Tracer:
    """Record nothing."""

    is_on = False

    def trace_id(self) -> str:
        """Return the id of the trace that this request or task is part of; empty where none is recorded."""
        return ""

    def carried(self) -> dict[str, str]:
        """Return the headers by which a message belongs to the trace."""
        return {}

    def step(self, name: str, kind: Kind, carrier: Mapping[str, str] | None = None) -> AbstractContextManager[Step]:
        """Record the block as a step: of the trace that `carrier` names, or of the one that is under way."""
        return nullcontext(_step)

    def joined(self, name: str, parents: Iterable[str]) -> AbstractContextManager[Step]:
        """Record the block as a step of several traces at once, each by its `traceparent`."""
        return nullcontext(_step)

    def leave(self) -> None:
        """Send what is left, before the process ends."""


_step = Step()


class _Held:
    tracer = Tracer()


def current() -> Tracer:
    """Return the tracer of this process."""
    return _held.tracer


def use(tracer: Tracer) -> None:
    """Make it the tracer of this process."""
    _held.tracer = tracer


_held = _Held()


def begin() -> None:
    """Begin to trace, where the settings ask for it: web server and other roles, not what is typed at a terminal."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT and settings.IS_SERVICE:
        # OpenTelemetry is optional, and takes memory.
        recording: Any = import_module("recsite.platform.tracing.recording")
        use(recording.from_settings())
