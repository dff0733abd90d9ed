"""API keys: shown once, revoked for good."""

import re
from datetime import timedelta
from typing import Any

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
