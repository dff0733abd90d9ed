"""The quicker statements of the search make the same words, trigrams and documents as those before them."""

import random
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

FORMER = (
    import_module("catalog.migrations.0010_search")
    .FUNCTIONS.partition("CREATE OR REPLACE FUNCTION catalog_note_words")[0]
    .replace("catalog_", "former_")
)
ALPHABETS = (
    "abcdefghij ABC 019",
    "ab c'’-_.,:;!?/\\\"()[]{}<>|@#$%^&*+=~`\t\n",
    "äöüßæœøłđıéèñçÅİ Σς ab'1",
    "日本語 かな ０１２ Ａｂｃ ﬁ e\u0301 \u00ad\u200b\u3000\u2028",
)
LONGEST = 90


def texts() -> list[str]:
    """Texts of each alphabet, words of more letters than the search looks at, and nothing."""
    rng = random.Random(11)
    made = ["".join(rng.choice(letters) for _ in range(rng.randint(0, LONGEST))) for letters in ALPHABETS * 150]
    return [*made, "", " ", "'", "x" * 80, f"{'y' * 61} z", "don't DON’T", "a" * 30 + " " + "b" * 31]


def differing(statement: str, *given: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(FORMER)
        cursor.execute(statement, given)
        return cursor.fetchall()


@pytest.mark.django_db
def test_words_are_split_as_before() -> None:
    assert (
        differing(
            "SELECT given, catalog_words(given), former_words(given) FROM unnest(%s::text[]) AS given "
            "WHERE catalog_words(given) IS DISTINCT FROM former_words(given)",
            texts(),
        )
        == []
    )


@pytest.mark.django_db
def test_trigrams_are_those_of_before() -> None:
    assert (
        differing(
            "SELECT words FROM unnest(%s::text[]) AS given, coalesce(former_words(given), '{}') AS words "
            "WHERE catalog_trigrams(words) IS DISTINCT FROM former_trigrams(words)",
            texts(),
        )
        == []
    )


@pytest.mark.django_db
def test_documents_find_and_rank_as_before() -> None:
    """Of a word of more than 60 letters the former ones kept all, where its text was of letters alone."""
    assert (
        differing(
            "SELECT * FROM (SELECT coalesce(former_words(left(given, 20)), '{}') AS title, "
            "coalesce(former_words(substr(given, 20, 9)), '{}') AS creator, "
            "coalesce(former_words(substr(given, 29, 15)), '{}') AS labels, "
            "coalesce(former_words(substr(given, 44)), '{}') AS rest FROM unnest(%s::text[]) AS given) AS split "
            "WHERE catalog_document(title || creator || labels || rest, cardinality(title), "
            "cardinality(title || creator), cardinality(title || creator || labels)) IS DISTINCT FROM "
            "former_vector(title, 'A') || former_vector(creator, 'B') || former_vector(labels, 'C') "
            "|| former_vector(rest, 'D')",
            texts(),
        )
        == []
    )
