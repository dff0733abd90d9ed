"""The sample for Fluent Bit reads the lines that the product writes."""

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
import yaml

from recsite.local.paths import PROJECT
from recsite.logging import AccessLines, logging_config

SAMPLE = yaml.safe_load((PROJECT / "deploy" / "logs" / "fluent-bit.yaml").read_text())
DOCS = (PROJECT / "docs" / "OPERATIONS.md").read_text()
REQUEST = {"event": "request", "method": "GET", "path": "/ping", "status": 200, "ms": 0.8, "request_id": "ada-1"}
PARTS = {"%L": r"\d+", "%z": r"(?:Z|[+-]\d{2}:?\d{2})", "%Y": r"\d{4}", **{f"%{one}": r"\d{2}" for one in "mdHMS"}}
"""What Fluent Bit's format takes: %L a fraction, %z an offset or Z."""


def request_line() -> dict[str, Any]:
    line: dict[str, Any] = json.loads(AccessLines(as_json=True).format(record("recsite.access", REQUEST)))
    return line


def other_line() -> dict[str, Any]:
    """Return a line as every other logger writes it, during a request."""
    formatter = {**logging_config("json", "INFO")["formatters"]["lines"]}
    made = formatter.pop("()")(**formatter)
    with structlog.contextvars.bound_contextvars(request_id="ada-1", task="warm", task_id="7"):
        line: dict[str, Any] = json.loads(made.format(record("recommender.serving", "Warmed.")))
    return line


def record(name: str, said: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"name": name, "msg": said, "levelname": "INFO", "levelno": logging.INFO})


def plugins(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = SAMPLE["pipeline"][kind]
    return found


@pytest.mark.parametrize("written_line", [request_line, other_line])
def test_the_time_of_a_line_is_understood(written_line: Callable[[], dict[str, Any]]) -> None:
    line = written_line()
    (parser,) = SAMPLE["parsers"]
    pattern = re.sub("%.", lambda found: PARTS[found[0]], re.escape(parser["time_format"]).replace("\\%", "%"))
    written = line[parser["time_key"]]
    assert re.fullmatch(pattern, written), written
    assert abs((datetime.now(UTC) - datetime.fromisoformat(written)).total_seconds()) < 600


@pytest.mark.parametrize("written_line", [request_line, other_line])
def test_labels_are_fields_with_few_values(written_line: Callable[[], dict[str, Any]]) -> None:
    line = written_line()
    (output,) = plugins("outputs")
    labels = dict(label.strip().split("=") for label in output["labels"].split(","))
    fields = {value[1:] for value in labels.values() if value.startswith("$")}
    (source,) = plugins("inputs")
    assert fields <= {*line, source["path_key"]}
    assert not fields & {"request_id", "task_id", "path", "event"}
    assert line["request_id"] == "ada-1"


def test_each_step_meets_what_the_step_before_it_hands_on() -> None:
    tags = {source["tag"] for source in plugins("inputs")}
    for step in (*plugins("filters"), *plugins("outputs")):
        assert step["match"] in tags
    known = {parser["name"] for parser in SAMPLE["parsers"]}
    assert {step["parser"] for step in plugins("filters")} <= known


def test_the_docs_name_each_variable_and_each_field() -> None:
    told = DOCS.partition("\n## Logs\n")[2].partition("\n## ")[0]
    for name in re.findall(r"\$\{(\w+)\}", (PROJECT / "deploy" / "logs" / "fluent-bit.yaml").read_text()):
        assert f"`{name}`" in told, name
    for field in {*request_line(), *other_line()}:
        assert f"`{field}`" in told, field
