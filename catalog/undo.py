"""Take back changes of items, of categories, and of users who were opted out."""

from datetime import timedelta

from catalog import changes, editing, store
from catalog import opting_out as opted
from catalog.models import Category, EndUser, Item
from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.log_privacy import hashed
from recsite.platform.models import AuditEntry
from recsite.platform.undo import CannotUndo

SAME_CHANGE = timedelta(minutes=1)
"""The row and the entry of one change have times of one transaction, which are never further apart."""


def hidden(entry: AuditEntry, *, actor: Actor) -> None:
    """Show an item that was hidden, or hide one that was shown."""
    item = undo.put_back(_item(entry), entry)
    store.set_available(Item.objects.filter(pk=item.pk), item.is_available, actor=actor)


def item(entry: AuditEntry, *, actor: Actor) -> None:
    """Give an item the title, the categories and whatever else it had before."""
    cut = [name for name, value in entry.before.items() if changes.is_cut(value)]
    if cut:
        raise CannotUndo(f"The record holds no more than the beginning of the {', '.join(cut)} of before.")
    row = undo.put_back(_item(entry), entry, changes.short)
    editing.change_item(row.item_id, {name: getattr(row, name) for name in entry.before}, actor=actor)


def category(entry: AuditEntry, *, actor: Actor) -> None:
    """Give a category the description that it had before."""
    undo.put_back_row(Category.objects, "name", entry, actor)


def opting_out(entry: AuditEntry, *, actor: Actor) -> None:
    """Let a user take part again who was opted out by this change. The record holds the hash of the id alone."""
    around = (entry.at - SAME_CHANGE, entry.at + SAME_CHANGE)
    out = EndUser.objects.filter(opted_out_at__range=around).values_list("user_id", flat=True)
    user_id = next((one for one in out if hashed(one) == entry.object_id), "")
    if not user_id or not opted.opt_in(user_id, actor=actor):
        raise CannotUndo("The user is not out by this change any more: they take part again, or were erased or merged.")


def _item(entry: AuditEntry) -> Item | None:
    return Item.objects.select_for_update().filter(item_id=entry.object_id).first()
