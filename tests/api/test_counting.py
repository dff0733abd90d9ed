"""Nobody makes metric series at will, and what staff look up counts as nobody's request."""

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from recsite.platform import lookups
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
LATENCY = "recommendation_generation_latency_seconds_count"
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


def test_invented_methods_are_refused_and_make_no_series(client: Client) -> None:
    client.generic("GET", "/ping")
    before = series()
    for number in range(20):
        answer = client.generic(f"INVENTED{number}", "/ping")
        assert (answer.status_code, "GET" in answer["Allow"]) == (405, True)
    assert series() == before


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
