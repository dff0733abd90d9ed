"""Read the settings of traces, by OpenTelemetry's own names; recsite.settings takes them all over."""

from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

from recsite import env

OTEL_EXPORTER_OTLP_ENDPOINT = env.text("OTEL_EXPORTER_OTLP_ENDPOINT")
OTEL_EXPORTER_OTLP_PROTOCOL = env.choice("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf", ("http/protobuf",))
OTEL_SERVICE_NAME = env.text("OTEL_SERVICE_NAME", "recsite")
OTEL_TRACES_SAMPLER_ARG = env.decimal("OTEL_TRACES_SAMPLER_ARG", 0.1, 0, 1)
"""The share of traces that is recorded."""

OTEL_EXPORTER_OTLP_HEADERS: dict[str, str] = {}
for _pair in env.text("OTEL_EXPORTER_OTLP_HEADERS").split(","):
    _name, _, _value = (piece.strip() for piece in _pair.partition("="))
    if _name and _value:
        OTEL_EXPORTER_OTLP_HEADERS[_name] = unquote(_value)
    elif _pair.strip():
        # The value may be a password: it isn't shown.
        env.fail("OTEL_EXPORTER_OTLP_HEADERS needs pairs, such as name=value, separated by commas.")

_parts = urlsplit(OTEL_EXPORTER_OTLP_ENDPOINT)
if OTEL_EXPORTER_OTLP_ENDPOINT:
    if _parts.scheme not in {"http", "https"} or not _parts.hostname:
        env.fail(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is {OTEL_EXPORTER_OTLP_ENDPOINT!r}, but the address of a collector is "
            "needed, such as http://collector:4318."
        )
    if find_spec("opentelemetry") is None:
        env.fail(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry isn't installed: "
            "pip install -r requirements-tracing.txt."
        )
MIDDLEWARE_OF_TRACES = ["recsite.platform.tracing.middleware.traced"] if OTEL_EXPORTER_OTLP_ENDPOINT else []
