"""GET /models/live."""

from django.utils import timezone

from recommender.models import Release
from tests import factories
from tests.api.clients import ApiClient


def test_before_the_first_promotion_it_says_how_to_get_there(api: ApiClient) -> None:
    factories.release(factories.model_version(), state=Release.State.CANDIDATE)
    answer = api.get("models/live")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "manage.py train" in answer.json()["error"]["message"]


def test_the_live_release_is_told_with_its_versions(api: ApiClient) -> None:
    metrics = {"rmse": 0.91}
    svd = factories.model_version("svd", metrics=metrics, finished_at=timezone.now(), data_until=factories.NOON)
    popular = factories.model_version("popular")
    live = factories.release(popular, svd, promoted_at=timezone.now())
    told = api.get("models/live").json()
    assert told["release"] == live.pk
    assert [(version["id"], version["algorithm"], version["role"]) for version in told["versions"]] == [
        (popular.pk, "popular", "ranking"),
        (svd.pk, "svd", "rating"),
    ]
    assert told["versions"][1]["metrics"] == metrics
    assert told["versions"][1]["data_until"] == "2026-05-01T12:00:00+00:00"
