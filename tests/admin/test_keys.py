"""API keys: shown once, revoked for good."""

import re
from datetime import timedelta
from html import unescape
from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from recsite.platform.models import ApiKey, AuditEntry
from recsite.roles import OPERATOR, VIEWER
from tests.admin.staff import Staff, member, words

KEYS = "/admin/platform/apikey/"
FIELDS: dict[str, Any] = {"name": "shop", "scopes": ["read", "write"], "expiry_date_0": "", "expiry_date_1": ""}


def shown(page: str) -> str:
    """The text of the key that a page shows."""
    found = re.search(r"The API key for \w+ is: (\w{8}\.\w{32}) ?\.", page)
    assert found, page
    return found[1]


def test_a_key_is_shown_once_when_it_is_made(admin: Staff) -> None:
    text = shown(admin.follow(admin.post(f"{KEYS}add/", **FIELDS)))
    assert ApiKey.objects.is_valid(text)
    assert text not in admin.page(KEYS)
    assert text not in admin.page(f"{KEYS}{ApiKey.objects.get().pk}/change/")


def test_scopes_owner_and_limit_are_chosen_and_changed(admin: Staff) -> None:
    more = {"owner": "web@shop.example", "rate_limit": "50"}
    admin.post(f"{KEYS}add/", **FIELDS | more | {"scopes": ["read", "operate"]})
    key = ApiKey.objects.get()
    assert (key.scopes, key.owner, key.rate_limit) == (["read", "operate"], "web@shop.example", 50)
    assert "read, operate" in admin.page(KEYS)
    assert key.prefix in admin.page(KEYS, scope="operate")
    assert key.prefix not in admin.page(KEYS, scope="write")
    admin.post(f"{KEYS}{key.pk}/change/", **FIELDS | {"scopes": ["erase"], "rate_limit": "0"})
    key.refresh_from_db()
    assert (key.scopes, key.owner, key.rate_limit) == (["erase"], "", 0)
    entry = AuditEntry.objects.get(verb="key.change")
    assert (entry.actor, entry.door, entry.object_id) == ("admin", "admin", key.prefix)
    assert entry.before == {"owner": "web@shop.example", "scopes": ["read", "operate"], "rate_limit": 50}
    assert entry.after == {"owner": "", "scopes": ["erase"], "rate_limit": 0}


def test_a_key_without_a_scope_is_refused(admin: Staff) -> None:
    assert "This field is required." in words(admin.post(f"{KEYS}add/", **FIELDS | {"scopes": []}))
    assert not ApiKey.objects.exists()


def test_a_browser_key_is_bound_to_origins(admin: Staff) -> None:
    asked = FIELDS | {"is_browser": "on"}
    assert "needs the origins of its pages" in words(admin.post(f"{KEYS}add/", **asked))
    assert "An origin is a scheme and a host" in words(
        admin.post(f"{KEYS}add/", **asked, origins="https://a.example/x")
    )
    origins = "https://shop.example\nhttp://127.0.0.1:8000"
    text = shown(admin.follow(admin.post(f"{KEYS}add/", **asked, origins=origins)))
    key = ApiKey.objects.get()
    assert (key.prefix, key.origins) == (text.partition(".")[0], origins.split())
    assert "(browser)" in admin.page(KEYS)
    assert "https://shop.example" in admin.get(f"{KEYS}{key.pk}/change/").text
    assert key.signing_secret not in admin.get(f"{KEYS}{key.pk}/change/").text


def test_rotating_shows_the_successor_and_ends_the_old_key_later(admin: Staff) -> None:
    old, text = ApiKey.objects.create_key(name="shop", scopes=["read"], owner="Web")
    new_text = shown(admin.follow(admin.act(f"{KEYS}{old.pk}/rotate/", overlap="2")))
    old.refresh_from_db()
    assert ApiKey.objects.is_valid(text)
    assert ApiKey.objects.is_valid(new_text)
    assert old.expiry_date is not None
    assert timedelta(minutes=119) < old.expiry_date - timezone.now() <= timedelta(hours=2)
    successor = ApiKey.objects.exclude(pk=old.pk).get()
    assert (successor.name, successor.scopes, successor.owner, successor.expiry_date) == ("shop", ["read"], "Web", None)
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["key.rotate", "key.create"]


def test_a_revoked_key_has_no_successor(admin: Staff) -> None:
    key, _ = ApiKey.objects.create_key(name="shop", revoked=True)
    assert "works no more" in admin.follow(admin.act(f"{KEYS}{key.pk}/rotate/", overlap="2"))
    assert ApiKey.objects.count() == 1


def test_who_may_only_look_rotates_no_key(viewer: Staff) -> None:
    key, _ = ApiKey.objects.create_key(name="shop")
    assert viewer.act(f"{KEYS}{key.pk}/rotate/", overlap="2").status_code == 403
    assert ApiKey.objects.count() == 1


def test_deleting_a_key_is_recorded(admin: Staff) -> None:
    key, _ = ApiKey.objects.create_key(name="shop")
    admin.post(f"{KEYS}{key.pk}/delete/", post="yes")
    assert not ApiKey.objects.exists()
    assert AuditEntry.objects.get().verb == "key.delete"


def test_the_list_says_which_keys_work(viewer: Staff) -> None:
    ApiKey.objects.create_key(name="old", expiry_date=timezone.now() - timedelta(days=1))
    ApiKey.objects.create_key(name="lost", revoked=True)
    ApiKey.objects.create_key(name="shop")
    page = viewer.page(KEYS)
    for said in ("expired", "revoked", "valid", "never"):
        assert said in page


def test_a_revoked_key_works_no_more_and_stays_revoked(admin: Staff) -> None:
    key, secret = ApiKey.objects.create_key(name="shop")
    admin.post(f"{KEYS}{key.pk}/change/", **FIELDS, revoked="on")
    assert not ApiKey.objects.is_valid(secret)
    admin.post(f"{KEYS}{key.pk}/change/", **FIELDS)
    assert not ApiKey.objects.is_valid(secret)
    assert AuditEntry.objects.get().verb == "key.revoke"


def test_who_may_only_look_makes_no_key(viewer: Staff) -> None:
    assert viewer.post(f"{KEYS}add/", **FIELDS).status_code == 403
    assert not ApiKey.objects.exists()


def test_no_address_holds_the_hash_of_a_key(admin: Staff) -> None:
    key, _ = ApiKey.objects.create_key(name="shop")
    assert key.pk.isalnum()
    for part in (key.hashed_key, key.hashed_key.rpartition("$")[2]):
        assert part not in admin.get(KEYS).content.decode()
    assert admin.get(f"{KEYS}{key.pk}/change/").status_code == 200


def test_the_keys_of_before_get_opaque_ids_and_go_on_working(admin: Staff) -> None:
    key, secret = ApiKey.objects.create_key(name="shop")
    old = f"{key.prefix}.{key.hashed_key}"
    ApiKey.objects.update(id=old)
    kind = ContentType.objects.get_for_model(ApiKey)
    LogEntry.objects.create(user=admin.user, content_type=kind, object_id=old, object_repr="shop", action_flag=1)
    import_module("recsite.platform.migrations.0009_opaque_key_ids").replace_ids(apps, None)
    new = ApiKey.objects.get()
    assert new.pk.isalnum()
    assert ApiKey.objects.is_valid(secret)
    assert [entry.object_id for entry in LogEntry.objects.all()] == [new.pk]


def test_a_new_key_has_buttons_that_copy_it_and_a_line_that_tries_it(admin: Staff) -> None:
    answer = admin.post(f"{KEYS}add/", **FIELDS)
    page = admin.get(answer.headers["Location"]).content.decode()
    assert 'data-copy="made-key"' in page
    assert f"Authorization: Api-Key {shown(_words(page))}" in _words(page)


def test_the_page_of_a_key_has_the_line_without_the_key(admin: Staff) -> None:
    admin.post(f"{KEYS}add/", **FIELDS)
    key = ApiKey.objects.get()
    page = admin.page(f"{KEYS}{key.pk}/change/")
    assert 'Authorization: Api-Key $RECSITE_KEY" "http://testserver/api/v1/recommendations/popular"' in page
    ApiKey.objects.update(revoked=True)
    assert "Use it" not in admin.page(f"{KEYS}{key.pk}/change/")


def _words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_an_operator_sees_which_key_has_ended_and_can_change_none(db: None) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    key, _ = ApiKey.objects.create_key(name="shop", owner="web@shop.example", expiry_date=yesterday)
    operator = member(OPERATOR)
    said = operator.page(KEYS)
    assert "shop" in said
    assert "web@shop.example" in said
    assert operator.get(f"{KEYS}{key.pk}/change/").status_code == 200
    assert operator.get(f"{KEYS}add/").status_code == 403
    assert operator.client.post(f"{KEYS}{key.pk}/change/", FIELDS).status_code == 403
    assert operator.act(f"{KEYS}{key.pk}/rotate/").status_code == 403
    assert member(VIEWER).get(KEYS).status_code == 403
