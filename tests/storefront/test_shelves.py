"""Every shelf of the shop is a placement, which staff set up in the admin."""

import pytest

from recommender import merchandising
from recommender.insight import impressions
from recommender.models import ListImpression
from recsite.platform.audit import SYSTEM
from storefront import shelves
from tests.recommender.fixtures import NOVELS, Shop, look_again, set_placement
from tests.storefront.pages import Visitor, titles

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_every_shelf_is_a_placement_and_the_shop_works_where_one_is_gone(shop: Shop) -> None:
    made = shelves.make(SYSTEM)
    assert made == ["shop-for-you", "shop-trending", "shop-popular", "shop-new", "shop-similar", "shop-together"]
    assert shelves.make(SYSTEM) == []
    for name in made:
        set_placement(name, count=2)
    look_again()
    ada = Visitor("ada")
    found = ada.shelves()
    assert (found["for-you"], found["popular"], found["new"]) == (titles(shop.novels[:2]), titles(shop.poems[:2]), [])
    ada.get(f"/items/{NOVELS[0]}")
    impressions.flush()
    shown = set(ListImpression.objects.values_list("placement", "placement_revision"))
    # Nothing is trending, and nothing was bought together: neither is shown, nor counts as shown.
    assert shown == {(name, 2) for name in made if name not in ("shop-trending", "shop-together")}

    for name in made:
        merchandising.delete(merchandising.find(name), actor=SYSTEM)
    look_again()
    assert shelves.make(SYSTEM) == made
    for name in made[1:]:
        merchandising.delete(merchandising.find(name), actor=SYSTEM)
    look_again()
    assert Visitor().shelves()["popular"] == titles(shop.poems + shop.novels)
    assert ada.get(f"/items/{NOVELS[0]}").status_code == 200
    assert shelves.make(SYSTEM) == [], "What staff deleted came back."


def test_a_shelf_of_everybody_s_shows_the_fallbacks_that_staff_chose(shop: Shop) -> None:
    shelves.make(SYSTEM)
    set_placement("shop-new", fallbacks=["popular"])
    look_again()
    assert Visitor().shelves()["new"] == titles(shop.poems + shop.novels)


def test_a_shelf_of_everybody_s_shows_what_a_rule_pins(shop: Shop) -> None:
    shelves.make(SYSTEM)
    pin = {"does": "pin", "item": NOVELS[5], "position": 1}
    for name in ("shop-popular", "shop-new"):
        set_placement(name, rules=[pin])
    look_again()
    found = Visitor().shelves()
    assert found["popular"][:2] == titles([shop.novels[5], shop.poems[0]])
    assert found["new"] == titles([shop.novels[5]])
