"""Lean operations pass by the middleware of pages, and lose nothing of what holds for all."""

from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY

LEAN = "/api/v1/recommendations/popular"
PAGES = {"Set-Cookie", "Vary"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _open(settings: Any) -> None:
    settings.API_AUTH_REQUIRED = False


def test_the_headers_are_those_of_every_answer() -> None:
    lean, other = Client(), Client()
    # A session cookie, of whomever, takes the way of pages.
    other.cookies["sessionid"] = "0" * 32
    answers = [client.get(LEAN) for client in (lean, other)]
    assert [answer.status_code for answer in answers] == [200, 200]
    headers = [{name: answer.headers[name] for name in sorted({*answer.headers} - PAGES)} for answer in answers]
    for found in headers:
        del found["X-Request-ID"]
    assert headers[0] == headers[1]
    assert headers[0]["X-Frame-Options"] == "DENY"
    assert headers[0]["X-Content-Type-Options"] == "nosniff"


def test_another_host_is_refused() -> None:
    assert Client(headers={"Host": "elsewhere.example"}).get(LEAN).status_code == 400


def test_plain_http_is_sent_to_https(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(LEAN)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"https://testserver{LEAN}")


def test_requests_are_counted_by_operation() -> None:
    def counted() -> list[float | None]:
        asked = {"door": "api lists", "endpoint": Client().get(LEAN).resolver_match.view_name, "method": "GET"}
        return [
            REGISTRY.get_sample_value("recommendation_requests_total", {**asked, "status": "200"}),
            REGISTRY.get_sample_value("recommendation_request_duration_seconds_count", asked),
        ]

    before = counted()
    assert counted() == [(count or 0) + 1 for count in before]


def test_what_fails_is_counted_and_answered_as_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("recommender.serving.kept_answers.recommend", fail)

    def failures() -> float:
        labels = {"door": "api lists", "endpoint": "popular", "method": "GET", "status": "500"}
        return REGISTRY.get_sample_value("recommendation_requests_total", labels) or 0

    before = failures()
    answer = Client(raise_request_exception=False).get(LEAN)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert failures() == before + 1


@pytest.mark.parametrize("path", ["interactions", "interactions/bulk", "recommendations/session"])
def test_operations_with_a_body_pass_by_too_and_are_told_of_their_faults(path: str) -> None:
    lean, other = Client(), Client()
    other.cookies["sessionid"] = "0" * 32
    asked = [client.post(f"/api/v1/{path}", b"{", "application/json") for client in (lean, other)]
    assert [answer.status_code for answer in asked] == [400, 400]
    assert asked[0].json()["error"] == asked[1].json()["error"]
    assert asked[0].headers["X-Frame-Options"] == "DENY"
    assert "Set-Cookie" not in asked[0].headers


def test_a_body_that_is_too_large_is_refused_there_too(settings: Any) -> None:
    settings.MAX_REQUEST_SIZE = 10
    assert Client().post("/api/v1/interactions", b"{}" * 10, "application/json").status_code == 413


@pytest.mark.parametrize(("method", "status"), [("get", 405), ("options", 200), ("put", 405)])
def test_methods_that_an_operation_with_a_body_lacks_are_named(method: str, status: int) -> None:
    answer = getattr(Client(), method)("/api/v1/interactions")
    assert (answer.status_code, answer.headers["Allow"]) == (status, "POST, OPTIONS")
