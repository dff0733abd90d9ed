"""The verbs that change the catalogue."""

from collections.abc import Collection
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from catalog import store
from catalog.models import EndUser, Item
from recsite.platform.audit import SYSTEM
from tests import factories


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_item_is_saved_whatever_becomes_of_it_elsewhere(settings: Any) -> None:
    settings.ITEM_SINKS = ["tests.catalog.test_store.broken"]
    failures = store.sink_failures.labels("tests.catalog.test_store.broken")
    before = failures._value.get()
    store.save_item(Item(item_id="emma", title="Emma"), actor=SYSTEM)
    assert Item.objects.filter(item_id="emma").exists()
    assert failures._value.get() == before + 1


def broken(items: Collection[int]) -> None:
    raise RuntimeError(f"{len(items)} items are too many.")


@pytest.mark.django_db
def test_forms_bring_a_new_id_into_its_one_form() -> None:
    assert store.save_user(EndUser(user_id=" Zoe\u0308 "), actor=SYSTEM).user_id == "Zo\u00eb"
    assert store.save_item(Item(item_id="\ufeffemma\n", title="Emma"), actor=SYSTEM).item_id == "emma"


@pytest.mark.django_db
@pytest.mark.parametrize("item_id", ["a\nb", "a\x00", "undefined", "  ", "x" * 256])
def test_forms_refuse_what_is_no_id(item_id: str) -> None:
    with pytest.raises(ValidationError) as error:
        store.save_item(Item(item_id=item_id, title="Emma"), actor=SYSTEM)
    assert list(error.value.message_dict) == ["item_id"]


@pytest.mark.django_db
def test_what_has_an_old_id_can_still_be_changed() -> None:
    item = factories.item("nan")
    item.title = "Nan"
    assert store.save_item(item, actor=SYSTEM).title == "Nan"
