"""Every list takes every parameter that means something there, refuses the others, and the docs say which."""

import json
from dataclasses import fields
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from recommender.api import requests
from recommender.api.serializers import BoughtOut, ListOut
from recommender.serving.contract import (
    BY_MESSAGE,
    FOR_SESSION,
    FOR_USER,
    FOR_USERS,
    ITEMS_BOUGHT_TOGETHER,
    LATEST_ITEMS,
    PARAMETERS,
    POPULAR_ITEMS,
    SIMILAR_ITEMS,
    TRENDING_ITEMS,
    Operation,
    Request,
    from_json,
)
from recommender.serving.kafka_requests import reply
from recsite.local.paths import PROJECT
from recsite.platform.exceptions import Invalid
from tests.api.clients import ApiClient, details
from tests.api.test_recommendations import ids
from tests.recommender.fixtures import NOVELS, POEMS, Shop

SIMILAR = "recommendations/items/novel-2/similar"
TOGETHER = "recommendations/items/novel-2/bought-together"
PATHS: dict[str, tuple[Operation, dict[str, Any] | None]] = {
    "recommendations/users/ada": (FOR_USER, None),
    SIMILAR: (SIMILAR_ITEMS, None),
    TOGETHER: (ITEMS_BOUGHT_TOGETHER, None),
    "recommendations/popular": (POPULAR_ITEMS, None),
    "recommendations/latest": (LATEST_ITEMS, None),
    "recommendations/trending": (TRENDING_ITEMS, None),
    "recommendations/session": (FOR_SESSION, {"items": ["novel-2"]}),
    "recommendations/batch": (FOR_USERS, {"user_ids": ["ada"]}),
}
VALUES: dict[str, Any] = {
    "limit": 3,
    "offset": 1,
    "categories": ["Novels"],
    "tags": ["prose"],
    "item_type": "poem",
    "filter": 'tags == "prose" and not price > 5',
    "exclude": ["novel-0"],
    "placement": "default",
    "algorithm": "svd",
    "min_score": 0.5,
    "max_per_category": 2,
    "diversity": 0.5,
    "explain": True,
    "min_support": 2,
    "method": "collaborative",
    "fields": ["categories", "creator"],
}


def ask(api: ApiClient, path: str, **given: Any) -> Any:
    _, body = PATHS[path]
    if body is not None:
        return api.post(path, {**body, **given})
    return api.get(path, **{name: json.dumps(v) if isinstance(v, bool) else v for name, v in given.items()})


@pytest.mark.parametrize("path", PATHS)
def test_each_list_takes_what_means_something_there_and_refuses_the_rest(api: ApiClient, shop: Shop, path: str) -> None:
    operation, _ = PATHS[path]
    assert set(VALUES) <= {parameter.name for parameter in PARAMETERS}
    for name, value in {**VALUES, "release": shop.release.pk}.items():
        answer = ask(api, path, **{name: value})
        if name in operation.takes:
            assert answer.status_code == 200, (name, answer.content)
        else:
            assert "Lists that do: " in details(answer)[name]


def test_a_parameter_on_the_wrong_list_says_where_it_means_something(api: ApiClient, shop: Shop) -> None:
    assert details(api.get(SIMILAR, window_days=7)) == {
        "window_days": "This list does not take it. Lists that do: "
        "users' lists (alone, in a batch, by message), popular, latest, trending."
    }
    assert details(api.get("recommendations/popular", algorithm="svd")).keys() == {"algorithm"}


@pytest.mark.parametrize(
    ("path", "given", "sentences"),
    [
        (
            "recommendations/users/ada",
            {"algorithm": "svd", "content_weight": 0.3},
            {"content_weight": "It can be given only with algorithm=hybrid or no algorithm."},
        ),
        (
            "recommendations/batch",
            {"algorithm": "svd", "collaborative_weight": 0.3},
            {"collaborative_weight": "It can be given only with algorithm=hybrid or no algorithm."},
        ),
        (
            "recommendations/users/ada",
            {"window_days": 7},
            {"window_days": "It can be given only with algorithm=trending or algorithm=popular or algorithm=latest."},
        ),
        (
            SIMILAR,
            {"method": "content", "content_weight": 0.3},
            {"content_weight": "It can be given only with method=hybrid or no method."},
        ),
        (
            SIMILAR,
            {"method": "content", "algorithm": "svd"},
            {"algorithm": "It can be given only with method=hybrid or method=collaborative or no method."},
        ),
    ],
)
def test_what_means_nothing_beside_another_value_is_refused(
    api: ApiClient, shop: Shop, path: str, given: dict[str, Any], sentences: dict[str, str]
) -> None:
    assert details(ask(api, path, **given)) == sentences


def test_trending_for_a_user_has_a_window(api: ApiClient, shop: Shop) -> None:
    answer = api.get("recommendations/users/ada", algorithm="trending", window_days=7)
    assert answer.status_code == 200


def test_lists_made_from_items_are_filtered_led_and_named_like_users_lists(api: ApiClient, shop: Shop) -> None:
    """It reaches serving, not only the parser."""
    session = {"items": ["novel-2"]}
    assert ids(api.post("recommendations/session", {**session, "max_per_category": 1})) == ["novel-0", "poem-0"]
    assert set(ids(api.get(SIMILAR, max_per_category=1))) <= {*NOVELS, *POEMS}
    assert len(ids(api.get(SIMILAR, max_per_category=1))) == 2
    scores = [item["score"] for item in api.post("recommendations/session", session).json()["items"][:6]]
    assert len(ids(api.post("recommendations/session", {**session, "min_score": scores[1] - 0.001}))) == 2
    assert ids(api.get("recommendations/popular", min_score=11)) == POEMS[:2]
    mixed = ids(api.get("recommendations/popular", diversity=0.9, limit=2))
    assert {name.split("-")[0] for name in mixed} == {"novel", "poem"}
    for path in (SIMILAR, "recommendations/session"):
        wrong = details(ask(api, path, algorithm="popular"))
        assert wrong == {"algorithm": "There is no algorithm 'popular' in the live release. Known: svd."}
        assert ask(api, path, algorithm="svd").json()["algorithm"] == "svd"


def test_every_list_knows_its_placement(api: ApiClient, shop: Shop) -> None:
    for path in PATHS:
        assert details(ask(api, path, placement="nowhere")) == {
            "placement": "There is no placement 'nowhere'. Known: default."
        }
        told = ask(api, path, placement="default").json()
        assert {one["placement"] for one in told.get("results", [told])} == {"default"}


def test_public_lists_have_reasons(api: ApiClient, shop: Shop) -> None:
    reasons = {item["reason"] for item in api.get("recommendations/popular", explain="true").json()["items"]}
    assert reasons == {"Many people like it."}


WHOLE = "A whole number from 1 to 100 is needed."
BODIES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("batch", {"user_ids": [[]] * 30_000}, {"user_ids": "At most 100 values are possible."}),
    ("batch", {"user_ids": []}, {"user_ids": "At least 1 value is needed."}),
    (
        "batch",
        {"user_ids": ["ada", 5]},
        {"user_ids": "Value 2: The id must be a text. This is a number: put it in quotes."},
    ),
    ("batch", {"user_ids": ["a\nb"]}, {"user_ids": "Value 1: The id holds a line break (U+000A)."}),
    ("batch", {"user_ids": ["ada"], "limit": "5"}, {"limit": f"{WHOLE} This is a text: leave out the quotes."}),
    ("batch", {"user_ids": ["ada"], "limit": True}, {"limit": f"{WHOLE} This is true or false."}),
    ("batch", {"user_ids": ["ada"], "limit": None}, {"limit": f"{WHOLE} This is null."}),
    (
        "batch",
        {"user_ids": ["ada"], "explain": "true"},
        {"explain": "Either true or false is needed. This is a text: leave out the quotes."},
    ),
    (
        "batch",
        {"user_ids": ["ada"], "tags": "prose"},
        {"tags": "A list is needed. This is a text: put it in brackets."},
    ),
    ("session", {"items": [5]}, {"items": "Value 1: The id must be a text. This is a number: put it in quotes."}),
    ("session", {"items": ["novel-1"], "item_type": ""}, {"item_type": "A text that is not empty is needed."}),
    ("session", {"limit": 3}, {"items": "It is needed."}),
]


@pytest.mark.parametrize(("path", "body", "sentences"), BODIES, ids=range(len(BODIES)))
def test_a_body_is_never_converted_and_its_size_is_bounded_first(
    api: ApiClient, shop: Shop, path: str, body: dict[str, Any], sentences: dict[str, str]
) -> None:
    assert details(api.post(f"recommendations/{path}", body)) == sentences


def test_ids_have_one_form_in_bodies_as_in_addresses(api: ApiClient, shop: Shop) -> None:
    told = api.post("recommendations/batch", {"user_ids": [" ada\u200b"], "limit": 2}).json()["results"][0]
    assert told["user_id"] == "ada"
    assert [item["item_id"] for item in told["items"]] == NOVELS[:2]
    assert ids(api.get("recommendations/users/ada", limit=1, exclude=" novel-0 ")) == ["novel-1"]


def test_a_hundred_thousand_unknown_fields_get_a_small_answer(api: ApiClient, shop: Shop) -> None:
    body = {"items": ["novel-1"], **{f"field-{number}": 1 for number in range(100_000)}}
    answer = api.post("recommendations/session", body)
    told = details(answer)
    assert len(told) == 11
    assert told["more"] == "99,990 more names are unknown."
    assert len(answer.content) < 20_000


def test_the_schema_says_what_is_refused() -> None:
    generator: Any = SchemaGenerator
    schema = generator().get_schema(public=True)
    batch = schema["paths"]["/api/v1/recommendations/batch"]["post"]["requestBody"]["content"]["application/json"]
    body = batch["schema"]
    assert (body["additionalProperties"], body["required"]) == (False, ["user_ids"])
    assert body["properties"]["user_ids"]["minItems"] == 1
    assert body["properties"]["user_ids"]["maxItems"] == 100
    assert body["properties"]["user_ids"]["items"]["maxLength"] == 255
    assert body["properties"]["limit"]["maximum"] == 100
    assert body["properties"].keys() == FOR_USERS.takes.keys()
    told = schema["paths"]["/api/v1/recommendations/users/{user_id}"]["get"]["parameters"]
    assert {one["name"] for one in told} == {"user_id", *FOR_USER.takes}
    by_name = {one["name"]: one for one in told}
    assert by_name["exclude"]["schema"]["items"]["pattern"]
    assert by_name["user_id"]["schema"]["maxLength"] == 255


def test_a_request_has_a_field_for_each_parameter_and_the_defaults_that_are_described() -> None:
    own = {field.name: field.default for field in fields(Request)}
    described = {parameter.name: parameter.default for parameter in PARAMETERS}
    assert described.keys() - own.keys() == {"collaborative_weight"}
    usual = {"placement": ""}
    for name, default in described.items():
        assert default is None or name == "placement" or own[name] == default, name
    assert own["placement"] == usual["placement"]
    # The placement says these where the request doesn't.
    assert (own["limit"], own["diversity"], own["max_per_category"]) == (0, None, 0)


def test_messages_take_what_users_lists_take_and_say_the_same(shop: Shop, api: ApiClient) -> None:
    assert BY_MESSAGE.takes.keys() - {"version", "request_id", "user_id"} == FOR_USER.takes.keys() - {"release"}
    for given in ({"limit": "5"}, {"algorithm": "magic"}, {"mood": "good"}, {"exclude": ["a\tb"]}, {"method": "x"}):
        message = {"version": 1, "request_id": "r", "user_id": "ada", **given}
        by_message = reply(json.dumps(message).encode()).body["error"]
        by_body = api.post("recommendations/batch", {"user_ids": ["ada"], **given}).json()["error"]
        if "mood" not in given:
            assert (by_message["message"], by_message["details"]) == (by_body["message"], by_body["details"])
        assert by_message["code"] == by_body["code"] == "invalid"


def test_what_is_needed_is_said_beside_what_is_wrong() -> None:
    with pytest.raises(Invalid) as refused:
        from_json(BY_MESSAGE, {"version": 2, "limit": 0})
    assert refused.value.errors == {
        "version": "One of 1 is needed.",
        "limit": "A whole number from 1 to 100 is needed.",
        "request_id": "It is needed.",
        "user_id": "It is needed.",
    }


def test_answers_have_the_fields_of_the_schema(api: ApiClient, shop: Shop) -> None:
    for path in PATHS.keys() - {"recommendations/users/ada", "recommendations/batch"}:
        shape: Any = BoughtOut if path == TOGETHER else ListOut
        told = ask(api, path).json()
        described = shape(data=told)
        assert described.is_valid(), described.errors
        assert list(told) == list(described.fields)


def test_the_docs_have_the_table_of_parameters() -> None:
    docs = (PROJECT / "docs" / "API.md").read_text(encoding="utf-8")
    assert requests.table() in docs, f"Put this table into docs/API.md:\n{requests.table()}"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["categories", "tags", "item_type"])
@pytest.mark.parametrize("blank", ["", " ", "\u00a0"])
def test_a_blank_filter_is_refused_on_every_list(api: ApiClient, shop: Shop, path: str, name: str, blank: str) -> None:
    value = [blank] if name != "item_type" and PATHS[path][1] is not None else blank
    assert details(ask(api, path, **{name: value}))[name].endswith("A text that is not empty is needed.")


@pytest.mark.parametrize("name", ["category", "item_type"])
def test_a_blank_filter_is_refused_in_the_catalogue(api: ApiClient, shop: Shop, name: str) -> None:
    assert name in details(api.get("items", **{name: " "}))


@pytest.mark.parametrize("again", ["t1", " t1", "t1\u200b"])
def test_a_batch_names_each_user_once(api: ApiClient, shop: Shop, again: str) -> None:
    assert details(api.post("recommendations/batch", {"user_ids": ["t1", "t2", again]})) == {
        "user_ids": "Value 3 is the same as value 1: name each once."
    }
