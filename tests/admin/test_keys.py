"""API keys: shown once, revoked for good."""

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from recsite.platform.models import ApiKey
from tests.admin.staff import Staff

KEYS = "/admin/platform/apikey/"


def test_a_key_is_shown_once_when_it_is_made(admin: Staff) -> None:
    made = admin.post(f"{KEYS}add/", name="shop", expiry_date_0="", expiry_date_1="")
    page = admin.follow(made)
    found = re.search(r"The API key for shop is: (\S+)\.", page)
    assert found
    assert ApiKey.objects.is_valid(found[1])
    assert found[1] not in admin.page(KEYS)
    assert found[1] not in admin.page(f"{KEYS}{ApiKey.objects.get().pk}/change/")


def test_the_list_says_which_keys_work(viewer: Staff) -> None:
    ApiKey.objects.create_key(name="old", expiry_date=timezone.now() - timedelta(days=1))
    ApiKey.objects.create_key(name="lost", revoked=True)
    ApiKey.objects.create_key(name="shop")
    page = viewer.page(KEYS)
    for said in ("expired", "revoked", "valid", "never"):
        assert said in page


def test_a_revoked_key_works_no_more_and_stays_revoked(admin: Staff) -> None:
    key, secret = ApiKey.objects.create_key(name="shop")
    fields: dict[str, Any] = {"name": "shop", "expiry_date_0": "", "expiry_date_1": ""}
    admin.post(f"{KEYS}{key.pk}/change/", **fields, revoked="on")
    assert not ApiKey.objects.is_valid(secret)
    admin.post(f"{KEYS}{key.pk}/change/", **fields)
    assert not ApiKey.objects.is_valid(secret)


def test_who_may_only_look_makes_no_key(viewer: Staff) -> None:
    assert viewer.post(f"{KEYS}add/", name="shop").status_code == 403
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
