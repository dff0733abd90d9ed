"""Users and items: `/user`, `/users`, `/item`, `/items`."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from catalog import bulk, editing, search, store
from catalog.bulk import Kind
from catalog.importers import gorse_shapes
from catalog.importers.rows import BadField, ItemRow
from catalog.models import EndUser, Item
from recommender.api.gorse.door import (
    LARGEST_PAGE,
    GorseView,
    asked_n,
    cursor_of,
    done,
    object_of,
    path_id,
    several,
    told_as_invalid,
)
from recsite.platform import database
from recsite.platform.audit import Actor
from recsite.platform.authentication import actor
from recsite.platform.exceptions import AlreadyRunning, Invalid, Unavailable
from recsite.platform.query import cursor_after, key_of_cursor
from recsite.platform.values import LONGEST_TEXT

Values = dict[str, Any]
Body = Mapping[str, Any]


class NewUser(GorseView):
    def post(self, request: HttpRequest, body: Any) -> dict[str, int]:
        return _load(bulk.USERS, _each([object_of(body)], _user_values), actor(request))


class Users(GorseView):
    def get(self, request: HttpRequest) -> Values:
        rows, cursor = _page(EndUser.objects.all(), request)
        return {"Cursor": cursor, "Users": list(map(user_out, rows))}

    def post(self, request: HttpRequest, body: Any) -> dict[str, int]:
        return _load(bulk.USERS, _each(several(body), _user_values), actor(request))


class User(GorseView):
    def get(self, request: HttpRequest, user_id: str) -> Values:
        found = database.ask(EndUser.objects.filter(user_id=path_id("UserId", user_id)).first)
        return user_out(_there(found, bulk.USERS, user_id))

    @transaction.atomic
    def patch(self, request: HttpRequest, body: Any, user_id: str) -> dict[str, int]:
        given, user_id = object_of(body), path_id("UserId", user_id)
        user = _there(EndUser.objects.select_for_update().filter(user_id=user_id).first(), bulk.USERS, user_id)
        labels, comment = gorse_shapes.labels_of_user(user.demographics)
        try:
            labels = labels if given.get("Labels") is None else given["Labels"]
            comment = comment if given.get("Comment") is None else gorse_shapes.text_of(given, "Comment")
            values = {"demographics": gorse_shapes.demographics(labels, comment)}
        except BadField as error:
            raise told_as_invalid(error) from error
        editing.change_user(user_id, values, actor=actor(request))
        return done(1)

    def delete(self, request: HttpRequest, user_id: str) -> dict[str, int]:
        try:
            return done(store.erase_user_ids([path_id("UserId", user_id)], actor=actor(request)))
        except AlreadyRunning as busy:
            raise Unavailable(str(busy)) from busy


class NewItem(GorseView):
    def post(self, request: HttpRequest, body: Any) -> dict[str, int]:
        return _load(bulk.ITEMS, _each([object_of(body)], _item_values), actor(request))


class Items(GorseView):
    def get(self, request: HttpRequest) -> Values:
        if words := request.GET.get("q", ""):
            rows, cursor = _found(words, request)
        else:
            rows, cursor = _page(Item.objects.all(), request)
        return {"Cursor": cursor, "Items": list(map(item_out, rows))}

    def post(self, request: HttpRequest, body: Any) -> dict[str, int]:
        return _load(bulk.ITEMS, _each(several(body), _item_values), actor(request))


class OneItem(GorseView):
    def get(self, request: HttpRequest, item_id: str) -> Values:
        found = database.ask(Item.objects.filter(item_id=path_id("ItemId", item_id)).first)
        return item_out(_there(found, bulk.ITEMS, item_id))

    def patch(self, request: HttpRequest, body: Any, item_id: str) -> dict[str, int]:
        item_id = path_id("ItemId", item_id)
        try:
            values = _patched(object_of(body), item_id)
        except BadField as error:
            raise told_as_invalid(error) from error
        _there(editing.change_item(item_id, values, actor=actor(request)), bulk.ITEMS, item_id)
        return done(1)

    def delete(self, request: HttpRequest, item_id: str) -> dict[str, int]:
        return done(int(editing.delete_item(path_id("ItemId", item_id), actor=actor(request))))


class ItemCategory(GorseView):
    """Add a category to an item, or take it away; clients send no body."""

    def put(self, request: HttpRequest, body: Any, item_id: str, category: str) -> dict[str, int]:
        return _categorize(path_id("ItemId", item_id), category, True, actor(request))

    def delete(self, request: HttpRequest, item_id: str, category: str) -> dict[str, int]:
        return _categorize(path_id("ItemId", item_id), category, False, actor(request))


def user_out(user: EndUser) -> Values:
    labels, comment = gorse_shapes.labels_of_user(user.demographics)
    return {"UserId": user.user_id, "Labels": labels, "Comment": comment}


def item_out(item: Item) -> Values:
    return {
        "ItemId": item.item_id,
        "IsHidden": not item.is_available,
        "Categories": item.categories,
        "Timestamp": gorse_shapes.written(item.published_at),
        "Labels": gorse_shapes.labels_of_item(item.tags, item.features),
        "Comment": gorse_shapes.comment_of(item.item_id, item.title, item.description),
    }


def _user_values(record: Body) -> Values:
    row = gorse_shapes.user_row(record)
    return {"user_id": gorse_shapes.without_slash(row.user_id), "demographics": row.demographics}


def _item_values(record: Body) -> Values:
    row = gorse_shapes.item_row(record)
    gorse_shapes.without_slash(row.item_id)
    return {
        "item_id": row.item_id,
        "title": row.title,
        "categories": list(row.categories),
        "is_available": row.is_available is not False,
        "published_at": row.published_at.isoformat() if row.published_at else None,
        **_labels(row),
        **({"description": row.description} if row.description else {}),
    }


def _labels(row: ItemRow) -> Values:
    return {"tags": list(row.tags), "features": row.features}


def _patched(given: Body, item_id: str) -> Values:
    """Return the fields of an item that a patch names; null changes nothing. Raises BadField."""
    record = {name: value for name, value in given.items() if value is not None}
    row = gorse_shapes.item_row({**record, "ItemId": item_id})
    values: Values = {}
    if "IsHidden" in record:
        values["is_available"] = not record["IsHidden"]
    if "Categories" in record:
        values["categories"] = list(row.categories)
    if "Timestamp" in record:
        values["published_at"] = row.published_at
    if "Labels" in record:
        values |= _labels(row)
    if "Comment" in record:
        values["title"] = row.title
        values |= {"description": row.description} if row.description else {}
    return values


@transaction.atomic
def _categorize(item_id: str, category: str, adds: bool, who: Actor) -> dict[str, int]:
    item = _there(Item.objects.select_for_update().filter(item_id=item_id).first(), bulk.ITEMS, item_id)
    try:
        named = gorse_shapes.categories_of([category])
    except BadField as error:
        raise told_as_invalid(error) from error
    others = [name for name in item.categories if name not in named]
    after = item.categories if adds and set(named) <= set(item.categories) else [*others, *(named if adds else ())]
    editing.change_item(item_id, {"categories": after}, actor=who)
    return done(1)


def _each(records: Iterable[Body], read: Any) -> list[Values]:
    """Read every record before any is stored. Raises Invalid."""
    values = []
    for number, record in enumerate(records, 1):
        try:
            values.append(read(record))
        except BadField as error:
            raise told_as_invalid(error, number) from error
    return values


def _load(kind: Kind, values: list[Values], who: Actor) -> dict[str, int]:
    """Store rows. Those of erased users count as not affected; of one alone the client is told."""
    rows = bulk.load_values(kind, values, who)
    refused = [row for row in rows if row.status == bulk.REFUSED or (row.status == bulk.ERASED and len(rows) == 1)]
    if refused:
        others = " The others are stored." if len(rows) > len(refused) else ""
        said = "; ".join(f"{row.id}: {' '.join(row.errors.values())}" for row in refused[:10])
        raise Invalid({"body": f"{said}{others}"})
    return done(sum(row.status != bulk.ERASED for row in rows))


def _found(words: str, request: HttpRequest) -> tuple[list[Item], str]:
    """Return the items that a search finds, the best first; its cursor is the number of those before."""
    n, start = asked_n(request, search.MOST_RANKED), _after(request)
    found = search.find(words[:LONGEST_TEXT], n, start)
    by_pk = database.ask(lambda: Item.objects.in_bulk(found.items))
    end = start + len(found.items)
    return [by_pk[pk] for pk in found.items if pk in by_pk], cursor_after(end) if start < end < found.total else ""


def _page(rows: QuerySet[Any], request: HttpRequest) -> tuple[list[Any], str]:
    """Return a page behind the cursor, and the cursor of the next one; empty at the end."""
    n, after = asked_n(request, LARGEST_PAGE), _after(request)
    found: list[Model] = database.ask(lambda: list(rows.filter(pk__gt=after).order_by("pk")[: n + 1]))
    return found[:n], cursor_after(found[n - 1].pk) if len(found) > n > 0 else ""


def _after(request: HttpRequest) -> int:
    after = key_of_cursor(cursor_of(request))
    if after < 0:
        raise Invalid({"cursor": "Use the Cursor of the page before, as it came."})
    return after


def _there(row: Any, kind: Kind, row_id: str) -> Any:
    if row is None:
        raise Http404(f"There is no {kind.name} {row_id!r}. POST /gorse/api/{kind.name} adds one.")
    return row
