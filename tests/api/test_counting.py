"""Nobody makes metric series at will, and what staff look up counts as nobody's request."""

import shutil
import subprocess

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from recsite.metrics import asked_now
from recsite.platform import lookups
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
LATENCY = "recommendation_generation_latency_seconds_count"
ITEMS = (("door", "api other"), ("endpoint", "unknown"))
COUNTERS = ("redis_cache_hits_total", "redis_cache_misses_total")


def series() -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in REGISTRY.collect()
        for sample in family.samples
    }


def counted() -> float:
    answers = sum(sample.value for family in REGISTRY.collect() for sample in family.samples if sample.name == LATENCY)
    return answers + sum(REGISTRY.get_sample_value(name) or 0 for name in COUNTERS)


def test_invented_methods_are_refused_and_share_one_series(client: Client) -> None:
    client.generic("INVENTED", "/api/v1/items")
    before = series()
    assert ("recommendation_requests_total", (*ITEMS, ("method", "other"), ("status", "405"))) in before
    for number in range(20):
        answer = client.generic(f"INVENTED{number}", "/api/v1/items")
        assert (answer.status_code, "GET" in answer["Allow"]) == (405, True)
    assert series() == before


def test_addresses_that_lead_nowhere_share_one_series(client: Client) -> None:
    client.get("/api/v1/nowhere")
    before = series()
    for number in range(20):
        assert client.get(f"/api/v1/nowhere/{number}").status_code == 404
    assert series() == before


def test_each_metric_has_one_name_and_the_field_s() -> None:
    told = {family.name for family in REGISTRY.collect()} | set(asked_now())
    assert not [name for name in told if name.startswith("django_")]
    assert {
        "recommendation_requests",
        "recommendation_request_duration_seconds",
        "recommendation_generation_latency_seconds",
        "redis_cache_hits",
        "redis_cache_misses",
        "active_models",
        "active_users",
        "outbox_oldest_age_seconds",
        "partition_months_ahead",
        "queue_has_worker",
    } <= told


def test_prometheus_finds_no_fault_with_the_metrics(client: Client) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool, of Prometheus, isn't installed here.")
    told = client.get("/metrics").content
    done = subprocess.run(["promtool", "check", "metrics"], input=told, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode(), done.stdout.decode()) == (0, "", "")


def test_what_staff_look_up_does_not_count(shop: Shop) -> None:
    boss = Staff("boss", is_superuser=True)
    before = counted()
    assert boss.get("/api/v1/recommendations/users/ada").status_code == 200
    assert boss.get(f"/admin/people/{shop.ada.pk}/").status_code == 200
    assert counted() == before


def test_the_next_request_of_the_thread_counts_again(shop: Shop, client: Client, settings: object) -> None:
    Staff("boss", is_superuser=True).get("/api/v1/recommendations/users/ada")
    before = counted()
    setattr(settings, "API_AUTH_REQUIRED", False)  # noqa: B010 - pytest-django's settings take any name
    assert client.get("/api/v1/recommendations/users/ada").status_code == 200
    assert counted() > before
    assert not lookups.is_by_staff()
