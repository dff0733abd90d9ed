"""API keys: hashed, remembered for seconds, useless once revoked or expired; staff may use the API from its docs."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recsite.platform import keys
from recsite.platform.access import DEFAULT_SCOPES
from recsite.platform.exceptions import Unavailable
from recsite.platform.models import ApiKey
from tests.outages import no_postgres, wait_until

pytestmark = pytest.mark.django_db
PATH = "/api/v1/models/live"


@pytest.fixture(autouse=True)
def no_keys_remembered() -> None:
    keys.forget()


def key_for(name: str = "shop", **fields: Any) -> str:
    return str(ApiKey.objects.create_key(name=name, **fields)[1])


def status(client: Client, key: str, path: str = PATH) -> int:
    return client.get(path, headers={"Authorization": f"Api-Key {key}"}).status_code


def clock(monkeypatch: pytest.MonkeyPatch, ahead: float) -> None:
    """Moves the clock that the memory of keys goes by."""
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + ahead)


def test_a_key_opens_the_api(client: Client) -> None:
    assert status(client, key_for()) == 404  # Nothing is live, and the caller may know it.


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (None, "An API key is needed."),
        ("Api-Key wrong", "The API key is wrong, revoked or expired."),
        ("Api-Key abcdefgh.ijklmnopqrstuvwxyzabcdefghijklmn", "The API key is wrong, revoked or expired."),
        ("Api-Key \x00", "The API key is wrong, revoked or expired."),
        ("Basic abc", "This kind of Authorization is unknown."),
    ],
)
@pytest.mark.parametrize("path", [PATH, "/api/v1/recommendations/users/ada"])
def test_without_a_good_key_the_answer_says_how_to_get_one(
    client: Client, path: str, header: str | None, sentence: str
) -> None:
    answer = client.get(path, headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Api-Key")
    assert answer.json()["error"]["code"] == "unauthenticated"
    assert answer.json()["error"]["message"].startswith(sentence)
    assert "manage.py create_api_key" in answer.json()["error"]["message"]


def test_an_expired_key_is_refused_also_while_it_is_remembered(client: Client, monkeypatch: Any) -> None:
    key = key_for(expiry_date=timezone.now() + timedelta(minutes=1))
    assert status(client, key) == 404
    later = timezone.now() + timedelta(minutes=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert status(client, key) == 401


def test_a_remembered_key_needs_no_query(client: Client, django_assert_num_queries: Any) -> None:
    key = key_for()
    status(client, key)
    with django_assert_num_queries(0):
        assert keys.caller_of(key) == keys.Caller("shop", key.partition(".")[0], frozenset(DEFAULT_SCOPES))


def test_a_revoked_key_stops_within_seconds(client: Client, monkeypatch: Any, settings: Any) -> None:
    key = key_for()
    assert status(client, key) == 404
    ApiKey.objects.update(revoked=True)
    clock(monkeypatch, settings.API_KEY_CACHE_SECS)
    assert status(client, key) == 401


def test_a_changed_scope_is_in_force_within_seconds(monkeypatch: Any, settings: Any) -> None:
    key = key_for()
    assert keys.caller_of(key)
    ApiKey.objects.update(scopes=["erase"], rate_limit=7)
    clock(monkeypatch, settings.API_KEY_CACHE_SECS)
    caller = keys.caller_of(key)
    assert caller
    assert (caller.scopes, caller.rate_limit) == (frozenset({"erase"}), 7)


def test_the_last_use_is_written_at_most_once_a_minute(monkeypatch: Any, settings: Any) -> None:
    key = key_for()
    keys.caller_of(key)
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    keys.forget()
    keys.caller_of(key)
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - keys.USE_NOTED_EVERY)
    keys.forget()
    keys.caller_of(key)
    assert ApiKey.objects.get().last_used_at != first - keys.USE_NOTED_EVERY


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_last_use_is_written_while_no_client_waits_for_it(settings: Any, django_assert_num_queries: Any) -> None:
    settings.NOTE_KEY_USE_IN_BACKGROUND = True
    key = key_for()
    with django_assert_num_queries(1):
        keys.caller_of(key)
    wait_until(lambda: ApiKey.objects.get().last_used_at is not None)


def test_without_the_database_a_known_key_goes_on_for_a_while(monkeypatch: Any, settings: Any) -> None:
    known = key_for()
    assert keys.caller_of(known)
    clock(monkeypatch, settings.API_KEY_CACHE_SECS + 1)
    with no_postgres():
        assert keys.caller_of(known)
    clock(monkeypatch, keys.OUTAGE_GRACE_SECS)
    with no_postgres(), pytest.raises(Unavailable):
        keys.caller_of(known)


def test_without_the_database_an_unknown_key_is_asked_to_come_back(client: Client) -> None:
    key = key_for()
    with no_postgres():
        answer = client.get(PATH, headers={"Authorization": f"Api-Key {key}"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["error"]["message"] == "API keys can't be checked at the moment. Try again in some seconds."


def test_keys_are_stored_hashed() -> None:
    key = key_for()
    assert key.partition(".")[2] not in str(ApiKey.objects.values().get())


def test_an_open_api_asks_for_nothing(client: Client, settings: Any) -> None:
    settings.API_AUTH_REQUIRED = False
    assert client.get(PATH).status_code == 404
    assert status(client, "wrong") == 404


def test_staff_may_use_it_when_they_are_signed_in(admin_client: Client) -> None:
    assert admin_client.get(PATH).status_code == 404


def test_other_people_s_sessions_open_nothing(client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("visitor"))
    assert client.get(PATH).status_code == 401


def test_what_changes_something_needs_more_than_a_cookie(admin_user: Any) -> None:
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(admin_user)
    view = {"user_id": "ada", "item_id": "emma", "type": "view"}
    answer = careful.post("/api/v1/interactions", view, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
