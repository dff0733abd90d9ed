"""Rules and boards read metrics that there are: every name in them is told by a running product, and spelt the same."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from recsite import beat
from recsite.local.paths import PROJECT
from recsite.platform import process_figures, task_runs
from recsite.platform.backup import runs
from recsite.platform.models import Job
from tests.recommender.fixtures import Shop, open_shop

pytestmark = pytest.mark.django_db
RULES = PROJECT / "deploy" / "prometheus" / "rules"
BOARDS = PROJECT / "deploy" / "grafana" / "dashboards"
OF_PROMETHEUS = {"up", "scrape_duration_seconds"}
OPERATORS = {"by", "on", "without", "ignoring", "group_left", "group_right", "or", "and", "unless", "bool", "offset"}
NO_NAMES = re.compile(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|without|ignoring|group_\w+)\s*\([^)]*\)')
WORD = re.compile(r"(?<![\w$.:])([a-z_][a-z0-9_]*)\b(?!:)(\s*\()?")
PART = re.compile(r"_(?:bucket|sum|count)$")


@pytest.fixture
def shop(settings: Any, tmp_path: Path) -> Shop:
    storage = {**settings.STORAGES["models"], "OPTIONS": {"location": str(tmp_path / "models")}}
    settings.STORAGES = {**settings.STORAGES, "models": storage}
    settings.MODEL_CACHE_DIR = tmp_path / "model-cache"
    return open_shop()


def expressions(inside: Any) -> Iterator[str]:
    """Every PromQL expression within a document."""
    if isinstance(inside, dict):
        if isinstance(inside.get("expr"), str):
            yield inside["expr"]
        inside = list(inside.values())
    if isinstance(inside, list):
        for one in inside:
            yield from expressions(one)


def names(expression: str) -> set[str]:
    """The names of metrics in an expression; those that rules record have a colon, and are left out."""
    bare = re.sub(r"[a-z_]\w*(?::\w+)+", " ", NO_NAMES.sub(" ", expression))
    return {word for word, is_call in WORD.findall(bare) if not is_call and word not in OPERATORS}


def test_every_name_that_is_read_is_told(shop: Shop, client: Client) -> None:
    assert {beat.sent, task_runs.ended, process_figures.idle}
    for state in (Job.State.SUCCEEDED, Job.State.FAILED):
        Job.objects.create(kind="train", title="Train", state=state, finished_at=timezone.now())
    runs.note("nightly", timezone.now())
    page = client.get("/metrics").content.decode()
    told = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE")}
    files = [*RULES.glob("*.yml"), *BOARDS.glob("*.json")]
    documents = [
        yaml.safe_load(path.read_text()) if path.suffix == ".yml" else json.loads(path.read_text()) for path in files
    ]
    read = set().union(*map(names, expressions(documents)))
    assert len(read) > 20
    assert {name for name in read if PART.sub("", name) not in told} - OF_PROMETHEUS == set()
    # What the rules record, they record under the name that others read.
    recorded = {
        rule["record"]
        for path in RULES.glob("*.yml")
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
        if "record" in rule
    }
    asked = set(re.findall(r"\brecsite:\w+(?::\w+)*", " ".join(expressions(documents))))
    assert asked <= recorded
