"""Clients name the place where a list is to be shown."""

import pytest

from recommender.models import Placement
from tests.api.clients import ApiClient, details
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ADA = "recommendations/users/ada"


def test_an_unknown_one_is_refused_with_the_known_ones(api: ApiClient, shop: Shop) -> None:
    sentence = {"placement": "There is no placement 'home'. Known: default."}
    assert details(api.get(ADA, placement="home")) == sentence
    assert details(api.post("recommendations/batch", {"user_ids": ["ada"], "placement": "home"})) == sentence


def test_one_that_staff_have_made_is_served(api: ApiClient, shop: Shop) -> None:
    Placement.objects.create(name="home")
    answer = api.get(ADA, placement="home")
    assert answer.status_code == 200
    assert answer.json()["placement"] == "home"
    assert api.get(ADA).json()["placement"] == "default"
