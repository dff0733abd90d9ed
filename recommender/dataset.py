"""Turn rows into a Dataset, here and nowhere else. Internal ids only; outside ids never enter a model.

The server packs events into blocks of fixed-width records, and numpy reads the blocks as they are: Python sees one
object for every BLOCK events. PostgreSQL spills to disk beyond its work_mem, and here an event takes RECORD's 43 bytes
until all are read, about 110 while they are sorted, and 21 in the Dataset.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from catalog.models import EndUser, Item
from interactions import types
from interactions.exclusions import COUNTS
from interactions.marks import Mark
from interactions.models import InteractionType
from recommender.engine import tokens
from recommender.engine.algorithms import SKIPS, TOKENS
from recommender.engine.records import RECORD, dataset_of
from recommender.engine.types import (
    UNDATED,
    UNKNOWN,
    Dataset,
    EventKind,
    IdMap,
    IntArray,
    Mask,
    Skips,
    TokenTable,
)
from recsite.platform import database

BLOCK = 16_384
RECENT = np.dtype([*RECORD.descr, ("received", ">i8")])
"""One event with the time that it came in at."""

FIELDS = """int8send(id) || int8send(user_id) || int8send(item_id) || int2send(type_id)
    || float8send(coalesce(value, 'NaN')) || timestamptz_send(occurred_at) || boolsend(undated)"""
PACK = f"""
SELECT string_agg({FIELDS}, ''::bytea)
FROM (SELECT *, row_number() OVER () / {{block}} AS block FROM ({{events}}) AS event) AS numbered
GROUP BY block
"""
PACK_RECENT = f"SELECT string_agg({FIELDS} || timestamptz_send(received_at), ''::bytea) FROM ({{events}}) AS event"
COLUMNS = "event.id, event.user_id, event.item_id, event.type_id, event.value, event.occurred_at, event.undated"

EVERYTHING = f"""
SELECT {COLUMNS} FROM interactions_interaction AS event JOIN catalog_item ON catalog_item.id = event.item_id
WHERE occurred_at >= coalesce(%(since)s::timestamptz, '-infinity')
    AND occurred_at < coalesce(%(until)s::timestamptz, 'infinity')
    AND NOT (undated AND %(dated_only)s) AND {COUNTS.format(event="event")}
"""
# Of events at one time, such as those of an import, a random part is taken, the same each time: ids would say only
# how a file was sorted.
LATEST_FIRST = "ORDER BY occurred_at DESC, md5(id::text) LIMIT %(limit)s::bigint"
# What crawlers and staff did shapes their own lists; what was taken back shapes none.
STANDS = f"AND mark <> {Mark.TAKEN_BACK.value}"
OF_EACH = PACK_RECENT.format(
    events=f"""
    SELECT event.* FROM unnest(%(users)s::bigint[]) AS known (id) CROSS JOIN LATERAL (
        SELECT * FROM interactions_interaction WHERE user_id = known.id {STANDS} {LATEST_FIRST}
    ) AS event
"""
)
# Its plan is the same for every user, so that the server makes it once: planning over all months takes many times as
# long as reading the user's rows.
OF_ONE = PACK_RECENT.format(
    events=f"SELECT * FROM interactions_interaction WHERE user_id = %(user)s::bigint {STANDS} {LATEST_FIRST}"
)

SKIPPED = """
SELECT person.id, place.item, count(*), floor(extract(epoch FROM max(list.served_at)))::bigint
FROM (
    SELECT recommendation_id, served_at, max(rank) AS deepest FROM recommender_attribution
    GROUP BY recommendation_id, served_at
) AS clicked
JOIN recommender_servedlist AS list USING (recommendation_id, served_at)
JOIN catalog_enduser AS person ON person.user_id = list.user_id AND person.opted_out_at IS NULL
CROSS JOIN LATERAL unnest(list.items) WITH ORDINALITY AS place (item, number)
WHERE list.first_rank + place.number - 1 < clicked.deepest AND NOT EXISTS (
    SELECT FROM recommender_attribution AS one
    WHERE one.recommendation_id = list.recommendation_id AND one.item_id = place.item AND one.served_at = list.served_at
)
GROUP BY person.id, place.item
"""


def load_dataset(since: datetime | None = None, until: datetime | None = None, dated_only: bool = False) -> Dataset:
    """Load all events in [since, until) of items that are in the catalogue, whether or not they are available.

    With `dated_only`, without those that have the date of their import alone.

    They come by user, time, item and type, and events that agree in all of these in the order they were stored in.
    """
    return of_records(_read(EVERYTHING, {"since": since, "until": until, "dated_only": dated_only}))


def of_records(events: NDArray[np.void]) -> Dataset:
    """Build the dataset of events (RECORD) over the users and items that have any."""
    known_types = list(InteractionType.objects.order_by("id"))
    return _dataset(events, IdMap.of(events["user"]), IdMap.of(events["item"]), known_types)


def blocks(since: datetime | None, until: datetime | None) -> Iterator[NDArray[np.void]]:
    """Yield all events in [since, until) that count, some thousands at a time: for what must not hold them all."""
    everything: dict[str, object] = {"since": since, "until": until, "dated_only": False}
    return _blocks(PACK.format(block=BLOCK, events=EVERYTHING), everything)


@dataclass(frozen=True, eq=False)
class RecentEvents:
    """Hold the latest events of some users as they were read, for everything that is made of them."""

    user_ids: IdMap
    """All that were asked for."""
    events: NDArray[np.void]
    """RECENT, the latest of each user first."""

    def over(self, item_ids: IdMap) -> Dataset:
        """Return the events as a dataset over the items of a model; those of other items are left out."""
        return _dataset(self.events, self.user_ids, item_ids, sorted(types.by_name().values(), key=lambda one: one.id))

    def came_after(self, received_after: datetime, occurred_after: datetime | None) -> Mask:
        """Tell which users (n_users,) have events of a weight that came in, or happened, after these times."""
        telling = np.array([kind.id for kind in types.telling()])
        late = self.events["received"] > microseconds_of(received_after)
        if occurred_after is not None:
            late |= self.events["time"] > microseconds_of(occurred_after)
        users = self.events["user"][late & np.isin(self.events["type"], telling)]
        return np.isin(self.user_ids.ids, users)

    def latest(self, n: int) -> "RecentEvents":
        """Return the n latest events of one user."""
        return replace(self, events=self.events[:n])

    def of(self, which: Mask) -> "RecentEvents":
        """Return some of the events."""
        return replace(self, events=self.events[which])

    def seen(self) -> IntArray:
        """Return the items (internal ids) that must not be shown again, of one user who was read whole."""
        marking = np.array([kind.id for kind in types.marking_seen()])
        return np.unique(self.events["item"][np.isin(self.events["type"], marking)]).astype(np.int64)


def load_recent(users: Sequence[int], limit: int | None = None) -> RecentEvents:
    """Read the latest events of users (internal ids), at most `limit` of each; default: FOLD_IN_EVENTS."""
    most = limit or settings.FOLD_IN_EVENTS
    return _recent(users, OF_ONE if len(users) == 1 else OF_EACH, most)


def load_all_of(user: int) -> RecentEvents:
    """Read everything that a user (internal id) did; what is made of the latest events takes those alone."""
    return _recent([user], OF_ONE, None)


def load_all_of_each(users: Sequence[int]) -> RecentEvents:
    """Read everything that each of these users (internal ids) did."""
    return _recent(users, OF_EACH, None)


def _recent(users: Sequence[int], statement: str, limit: int | None) -> RecentEvents:
    whose = {"user": int(users[0])} if statement is OF_ONE else {"users": list(users)}
    ((packed,),) = database.prepared(statement, {**whose, "limit": limit})
    return RecentEvents(IdMap.of(np.array(users, np.int64)), np.frombuffer(packed or b"", RECENT))


def load_item_tokens() -> TokenTable:
    """Load the tokens of all items in the catalogue."""
    rows = Item.objects.order_by("pk").values_list("pk", "title", "description", "categories", "tags", "features")
    ids, found = [], []
    for pk, *fields in rows.iterator(chunk_size=5_000):
        ids.append(pk)
        found.append(tokens.tokens(*fields))
    return TokenTable(IdMap(np.array(ids, np.int64)), tuple(found))


def load_user_segments(of: Sequence[int] | None = None) -> TokenTable:
    """Load the segments of the users of whom any are known: of all, or of some (internal ids)."""
    described = EndUser.objects.filter(opted_out_at=None).exclude(demographics={}).order_by("pk")
    rows = (described if of is None else described.filter(pk__in=of)).values_list("pk", "demographics")
    ids, found = [], []
    for pk, demographics in rows.iterator(chunk_size=5_000):
        ids.append(pk)
        found.append(tokens.segments(demographics) if isinstance(demographics, dict) else ())
    return TokenTable(IdMap(np.array(ids, np.int64)), tuple(found))


def load_everything(
    reads: Collection[str] = (TOKENS, SKIPS), until: datetime | None = None, events: Dataset | None = None
) -> Dataset:
    """Load all events and the users' segments; items' tokens and what users skipped only where they are in `reads`.

    With `until` they are the events before that moment; `events` are they, where somebody has read them. Tokens take
    the reading of every text, skips a join of every list that was shown: what trains every hour on events alone must
    not pay for them.
    """
    events = load_dataset(until=until) if events is None else events
    return replace(
        events,
        item_tokens=load_item_tokens() if TOKENS in reads else None,
        user_segments=load_user_segments(),
        skips=load_skips(events.user_ids, events.item_ids) if SKIPS in reads else None,
    )


def load_skips(user_ids: IdMap, item_ids: IdMap) -> Skips | None:
    """Load what these users were shown and skipped; None where no list was recorded that anybody clicked in."""
    with connection.cursor() as cursor:
        cursor.execute(SKIPPED)
        found = np.array(cursor.fetchall(), np.int64).reshape(-1, 4)
    users, items = user_ids.rows(found[:, 0]), item_ids.rows(found[:, 1])
    known = (users != UNKNOWN) & (items != UNKNOWN)
    if not known.any():
        return None
    return Skips(users[known], items[known], found[known, 2].astype(np.float32), found[known, 3])


def window(dataset: Dataset) -> tuple[datetime | None, datetime | None]:
    """Return the times of the oldest and the newest event; None twice where none has a time."""
    dated = dataset.times[dataset.times != UNDATED]
    if not len(dated):
        return None, None
    return datetime.fromtimestamp(int(dated.min()), UTC), datetime.fromtimestamp(int(dated.max()), UTC)


def _read(events: str, parameters: dict[str, object]) -> NDArray[np.void]:
    blocks = list(_blocks(PACK.format(block=BLOCK, events=events), parameters))
    return np.concatenate(blocks) if blocks else np.empty(0, RECORD)


def _blocks(query: str, parameters: dict[str, object]) -> Iterator[NDArray[np.void]]:
    connection.ensure_connection()
    # Django's own cursors merge parameters into the text of the query, and their answers are text as well.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        for (block,) in cursor.stream(query, parameters, binary=True):
            yield np.frombuffer(block, RECORD)


def _dataset(
    events: NDArray[np.void], user_ids: IdMap, item_ids: IdMap, known_types: Sequence[InteractionType]
) -> Dataset:
    """Build the dataset of the events whose item and type are known, in their order."""
    type_ids = IdMap(np.array([known.id for known in known_types], np.int64))
    return dataset_of(events, user_ids, item_ids, type_ids, tuple(map(_kind, known_types)))


def microseconds_of(moment: datetime) -> int:
    """Return a time as PostgreSQL counts it."""
    return (moment - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _kind(row: InteractionType) -> EventKind:
    return EventKind(
        name=row.name,
        weight=row.weight,
        is_negative=row.is_negative,
        scale_min=row.scale_min,
        scale_max=row.scale_max,
        relevant_at=row.relevant_at,
        marks_seen=row.marks_seen,
    )
