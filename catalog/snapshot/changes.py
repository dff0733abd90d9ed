"""Read what has changed in the catalogue since it was last read: never too little, whatever transactions do meanwhile.

Every item has the number of the transaction that wrote it last, and deleted items are noted with theirs. A reader keeps
which transactions had ended when it read: the next time it reads what those wrote that had not. So what a transaction
writes is read once it has ended, however long it was open, and one that stays open holds up nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import JSONField, Q
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KT

from catalog.models import DeletedItem, Item
from catalog.snapshot.base import NO_DATE
from catalog.snapshot.features import AS_JSON, Pairs, pairs

MOST = 100_000
"""Changed items that are read one by one; where there are more, making a new base is quicker."""

MOST_AGE = 5 * 24 * 3600.0
"""Seconds that a reading may be old to be brought up to date: less than notes of deleted items are kept."""


class Record(NamedTuple):
    """Hold what is known of one item."""

    pk: int
    item_id: str
    title: str
    creator: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    item_type: str
    group: str
    published: int
    added: int
    switched_on: bool
    opens: float
    closes: float
    features: Pairs = ()


class Position(NamedTuple):
    """Tell which transactions had ended at a moment: those before `until`, but for the `open` ones."""

    table: str
    """The table with its rows, and the server; another one after a restore, where numbers mean something else."""
    until: int
    open: tuple[int, ...]
    at: float
    """By the clock of the database, in Unix seconds."""

    def precedes(self, later: "Position") -> bool:
        """Tell if what has happened between both positions can be read from the change log."""
        return self.table == later.table and self.until <= later.until and later.at - self.at < MOST_AGE


class Changes(NamedTuple):
    """Hold what has changed up to a position; a deleted item that exists again is among the changed ones."""

    position: Position
    changed: Sequence[Record]
    deleted: Sequence[int]


FIELDS = (
    "pk",
    "item_id",
    "title",
    "creator_text",
    "categories",
    "tags",
    "item_type",
    "group",
    "published_at",
    "created_at",
    "is_available",
    "available_from",
    "available_until",
    "features_read",
)
# The file's number is another one where the table was emptied or made anew, the timeline where the server was set back
# to an earlier time or a replica has taken over. The own transaction, if it has written, is still open.
POSITION = """
SELECT
    concat_ws('.', {server}, (SELECT oid FROM pg_database WHERE datname = current_database()),
        'catalog_item'::regclass::oid, pg_relation_filenode('catalog_item')),
    pg_snapshot_xmax(now.snapshot)::text::bigint,
    ARRAY(SELECT pg_snapshot_xip(now.snapshot)::text::bigint)
        || array_remove(ARRAY[pg_current_xact_id_if_assigned()::text::bigint], NULL),
    extract(epoch FROM clock_timestamp())::float8
FROM (SELECT pg_current_snapshot() AS snapshot) AS now
"""
CONTROL = ("pg_control_system()", "pg_control_checkpoint()")
SERVER = "(SELECT system_identifier FROM pg_control_system()), (SELECT timeline_id FROM pg_control_checkpoint())"
MAY_ASK = "SELECT bool_and(has_function_privilege(name, 'EXECUTE')) FROM unnest(%s::text[]) AS name"
COUNT = "SELECT count(*) FROM (SELECT FROM catalog_item LIMIT %s) AS counted"


def position() -> Position:
    """Return the position of now: whoever reads afterwards reads all that had ended by then."""
    query = POSITION.format(server=SERVER if _may_ask_the_server() else "NULL")
    table, until, still_open, at = _ask(query)
    return Position(table, until, tuple(still_open), at)


def is_larger_than(amount: int) -> bool:
    """Tell if there are more items than so many, without counting all."""
    return bool(_ask(COUNT, amount + 1)[0] > amount)


def since(before: Position, most: int = MOST) -> Changes | None:
    """Return what has changed; None where that can't be told, or is too much to be read one by one."""
    now = position()
    if not before.precedes(now):
        return None
    changed_since = Q(changed_in__gte=before.until) | Q(changed_in__in=before.open)
    # In this order: an item that was read exists, also where one with its number was deleted before.
    deleted = DeletedItem.objects.filter(changed_since).values_list("item_pk", flat=True)[: most + 1]
    gone = list(deleted)
    read = RawSQL(AS_JSON.format(features="catalog_item.features"), (), JSONField())
    # From the primary, as the position is: a replica may not have all of it yet.
    rows = Item.objects.using(DEFAULT_DB_ALIAS).filter(changed_since)
    items = rows.annotate(creator_text=KT("features__creator"), features_read=read)
    changed = list(items.values_list(*FIELDS)[: most + 1]) if len(gone) <= most else []
    if len(gone) > most or len(changed) > most:
        return None
    there = {row[0] for row in changed}
    return Changes(now, [record(*row) for row in changed], [pk for pk in gone if pk not in there])


def record(
    pk: int,
    item_id: str,
    title: str,
    creator: str | None,
    categories: Iterable[str | None],
    tags: Iterable[str | None],
    item_type: str,
    group: str,
    published: datetime | None,
    added: datetime,
    switched_on: bool,
    opens: datetime | None,
    closes: datetime | None,
    features: Any = None,
) -> Record:
    """Make the record of a row with these FIELDS."""
    return Record(
        pk,
        item_id,
        title,
        creator or "",
        tuple(name for name in categories if name is not None),
        tuple(name for name in tags if name is not None),
        item_type,
        group,
        NO_DATE if published is None else int(published.timestamp() // 1),
        int(added.timestamp() // 1),
        switched_on,
        float("-inf") if opens is None else opens.timestamp(),
        float("inf") if closes is None else closes.timestamp(),
        pairs(features),
    )


@cache
def _may_ask_the_server() -> bool:
    """Tell if this role may ask which server it is; without, a table that was restored elsewhere has another number."""
    return bool(_ask(MAY_ASK, list(CONTROL))[0])


def _ask(query: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters or None)
        return cursor.fetchone()
