"""Logs as JSON lines on standard output, or as readable lines for a terminal."""

import logging
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

from recsite.platform import tracing
from recsite.platform.log_privacy import loggable_path

# No line tells of threads, processes or lines of code, and finding them takes half of the time that a line takes.
logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False

REFUSED = "django.security."
"""How the loggers begin that tell of requests which Django refuses."""


class AccessLines(logging.Formatter):
    """Write one line per request, from a dict, without structlog: it takes eight times as long for the same line."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        payload: Any = record.msg
        line = {**payload, "level": "info", "logger": record.name, "timestamp": datetime.now(UTC).isoformat()}
        return (
            orjson.dumps(line).decode()
            if self.as_json
            else "{timestamp} {method} {path!r} {status} {ms} ms".format(**line)
        )


def _without_request(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Drop the request from Django's lines, whose text shows the query string; hash the user id in their path."""
    request = line.pop("request", None)
    # Other handlers may have left their own text on the record, with the path as it was.
    line.pop("message", None)
    if request is not None and hasattr(request, "path"):
        line["event"] = str(line["event"]).replace(request.path, loggable_path(request))
    return line


def _without_traceback(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Drop the traceback of a request that Django refused, such as one with a wrong Host: the line says it all."""
    record = line.get("_record")
    if record is not None and record.name.startswith(REFUSED):
        line.pop("exc_info", None)
    return line


def _with_trace(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Add the id of the trace, where there is one."""
    if trace_id := tracing.current().trace_id():
        line["trace_id"] = trace_id
    return line


def logging_config(log_format: str, level: str, stream: str = "stdout") -> dict[str, Any]:
    """Return the `logging` configuration; structlog's context (the request id) enters every line, also of libraries."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _with_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.dev.ConsoleRenderer() if log_format == "console" else structlog.processors.JSONRenderer()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [
                    _without_traceback,
                    *shared,
                    structlog.stdlib.ExtraAdder(),
                    _without_request,
                ],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            },
            "access": {"()": AccessLines, "as_json": log_format == "json"},
        },
        "handlers": {
            "lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": f"ext://sys.{stream}"},
            "access": {"class": "logging.StreamHandler", "formatter": "access", "stream": f"ext://sys.{stream}"},
        },
        "root": {"handlers": ["lines"], "level": level},
        "loggers": {
            "recsite.access": {"level": level, "propagate": False, "handlers": ["access"]},
            # Django sets handlers and levels of its own for these two.
            "django": {"level": level, "propagate": True, "handlers": []},
            "django.server": {"level": level, "propagate": True, "handlers": []},
        },
    }
