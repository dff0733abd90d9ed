"""Errors: one shape under /api/, a small page elsewhere, and never a traceback."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.exceptions import Throttled, ValidationError

from recsite.platform.errors import explain
from recsite.platform.exceptions import Invalid, UserFacingError
from recsite.web_worker import refusal
from tests.api.clients import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def web(settings: Any) -> Client:
    settings.ROOT_URLCONF = "tests.web_urls"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("path", "status", "code", "message"),
    [
        ("/api/nothing", 404, "not_found", "There is no /api/nothing. Its addresses are listed at /api/docs/."),
        ("/api/missing", 404, "not_found", "There is no such book."),
        ("/api/denied", 403, "forbidden", "You may not see this page."),
        ("/api/mistake", 500, "internal_error", "This is a mistake of ours, and it is in our log"),
        ("/api/outage", 503, "unavailable", "Something the answer depends on is gone for the moment."),
    ],
)
def test_the_api_answers_in_one_shape(web: Client, path: str, status: int, code: str, message: str) -> None:
    answer = web.get(path, headers={"X-Request-ID": "ada-1"})
    assert answer.status_code == status
    body = answer.json()
    assert body.keys() == {"error", "request_id", "timestamp"}
    assert body["error"].keys() == {"code", "message", "details"}
    assert body["error"]["code"] == code
    assert body["error"]["message"].startswith(message)
    assert body["request_id"] == answer["X-Request-ID"] == "ada-1"
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/denied", 403), ("/mistake", 500), ("/outage", 503)])
def test_people_get_a_page(web: Client, path: str, status: int) -> None:
    answer = web.get(path)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert answer["X-Request-ID"] in answer.text
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["/mistake", "/api/mistake", "/outage", "/api/outage"])
def test_nothing_of_the_inside_is_told(web: Client, path: str) -> None:
    answer = web.get(path)
    assert "secret detail" not in answer.text
    assert "10.0.0.7" not in answer.text
    assert "Traceback" not in answer.text


def test_an_outage_says_when_to_come_back(web: Client) -> None:
    assert web.get("/outage")["Retry-After"] == web.get("/api/outage")["Retry-After"] == "5"


def test_a_wrong_host_is_a_bad_request(web: Client) -> None:
    answer = web.get("/api/v1/items", headers={"Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


@pytest.mark.parametrize("length", ["null", "-1", "1.5", "\u0661"])
@pytest.mark.parametrize("path", ["/api/v1/interactions", "/api/v1/models/live", "/"])
def test_a_length_that_is_no_number_is_a_bad_request(web: Client, path: str, length: str) -> None:
    answer = web.post(path, b"{}", content_type="application/json", CONTENT_LENGTH=length)
    assert answer.status_code == 400
    assert "The Content-Length is no number" in answer.text


def test_a_page_shows_a_path_as_text(web: Client) -> None:
    assert "<script>" not in web.get("/<script>alert(1)</script>").text


def test_a_form_without_its_token_is_explained(web: Client) -> None:
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "ada"})
    assert answer.status_code == 403
    assert "The form was too old" in answer.text


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/interactions"])
def test_a_body_over_the_limit_is_refused_unread(web: Client, settings: Any, path: str) -> None:
    settings.MAX_REQUEST_SIZE = 1000
    answer = web.post(path, "x" * 1001, content_type="application/json")
    assert answer.status_code == 413
    assert "The request is larger than 1,000 bytes." in answer.text


def test_forms_under_the_limit_still_work(client: Client, admin_user: Any) -> None:
    answer = client.post("/admin/login/", {"username": "admin", "password": "password", "next": "/ping"})
    assert (answer.status_code, answer["Location"]) == (302, "/ping")


def test_nested_errors_are_named_by_their_path() -> None:
    nested: Any = {"events": [{}, {"value": ["Too large.", "Odd."]}], "limit": ["Too small."]}
    failure = explain(ValidationError(nested))
    assert failure is not None
    assert failure.status == 422
    assert failure.details == {"events.1.value": "Too large. Odd.", "limit": "Too small."}
    assert failure.message == "events.1.value: Too large. Odd. limit: Too small."


def test_our_own_errors_have_their_status() -> None:
    assert [
        getattr(explain(error), "status", None) for error in (Invalid({}), UserFacingError(), ZeroDivisionError())
    ] == [
        422,
        409,
        None,
    ]


def test_too_many_requests_say_how_long_to_wait() -> None:
    failure = explain(Throttled(wait=1.2))
    assert failure is not None
    assert (failure.status, failure.code, failure.headers) == (429, "too_many_requests", {"Retry-After": "2"})


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda api: api.get("items/none"), 404),
        (lambda api: api.get("recommendations/items/none/similar"), 404),
        (lambda api: api.get("recommendations/popular", limit=0), 422),
        (lambda api: api.get("items", {"Accept": "text/html"}), 406),
        (lambda api: api.post("models/live", {}), 405),
        (lambda api: api.delete("users/nobody-of-this-name"), 204),
    ],
)
def test_nobody_may_keep_what_may_be_otherwise_in_a_moment(ask: Callable[[ApiClient], Any], status: int) -> None:
    answer = ask(ApiClient())
    assert (answer.status_code, answer["Cache-Control"]) == (status, "private, no-store")


def test_nor_what_the_web_server_answers_before_django() -> None:
    assert b"\r\nCache-Control: private, no-store\r\n" in refusal(408)
