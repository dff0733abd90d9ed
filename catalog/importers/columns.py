"""Know the fields of each kind of rows, and find the columns that hold them."""

from collections.abc import Iterable, Mapping

from catalog.importers.rows import UnreadableSource
from catalog.importers.tables import plain

# The names under which the fields are found where nobody maps them; the first that is there wins.
USER_ID = ("userid", "user", "personid", "customerid", "customer", "visitorid", "visitor", "memberid")
ITEM_ID = ("itemid", "item", "productid", "product", "movieid", "bookid", "articleid", "isbn", "sku")
EVENT_FIELDS: dict[str, tuple[str, ...]] = {
    "user_id": USER_ID,
    "item_id": ITEM_ID,
    "type": ("type", "eventtype", "event", "action", "interactiontype"),
    "value": ("value", "rating", "score", "stars", "amount"),
    "occurred_at": ("occurredat", "timestamp", "time", "datetime", "date", "createdat"),
    "context": ("context",),
    "count": ("count", "plays", "playcount", "quantity", "qty"),
    "event_id": ("eventid",),
    "undated": ("undated",),
    "review": ("review",),
    "review_title": ("reviewtitle",),
    "review_text": ("reviewtext",),
    "left_out_as": ("leftoutas",),
}
SEVERAL_LINES = frozenset(("context", "review", "review_text"))
"""Fields that may hold the end of a line."""

ITEM_FIELDS: dict[str, tuple[str, ...]] = {
    "item_id": (*ITEM_ID, "id"),
    "title": ("title", "name"),
    "description": ("description", "summary"),
    "categories": ("categories", "category", "genres", "genre"),
    "tags": ("tags", "keywords"),
    "item_type": ("itemtype", "kind"),
    "group": ("group",),
    "published_at": ("publishedat", "published", "releasedate"),
    "features": ("features",),
    "is_available": ("isavailable",),
    "available_from": ("availablefrom",),
    "available_until": ("availableuntil",),
    "created_at": ("createdat",),
    "updated_at": ("updatedat",),
}
USER_FIELDS: dict[str, tuple[str, ...]] = {
    "user_id": (*USER_ID, "id"),
    "created_at": ("createdat", "registeredat", "signupdate"),
    "preferences": ("preferences",),
    "demographics": ("demographics",),
    "last_active": ("lastactive",),
    "opted_out_at": ("optedoutat",),
    "merged": ("merged",),
}


FIELDS_OF = {"users": USER_FIELDS, "items": ITEM_FIELDS, "events": EVENT_FIELDS}
"""The fields of each kind of rows, in the order in which they are read."""


def find_fields(fields: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> dict[str, str]:
    """Return which of `names` holds which field. A field that is nowhere is left out."""
    by_plain = {plain(name): name for name in reversed(list(names))}
    matches = {field: next(filter(by_plain.__contains__, usual), None) for field, usual in fields.items()}
    return {field: by_plain[match] for field, match in matches.items() if match is not None}


def mapped_fields(kind: str, mapping: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the names under which to look for the fields of a kind of rows: of a mapped field, only the given one.

    Raises UnreadableSource where a field is mapped that such rows don't have.
    """
    known = FIELDS_OF[kind]
    if unknown := sorted(set(mapping) - set(known)):
        raise UnreadableSource(f"--map doesn't know {', '.join(unknown)}; it maps {', '.join(known)}.")
    mapped = {field: (plain(column),) for field, column in mapping.items()}
    taken = {name for names in mapped.values() for name in names}
    # Where the plays are mapped to the value they are not the count as well.
    usual = {field: tuple(name for name in names if name not in taken) for field, names in known.items()}
    return usual | mapped
