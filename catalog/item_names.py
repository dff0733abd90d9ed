"""Find the item that somebody means who reads titles on pages: by its id, its title, or what is near."""

from collections.abc import Sequence

from django.db.models import Q

from catalog import search
from catalog.models import Item

SHOWN = 3
"""Items that are named where a text is no item's."""


def named(text: str) -> Sequence[Item]:
    """Return the item with this id; where there is none, the few that have this title. Raises DatabaseDown."""
    if found := list(Item.objects.filter(item_id=text)):
        return found
    same = Q(title__iexact=text)
    if any(map(str.isalnum, text)):
        # The search has an index; a title by itself has none.
        same &= Q(pk__in=search.find(text, SHOWN + 1, only=same).items)
    return list(Item.objects.filter(same).order_by("item_id")[: SHOWN + 1])


def near(text: str, most: int = SHOWN) -> Sequence[Item]:
    """Return the first items that a search finds, the best first. Raises DatabaseDown."""
    found = search.find(text, most).items
    by_pk = Item.objects.in_bulk(found)
    return [by_pk[pk] for pk in found if pk in by_pk]


def with_part(text: str) -> Item | None:
    """Return the one item whose title has these words as a part; None where none or several do. Raises DatabaseDown."""
    found = search.find(text, 1, only=Q(title__icontains=text))
    return Item.objects.filter(pk__in=found.items).first() if found.total == 1 else None


def told(items: Sequence[Item]) -> str:
    """Return ids with titles, as a sentence lists them."""
    return ", ".join(f"{item.item_id} (“{item.title}”)" for item in items[:SHOWN])
