"""Reasons in words: what somebody did with the items that weigh most, and never who else did what."""

from collections.abc import Sequence

import pytest

from recommender.serving.reasons import sentence


@pytest.mark.parametrize(
    ("titles", "kinds", "said"),
    [
        (["Emma"], [["rating"]], "Because you liked “Emma”."),
        (["Emma", "Middlemarch"], [["rating"], ["like"]], "Because you liked “Emma” and “Middlemarch”."),
        (["Emma"], [["view", "purchase"]], "Because you bought “Emma”."),
        (["Emma", "Walden"], [["view"], ["click"]], "Because you looked at “Emma” and “Walden”."),
        (["Emma", "Walden"], [["view"], ["purchase"]], "Because you looked at “Emma” and bought “Walden”."),
        (["Emma"], [["wishlist"]], "Because you chose “Emma”."),
        (["Emma"], [[]], "Because you chose “Emma”."),
    ],
)
def test_the_strongest_act_is_the_one_that_is_named(
    titles: Sequence[str], kinds: Sequence[Sequence[str]], said: str
) -> None:
    assert sentence(titles, kinds) == said
