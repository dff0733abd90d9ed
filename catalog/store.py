"""Change the catalogue. Each verb tells every process, on commit, that its copy is old."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from prometheus_client import Counter

from catalog import changes, erasure, erasure_journal, merging, snapshot, upserts
from catalog.erasure import ErasedUsers, UserErased
from catalog.fields import ITEM, USER
from catalog.log_entries import anonymize
from catalog.merging import UserMerged
from catalog.models import DeletedItem, EndUser, Erasure, Item, ItemEmbedding, MergedUser
from catalog.people_lock import alone_with_users
from recsite.platform import audit, idempotency
from recsite.platform.audit import SYSTEM, Actor

logger = logging.getLogger(__name__)
sink_failures = Counter("item_sink_failures_total", "Saved items that a sink failed to take in, by batch.", ["sink"])

ERASED_AT_ONCE = 200
"""Users of one transaction, while which nobody can store events."""

READ_AT_ONCE = 5_000
DELETIONS_KEPT_FOR = timedelta(days=7)
"""Longer than any copy of the catalogue is brought up to date instead of being made anew."""


def save_item(item: Item, *, actor: Actor) -> Item:
    """Add or change one item. Raises ValidationError where a field is wrong."""
    item.full_clean()
    return write_item(item, actor=actor)


@transaction.atomic
def write_item(item: Item, *, actor: Actor) -> Item:
    """Add or change one item whose fields were checked; one that is as it was stays untouched."""
    before = None if item._state.adding else Item.objects.select_for_update().filter(pk=item.pk).first()
    differing = changes.differences(before, item, ITEM) if before else ({}, {})
    if differing is None:
        return item
    item.save()
    upserts.add_categories(item.categories)
    if before:
        audit.record(actor, "item.change", "item", item.item_id, before=differing[0], after=differing[1])
    else:
        audit.record(actor, "item.create", "item", item.item_id, after=changes.told(item, ITEM))
    snapshot.bump()
    transaction.on_commit(partial(tell, (item.pk,)))
    return item


@transaction.atomic
def set_available(items: QuerySet[Item], available: bool, *, actor: Actor, at: datetime | None = None) -> int:
    """Show or hide items, and return how many changed. `at` is when it was, where that isn't now."""
    changing = dict(
        items.exclude(is_available=available).select_for_update().order_by("pk").values_list("pk", "item_id")
    )
    Item.objects.filter(pk__in=changing).update(is_available=available, updated_at=timezone.now())
    was, now = {"is_available": not available}, {"is_available": available}
    changes.record_each(actor, "item.show" if available else "item.hide", "item", list(changing.values()), was, now, at)
    snapshot.bump()
    return len(changing)


def delete_items(items: QuerySet[Item], *, actor: Actor) -> int:
    """Delete items with everything that happened to them, and return how many items there were.

    Table by table, since most have no constraint that would do it: DELETION_SINKS delete what others keep of an item.
    """
    with transaction.atomic():
        found = dict(items.select_for_update().order_by("pk").values_list("pk", "item_id"))
        pks = list(found)
        for path in settings.DELETION_SINKS:
            import_string(path)(pks)
        ItemEmbedding.objects.filter(item__in=pks).delete()
        Item.objects.filter(pk__in=pks)._raw_delete("default")
        changes.record_each(actor, "item.delete", "item", list(found.values()))
        snapshot.bump()
    return len(pks)


def prune_deletions() -> int:
    """Forget which items were deleted so long ago that no copy of the catalogue lacks the news; return how many."""
    return DeletedItem.objects.filter(deleted_at__lt=timezone.now() - DELETIONS_KEPT_FOR).delete()[0]


def tell(items: Collection[int]) -> None:
    """Tell the sinks; one that fails is logged and counted, since the items are saved already."""
    for path in settings.ITEM_SINKS:
        try:
            import_string(path)(items)
        except Exception:
            logger.exception("%s failed to take in %d saved items.", path, len(items))
            sink_failures.labels(path).inc()


def save_user(user: EndUser, *, actor: Actor) -> EndUser:
    """Add or change one user. Raises ValidationError for a wrong field, UserErased and UserMerged for such an id."""
    user.full_clean()
    return write_user(user, actor=actor)


@transaction.atomic
def write_user(user: EndUser, *, actor: Actor) -> EndUser:
    """Add or change one user whose fields were checked. Raises UserErased and UserMerged for such an id."""
    before = None if user._state.adding else EndUser.objects.select_for_update().filter(pk=user.pk).first()
    differing = changes.differences(before, user, USER) if before else ({}, {})
    if differing is None:
        return user
    user.save()
    if before is None and erasure.refuse([user.user_id]):
        raise UserErased
    if before is None and merging.refuse([user.user_id]):
        raise UserMerged
    # Names alone: values of a profile in the record would outlive an erasure.
    named = {"fields": sorted(differing[1])} if before else {}
    audit.record(actor, "user.change" if before else "user.create", audit.USER, user.user_id, after=named)
    tell_of_users([user.user_id])
    return user


def tell_of_users(user_ids: Collection[str]) -> None:
    """Tell the sinks of users who were added or changed, in the transaction."""
    for path in settings.USER_SINKS:
        import_string(path)(user_ids)


def erase_users(users: QuerySet[EndUser], *, actor: Actor = SYSTEM) -> int:
    """Erase users with everything that is kept of them, for good; return how many there were."""
    return erase_user_ids(list(users.values_list("user_id", flat=True)), actor=actor)


def erase_user_ids(user_ids: Collection[str], *, actor: Actor = SYSTEM) -> int:
    """Erase what is kept under these ids, and refuse the ids from now on; return how many users there were.

    An id may be unknown: events may wait for it elsewhere. One that is another name of a merged user is refused from
    now on, and the user stays. Each batch is erased whole or not at all, ERASURE_SINKS included. Raises AlreadyRunning
    where users are being stored without a pause.
    """
    ordered = sorted(set(user_ids))
    starts = range(0, len(ordered), ERASED_AT_ONCE)
    batches = [ordered[start : start + ERASED_AT_ONCE] for start in starts]
    return sum(alone_with_users(partial(_erase, batch, actor), "nobody was erased") for batch in batches)


def erase_again() -> int:
    """Erase users whose ids were erased and who have a row all the same, since a backup was restored."""
    found, batch = set[str](), list[str]()
    for model in (EndUser, MergedUser):
        rows = model._default_manager.order_by("pk").values_list("user_id", flat=True)
        for user_id in rows.iterator(chunk_size=READ_AT_ONCE):
            batch.append(user_id)
            if len(batch) == READ_AT_ONCE:
                found |= erasure.erased_among(batch)
                batch.clear()
    return erase_user_ids(found | erasure.erased_among(batch))


def _erase(asked: Sequence[str], actor: Actor) -> int:
    # Under another name the same user would come back with the next event.
    user_ids = [*asked, *merging.names_of(asked)]
    digests = [erasure.digest(user_id) for user_id in user_ids]
    Erasure.objects.bulk_create(
        [Erasure(digest=digest) for digest in digests],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["erased_at", "swept_at"],
    )
    erasure_journal.note(digests, erasure_journal.ERASED)
    pks = list(EndUser.objects.filter(user_id__in=user_ids).values_list("pk", flat=True))
    for path in settings.ERASURE_SINKS:
        import_string(path)(ErasedUsers(tuple(user_ids), tuple(pks)))
    idempotency.forget_users(user_ids)
    merging.forget(user_ids, pks)
    anonymize(pks, "an erased user")
    EndUser.objects.filter(pk__in=pks)._raw_delete("default")
    for user_id in asked:
        audit.record(actor, "erase", audit.USER, user_id)
    return len(pks)
