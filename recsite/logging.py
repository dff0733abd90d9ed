"""Logs as JSON lines on standard output, or as readable lines for a terminal."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import structlog


class AccessLines(logging.Formatter):
    """One line per request, from a dict. It goes past structlog, which takes eight times as long for the same line."""

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        facts: Any = record.msg
        line = {**facts, "level": "info", "logger": record.name, "timestamp": datetime.now(UTC).isoformat()}
        return json.dumps(line) if self.as_json else "{timestamp} {method} {path!r} {status} {ms} ms".format(**line)


def _without_request(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Django's lines carry the request, whose text shows the query string, and with it what may be secret."""
    line.pop("request", None)
    return line


def logging_config(log_format: str, level: str, stream: str = "stdout") -> dict[str, Any]:
    """The `logging` configuration: structlog's context (the request id) enters every line, the libraries' too."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
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
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder(), _without_request],
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
            "django": {"level": "INFO", "propagate": True, "handlers": []},
            "django.server": {"level": "INFO", "propagate": True, "handlers": []},
        },
    }
