"""On the page of a placement's shadow: start one, see what it found, stop it; by those who may operate models."""

from typing import Any

import pytest

from recommender.models import Placement, Shadow
from recommender.serving import shadows
from recsite.roles import MERCHANDISER, OPERATOR
from tests.admin.staff import Staff, member
from tests.recommender.experiment_fixtures import begin
from tests.recommender.fixtures import Shop, ask, look_again, popular, publish

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def address() -> str:
    return f"/admin/recommender/placement/{Placement.objects.get(name='default').pk}/shadow/"


def test_it_is_started_shows_what_it_found_and_is_stopped(admin: Staff, shop: Shop) -> None:
    release = publish({"popular": popular(shop.items)}, promote=False)
    assert f'value="{release.pk}"' in admin.get(address()).content.decode()
    sent: dict[str, Any] = {"kind": "release", "number": release.pk, "percent": "100", "start": ""}
    assert admin.post(address(), **sent).status_code == 302
    look_again()
    ask(shop.ada)
    shadows.score_waiting()
    page = admin.page(address())
    assert "Over 1 list, " in page
    assert "Half of the lists within" in page
    number = Shadow.objects.get().pk
    assert admin.post(address(), stop=number).status_code == 302
    assert Shadow.objects.get().stopped_at is not None
    page = admin.page(address())
    assert "Score a candidate unseen" in page
    assert "Before" in page


def test_wrong_numbers_are_told_in_the_form_and_a_second_click_says_who_was_first(admin: Staff, shop: Shop) -> None:
    sent: dict[str, Any] = {"kind": "release", "number": "99999", "percent": "10"}
    assert "There is no release 99999." in admin.post(address(), **sent).content.decode()
    sent["number"] = str(publish({"popular": popular(shop.items)}, promote=False).pk)
    admin.post(address(), **sent)
    assert "stop it first" in admin.follow(admin.post(address(), **sent))
    assert Shadow.objects.count() == 1
    assert admin.post(address(), stop="x").status_code == 302


def test_who_may_not_operate_models_only_looks(shop: Shop) -> None:
    merchandiser, operator = member(MERCHANDISER), member(OPERATOR)
    assert "needs the permission to operate models" in merchandiser.page(address())
    assert merchandiser.post(address(), kind="release", number=1, percent=10).status_code == 403
    assert 'name="start"' in operator.get(address()).content.decode()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "Nothing is scored now: all users here are part of the experiment leads. Stop it first."),
        ({"shares": (0.1, 0.1)}, "Lists of the experiment leads are not scored: 20 % of users."),
        ({"audience": "user.country is missing"}, "are not scored: 100 % of users in its audience."),
    ],
)
def test_lists_that_an_experiment_takes_are_named(admin: Staff, shop: Shop, changed: dict[str, Any], said: str) -> None:
    assert "are part of" not in admin.page(address())
    begin(**changed)
    assert said in admin.page(address())
