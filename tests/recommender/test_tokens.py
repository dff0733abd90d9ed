"""What the catalogue says of items, as tokens."""

import numpy as np

from recommender.engine.tokens import tokens
from recommender.engine.types import IdMap, TokenTable


def test_an_item_as_tokens() -> None:
    features = {"creator": "Jane Austen", "year": 1815, "pages": 474.0, "signed": True, "used": False, "deep": {"a": 1}}
    assert tokens("Emma and the rest", "A comedy.", ["Novels"], ["Love"], features) == (
        "cnovels",
        "glove",
        "wemma",
        "wrest",
        "wcomedy",
        "ajane austen",
        "#year:1800",
        "#year:1820",
        "#pages:470",
        "#pages:474",
        "gsigned",
    )


def test_odd_features_say_nothing_and_do_no_harm() -> None:
    assert tokens("", "", [], [], {"x": float("inf"), "w": -(10**400), "y": None, "z": [1], "e": ""}) == ()
    assert tokens("日本 😀", "x" * 10, ["  "], [], {}) == ("c  ", "w日本", "wxxxxxxxxxx")


def test_several_creators_are_several_tokens() -> None:
    assert tokens("", "", [], [], {"creator": "Ilf; Petrov"}) == ("ailf", "apetrov")


def test_facts_of_other_items_are_left_out() -> None:
    table = TokenTable(IdMap(np.array([1, 5, 9])), (("a",), ("b",), ("c",)))
    assert table.take(IdMap(np.array([5, 7]))).tokens == (("b",), ())
