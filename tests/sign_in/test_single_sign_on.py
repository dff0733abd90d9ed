"""Single sign-on with a real provider: who comes in, with which roles, who doesn't and why."""

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from oidc_provider_mock import User as Person
from oidc_provider_mock import run_server_in_thread

from recsite.platform.models import AuditEntry
from recsite.roles import MERCHANDISER, OPERATOR

BEGIN = "/admin/sign-in/by/oidc/"
PEOPLE = [
    Person(sub="1", claims={"email": "Ada@Example.com", "email_verified": True, "groups": ["shop-ops"]}),
    Person(sub="2", claims={"email": "ada@example.com", "email_verified": False}),
    Person(
        sub="3",
        claims={
            "email": "new@example.com",
            "email_verified": True,
            "preferred_username": "new",
            "groups": ["shop-team", "others"],
        },
    ),
    Person(sub="4", claims={"email": "ada@example.com", "email_verified": True, "groups": ["others"]}),
]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with run_server_in_thread(user_claims=PEOPLE) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(autouse=True)
def single_sign_on(settings: Any, provider: str) -> None:
    use(settings, provider)


def use(settings: Any, provider: str) -> None:
    about = {"server_url": provider}
    app = {"provider_id": "oidc", "name": "Example", "client_id": "recsite", "secret": "s", "settings": about}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    settings.OIDC_ISSUER, settings.OIDC_NAME, settings.OIDC_GROUPS_CLAIM = provider, "Example", "groups"


def come(client: Client, sub: str) -> Any:
    """Go to the provider, sign in there as one of its people, and come back."""
    there = client.post(BEGIN)
    assert there.status_code == 302, there.text
    back = httpx.post(there["Location"], data={"sub": sub}, follow_redirects=False)
    address = urlsplit(back.headers["Location"])
    return client.get(f"{address.path}?{address.query}")


def said(answer: Any) -> str:
    """The first sentence of the page."""
    return html.unescape(re.findall(r"<p>(.*?)</p>", answer.text)[0])


def test_an_account_is_found_by_its_verified_address(ada: User, client: Client) -> None:
    assert "Sign in by Example" in client.get("/admin/login/").text
    assert come(client, "1")["Location"] == "/admin/"
    assert client.get("/admin/").context["user"] == ada
    client.logout()
    User.objects.filter(pk=ada.pk).update(email="other@example.com")
    # Whom the provider means is remembered by its own id.
    assert come(client, "1")["Location"] == "/admin/"


def test_who_can_not_come_in_is_told_why(ada: User, client: Client) -> None:
    assert "names no verified e-mail address of yours" in said(come(client, "2"))
    answer = come(client, "3")
    assert (answer.status_code, "No account here has the address new@example.com." in said(answer)) == (403, True)
    User.objects.create_user("bob", "ADA@example.com")
    assert "More than one account here has the address" in said(come(client, "1"))
    User.objects.filter(username="bob").delete()
    User.objects.update(is_active=False)
    assert "switched off" in said(come(client, "1"))
    assert client.get("/admin/").status_code == 302


def test_groups_make_accounts_and_roles_follow_them(ada: User, client: Client, settings: Any) -> None:
    settings.OIDC_ROLES = {"shop-team": MERCHANDISER, "shop-ops": OPERATOR}
    assert come(client, "3")["Location"] == "/admin/"
    made = User.objects.get(username="new")
    assert (made.is_staff, made.has_usable_password()) == (True, False)
    assert [group.name for group in made.groups.all()] == [MERCHANDISER]
    made.groups.add(Group.objects.get(name=OPERATOR), Group.objects.create(name="Own"))
    client.logout()
    come(client, "3")
    assert set(made.groups.values_list("name", flat=True)) == {MERCHANDISER, "Own"}
    told = AuditEntry.objects.filter(object_id="new").order_by("at").values_list("verb", "door")
    assert list(told) == [("staff.add", "single sign-on"), *[("staff.change", "single sign-on")] * 2]
    client.logout()
    assert "in none of the groups that work here" in said(come(client, "4"))


def test_a_provider_that_does_not_answer_is_named(client: Client, db: None, settings: Any) -> None:
    use(settings, "http://127.0.0.1:9")
    answer = client.post(BEGIN)
    assert (answer.status_code, "Example doesn't answer." in said(answer)) == (503, True)


def test_whoever_comes_by_it_needs_no_second_factor_here(ada: User, client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR = "required"
    come(client, "1")
    assert client.get("/admin/").status_code == 200


def test_its_address_alone_asks_before_it_leads_away(client: Client, db: None) -> None:
    assert said(client.get(BEGIN)) == "You are led to Example, which lets you in."


def test_an_answer_that_nobody_asked_for_is_refused(client: Client, db: None) -> None:
    answer = client.get(f"{BEGIN}callback/?code=x&state=forged")
    assert "its answer can't be read" in said(answer)
    assert client.get("/admin/sign-in/by/other/").status_code == 404
