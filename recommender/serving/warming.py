"""Warm the cache: build lists before users ask, after a promotion and after new events."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from catalog.models import EndUser
from interactions.models import Interaction
from recommender import cache
from recommender.engine.forms.hybrid import is_personal
from recommender.engine.types import Progress, silent
from recommender.serving import placements
from recommender.serving.candidates import LoadedModel, NoContent, ServingContext, current_context, users
from recommender.serving.candidates.bulk import rank_many
from recommender.spark import handed_lists
from recommender.spark.handed_lists import HandedLists
from recsite.platform import audit, feed, generations, redis
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Unavailable
from recsite.platform.humanize import pluralize
from recsite.platform.redis import RedisDown

T = TypeVar("T")
BLOCK = 2_000
"""Users whose events and marks are read together."""

WRITTEN_AT_ONCE = 200
READER, TABLE, BATCH_ROWS = "lists", "interactions_interaction", 50_000
MOST_REFRESHED = 500
"""The most users whose lists are refreshed at once; the others are built when they ask."""

ATTEMPTS, PATIENCE_SECS = 3, 10.0
MEASURED = 50
"""Users whose memory in Redis is measured, spread over all."""


@dataclass(frozen=True)
class Warmed:
    """Report the result of a warming."""

    people: int
    """Users who have lists now."""
    seconds: float
    bytes_per_person: float = 0.0
    stopped: str = ""
    up_to_date: int = 0
    """Those of them whose lists were there already, and would have been made just the same."""

    def __str__(self) -> str:
        if not self.people:
            return self.stopped or "There was nobody to make lists for: they are made when somebody asks."
        return " ".join(filter(None, (self._made(), self._kept(), self.stopped)))

    def _made(self) -> str:
        made = self.people - self.up_to_date
        if not made:
            return ""
        rate = made / self.seconds if self.seconds else 0
        in_redis = f"{self.bytes_per_person:,.0f} bytes each in Redis"
        users = pluralize(made, "user")
        return f"The lists of {users} are made, in {self.seconds:.1f} s ({rate:,.0f} a second; {in_redis})."

    def _kept(self) -> str:
        return f"The lists of {pluralize(self.up_to_date, 'user')} were up to date." if self.up_to_date else ""


def warm(
    persons: QuerySet[EndUser] | None = None,
    *,
    everybody: bool = False,
    progress: Progress = silent,
    actor: Actor | None = None,
) -> Warmed:
    """Build the lists of these users under the live release; by default of those active in the last WARM_ACTIVE_DAYS.

    Whoever was active last comes first. Lists that are up to date stay as they are. It may be stopped through
    `progress`, and stops by itself when a release goes live that makes other lists: what is made stays. `actor` is who
    asked for it, if anybody did. Raises Unavailable without Redis or the database.
    """
    if actor:
        audit.record(actor, "cache.warm", "cache", "everybody" if everybody else "recently active")
    started = time.perf_counter()
    generations.look()
    context = _context()
    leader = _leader(context)
    if leader is None or context.release.number is None:
        return Warmed(0, 0.0, stopped="No release is live that ranks for each user: train and promote first.")
    chosen = _chosen(everybody) if persons is None else persons
    # Of a few users the lists are sooner made than found among everybody's.
    handed = handed_lists.of_version(leader.version) if persons is None and not context.variant else iter(())
    try:
        return _warm(context, leader, chosen, handed, progress, started)
    except RedisDown as down:
        raise Unavailable("Redis doesn't answer, so lists have no place to go. Try again when it is back.") from down


def refresh() -> int:
    """Rebuild the lists of users with new events before they ask; return the number of users.

    Of many, those who were active last: a list that wasn't made here is made when somebody asks for it.
    """
    since = timezone.now() - timedelta(days=settings.WARM_ACTIVE_DAYS)
    active: set[int] = set()
    while True:
        with feed.next_batch(READER, TABLE, BATCH_ROWS) as batch:
            news = Interaction.objects.filter(pk__gt=batch.after, pk__lte=batch.until, occurred_at__gte=since)
            active |= set(news.filter(undated=False).order_by().values_list("user_id", flat=True)) if batch else set()
        if batch.is_last:
            break
    if not active:
        return 0
    chosen = EndUser.objects.filter(pk__in=active, opted_out_at=None).order_by(
        F("last_active").desc(nulls_last=True), "pk"
    )
    return warm(EndUser.objects.filter(pk__in=list(chosen.values_list("pk", flat=True)[:MOST_REFRESHED]))).people


def _context() -> ServingContext:
    """Return the context, with the weights of the default placement where it has some."""
    context, weight = current_context(), placements.find().content_weight
    if weight is not None:
        with suppress(NoContent):
            return context.with_content_weight(weight)
    return context


def _leader(context: ServingContext) -> LoadedModel | None:
    """Return the model that leads most lists: the default placement's, or else the release's."""
    own = context.release.sources.get(placements.find().settings.algorithm or "")
    return own if own and is_personal(own.model) else context.release.leader


def _chosen(everybody: bool) -> QuerySet[EndUser]:
    everyone = EndUser.objects.filter(opted_out_at=None).order_by(F("last_active").desc(nulls_last=True), "pk")
    active_since = timezone.now() - timedelta(days=settings.WARM_ACTIVE_DAYS)
    return everyone if everybody else everyone.filter(last_active__gte=active_since)


def _warm(
    context: ServingContext,
    member: LoadedModel,
    chosen: QuerySet[EndUser],
    handed: Iterator[HandedLists],
    progress: Progress,
    started: float,
) -> Warmed:
    total, done, up_to_date, stopped = chosen.count(), 0, 0, ""
    sample: list[cache.Keys] = []
    progress(0, f"making lists for {total:,} users")
    handed_over = _warm_handed(context, member, chosen, handed, progress)
    for block in _blocks(chosen):
        keys = _retrying(partial(_warm_block, context, member, block))
        done, up_to_date = done + len(block), up_to_date + len(block) - len(keys)
        sample += keys[:: max(total // MEASURED, 1)]
        progress(done / max(total, done), f"{done:,} of {total:,} users")
        if current_context().list_digest(member.algorithm) != context.list_digest(member.algorithm):
            stopped = "Another release went live meanwhile."
            break
    return Warmed(done, time.perf_counter() - started, cache.memory(sample), stopped, max(up_to_date - handed_over, 0))


def _warm_handed(
    context: ServingContext,
    member: LoadedModel,
    chosen: QuerySet[EndUser],
    handed: Iterator[HandedLists],
    progress: Progress,
) -> int:
    """Write the lists back that Spark made beside the version, if any; return how many. The others are made here."""
    done = 0
    for lists in handed:
        block = list(chosen.filter(pk__in=lists.user_ids.ids.tolist()).values_list("pk", "user_id"))
        done += len(_retrying(partial(_warm_block, context, member, block, lists)))
        progress(0, f"{done:,} lists from Spark")
    return done


def _blocks(chosen: QuerySet[EndUser]) -> Iterator[list[tuple[int, str]]]:
    rows = chosen.values_list("pk", "user_id").iterator(chunk_size=BLOCK)
    while block := list(islice(rows, BLOCK)):
        yield block


def _retrying(work: Callable[[], T]) -> T:
    """Retry while Redis is slow or restarts, so that a moment doesn't end the work of minutes."""
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except RedisDown:
            redis.wait(PATIENCE_SECS)
    return work()


def _warm_block(
    context: ServingContext, member: LoadedModel, block: list[tuple[int, str]], handed: HandedLists | None = None
) -> list[cache.Keys]:
    """Make the lists of these users that are not up to date; return their keys."""
    cache.tell_the_rest()
    keys = _outdated(context, member, block)
    if not keys:
        return []
    # The marks first: an event that comes from here on makes the list stale that is made without it.
    marks = dict(zip(keys, cache.marks(keys.values()), strict=True))
    persons, seen = np.array(list(keys), np.int64), users.seen_items(keys)
    lists = rank_many(context, member, persons, seen, settings.CANDIDATE_COUNT, handed)
    while made := list(islice(lists, WRITTEN_AT_ONCE)):
        cache.store(
            command
            for candidates in made
            for command in _commands(keys[candidates.person], marks, candidates, seen.get(candidates.person, ()))
        )
    return list(keys.values())


def _outdated(context: ServingContext, member: LoadedModel, block: list[tuple[int, str]]) -> dict[int, cache.Keys]:
    """Return the keys by user (internal id) of those whose lists have to be made."""
    digest, name = context.list_digest(member.algorithm), member.algorithm + context.variant
    keys = {pk: cache.keys_of(user_id, digest, name) for pk, user_id in block}
    up_to_date = cache.are_up_to_date(list(keys.values()))
    return {pk: its for (pk, its), is_done in zip(keys.items(), up_to_date, strict=True) if not is_done}


def _commands(
    keys: cache.Keys, marks: Mapping[int, bytes], candidates: cache.Candidates, seen: Sequence[int]
) -> Iterator[redis.Command]:
    yield from cache.keep(keys, marks[candidates.person], candidates)
    yield from cache.keep_seen(keys, seen)
