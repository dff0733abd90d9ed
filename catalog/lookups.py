"""Find the users and items that addresses name."""

from django.http import Http404

from catalog.models import EndUser, Item
from catalog.validation import Id, valid_id
from recsite.platform import database
from recsite.platform.schema import in_path

USER_ID = in_path("user_id", Id().schema(), "The user's id, as your own systems have it.")
ITEM_ID = in_path("item_id", Id().schema(), "The item's id, as your own systems have it.")


def find_user(user_id: str) -> EndUser:
    """Return the user of an address. Raises Invalid and Http404."""
    user_id = valid_id("user_id", user_id)
    user: EndUser | None = database.ask(EndUser.objects.filter(user_id=user_id).first)
    if user is None:
        raise no_user(user_id)
    return user


def find_item(item_id: str) -> Item:
    """Return the item of an address. Raises Invalid and Http404."""
    item_id = valid_id("item_id", item_id)
    item: Item | None = database.ask(Item.objects.filter(item_id=item_id).first)
    if item is None:
        raise no_item(item_id)
    return item


def no_user(user_id: str) -> Http404:
    """Return the error for an address that names no user."""
    return Http404(f"There is no user {user_id!r}.")


def no_item(item_id: str) -> Http404:
    """Return the error for an address that names no item."""
    return Http404(f"There is no item {item_id!r}.")
