"""The verbs that change the catalogue."""

from collections.abc import Collection
from typing import Any

import pytest

from catalog import store
from catalog.models import Item


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_item_is_saved_whatever_becomes_of_it_elsewhere(settings: Any) -> None:
    settings.ITEM_SINKS = ["tests.catalog.test_store.broken"]
    failures = store.sink_failures.labels("tests.catalog.test_store.broken")
    before = failures._value.get()
    store.save_item(Item(item_id="emma", title="Emma"))
    assert Item.objects.filter(item_id="emma").exists()
    assert failures._value.get() == before + 1


def broken(items: Collection[int]) -> None:
    raise RuntimeError(f"{len(items)} items are too many.")
