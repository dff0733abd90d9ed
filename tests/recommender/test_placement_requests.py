"""A request and its placement are combined: what shapes a list is the request's, what leaves items out is both's."""

from typing import Any

from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from recommender.merchandising import ListSettings
from recommender.merchandising.settings import IMPERSONAL
from recommender.serving import Request
from recommender.serving.placements import ServedPlacement, combined

SHARE = st.floats(0, 1)
LENGTH = st.integers(1, settings.MAX_RECOMMENDATION_COUNT)
CAP = st.integers(1, 100)
PLACED = st.builds(
    ListSettings,
    diversity=SHARE,
    count=st.none() | LENGTH,
    max_per_category=st.none() | CAP,
    fallbacks=st.permutations(IMPERSONAL).map(tuple),
    new_item_share=st.floats(0, 0.5),
)
ASKED = st.builds(
    Request,
    user_id=st.sampled_from(["", "ada"]),
    limit=st.just(0) | LENGTH,
    diversity=st.none() | SHARE,
    max_per_category=st.just(0) | CAP,
    categories=st.lists(st.sampled_from(["Novels", "Poetry"])),
    offset=st.integers(0, 50),
)


def put_together(own: ListSettings, asked: Request) -> Request:
    return combined(ServedPlacement("home", "user", 3, own), asked)


@given(PLACED, ASKED)
def test_what_shapes_a_list_is_the_request_s_or_else_the_placement_s(own: ListSettings, asked: Request) -> None:
    found = put_together(own, asked)
    assert found.limit == (asked.limit or own.count or settings.DEFAULT_RECOMMENDATION_COUNT)
    assert found.diversity == (own.diversity if asked.diversity is None else asked.diversity)


@given(PLACED, ASKED)
def test_what_leaves_items_out_holds_on_both_sides(own: ListSettings, asked: Request) -> None:
    found = put_together(own, asked)
    caps = {cap for cap in (own.max_per_category, asked.max_per_category) if cap}
    assert found.max_per_category == (min(caps) if caps else 0)
    assert (found.categories, found.offset, found.user_id) == (asked.categories, asked.offset, asked.user_id)


@given(PLACED, ASKED)
def test_combining_twice_changes_nothing(own: ListSettings, asked: Request) -> None:
    once = put_together(own, asked)
    assert put_together(own, once) == once


@given(PLACED)
def test_settings_come_back_as_they_were_stored(own: ListSettings) -> None:
    stored: Any = own.as_json()
    assert ListSettings.stored(stored) == own
    assert ListSettings.read("user", stored) == own
    assert ListSettings.stored({**stored, "of a later version": 1}) == own
