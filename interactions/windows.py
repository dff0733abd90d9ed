"""Add up what users do, by half hours, as events are stored, in whichever order they happened.

Counts are added in the transaction that notes how far the events were read. Who was active is kept as sets in Redis,
where adding somebody twice changes nothing; a set that Redis doesn't have is made anew from the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F
from django.utils import timezone

from interactions import announcements
from interactions.exclusions import COUNTS
from interactions.models import BehaviourWindow
from interactions.streams import LATENESS, WINDOW, Window, oldest_open
from interactions.topics import SYSTEM_METRICS
from recsite.platform import feed, redis
from recsite.platform.feed import Batch
from recsite.platform.models import FeedCursor
from recsite.platform.redis import RedisDown

READER, TABLE = "behaviour windows", "interactions_interaction"
BATCH_ROWS = 20_000
COMPLETE = ""
"""The member of a set that says that nobody is missing in it."""

HISTORY = timedelta(days=7)
"""Events older than that are no latecomers: an import brings them in great numbers, and nobody expected them."""

START = "date_bin('30 minutes', occurred_at, TIMESTAMPTZ '1970-01-01 00:00:00+00')"
SESSION = "coalesce(nullif(context ->> 'session_id', ''), 'user ' || user_id)"
"""A user who names no session has one of their own in each window."""

COUNTED = COUNTS.format(event="interactions_interaction")
ADDED = f"""
SELECT {START} AS start, count(*) AS events,
    count(*) FILTER (WHERE kind.name IN ('view', 'click')) AS views,
    count(*) FILTER (WHERE kind.name = 'add_to_cart') AS carts,
    count(*) FILTER (WHERE kind.name = 'purchase') AS purchases,
    count(*) FILTER (WHERE kind.name IN ('view', 'click') AND context ? 'recommendation_id') AS recommendation_clicks,
    array_agg(DISTINCT user_id::text) AS users, array_agg(DISTINCT {SESSION}) AS sessions
FROM interactions_interaction JOIN interactions_interactiontype AS kind ON kind.id = type_id
WHERE interactions_interaction.id > %(after)s AND interactions_interaction.id <= %(until)s
    AND occurred_at >= %(since)s AND NOT undated AND {COUNTED}
GROUP BY 1
"""
LATE = f"""
SELECT count(*) FROM interactions_interaction
WHERE id > %(after)s AND id <= %(until)s AND occurred_at < %(since)s AND occurred_at >= %(history)s AND NOT undated
    AND received_at >= %(begun)s AND {COUNTED}
"""
WHO = f"""
SELECT array_agg(DISTINCT user_id::text) AS users, array_agg(DISTINCT {SESSION}) AS sessions
FROM interactions_interaction
WHERE occurred_at >= %(start)s AND occurred_at < %(end)s AND id <= %(until)s AND NOT undated AND {COUNTED}
"""
COLUMNS = ("events", "views", "carts", "purchases", "recommendation_clicks")


def advance() -> list[BehaviourWindow]:
    """Take in what has settled since the last time; return the windows that changed, as they are now."""
    changed: set[datetime] = set()
    while True:
        with feed.next_batch(READER, TABLE, BATCH_ROWS) as batch:
            if batch:
                begun = set(_take_in(batch))
                for window in BehaviourWindow.objects.filter(start__in=begun):
                    announcements.announce(SYSTEM_METRICS, "behaviour.window", _payload(window))
                changed |= begun
        if batch.is_last:
            return list(BehaviourWindow.objects.filter(start__in=changed))


def _payload(window: BehaviourWindow) -> dict[str, Any]:
    counts = {name: getattr(window, name) for name in (*COLUMNS, "active_users", "sessions", "late")}
    rates = {name: getattr(window, name) for name in ("view_to_cart", "cart_to_purchase")}
    return {"start": window.start.isoformat(), "minutes": int(WINDOW.total_seconds() // 60), **counts, **rates}


def _take_in(batch: Batch) -> Iterable[datetime]:
    now = timezone.now()
    since = oldest_open(now).start
    parameters = {
        "after": batch.after,
        "until": batch.until,
        "since": since,
        "history": now - HISTORY,
        "begun": _begun(now),
    }
    rows = _rows(ADDED, parameters)
    for row in rows:
        counts = {name: row[name] for name in COLUMNS}
        who = _who(Window(row["start"]), row["users"], row["sessions"], batch)
        added = {name: F(name) + count for name, count in counts.items()}
        if not BehaviourWindow.objects.filter(start=row["start"]).update(**added, **who, updated_at=now):
            BehaviourWindow.objects.create(start=row["start"], **counts, **who, updated_at=now)
        yield row["start"]
    if late := _rows(LATE, parameters)[0]["count"]:
        here = Window.of(now).start
        BehaviourWindow.objects.get_or_create(start=here)
        BehaviourWindow.objects.filter(start=here).update(late=F("late") + late, updated_at=now)
        yield here


def _begun(now: datetime) -> datetime:
    """Return when the adding up began: what was there before is no latecomer."""
    FeedCursor.objects.filter(name=READER, rebuilt_at=None).update(rebuilt_at=now)
    return FeedCursor.objects.get(name=READER).rebuilt_at or now


def _who(window: Window, users: Sequence[str], sessions: Sequence[str], batch: Batch) -> dict[str, int]:
    """Count the users and sessions of a window, these included."""
    try:
        return _in_redis(window, users, sessions, batch)
    except RedisDown:
        everybody = _everybody(window, batch)
        return {name: len(members) for name, members in everybody.items()}


def _in_redis(window: Window, users: Sequence[str], sessions: Sequence[str], batch: Batch) -> dict[str, int]:
    key = f"window:{{{window.start:%Y%m%d%H%M}}}"
    counts = _added(key, {"active_users": users, "sessions": sessions})
    if counts is None:
        everybody = {name: [COMPLETE, *members] for name, members in _everybody(window, batch).items()}
        counts = _added(key, everybody) or {name: len(members) - 1 for name, members in everybody.items()}
    return counts


def _added(key: str, members: Mapping[str, Sequence[str]]) -> dict[str, int] | None:
    """Add members to the sets of a window; return their sizes, None where Redis doesn't have the sets whole."""
    seconds = 2 * int((WINDOW + LATENESS).total_seconds())
    keys = [f"{key}:{name}" for name in members]
    adding = [("SADD", one, *some) for one, some in zip(keys, members.values(), strict=True)]
    keeping = [("EXPIRE", one, seconds) for one in keys]
    asking = [(command, one, *more) for one in keys for command, *more in (("SISMEMBER", COMPLETE), ("SCARD",))]
    answers = redis.roundtrip(*adding, *keeping, *asking)[-len(asking) :]
    if not all(answers[::2]):
        return None
    return dict(zip(members, (int(count) - 1 for count in answers[1::2]), strict=True))


def _everybody(window: Window, batch: Batch) -> dict[str, Sequence[str]]:
    """Return the users and sessions of a window, from the events that are read."""
    (row,) = _rows(WHO, {"start": window.start, "end": window.end, "until": batch.until})
    return {"active_users": row["users"] or [], "sessions": row["sessions"] or []}


def _rows(query: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
