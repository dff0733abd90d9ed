"""An experiment is for its audience alone: whoever is outside gets what is live, and counts nowhere."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_redis import get_redis_connection
from pytest_django import DjangoAssertNumQueries

from catalog import store
from catalog.models import EndUser
from recommender import serving
from recommender.insight import impressions
from recommender.insight.experiments import verbs
from recommender.models import ExperimentDay
from recommender.serving import Request, experiments
from recsite.platform.audit import SYSTEM
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Invalid
from tests.recommender.experiment_fixtures import begin, defined
from tests.recommender.fixtures import Shop, ask, ids, start_afresh
from tests.recommender.test_impressions import add_up

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
AUSTRIANS = 'user.country == "AT"'
MOSTLY_B = (0.0001, 0.9999)


def lives_in(user: EndUser, country: str) -> None:
    user.demographics = {"country": country}
    store.save_user(user, actor=SYSTEM)


def test_only_the_audience_is_dealt_out_and_counted(shop: Shop) -> None:
    lives_in(shop.ada, "AT")
    live = ids(ask("ben"))
    begin(shares=MOSTLY_B, audience=AUSTRIANS)
    assert (ask("ada").variant, ask("ada").algorithm) == ("leads:B", "popular")
    for outside in ("ben", "nobody-we-know", ""):
        assert ask(outside).variant is None
    assert ids(ask("ben")) == live
    assert experiments.variant_of("default", "ada") == "leads:B"
    assert experiments.variant_of("default", "ben") is None
    together = serving.recommend_many(Request(limit=3), ["ben", "ada", "nobody-we-know"])
    assert [one.variant for one in together] == [None, "leads:B", None]
    impressions.flush()
    add_up()
    assert {*ExperimentDay.objects.values_list("user_id", flat=True)} == {"ada"}


def test_who_is_in_it_is_known_as_soon_as_the_user_changes(shop: Shop) -> None:
    begin(shares=MOSTLY_B, audience=AUSTRIANS)
    assert [ask("ada").variant for _ in range(2)] == [None, None]
    lives_in(shop.ada, "AT")
    assert [ask("ada").variant for _ in range(2)] == ["leads:B", "leads:B"]
    lives_in(shop.ada, "DE")
    assert ask("ada").variant is None


def test_the_audience_may_be_of_those_of_whom_nothing_is_known(shop: Shop) -> None:
    lives_in(shop.ada, "AT")
    begin(shares=MOSTLY_B, audience="user.country is missing")
    assert {name: ask(name).variant for name in ("ada", "visitor")} == {"ada": None, "visitor": "leads:B"}


def test_the_audience_may_be_of_those_who_were_active_lately(shop: Shop) -> None:
    for user, days in ((shop.ada, 1), (shop.ben, 40)):
        user.last_active = timezone.now() - timedelta(days=days)
        store.save_user(user, actor=SYSTEM)
    begin(shares=MOSTLY_B, audience="user.active_days_ago < 30")
    for _ in range(2):
        assert {who: ask(who).variant for who in ("ada", "ben", "visitor")} == {
            "ada": "leads:B",
            "ben": None,
            "visitor": None,
        }


@pytest.mark.parametrize("who", ["ada", "ben", "visitor"])
def test_a_cached_answer_asks_the_database_nothing(
    shop: Shop, who: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lives_in(shop.ada, "AT")
    begin(audience=AUSTRIANS)
    before = ask(who).variant
    with django_assert_num_queries(0):
        again = ask(who)
    assert (again.cache_hit, again.variant) == (True, before)


def test_nobody_is_in_it_while_nobody_can_be_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    lives_in(shop.ada, "AT")
    begin(shares=MOSTLY_B, audience=AUSTRIANS)
    for name in ("_from_redis", "users"):
        monkeypatch.setattr(f"recommender.serving.audiences.{name}", _Down())
    assert ask("ada").variant is None


class _Down:
    """Neither Redis nor the database answers."""

    def __call__(self, *_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {}

    def described_by_id(self, *_: Any) -> None:
        raise DatabaseDown("It is gone.")


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ("user.country ==", "audience: "),
        ('category == "Novels"', "It names properties of item; here only user. is known."),
    ],
)
def test_a_wrong_audience_is_refused_with_what_is_known(shop: Shop, audience: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        verbs.create(defined(audience=audience), actor=SYSTEM)


def test_the_erased_leave_no_key_behind(shop: Shop) -> None:
    begin(audience="user.country is missing")
    store.erase_users(EndUser.objects.filter(user_id="ada"), actor=SYSTEM)
    start_afresh()
    ask("ada")
    assert not [key for key in get_redis_connection("default").keys("rec:*") if b"{ada}" in key]
