"""Create, replace, change and delete single items and users by their ids, as clients of the API ask for it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from catalog import fields, store
from catalog.ids import is_reserved, reserved_reason
from catalog.models import EndUser, Item
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid

Values = Mapping[str, Any]
Row = TypeVar("Row", Item, EndUser)


def create_item(item_id: str, values: Values, *, actor: Actor) -> Item:
    """Add an item. Raises Conflict where there is one, and Invalid where something is missing or contradicts itself."""
    fields.need(fields.ITEM, values)
    _check_new("item_id", item_id)
    item = _filled(Item(item_id=item_id), fields.with_defaults(fields.ITEM, values))
    try:
        with transaction.atomic():
            return store.write_item(item, actor=actor)
    except IntegrityError as error:
        raise _exists("item_id", f"There is an item {item_id!r} already.") from error


def put_item(item_id: str, values: Values, *, actor: Actor) -> tuple[Item, bool]:
    """Replace an item, or create it; return it, and whether it is new. What `values` don't name gets its default."""
    fields.need(fields.ITEM, values)
    if item := change_item(item_id, fields.with_defaults(fields.ITEM, values), actor=actor):
        return item, False
    try:
        return create_item(item_id, values, actor=actor), True
    except Conflict:
        # Somebody else created it in between.
        return put_item(item_id, values, actor=actor)


@transaction.atomic
def change_item(item_id: str, values: Values, *, actor: Actor) -> Item | None:
    """Change the fields that `values` name; return the item, None where there is none.

    A placeholder, which an event made (hidden, its id for a title), comes to light when it gets a title.
    """
    item = Item.objects.select_for_update().filter(item_id=item_id).first()
    if item is None:
        return None
    is_placeholder = item.title == item_id and not item.is_available
    shown = {"is_available": True} if is_placeholder and values.get("title", item_id) != item_id else {}
    return store.write_item(_filled(item, {**shown, **values}), actor=actor)


def delete_item(item_id: str, *, actor: Actor) -> bool:
    """Delete an item with everything that happened to it; return False where there is none."""
    return bool(store.delete_items(Item.objects.filter(item_id=item_id), actor=actor))


def create_user(user_id: str, values: Values, *, actor: Actor) -> EndUser:
    """Add a user. Raises Conflict where there is one, and UserErased for an erased id."""
    _check_new("user_id", user_id)
    user = _with(EndUser(user_id=user_id), fields.with_defaults(fields.USER, values))
    try:
        with transaction.atomic():
            return store.write_user(user, actor=actor)
    except IntegrityError as error:
        raise _exists("user_id", f"There is a user {user_id!r} already.") from error


def put_user(user_id: str, values: Values, *, actor: Actor) -> tuple[EndUser, bool]:
    """Replace a user's profile, or create the user; return them, and whether they are new."""
    if user := change_user(user_id, fields.with_defaults(fields.USER, values), actor=actor):
        return user, False
    try:
        return create_user(user_id, values, actor=actor), True
    except Conflict:
        # Somebody else created them in between.
        return put_user(user_id, values, actor=actor)


@transaction.atomic
def change_user(user_id: str, values: Values, *, actor: Actor) -> EndUser | None:
    """Change the fields that `values` name; return the user, None where there is none."""
    user = EndUser.objects.select_for_update().filter(user_id=user_id).first()
    return store.write_user(_with(user, values), actor=actor) if user else None


def _check_new(name: str, new_id: str) -> None:
    if is_reserved(new_id):
        raise Invalid({name: f"The id {reserved_reason(new_id)}."})


def _exists(name: str, sentence: str) -> Conflict:
    return Conflict({name: f"{sentence} Change it with PATCH, or replace it with PUT."})


def _filled(item: Item, values: Values) -> Item:
    _with(item, values)
    if item.ends_too_early:
        raise Invalid({"available_until": fields.ENDS_TOO_EARLY})
    return item


def _with(row: Row, values: Values) -> Row:
    for name, value in values.items():
        setattr(row, name, value)
    return row
