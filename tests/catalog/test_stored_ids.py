"""Ids that were stored before there was one rule are brought into its form, and no row is lost."""

from importlib import import_module

import pytest
from django.apps import apps
from django.test import Client

from catalog.models import EndUser, Item
from tests import factories

pytestmark = pytest.mark.django_db
migration = import_module("catalog.migrations.0005_stored_ids_in_one_form")


def test_stored_ids_take_the_form_that_doors_give_them(client: Client) -> None:
    for user_id in ("ada", " ada ", "ben\r", "Zoe\u0308", "clean", "\n", "nan", "ev\u202ee\u200d", "a\u200bb"):
        factories.person(user_id)
    broken = factories.item("a\nb")
    migration.bring_into_one_form(apps, None)
    pks = dict(EndUser.objects.values_list("user_id", "pk"))
    assert {"ada", f"ada ({pks['ada'] + 1})", "ben", "Zo\u00eb", "clean", "nan", "eve", "ab"} <= pks.keys()
    assert len(pks) == 9
    assert Item.objects.get(pk=broken.pk).item_id == "a b"
    assert client.get("/").status_code == 200
    assert client.get("/items/a b").status_code == 200


def test_what_is_in_form_is_not_touched() -> None:
    names = ["ada", "Ada Lovelace/1", "\U0001f600", "\u0645\u06cc\u200c\u0631", "x" * 255]
    for name in names:
        factories.person(name)
    migration.bring_into_one_form(apps, None)
    assert sorted(EndUser.objects.values_list("user_id", flat=True)) == sorted(names)
