"""Find items by what people type: words and beginnings of words in any order, without accents, with small typos.

One way on every server, by PostgreSQL's full text alone. What is searched stands in `ItemSearch`, written by triggers
(migration 0010), by whose functions a query is split into words as well. A word that no item has is replaced by those
nearest to it: their trigrams say where to look, and the distance of Damerau and Levenshtein which they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q

from catalog.models import Item
from recsite.platform import database

MOST_RANKED = 10_000
"""Matches that are ranked and counted; a query that finds more says too little to order them."""

MOST_WORDS, LONGEST_WORD = 10, 30
MOST_FACETS = 20
NEAREST = 4
"""Words that may stand for a misspelt one."""

LOOKED_AT = 5_000
ONE_TYPO_FROM, TWO_TYPOS_FROM = 4, 8
"""Letters of a word from which on one typo, and two, are forgiven."""

# Titles weigh most, then creators, then categories and tags. Whole words come before beginnings of longer ones.
FIND = """
WITH found AS MATERIALIZED (
    SELECT kept.item_id, ts_rank('{{0.1, 0.2, 0.4, 1.0}}', kept.document, asked.query)
        + CASE WHEN kept.words @> asked.words THEN 0.5 ELSE 0 END
        + CASE WHEN kept.words[1:cardinality(asked.words)] = asked.words THEN 0.5 ELSE 0 END AS score
    FROM catalog_itemsearch AS kept, (SELECT %s::tsquery AS query, %s::text[] AS words) AS asked
    WHERE kept.document @@ %s::tsquery {filters}
    LIMIT {most}
)
SELECT (SELECT count(*) FROM found),
    ARRAY(SELECT item_id FROM found ORDER BY score DESC, item_id OFFSET %s LIMIT %s),
    {facets}
"""
FACETS = """
ARRAY(
    SELECT json_build_array(name, count(*))
    FROM found JOIN catalog_item AS item ON item.id = found.item_id, unnest(item.categories) AS name
    GROUP BY name ORDER BY count(*) DESC, name LIMIT %s
)
"""
SPLIT = "SELECT catalog_words(%s)"
# The planner would read the table from its start, hoping to meet the word soon.
IS_KNOWN = (
    "SET LOCAL enable_seqscan = off; SELECT EXISTS (SELECT FROM catalog_itemsearch WHERE document @@ %s::tsquery)"
)
# One part after the other: of all of them together the planner expects so much that it reads the whole table.
NEAR = """
SET LOCAL enable_seqscan = off;
SELECT word FROM (SELECT words FROM ({parts}) AS kept LIMIT {most}) AS looked_at, unnest(words) AS word
WHERE length(word) BETWEEN %s AND %s GROUP BY word ORDER BY count(*) DESC, word
"""
PART = "SELECT words FROM catalog_itemsearch WHERE trigrams @> %s::text[]"


@dataclass(frozen=True)
class Found:
    """Hold one page of what was found."""

    items: list[int] = field(default_factory=list)
    """Internal ids, the best first."""
    total: int = 0
    """How many were found, MOST_RANKED at most."""
    categories: list[tuple[str, int]] = field(default_factory=list)
    """How many of them are in each category, the largest first."""
    corrected: str = ""
    """What was looked for in place of the query, where no item has one of its words."""


def find(text: str, limit: int, offset: int = 0, only: Q | None = None, facets: bool = False) -> Found:
    """Find items that have every word of the text, as a word or the beginning of one. Raises DatabaseDown.

    `only` narrows the search to items of that condition.
    """
    return database.ask(lambda: _find(text, limit, offset, only, facets))


def _find(text: str, limit: int, offset: int, only: Q | None, facets: bool) -> Found:
    words = _split(text)
    if not words:
        return Found()
    groups = [[word] for word in words]
    found = _matching(groups, limit, offset, only, facets)
    if found.total:
        return found
    groups = [[word] if _is_known(word) else _nearest(word) for word in words]
    corrected = " ".join(group[0] for group in groups if group)
    if not all(groups) or corrected == " ".join(words):
        return found
    return _matching(groups, limit, offset, only, facets, corrected)


def _split(text: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(SPLIT, [text])
        words: list[str] = cursor.fetchone()[0] or []
    return [word[:LONGEST_WORD] for word in words[:MOST_WORDS]]


def _matching(
    groups: Sequence[Sequence[str]], limit: int, offset: int, only: Q | None, facets: bool, corrected: str = ""
) -> Found:
    """Return the items that have a word of each group."""
    query = " & ".join(f"({' | '.join(map(_beginning, group))})" for group in groups)
    inner, conditions = "", tuple[Any, ...]()
    if only:
        inner, conditions = Item.objects.filter(only).values("pk").query.sql_with_params()
    statement = FIND.format(
        filters=f"AND kept.item_id IN ({inner})" if inner else "",
        most=MOST_RANKED,
        facets=FACETS if facets else "NULL",
    )
    asked = [
        query,
        [group[0] for group in groups],
        query,
        *conditions,
        offset,
        limit,
        *([MOST_FACETS] if facets else []),
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        total, items, counted = cursor.fetchone()
    return Found(items, total, [(name, number) for name, number in counted or []], corrected)


def _beginning(word: str) -> str:
    """Return a query for words that begin so. A word holds no quotes: it was split by them."""
    return f"'{word}':*"


def _is_known(word: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_KNOWN, [_beginning(word)])
        cursor.nextset()
        return bool(cursor.fetchone()[0])


def _nearest(word: str) -> list[str]:
    """Return words of items that differ from this one by a typo or two, the nearest and most frequent first."""
    parts = _surviving(word)
    if not parts:
        return []
    typos = 2 if len(word) >= TWO_TYPOS_FROM else 1
    any_part = " UNION ALL ".join([PART] * len(parts))
    with connection.cursor() as cursor:
        lengths = [len(word) - typos, len(word) + typos]
        cursor.execute(NEAR.format(parts=any_part, most=LOOKED_AT), [*parts, *lengths])
        cursor.nextset()
        near = [one for (one,) in cursor.fetchall()]
    # Sorting keeps the order of frequency among those of one distance.
    by_distance = sorted(((distance(word, one, typos), one) for one in near), key=lambda pair: pair[0])
    return [one for far, one in by_distance if far <= min(typos, by_distance[0][0])][:NEAREST]


def _surviving(word: str) -> list[list[str]]:
    """Return sets of trigrams of which a misspelt form of the word has at least one whole.

    A typo spoils up to four trigrams in a row, so the others survive; of two typos, nearly always one third is spared.
    """
    padded = f" {word} "
    trigrams = [padded[start : start + 3] for start in range(len(word))]
    width = min(4, len(trigrams) - 1)
    if len(word) < ONE_TYPO_FROM:
        return []
    parts = [trigrams[:start] + trigrams[start + width :] for start in range(len(trigrams) - width + 1)]
    if len(word) >= TWO_TYPOS_FROM:
        third = len(trigrams) // 3
        parts += [trigrams[:third], trigrams[third : 2 * third], trigrams[2 * third :]]
    return parts


def distance(one: str, other: str, most: int) -> int:
    """Count the letters that are to be changed, added, left out or swapped with the next; stop at one more than `most`.

    The distance of Damerau and Levenshtein, where nothing is changed twice (optimal string alignment).
    """
    before, last = list[int](), list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        now = [row]
        for column, another in enumerate(other, 1):
            cost = min(last[column] + 1, now[-1] + 1, last[column - 1] + (letter != another))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == another:
                cost = min(cost, before[column - 2] + 1)
            now.append(cost)
        if min(now) > most:
            return most + 1
        before, last = last, now
    return last[-1]
