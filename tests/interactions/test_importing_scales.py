import pytest

from catalog.importers.rows import Scale
from interactions import types
from interactions.importing.scales import rating_type
from interactions.models import InteractionType
from interactions.store import store
from tests import factories

pytestmark = pytest.mark.django_db

STARS, HALF_STARS, TEN = Scale(1, 5, 4), Scale(0.5, 5, 4), Scale(1, 10, 8)


def rate(kind: str = "rating", value: float = 4) -> None:
    store([factories.event("ada", factories.item(), kind, value)])


def scale_of(kind: InteractionType) -> tuple[float | None, float | None, float | None]:
    kind.refresh_from_db()
    return kind.scale_min, kind.scale_max, kind.relevant_at


def test_the_usual_scale_is_that_of_rating() -> None:
    kind = rating_type(STARS)
    assert (kind.name, scale_of(kind)) == ("rating", (1, 5, 4))


def test_without_ratings_rating_takes_the_scale_over() -> None:
    kind = rating_type(TEN)
    assert (kind.name, scale_of(kind)) == ("rating", (1, 10, 8))


def test_half_stars_beside_whole_ones_widen_the_scale() -> None:
    rate()
    kind = rating_type(HALF_STARS)
    assert (kind.name, scale_of(kind)) == ("rating", (0.5, 5, 4))


def test_whole_stars_beside_half_ones_fit() -> None:
    rating_type(HALF_STARS)
    rate(value=0.5)
    assert scale_of(rating_type(STARS)) == (0.5, 5, 4)


def test_another_best_value_beside_ratings_gets_a_type_of_its_own() -> None:
    rate()
    kind = rating_type(TEN)
    assert (kind.name, kind.weight, scale_of(kind)) == ("rating_10", 1, (1, 10, 8))
    assert scale_of(factories.interaction_type("rating")) == (1, 5, 4)
    assert rating_type(TEN) == kind


def test_a_type_of_its_own_is_widened_too() -> None:
    rate()
    rating_type(TEN)
    assert scale_of(rating_type(Scale(0, 10, 7))) == (0, 10, 8)


def test_a_best_value_with_a_fraction_makes_a_name_that_a_slug_can_be() -> None:
    rate()
    kind = rating_type(Scale(-2.5, 2.5, 1))
    kind.full_clean()
    assert kind.name == "rating_2-5"


def test_every_process_hears_of_a_changed_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bool] = []
    monkeypatch.setattr(types, "changed", lambda: heard.append(True))
    rating_type(STARS)
    assert not heard
    rating_type(TEN)
    rate(value=9)
    rating_type(STARS)
    assert len(heard) == 2
