"""Traces are off unless somebody asks for them, and what is asked for must make sense."""

import os
import subprocess
import sys

import pytest

from recsite.platform import tracing
from recsite.platform.tracing import Kind

LOADED = """
import sys, django
django.setup()
import recsite.urls, recsite.wsgi, recsite.celery
ours = "recsite.platform.tracing.recording"
parts = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "opentelemetry.instrumentation", ours)
print([name for name in sys.modules if name.startswith(parts)])
"""


def run(script: str, **settings: str) -> subprocess.CompletedProcess[str]:
    own = {**os.environ, "DJANGO_SETTINGS_MODULE": "recsite.settings", **settings}
    return subprocess.run([sys.executable, "-c", script], env=own, capture_output=True, text=True, check=False)


def test_nothing_that_traces_is_loaded_unless_it_is_asked_for() -> None:
    """What redis-py loads of OpenTelemetry's metrics, where that is installed, is its own."""
    done = run(LOADED)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_without_it_steps_and_headers_are_nothing() -> None:
    with tracing.current().step("GET", Kind.SERVER) as step:
        step.tell("else", failed=True, about="this")
        assert tracing.current().trace_id() == ""
        assert tracing.current().carried() == {}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "the address of a collector is needed"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc'"),
        ({"OTEL_TRACES_SAMPLER_ARG": "2"}, "OTEL_TRACES_SAMPLER_ARG is '2'"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "hunter2"}, "OTEL_EXPORTER_OTLP_HEADERS needs pairs"),
    ],
)
def test_a_setting_that_is_wrong_stops_the_start(settings: dict[str, str], sentence: str) -> None:
    done = run("import recsite.settings", **settings)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "hunter2" not in done.stderr


def test_a_package_that_is_missing_is_named() -> None:
    done = run(
        "import importlib.util\nimportlib.util.find_spec = lambda name: None\nimport recsite.settings",
        OTEL_EXPORTER_OTLP_ENDPOINT="http://collector:4318",
    )
    assert "pip install -r requirements-tracing.txt" in done.stderr
