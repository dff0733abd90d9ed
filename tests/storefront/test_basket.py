"""The basket and the orders, both made of events."""

from typing import Any

import pytest

from catalog.models import Item
from interactions.models import Interaction
from tests.recommender.fixtures import Shop, happened, start_afresh
from tests.storefront.pages import Visitor, stored, text


def in_basket(visitor: Visitor) -> list[str]:
    return [line.card.item_id for line in visitor.get("/basket").context["lines"]]


def ordered(visitor: Visitor) -> list[list[tuple[str, str]]]:
    found = visitor.get("/orders").context["orders"]
    return [[(line.card.item_id, line.ended) for line in order.lines] for order in found]


def test_a_basket_is_filled_emptied_and_bought(shop: Shop) -> None:
    ada = Visitor("ada")
    assert "Nothing is in it" in text(ada.get("/basket"))
    link = ada.get("/").context["shelves"][0].cards[1]
    query = dict(pair.split("=") for pair in link.href.partition("?")[2].split("&"))
    ada.post(f"/react/{link.item_id}", {"type": "add_to_cart", **query})
    ada.react(shop.novels[4], "add_to_cart")
    ada.react(shop.novels[4], "add_to_cart")
    assert in_basket(ada) == ["novel-4", "novel-1"]
    ada.post("/basket/remove/novel-4")
    assert in_basket(ada) == ["novel-1"]
    assert [kind for _, kind, _ in stored("ada")] == ["add_to_cart"] * 3 + ["undo"] * 2
    bought = ada.post("/basket/buy")
    assert bought.headers["Location"] == "/orders"
    assert "Bought: 1 title" in text(ada.get("/orders"))
    assert in_basket(ada) == []
    assert ordered(ada) == [[("novel-1", "")]]
    context = Interaction.objects.get(type__name="purchase").context or {}
    assert context["recommendation_id"] == query["rec"], "The list it came from would get no conversion."
    assert (context["source"], context["position"]) == ("for-you", 2)


def test_an_order_holds_what_was_bought_at_once_and_a_title_can_be_cancelled(shop: Shop) -> None:
    ada = Visitor("ada")
    for item in shop.novels[:2]:
        ada.react(item, "add_to_cart")
    ada.post("/basket/buy")
    ada.react(shop.poems[0], "add_to_cart")
    ada.post("/basket/buy")
    assert ordered(ada) == [[("poem-0", "")], [("novel-0", ""), ("novel-1", "")]]
    assert ada.post("/orders/cancel/novel-0").headers["Location"] == "/orders"
    assert ordered(ada)[1] == [("novel-0", "cancelled"), ("novel-1", "")]
    ada.post("/orders/cancel/novel-0")
    assert stored("ada").count(("novel-0", "cancellation", None)) == 1


def test_a_purchase_keeps_the_price_of_its_day(shop: Shop) -> None:
    item: Item = shop.novels[0]
    item.features = {"price": 12.5}
    item.save()
    start_afresh()
    ada = Visitor("ada")
    ada.react(item, "add_to_cart")
    assert "12.50" in text(ada.get("/basket"))
    ada.post("/basket/buy")
    assert Interaction.objects.get(type__name="purchase").value == 12.5


def test_what_lay_there_for_weeks_or_is_no_longer_sold_is_not_bought(shop: Shop) -> None:
    happened(shop.ada, shop.novels[0], "add_to_cart", days_ago=20)
    happened(shop.ada, shop.novels[1], "add_to_cart", days_ago=1)
    happened(shop.ada, shop.novels[2], "add_to_cart", days_ago=1)
    shop.novels[2].is_available = False
    shop.novels[2].save()
    start_afresh()
    ada = Visitor("ada")
    assert set(in_basket(ada)) == {"novel-1", "novel-2"}
    ada.post("/basket/buy")
    assert [kind for _, kind, _ in stored("ada")].count("purchase") == 1


def test_purchases_from_elsewhere_are_orders_by_day(shop: Shop) -> None:
    for item, days in ((shop.novels[0], 3), (shop.novels[1], 3), (shop.novels[2], 9)):
        happened(shop.ada, item, "purchase", days_ago=days)
    assert [len(order) for order in ordered(Visitor("ada"))] == [2, 1]


@pytest.mark.parametrize("path", ["/basket/buy", "/basket/remove/novel-0", "/orders/cancel/novel-0"])
def test_nobody_has_nothing_to_buy_or_to_cancel(shop: Shop, path: str) -> None:
    nobody = Visitor()
    assert nobody.get("/basket").status_code == nobody.get("/orders").status_code == 200
    assert nobody.post(path).status_code == 302
    assert not Interaction.objects.exists()


def test_the_basket_is_for_post_and_ours_alone(shop: Shop) -> None:
    stranger: Any = Visitor(enforce_csrf_checks=True)
    assert Visitor("ada").get("/basket/buy").status_code == 405
    assert stranger.post("/basket/buy").status_code == 403
