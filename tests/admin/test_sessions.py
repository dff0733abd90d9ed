"""Access, Sessions: where staff are signed in, by browsers and by tokens, and a button that ends it at once."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session as DjangosSession
from django.db import connection
from django.test import Client
from django.utils import timezone

from recsite.console.sessions_page import browser
from recsite.platform import staff_tokens
from recsite.platform.models import AuditEntry, Session, StaffLogin
from recsite.roles import ADMINISTRATOR, VIEWER
from tests.admin.staff import Staff, member

PAGE = "/admin/access/sessions/"
END = f"{PAGE}end/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(name: str = "grace", **more: Any) -> Client:
    user = User.objects.create_user(name, password="correct-horse", is_staff=True)
    client = Client(headers={"User-Agent": FIREFOX}, **more)
    form = {"username": name, "password": "correct-horse"}
    assert client.post("/admin/login/", form, REMOTE_ADDR="203.0.113.7").status_code == 302
    assert user.pk == int(client.session["_auth_user_id"])
    return client


def handle(staff: Staff, name: str) -> str:
    """What the button beside the sign-in of an account sends."""
    page = staff.get(PAGE).content.decode()
    row = next(row for row in page.split("<tr>") if f'class="rs-first">{name}' in row)
    return row.partition('name="session" value="')[2].partition('"')[0]


def test_each_sign_in_says_who_since_when_from_where_and_by_what(db: None) -> None:
    sign_in()
    page = member(ADMINISTRATOR).page(PAGE)
    assert "grace Firefox on Windows 203.0.113.7" in page
    assert "administrator this one" in page


def test_signing_out_ends_it_at_once_and_is_recorded(db: None) -> None:
    grace, administrator = sign_in(), member(ADMINISTRATOR)
    assert grace.get("/admin/").status_code == 200
    answer = administrator.post(END, session=handle(administrator, "grace"))
    assert "grace is signed out there." in administrator.follow(answer)
    assert grace.get("/admin/").status_code == 302
    entry = AuditEntry.objects.get(verb="staff.sign_out")
    assert (entry.actor, entry.object_id) == ("administrator", "grace")
    assert entry.reason == "Ended from the list of sessions."


def test_tokens_of_the_api_stand_there_as_well(db: None) -> None:
    grace, administrator = User.objects.create_user("grace", is_staff=True), member(ADMINISTRATOR)
    staff_tokens.begin(grace)
    assert "grace API tokens" in administrator.page(PAGE)
    administrator.post(END, session=handle(administrator, "grace"))
    assert StaffLogin.objects.get().revoked_at is not None
    assert AuditEntry.objects.get(verb="staff.sign_out").actor == "administrator"


def test_everybody_sees_and_ends_their_own_alone(db: None) -> None:
    grace, viewer = sign_in(), member(VIEWER)
    page = viewer.page(PAGE)
    assert "Where you are signed in" in page
    assert "grace" not in page
    theirs = handle(member(ADMINISTRATOR), "grace")
    assert "That session is over already." in viewer.follow(viewer.post(END, session=theirs))
    assert grace.get("/admin/").status_code == 200
    viewer.post(END, session=handle(viewer, "viewer"))
    assert viewer.get("/admin/").status_code == 302


def test_no_page_has_what_opens_a_session(db: None) -> None:
    grace = sign_in()
    page = member(ADMINISTRATOR).get(PAGE).content.decode()
    assert str(grace.session.session_key) not in page


def test_another_password_keeps_the_own_session_in_the_list(db: None) -> None:
    grace = sign_in()
    form = {"old_password": "correct-horse", "new_password1": "battery-staple-9", "new_password2": "battery-staple-9"}
    assert grace.post("/admin/password_change/", form).status_code == 302
    assert "grace Firefox on Windows" in member(ADMINISTRATOR).page(PAGE)


def test_visitors_and_what_is_over_are_not_listed(db: None) -> None:
    sign_in()
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    Session.objects.create(session_key="v" * 32, session_data="", expire_date=timezone.now() + timedelta(days=1))
    administrator = member(ADMINISTRATOR)
    assert administrator.get(PAGE).content.decode().count('name="session"') == 1


def test_an_upgrade_signs_nobody_out(db: None) -> None:
    grace = sign_in()
    held = Session.objects.get()
    fields = {"session_data": held.session_data, "expire_date": held.expire_date}
    DjangosSession.objects.create(session_key=held.session_key, **fields)
    Session.objects.all().delete()
    import_module("recsite.platform.migrations.0023_sessions").take_over(apps, connection.schema_editor())
    assert Session.objects.get().account_id == held.account_id
    assert not DjangosSession.objects.exists()
    assert grace.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.0", "curl/8.0"),
        ("", "unknown"),
    ],
)
def test_browsers_are_named_in_words(agent: str, words: str) -> None:
    assert browser(agent) == words


def test_what_the_page_costs(db: None, django_assert_num_queries: Any) -> None:
    for name in ("ada", "ben", "cleo"):
        sign_in(name)
    administrator = member(ADMINISTRATOR)
    administrator.user.user_permissions.set(Permission.objects.none())
    administrator.get(PAGE)
    with django_assert_num_queries(8):
        administrator.get(PAGE)
