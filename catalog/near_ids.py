"""Find the items whose ids are nearest to an id that no item has: a letter wrong, another case, a zero more."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from catalog import search
from catalog.models import Item

LOOKED_AT = 200
"""Items of each beginning."""

PLAIN = 0.8
"""The ratio of difflib from which on an id is plainly meant."""

LEAST = 0.6
"""The ratio of difflib below which ids have nothing to do with each other."""


def near(item_id: str, most: int = 3) -> list[Item]:
    """Return the items with the nearest ids or titles, the nearest first; one with this very id comes alone."""
    alike = _written_alike(item_id) if item_id else []
    if exact := [item for item in alike if item.item_id == item_id]:
        return exact
    best = [one for one in _rated(item_id, alike) if one[0] >= LEAST]
    # The search costs more, so it is asked only where no id is plainly meant. It finds items with every word of the id,
    # typos forgiven, however long their titles are.
    if not best or best[0][0] < PLAIN:
        by_words = _by_words(item_id) if item_id else []
        best = [one for one in _rated(item_id, [*alike, *by_words]) if one[0] >= LEAST or one[1] in by_words]
    return [item for _, item in best][:most]


def _rated(item_id: str, items: Iterable[Item]) -> list[tuple[float, Item]]:
    rated = [(_ratio(item_id, item), item) for item in {item.pk: item for item in items}.values()]
    return sorted(rated, key=lambda one: (-one[0], one[1].item_id))


def _written_alike(item_id: str) -> list[Item]:
    """Return the item itself, those whose ids differ by case, blanks or leading zeros alone, and some that begin
    alike: by one query, of parts that each read an index."""
    bare = item_id.strip()
    forms = {
        item_id,
        bare,
        bare.lower(),
        bare.upper(),
        bare.lstrip("0"),
        bare.replace("_", "-"),
        bare.replace("-", "_"),
    }
    beginnings = {bare[: len(bare) * share // 4] for share in (3, 2, 1)} - {""}
    parts = [Item.objects.filter(item_id__startswith=one).order_by()[:LOOKED_AT] for one in sorted(beginnings)]
    return list(Item.objects.filter(item_id__in=forms - {""}).order_by().union(*parts))


def _by_words(item_id: str) -> list[Item]:
    """Return items that the search finds by the words of the id, which forgives typos."""
    words = item_id.replace("-", " ").replace("_", " ")
    ranked = search.find(words, 10).items if any(map(str.isalpha, words)) else []
    return list(Item.objects.filter(pk__in=ranked))


def _ratio(item_id: str, item: Item) -> float:
    asked = item_id.lower()
    return max(SequenceMatcher(None, asked, text.lower()).ratio() for text in (item.item_id, item.title[:255]))
