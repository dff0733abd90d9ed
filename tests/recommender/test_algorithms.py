"""Algorithms are made by name, and a wrong name or setting gets one sentence."""

import pytest

from recommender.engine.algorithms import ALGORITHMS, create
from recommender.engine.algorithms.svd import SVD
from recommender.engine.forms import load_model


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_can_be_made_by_name(name: str) -> None:
    assert create(name) == create(name)


def test_settings_are_passed_on() -> None:
    assert create("svd", n_factors=7) == SVD(n_factors=7)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^There is no algorithm called 'sdv'; known: .*popular.*svd.*\.$"):
        create("sdv")


def test_an_unknown_setting_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^svd has no setting 'factors'; it has: n_factors, n_epochs, lr, reg\.$"):
        create("svd", factors=7)


def test_an_unknown_form_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"^There is no model form called 'tree'; known: factors, .*vectors\.$"):
        load_model("tree", {})
