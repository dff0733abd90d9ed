"""One and many say the same: of an event alone and in bulk, of a user's list alone and in a batch."""

from typing import Any

import pytest

from catalog.models import EndUser
from catalog.store import erase_user_ids
from interactions.models import Interaction
from interactions.schema import new_event_id
from interactions.store import OTHER_CONTENT
from recommender.insight import impressions
from recommender.models import ListImpression
from recommender.serving import placements
from recsite.platform import redis
from tests import factories
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop, happened, set_placement

pytestmark = pytest.mark.django_db


def test_the_sender_is_answered_the_same_for_one_and_for_many(api: ApiClient) -> None:
    factories.person("ada"), factories.item("emma")
    erase_user_ids(["erased"])
    view = {"user_id": "ada", "item_id": "emma", "type": "view", "event_id": str(new_event_id())}
    bodies: list[tuple[Any, str]] = [
        (view, "accepted"),
        (view, "duplicate"),
        ({**view, "type": "purchase"}, "refused"),
        ({**view, "event_id": str(new_event_id()), "item_id": "nowhere"}, "accepted"),
        ({**view, "event_id": str(new_event_id()), "user_id": "erased"}, "erased"),
        ({**view, "type": "stare"}, "refused"),
        ({"user_id": "new", "type": "login"}, "accepted"),
    ]
    assert [alone(api, body) for body, _ in bodies] == [status for _, status in bodies]
    Interaction.objects.all().delete()
    (answer,) = [api.post("interactions/bulk", {"events": [body for body, _ in bodies]}).json()]
    assert [one["status"] for one in answer["results"]] == [status for _, status in bodies]
    assert answer["results"][2]["errors"] == {"event_id": OTHER_CONTENT}


def alone(api: ApiClient, body: Any) -> str:
    answer = api.post("interactions", body)
    if answer.status_code == 202:
        return str(answer.json()["status"])
    assert answer.status_code in (409, 422)
    return "erased" if answer.json()["error"]["code"] == "erased" else "refused"


ASKED: list[dict[str, Any]] = [
    {},
    {"limit": 3, "offset": 4},
    {"categories": ["Poetry"], "exclude": ["poem-1"]},
    {"explain": True, "diversity": 0.5},
    {"min_score": 3.5},
    {"max_per_category": 2},
    {"algorithm": "popular"},
    {"algorithm": "trending", "window_days": 7},
]


@pytest.mark.parametrize("asked", ASKED, ids=range(len(ASKED)))
def test_a_batch_answers_each_user_as_if_they_had_asked_alone(api: ApiClient, shop: Shop, asked: Any) -> None:
    set_placement(new_item_share=0.2)
    placements.forget()
    happened(shop.ben, shop.poems[0], "purchase")
    happened(shop.cleo, shop.novels[1], "rating", 5, days_ago=0)
    EndUser.objects.create(user_id="dora", preferences={"categories": ["Poetry"]})
    users = ["ada", "ben", "cleo", "dora", "nobody"]
    for _ in range(2):
        # The first time the lists are made, the second time they come from the cache.
        many = api.post("recommendations/batch", {"user_ids": users, **asked}).json()["results"]
        alone = [api.post("recommendations/batch", {"user_ids": [user], **asked}).json()["results"] for user in users]
        assert [listed(one) for one in many] == [listed(one) for (one,) in alone]
    assert len({one["recommendation_id"] for one in many}) == len(users)


def listed(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what doesn't depend on when it was asked, and by whom the list was made first."""
    own = ("recommendation_id", "generated_at", "cache_hit")
    return {name: value for name, value in answer.items() if name not in own}


def test_a_cached_batch_needs_one_trip_to_redis_and_no_query(
    api: ApiClient, shop: Shop, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    body = {"user_ids": ["ada", "ben", "cleo"]}
    api.post("recommendations/batch", body)
    trips: list[int] = []
    exchange = redis.exchange

    def counted(client: Any, *commands: Any) -> Any:
        trips.append(len(commands))
        return exchange(client, *commands)

    monkeypatch.setattr(redis, "exchange", counted)
    with django_assert_num_queries(0):
        told = api.post("recommendations/batch", body).json()["results"]
    assert [one["cache_hit"] for one in told] == [True, True, True]
    # Two for each user, and the limit of requests, which travels along.
    assert trips == [7]


def test_a_batch_records_a_list_for_each_user(api: ApiClient, shop: Shop) -> None:
    told = api.post("recommendations/batch", {"user_ids": ["ada", "ben"]}).json()["results"]
    impressions.flush()
    shown = dict(ListImpression.objects.values_list("user_id", "recommendation_id"))
    assert {user: str(number) for user, number in shown.items()} == {
        one["user_id"]: one["recommendation_id"] for one in told
    }
