"""Dashboards: shipped as the tables say, and a Prometheus that has scraped the product answers each query."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from deploy.grafana import boards
from recsite import alert_rules
from recsite.local.paths import PROJECT
from tests.deploy import prometheus_server

FOLDER = PROJECT / "deploy" / "grafana"
PACKAGES = ("catalog", "interactions", "recommender", "recsite")
OTHERS = {"up", "ALERTS", "scrape_duration_seconds", "process_resident_memory_bytes"}
"""Series that Prometheus itself and its client library have."""

MAKERS = {"Counter", "Gauge", "Histogram", "GaugeMetricFamily", "CounterMetricFamily", "_gauge"}
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def queries() -> dict[str, str]:
    """Every query of a dashboard, as Grafana sends it."""
    return {
        f"{title}: {panel.title} {legend}": query.replace("$namespace", ".*").replace("$__rate_interval", "1m")
        for title, panels in boards.BOARDS.items()
        for panel in panels
        for query, legend in panel.lines
    }


def series(expression: str) -> set[str]:
    """The names of series in an expression: what is no function, label or keyword."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(by|on) \([^)]*\)|\"[^\"]*\"", " ", expression)
    words = {match.group() for match in NAME.finditer(bare) if not bare[match.end() :].lstrip().startswith("(")}
    return words - {"or", "and", "unless", "le", "by", "on"} - {word for word in words if len(word) < 2}


def told() -> Iterator[str]:
    """The names that the code gives to metrics; `behaviour_{name}` stands for all that begin so."""
    for package in PACKAGES:
        for path in (PROJECT / package).rglob("*.py"):
            module = ast.parse(path.read_text(encoding="utf-8"))
            constants = {
                target.id: one.value
                for one in module.body
                if isinstance(one, ast.Assign)
                for target in one.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(module):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS and node.args:
                    first = node.args[0]
                    yield from _name(constants.get(getattr(first, "id", ""), first))


def _name(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else r"\w+" for part in node.values)
        yield "".join(map(str, parts))


def known(name: str, names: set[str]) -> bool:
    plain = re.sub(r"_(bucket|sum|count)$", "", name)
    return plain in OTHERS or plain in alert_rules.RECORDED or any(re.fullmatch(one, plain) for one in names)


def test_the_shipped_dashboards_are_what_the_tables_say() -> None:
    for path, text in boards.files().items():
        assert path.read_text() == text, "Write them anew: python -m deploy.grafana.boards"
    assert {path.name for path in boards.FOLDER.iterdir()} == {path.name for path in boards.files()}


def test_rules_and_dashboards_read_metrics_that_the_product_has() -> None:
    names = set(told())
    rules = [*alert_rules.RECORDED.values(), *(alert.expression for alert in alert_rules.alerts())]
    for expression in [*queries().values(), *rules]:
        assert series(expression), expression
        assert sorted(name for name in series(expression) if not known(name, names)) == [], expression


def test_grafana_is_told_where_they_are_and_where_the_figures_come_from() -> None:
    (source,) = yaml.safe_load((FOLDER / "provisioning" / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((FOLDER / "provisioning" / "dashboards" / "recsite.yml").read_text())["providers"]
    grafana = yaml.safe_load((PROJECT / "deploy" / "compose" / "compose.yaml").read_text())["services"]["grafana"]
    mounts = dict(volume.split(":")[:2] for volume in grafana["volumes"])
    assert source["uid"] == boards.SOURCE["uid"]
    assert mounts["../grafana/dashboards"] == provider["options"]["path"]
    assert mounts["../grafana/provisioning"] == "/etc/grafana/provisioning"


@pytest.mark.django_db
@pytest.mark.skipif(not prometheus_server.is_there(), reason="prometheus isn't here (Debian: prometheus).")
def test_a_prometheus_that_scraped_the_product_answers_each_query(client: Client, tmp_path: Path) -> None:
    assert client.get("/api/v1/items").status_code < 500
    page = client.get("/metrics").content
    found = {family.name for family in text_string_to_metric_families(page.decode())}
    wrong, empty = {}, set()
    with prometheus_server.running(tmp_path, {"/web": page}) as address:
        for about, expression in queries().items():
            answer = prometheus_server.query(address, expression)
            if answer["status"] != "success":
                wrong[about] = answer.get("error")
            elif not answer["data"]["result"]:
                empty.add(about)
        rules = json.dumps(prometheus_server.query(address, "count(ALERTS) or vector(0)"))
    assert wrong == {}
    assert '"success"' in rules
    assert "Lists: Candidates from the cache" not in empty, sorted(found)
    assert "Overview: Processes that answer {{role}}" not in empty
