"""No event makes a user or an item whose id is an address of the API; those that exist go on."""

from typing import Any

import pytest

from catalog.models import EndUser, Item
from interactions.models import DeadLetter, Interaction
from interactions.store import store
from tests import factories

pytestmark = pytest.mark.django_db


def test_no_user_is_made_but_one_that_exists_goes_on() -> None:
    factories.item("emma")
    outcome = store([factories.event("a/export", "emma"), factories.event("ada", "emma")])
    (refusal,) = outcome.refused
    assert (refusal.position, refusal.field) == (0, "user_id")
    assert refusal.reason == "The id ends with /export, as an address of the API does: choose another one."
    assert [user.user_id for user in EndUser.objects.all()] == ["ada"]
    assert not DeadLetter.objects.exists()
    factories.person("a/export")
    assert len(store([factories.event("a/export", "emma")]).stored) == 1


def test_no_placeholder_is_made_but_an_item_that_exists_goes_on(settings: Any) -> None:
    settings.UNKNOWN_ITEM_POLICY = "placeholder"
    store([factories.event("ada", name) for name in ("search", "a/similar", "..", "a/./b", "fine/similar/1", "a..b")])
    assert {item.item_id for item in Item.objects.all()} == {"fine/similar/1", "a..b"}
    assert set(DeadLetter.objects.values_list("reason", flat=True)) == {
        "Unknown item search.",
        "Unknown item a/similar.",
        "Unknown item ...",
        "Unknown item a/./b.",
    }
    factories.item("a/similar")
    store([factories.event("ada", "a/similar")])
    assert Interaction.objects.filter(item__item_id="a/similar").count() == 1
