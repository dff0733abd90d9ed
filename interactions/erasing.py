"""Erase what is kept of users and items here: events in all months, reviews, dead letters, waiting messages, files."""

import json
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from django.db import connection, transaction

from catalog.erasure import ErasedUsers
from interactions.importing.rejections import redact_files
from interactions.models import OutboxMessage, Review
from interactions.partitions import EVENTS, WITHOUT_ITEM

# A letter that names its user is theirs, or nobody's; in one that doesn't, the id in quotes is all there is to go by.
NAMES_USERS = """
(btrim(payload ->> 'user_id') = ANY(%s) OR payload ->> 'raw' LIKE ANY(%s)
    OR (NOT payload ? 'user_id' AND payload::text LIKE ANY(%s)))
"""
DELETE_DEAD_LETTERS = f"DELETE FROM interactions_deadletter WHERE {NAMES_USERS}"


def on_erased(erased: ErasedUsers) -> None:
    """Erase the events of these users and what waits to become one. For ERASURE_SINKS."""
    for table in (EVENTS, WITHOUT_ITEM):
        table.delete("user_id", erased.pks)
    Review.objects.filter(user__in=erased.pks)._raw_delete("default")
    delete_dead_letters(erased.user_ids)
    OutboxMessage.objects.filter(is_event=True, key__in=erased.user_ids)._raw_delete("default")
    # Files can't be rolled back.
    transaction.on_commit(partial(redact_files, erased.user_ids))


def delete_dead_letters(user_ids: Sequence[str]) -> None:
    """Delete the dead letters about these users, those that nobody can parse included."""
    with connection.cursor() as cursor:
        cursor.execute(DELETE_DEAD_LETTERS, parameters_of(user_ids))


def parameters_of(user_ids: Sequence[str]) -> list[list[str]]:
    """Return the parameters of NAMES_USERS."""
    quoted = list(_quoted(user_ids))
    return [list(user_ids), quoted, quoted]


def on_items_deleted(items: Collection[int]) -> None:
    """Delete what happened to these items (internal ids). For DELETION_SINKS."""
    EVENTS.delete("item_id", items)
    Review.objects.filter(item__in=items)._raw_delete("default")


def _quoted(user_ids: Sequence[str]) -> Iterator[str]:
    """Yield patterns that match an id as JSON writes it, and in single quotes."""
    for user_id in user_ids:
        for text in {json.dumps(user_id), json.dumps(user_id, ensure_ascii=False), f"'{user_id}'"}:
            escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            yield f"%{escaped}%"
