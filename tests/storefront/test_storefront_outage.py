"""The storefront while a server is gone."""

from pathlib import Path
from typing import Any

from interactions.models import Interaction
from tests.outages import no_postgres, stoppable_redis
from tests.recommender.fixtures import Shop, forget
from tests.storefront.pages import Visitor, text, titles


def test_without_redis_the_shelves_are_the_same_and_ratings_count(shop: Shop, tmp_path: Path, settings: Any) -> None:
    with stoppable_redis(tmp_path, settings) as server:
        ada = Visitor("ada")
        before = ada.shelves()
        server.stop()
        forget()
        assert ada.shelves() == before
        assert ada.react(shop.novels[0], "rating", 5).status_code == 302
        assert Interaction.objects.filter(type__name="rating").count() == 1
        assert ada.shelves()["for-you"] == titles(shop.novels[1:] + shop.poems)


def test_without_the_database_nobody_still_sees_the_shelves(shop: Shop) -> None:
    nobody = Visitor()
    before = nobody.shelves()
    with no_postgres():
        assert nobody.shelves() == before
        assert nobody.get(f"/covers/{shop.novels[0].pk}.svg").status_code == 200


def test_without_the_database_everybody_else_is_told_to_come_back(shop: Shop) -> None:
    ada = Visitor("ada")
    ada.client.raise_request_exception = False
    with no_postgres():
        for answer in (ada.get("/"), ada.open(shop.novels[0]), ada.react(shop.novels[0], "like")):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert "<h1>" in text(answer)
