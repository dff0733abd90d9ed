"""A second factor: set up, asked for at every door, slowed, taken away; nothing of it where it is off."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from recsite.platform.models import AuditEntry
from tests.sign_in.conftest import PASSWORD

LOGIN, CODE, SET_UP = "/admin/login/", "/admin/second-factor/authenticate/", "/admin/second-factor/totp/activate/"
TOKENS = "/api/v1/auth/token"


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"login": "ada", "password": password})


def set_up(client: Client) -> str:
    """Set one up as the page says, and return its key."""
    page = client.get(SET_UP)
    assert page.status_code == 200, page.headers
    secret = re.findall(r'rs-sign-in-key">([A-Z2-7]+)<', page.text)[0]
    answer = client.post(SET_UP, {"code": code_of(secret)})
    assert answer.status_code == 302, answer.text
    # The same code is asked for again in these tests, within its half minute.
    cache.clear()
    return str(secret)


@pytest.fixture
def secret(ada: User, client: Client, settings: Any, django_capture_on_commit_callbacks: Any) -> str:
    settings.SECOND_FACTOR = "optional"
    assert sign_in(client).status_code == 302
    with django_capture_on_commit_callbacks(execute=True):
        found = set_up(client)
    client.logout()
    return found


def test_a_password_alone_lets_nobody_in_who_has_a_second_factor(secret: str, client: Client) -> None:
    assert sign_in(client)["Location"] == CODE
    assert client.get("/admin/")["Location"].startswith(LOGIN)
    assert "Incorrect code" in client.post(CODE, {"code": "000000"}).text
    assert client.post(CODE, {"code": code_of(secret)})["Location"] == "/admin/"
    assert client.get("/admin/second-factor/").status_code == 200


def test_a_code_is_good_once(secret: str, client: Client) -> None:
    code = code_of(secret)
    sign_in(client)
    assert client.post(CODE, {"code": code}).status_code == 302
    client.logout()
    sign_in(client)
    assert "Incorrect code" in client.post(CODE, {"code": code}).text


def test_a_recovery_code_lets_in_once(secret: str, client: Client) -> None:
    code = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()[0]
    for expected in (302, 200):
        sign_in(client)
        assert client.post(CODE, {"code": code}).status_code == expected
        client.logout()


def test_codes_are_guessed_no_quicker_than_passwords(secret: str, client: Client, settings: Any) -> None:
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 3
    sign_in(client)
    pages = [client.post(CODE, {"code": f"00000{n}"}).text for n in range(4)]
    assert ["Too many wrong attempts" in page for page in pages] == [False, False, False, True]
    assert "Too many wrong attempts" in client.post(CODE, {"code": code_of(secret)}).text


def test_the_key_is_stored_encrypted_and_former_keys_still_read_it(secret: str, client: Client, settings: Any) -> None:
    row = Authenticator.objects.get(type=Authenticator.Type.TOTP)
    assert secret not in str(row.data)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key, which is new"
    sign_in(client)
    assert client.post(CODE, {"code": code_of(secret)}).status_code == 302


def test_a_key_that_nobody_can_read_any_more_is_told(secret: str, client: Client, settings: Any) -> None:
    settings.SECRET_KEY = "another key, and the former one is forgotten"
    sign_in(client)
    assert "be read since SECRET_KEY was changed" in client.post(CODE, {"code": code_of(secret)}).text
    body = {"username": "ada", "password": PASSWORD, "code": code_of(secret)}
    assert client.post(TOKENS, body, "application/json").status_code == 401


def test_tokens_of_the_api_ask_for_it_too(secret: str, client: Client) -> None:
    body = {"username": "ada", "password": PASSWORD}

    def ask(**more: str) -> Any:
        return client.post(TOKENS, {**body, **more}, "application/json")

    assert (ask().status_code, "second factor" in ask().json()["error"]["message"]) == (401, True)
    assert ask(code="000000").status_code == 401
    assert ask(code=code_of(secret)).status_code == 200


def test_staff_who_must_have_one_are_led_to_it_from_every_page(ada: User, client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR = "required"
    sign_in(client)
    assert client.get("/admin/")["Location"] == SET_UP
    assert client.get("/admin/catalog/item/")["Location"] == SET_UP
    refused = client.get("/api/v1/items")
    assert (refused.status_code, "Set up a second factor" in refused.json()["error"]["message"]) == (403, True)
    tokens = Client().post(TOKENS, {"username": "ada", "password": PASSWORD}, "application/json")
    assert (tokens.status_code, "Set up a second factor" in tokens.json()["error"]["message"]) == (401, True)
    set_up(client)
    assert client.get("/admin/").status_code == 200
    assert client.get("/api/v1/items").status_code == 200
    assert client.post("/admin/second-factor/totp/deactivate/").status_code == 200
    assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()


def test_an_administrator_takes_it_from_somebody_who_lost_their_phone(
    secret: str, admin_client: Client, client: Client, ada: User
) -> None:
    page = admin_client.get(f"/admin/auth/user/{ada.pk}/change/").text
    assert "Take the second factor away" in page
    admin_client.post(f"/admin/auth/user/{ada.pk}/remove_second_factor/", {"_form_submitted": "True"})
    assert not Authenticator.objects.exists()
    assert sign_in(client)["Location"] == "/admin/"
    verbs = AuditEntry.objects.filter(verb__contains="second_factor").order_by("at").values_list("verb", "actor")
    assert list(verbs) == [("staff.add_second_factor", "ada"), ("staff.remove_second_factor", "admin")]


def test_what_needs_a_fresh_sign_in_asks_for_the_password_or_a_code(
    secret: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client)
    client.post(CODE, {"code": code_of(secret)})
    taking = "/admin/second-factor/totp/deactivate/"
    assert client.get(taking).status_code == 200
    monkeypatch.setattr("recsite.sign_in.accounts.time.time", lambda now=time.time: now() + 301)
    again = client.get(taking)["Location"]
    page = client.get(again)
    assert "Give your password again." in page.text
    assert 'action="/admin/sign-in/again/"' in page.text
    code_page = client.get("/admin/second-factor/reauthenticate/").text
    assert "Give the code that your app shows now." in code_page
    assert 'action="/admin/second-factor/reauthenticate/"' in code_page


def test_signing_out_asks_where_it_is_only_an_address(secret: str, client: Client) -> None:
    sign_in(client)
    client.post(CODE, {"code": code_of(secret)})
    page = client.get("/admin/sign-in/leave/")
    assert (page.status_code, "Back to the overview" in page.text) == (200, True)


def test_where_it_is_off_nobody_is_asked_even_with_one(secret: str, client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR, settings.ROOT_URLCONF = "off", "recsite.urls"
    answer = client.post(LOGIN, {"username": "ada", "password": PASSWORD})
    assert answer["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client.get(SET_UP).status_code == 404
    assert client.post(TOKENS, {"username": "ada", "password": PASSWORD}, "application/json").status_code == 200


def test_wrong_passwords_are_slowed_and_other_accounts_refused(ada: User, client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR, settings.SIGN_IN_ATTEMPTS_PER_MINUTE = "optional", 3
    User.objects.create_user("bob", password=PASSWORD)
    assert "one of staff. Ask an administrator" in client.post(LOGIN, {"login": "bob", "password": PASSWORD}).text
    pages = [sign_in(client, "wrong").text for _ in range(4)]
    assert ["Too many wrong attempts" in page for page in pages] == [False, False, False, True]


def test_nobody_makes_an_account(client: Client, db: None) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    assert client.get("/accounts/signup/").status_code == 404
