"""Change the catalogue. Each verb tells every process, on commit, that its copy is old."""

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from prometheus_client import Counter
from psycopg.errors import LockNotAvailable

from catalog import changes, erasure, snapshot, upserts
from catalog.erasure import ErasedUsers, UserErased
from catalog.fields import ITEM, USER
from catalog.models import DeletedItem, EndUser, Erasure, Item, ItemEmbedding
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import AlreadyRunning

logger = logging.getLogger(__name__)
sink_failures = Counter("item_sink_failures_total", "Saved items that a sink failed to take in, by batch.", ["sink"])

ERASED_AT_ONCE = 200
"""Users of one transaction, while which nobody can store events."""

READ_AT_ONCE = 5_000
DELETIONS_KEPT_FOR = timedelta(days=7)
"""Longer than any copy of the catalogue is brought up to date instead of being made anew."""

ATTEMPTS = 5
# It waits for everybody who stores events, and keeps them waiting; it lets readers and a backup work on.
LOCK_USERS = "SET LOCAL lock_timeout = '3s'; LOCK TABLE catalog_enduser IN SHARE ROW EXCLUSIVE MODE"


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
def set_available(items: QuerySet[Item], available: bool, *, actor: Actor) -> int:
    """Show or hide items, and return how many changed."""
    changing = dict(
        items.exclude(is_available=available).select_for_update().order_by("pk").values_list("pk", "item_id")
    )
    Item.objects.filter(pk__in=changing).update(is_available=available, updated_at=timezone.now())
    was, now = {"is_available": not available}, {"is_available": available}
    changes.record_each(actor, "item.show" if available else "item.hide", "item", list(changing.values()), was, now)
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
    """Add or change one user. Raises ValidationError where a field is wrong, and UserErased for an erased id."""
    user.full_clean()
    return write_user(user, actor=actor)


@transaction.atomic
def write_user(user: EndUser, *, actor: Actor) -> EndUser:
    """Add or change one user whose fields were checked. Raises UserErased for an erased id."""
    before = None if user._state.adding else EndUser.objects.select_for_update().filter(pk=user.pk).first()
    differing = changes.differences(before, user, USER) if before else ({}, {})
    if differing is None:
        return user
    user.save()
    if before is None and erasure.refuse([user.user_id]):
        raise UserErased
    # Names alone: values of a profile in the record would outlive an erasure.
    named = {"fields": sorted(differing[1])} if before else {}
    audit.record(actor, "user.change" if before else "user.create", audit.USER, user.user_id, after=named)
    tell_of_users([user.user_id])
    return user


def tell_of_users(user_ids: Collection[str]) -> None:
    """Tell the sinks of users who were added or changed, in the transaction."""
    for path in settings.USER_SINKS:
        import_string(path)(user_ids)


def erase_users(users: QuerySet[EndUser]) -> int:
    """Erase users with everything that is kept of them, for good; return how many there were."""
    return erase_user_ids(list(users.values_list("user_id", flat=True)))


def erase_user_ids(user_ids: Collection[str]) -> int:
    """Erase what is kept under these ids, and refuse the ids from now on; return how many users there were.

    An id may be unknown: events may wait for it elsewhere. Each batch is erased whole or not at all, ERASURE_SINKS
    included. Raises AlreadyRunning where users are being stored without a pause.
    """
    ordered = sorted(set(user_ids))
    starts = range(0, len(ordered), ERASED_AT_ONCE)
    return sum(_erase_patiently(ordered[start : start + ERASED_AT_ONCE]) for start in starts)


def erase_again() -> int:
    """Erase users whose ids were erased and who have a row all the same, since a backup was restored."""
    found, batch = set[str](), list[str]()
    for user_id in EndUser.objects.order_by("pk").values_list("user_id", flat=True).iterator(chunk_size=READ_AT_ONCE):
        batch.append(user_id)
        if len(batch) == READ_AT_ONCE:
            found |= erasure.erased_among(batch)
            batch.clear()
    return erase_user_ids(found | erasure.erased_among(batch))


def _erase_patiently(user_ids: Sequence[str]) -> int:
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return _erase(user_ids)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
    raise AlreadyRunning(
        "Users are being stored all the time (a large import?), so nobody was erased. Try again later."
    )


def _erase(user_ids: Sequence[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_USERS)
    Erasure.objects.bulk_create(
        [Erasure(digest=erasure.digest(user_id)) for user_id in user_ids],
        update_conflicts=True,
        unique_fields=["digest"],
        update_fields=["erased_at", "swept_at"],
    )
    pks = list(EndUser.objects.filter(user_id__in=user_ids).values_list("pk", flat=True))
    for path in settings.ERASURE_SINKS:
        import_string(path)(ErasedUsers(tuple(user_ids), tuple(pks)))
    _anonymize_log(pks)
    EndUser.objects.filter(pk__in=pks)._raw_delete("default")
    return len(pks)


def _anonymize_log(pks: Sequence[int]) -> None:
    """Take the ids out of the admin's log: it says who erased somebody, and when, but not whom."""
    about = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(EndUser))
    about.filter(object_id__in=list(map(str, pks))).update(object_repr="an erased user")
