"""GET /recommendations/users/{user_id}: everybody gets an answer, in the shape that the schema describes."""

from typing import Any

import pytest

from recommender.api.serializers import RecommendationsOut
from recommender.serving import ServingUnavailable, kept_answers
from recsite.platform import redis
from tests.api.clients import ApiClient, details
from tests.recommender.fixtures import Shop, start_afresh

ADA = "recommendations/users/ada"


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["item_id"] for item in answer.json()["items"]]


def test_a_list_is_made_for_the_person(api: ApiClient, shop: Shop) -> None:
    answer = api.get(ADA, limit=3)
    assert ids(answer) == ["novel-0", "novel-1", "novel-2"]
    assert ids(api.get("recommendations/users/ben", limit=3)) == ["poem-0", "poem-1", "poem-2"]
    told = answer.json()
    assert (told["user_id"], told["algorithm"], told["release"]) == ("ada", "svd", shop.release.pk)
    assert (told["cold_start"], told["placement"], told["total_available"]) == (False, "default", 12)
    assert told["items"][0]["rank"] == 1
    assert told["items"][0]["title"] == "The book of novel-0"
    assert told["items"][0]["predicted_rating"] == 4.0


def assert_conforms(told: dict[str, Any]) -> None:
    """It has the fields of the serializer in the schema, no more and no fewer, with values of their types."""
    described = RecommendationsOut(data=told)
    assert described.is_valid(), described.errors
    assert list(told) == list(described.fields)
    item: Any = described.fields["items"]
    usual = [name for name, field in item.child.fields.items() if field.required]
    assert all(list(place) == usual for place in told["items"])


def test_the_answer_is_what_the_schema_says(api: ApiClient, shop: Shop) -> None:
    for path in (ADA, "recommendations/users/cleo", "recommendations/users/nobody"):
        assert_conforms(api.get(path).json())
        assert_conforms(api.get(path, explain="true").json())


def test_without_a_model_the_answer_has_the_same_shape(api: ApiClient, db: None) -> None:
    start_afresh()
    answer = api.get(ADA)
    assert answer.status_code == 200
    assert_conforms(answer.json())
    assert (answer.json()["release"], answer.json()["model_version"]) == (None, None)


@pytest.mark.parametrize("user_id", ["nobody", "a/b", "ümläut 😀", "."])
def test_who_is_unknown_gets_what_is_popular(api: ApiClient, shop: Shop, user_id: str) -> None:
    answer = api.get(f"recommendations/users/{user_id}", limit=2)
    assert ids(answer) == ["poem-0", "poem-1"]
    assert (answer.json()["user_id"], answer.json()["cold_start"]) == (user_id, True)


def test_pages_follow_one_another(api: ApiClient, shop: Shop) -> None:
    assert ids(api.get(ADA, limit=4)) + ids(api.get(ADA, limit=4, offset=4)) == ids(api.get(ADA, limit=8))


def test_filters_act(api: ApiClient, shop: Shop) -> None:
    assert ids(api.get(ADA, limit=2, categories=["Poetry", "Drama"])) == ["poem-0", "poem-1"]
    assert ids(api.get("recommendations/users/ben", limit=2, tags="prose")) == ["novel-0", "novel-1"]
    assert ids(api.get(ADA, limit=2, item_type="poem")) == ["poem-0", "poem-1"]
    assert ids(api.get(ADA, limit=2, exclude=["novel-0", "novel-2"])) == ["novel-1", "novel-3"]
    assert ids(api.get(ADA, min_score="3.9")) == ["novel-0", "novel-1", "novel-2"]
    assert ids(api.get(ADA, limit=2, algorithm="popular")) == ["poem-0", "poem-1"]


def test_the_second_answer_comes_from_the_cache_without_a_query(
    api: ApiClient, shop: Shop, django_assert_num_queries: Any
) -> None:
    assert api.get(ADA).json()["cache_hit"] is False
    with django_assert_num_queries(0):
        again = api.get(ADA, limit=5, categories="Novels", exclude="novel-0")
    assert again.json()["cache_hit"] is True


def test_nobody_waits_for_a_redis_that_is_gone(api: ApiClient, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> None:
        raise redis.RedisDown

    monkeypatch.setattr(redis, "call", gone)
    assert ids(api.get(ADA, limit=2)) == ["novel-0", "novel-1"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"limit": "0"}, "A whole number from 1 to 100 is needed."),
        ({"limit": "101"}, "A whole number from 1 to 100 is needed."),
        ({"limit": "1e1"}, "A whole number from 1 to 100 is needed."),
        ({"limit": ["1", "2"]}, "It is given more than once."),
        ({"offset": "-1"}, "A whole number from 0 to 10000 is needed."),
        ({"offset": "9" * 30}, "A whole number from 0 to 10000 is needed."),
        ({"min_score": "nan"}, "A number is needed, such as 3.5."),
        (
            {"algorithm": "magic"},
            "There is no algorithm 'magic' in the live release. Known: latest, popular, svd, trending.",
        ),
        ({"exclude": ["x"] * 101}, "At most 100 values are possible."),
        ({"tags": ["", "b"]}, "A text that is not empty is needed."),
        ({"categories": "x" * 256}, "At most 255 characters are possible; these are 256."),
    ],
)
def test_a_wrong_query_is_explained(api: ApiClient, shop: Shop, query: dict[str, Any], sentence: str) -> None:
    assert details(api.get(ADA, **query)) == {next(iter(query)): sentence}


def test_a_misspelt_parameter_is_an_error_that_names_the_known_ones(api: ApiClient, shop: Shop) -> None:
    assert details(api.get(ADA, limt=5)) == {
        "limt": "There is no such parameter. Known: algorithm, categories, collaborative_weight, content_weight, "
        "diversity, exclude, explain, fields, filter, item_type, limit, max_per_category, min_score, offset, "
        "placement, release, tags, window_days."
    }


@pytest.mark.parametrize("user_id", ["x" * 256, "a\x00b"])
def test_an_id_that_nobody_can_have_is_an_error(api: ApiClient, shop: Shop, user_id: str) -> None:
    assert details(api.get(f"recommendations/users/{user_id}")).keys() == {"user_id"}


def test_a_reason_is_given_where_it_is_asked_for(api: ApiClient, shop: Shop) -> None:
    assert {item["reason"] for item in api.get(ADA).json()["items"]} == {None}
    told = api.get(ADA, explain="true", limit=1).json()["items"][0]
    assert told["reason"] == "You would probably give it 4.0 of 5."
    assert (told["because"], told["sources"]) == ([], None)
    stranger = api.get("recommendations/users/nobody", explain="true", limit=1).json()["items"][0]
    assert stranger["reason"] == "Many people like it."
    assert details(api.get(ADA, explain="yes")) == {"explain": "Either true or false is needed."}


def test_a_category_takes_no_more_places_than_it_may(api: ApiClient, shop: Shop) -> None:
    answer = api.get(ADA, max_per_category=2)
    assert ids(answer) == ["novel-0", "novel-1", "poem-0", "poem-1"]
    assert answer.json()["total_available"] == 4
    assert ids(api.get(ADA, max_per_category=2, offset=1, limit=2)) == ["novel-1", "poem-0"]
    assert details(api.get(ADA, max_per_category=0)).keys() == {"max_per_category"}


def test_diversity_mixes_what_is_unlike_and_pages_never_repeat(api: ApiClient, shop: Shop) -> None:
    plain, mixed = ids(api.get(ADA, limit=12)), ids(api.get(ADA, limit=12, diversity=0.9))
    assert plain[:3] == ["novel-0", "novel-1", "novel-2"]
    assert {name.split("-")[0] for name in mixed[:2]} == {"novel", "poem"}
    assert sorted(mixed) == sorted(plain)
    pages = [ids(api.get(ADA, limit=5, offset=offset, diversity=0.9)) for offset in (0, 5, 10)]
    assert [item for page in pages for item in page] == mixed
    assert ids(api.get(ADA, limit=12, diversity=0)) == plain
    assert details(api.get(ADA, diversity=1.5)) == {"diversity": "A number from 0 to 1 is needed."}


def test_weights_that_make_no_sense_are_explained(api: ApiClient, shop: Shop) -> None:
    wrong = details(api.get(ADA, collaborative_weight=0.6, content_weight=0.6))
    assert wrong == {"content_weight": "It and collaborative_weight must sum to 1."}
    assert details(api.get(ADA, content_weight=2)) == {"content_weight": "A number from 0 to 1 is needed."}
    assert "not led by a hybrid" in details(api.get(ADA, collaborative_weight=0.6))["content_weight"]


def test_what_is_not_possible_says_what_is(api: ApiClient, shop: Shop) -> None:
    answer = api.post(ADA, {})
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ServingUnavailable("Try again in a few seconds."), 503, "unavailable"),
        (ZeroDivisionError("a secret detail"), 500, "internal_error"),
    ],
)
def test_a_fault_looks_like_every_other(
    api: ApiClient, shop: Shop, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def fail(_: Any) -> None:
        raise error

    monkeypatch.setattr(kept_answers, "recommend", fail)
    answer = api.get(ADA)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert "secret" not in answer.text
