"""Placements: found by name, also without the database; lists follow them."""

import pytest

from recommender.models import Placement
from recommender.serving import placements
from tests.outages import no_postgres
from tests.recommender.fixtures import Shop, ask

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_the_default_is_there_from_the_start_and_without_the_database() -> None:
    assert placements.named().name == "default"
    assert placements.named("default").pk == Placement.objects.get().pk
    placements.forget()
    with no_postgres():
        assert placements.named().exploration_share == Placement().exploration_share


def test_weights_that_the_live_release_does_not_have_are_passed_over(shop: Shop) -> None:
    Placement.objects.update(content_weight=0.7)
    assert [place.item_id for place in ask("ada", limit=3).items] == ["novel-0", "novel-1", "novel-2"]
