"""Find the items that pass the filters of a request, and what an expression asks for beside the items.

Categories, tags, type and expression make one mask, which processes keep by what was asked. What an expression asks of
the user comes from Redis, or one query for all users of the request; nothing is read where it asks nothing.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np

from catalog import snapshot
from catalog.expressions import USER, VIEWED, Context, Expression, parse
from catalog.snapshot import Filter, Filtered, Snapshot, price_of
from recommender import cache
from recommender.cache import NOBODY, Keys
from recommender.engine import tokens
from recommender.engine.algorithms.latest import DAY
from recommender.serving import telemetry
from recommender.serving.candidates import UserCandidates, users
from recommender.serving.candidates.stated_preferences import StatedPreferences
from recommender.serving.contract import Request
from recsite.platform.database import DatabaseDown
from recsite.platform.redis import RedisDown

NOTHING_KNOWN = Context()
NOTHING: Mapping[str, Any] = {}
LAST_ACTIVE = "last_active"
"""Where the second of the user's last event is kept; no property has such a name."""


def matching(
    catalogue: Snapshot, request: Request, is_latest: bool, known: Context, unblocked: Expression | None = None
) -> Filtered | None:
    """Return the items that pass all filters of a request, None where it has none; `latest` has a window of dates.

    `unblocked` is true of what no rule blocks.
    """
    found = None
    if expressions := [*expressions_of(request), *([unblocked] if unblocked else [])]:
        beside = Filter(frozenset(request.categories), frozenset(request.tags), request.item_type)
        found = snapshot.mask(catalogue, expressions[0], known, beside)
        for other in expressions[1:]:
            found = _both(catalogue, found, snapshot.mask(catalogue, other, known, beside))
    elif request.has_filters:
        found = catalogue.filtered(request.categories, request.tags, request.item_type)
    if request.every_category:
        found = _of_all(catalogue, found or catalogue.filtered(), request.every_category)
    if request.window_days and is_latest:
        found = _published_within(catalogue, found or catalogue.filtered(), request.window_days)
    return found


def expressions_of(request: Request) -> list[Expression]:
    """Return the expressions that items have to pass: the placement's, and the request's own."""
    return [parse(text) for text in (request.placement_filter, request.filter) if text]


def asks_of(request: Request, scope: str) -> bool:
    """Tell if an expression asks for something of the user, or of the item that is viewed."""
    asked = (one for _, rule in request.rules for one in rule.expressions)
    return any(scope in one.scopes for one in (*expressions_of(request), *asked))


def asks_nothing(request: Request) -> bool:
    """Tell if no expression is evaluated for the request."""
    return not (request.filter or request.placement_filter or request.rules)


def contexts_of(
    request: Request, new_for_days: int, user_ids: Sequence[str], known: Sequence[UserCandidates]
) -> list[Context]:
    """Return what the expression of a request may ask of each of these users."""
    if asks_nothing(request):
        return [NOTHING_KNOWN] * len(user_ids)
    about: list[Mapping[str, Any]] = [one.about or NOTHING for one in known]
    if asks_of(request, USER) and (missing := [at for at, one in enumerate(known) if one.about is None]):
        found = _about([user_ids[at] for at in missing], [known[at].candidates.person for at in missing])
        for at, its in zip(missing, found, strict=True):
            about[at] = its
    now = time.time()
    return [Context(with_activity(its, now), new_for_days) for its in about]


def context_of_viewed(catalogue: Snapshot, request: Request, new_for_days: int, row: int) -> Context:
    """Return the same for a list that starts from an item; nothing is known of whoever looks at it."""
    if asks_nothing(request):
        return NOTHING_KNOWN
    known = NOTHING
    if asks_of(request, VIEWED):
        known = {
            "viewed.category": catalogue.categories[row],
            "viewed.tags": catalogue.tags[row],
            "viewed.item_type": catalogue.item_types[row] or None,
            "viewed.creator": catalogue.creators[row] or None,
            "viewed.price": price_of(catalogue, row),
        }
    return Context(known, new_for_days)


def about_user(preferences: Any, demographics: Any, last_active: datetime | None = None) -> dict[str, Any]:
    """Return what is kept of a user for expressions, by the names of the properties, from the fields of their row.

    It stays true until they do something; `with_activity` adds what changes with time alone.
    """
    stated = StatedPreferences.of(preferences)
    said: Mapping[str, Any] = demographics if isinstance(demographics, dict) else NOTHING
    return {
        "user.segment": tokens.segments(said),
        "user.country": said.get("country"),
        "user.categories": stated.categories,
        "user.tags": stated.tags,
        "user.demographics": said,
        LAST_ACTIVE: None if last_active is None else int(last_active.timestamp()),
    }


def with_activity(about: Mapping[str, Any], now: float) -> Mapping[str, Any]:
    """Return what expressions know of a user at a moment, in seconds."""
    last = about.get(LAST_ACTIVE)
    return about if last is None else {**about, "user.active_days_ago": max(int((now - last) // DAY), 0)}


def _about(user_ids: Sequence[str], persons: Sequence[int]) -> list[Mapping[str, Any]]:
    """Return what is known of users: of nobody nothing, nor of anybody where neither Redis nor the database answers."""
    keys = {person: its for person, its in zip(persons, cache.keys_of_each(user_ids), strict=True) if person != NOBODY}
    found, marks = _from_redis(keys)
    if missing := keys.keys() - found.keys():
        try:
            rows = users.described(missing)
        except DatabaseDown:
            telemetry.degraded.labels("database").inc()
        else:
            read = {person: about_user(*rows.get(person, (None, None))) for person in missing}
            found |= read
            _keep({person: keys[person] for person in missing if marks.get(person)}, marks, read)
    return [found.get(person, NOTHING) for person in persons]


def _from_redis(keys: Mapping[int, Keys]) -> tuple[dict[int, Mapping[str, Any]], dict[int, bytes]]:
    """Return what Redis knows of users, and their marks, which were there before anything else is read."""
    try:
        about = cache.about_users(list(keys.values()))
    except RedisDown:
        telemetry.degraded.labels("redis").inc()
        return {}, {}
    found = {person: its for person, (its, _) in zip(keys, about, strict=True) if its is not None}
    return found, {person: mark for person, (_, mark) in zip(keys, about, strict=True)}


def _keep(keys: Mapping[int, Keys], marks: Mapping[int, bytes], read: Mapping[int, Mapping[str, Any]]) -> None:
    with suppress(RedisDown):
        cache.store(cache.keep_about(its, marks[person], read[person]) for person, its in keys.items())


def _both(catalogue: Snapshot, one: Filtered, other: Filtered) -> Filtered:
    """Leave out what passes only one of two expressions."""
    mask = one.mask & other.mask
    return Filtered(mask, catalogue.count_distinct(mask))


def _of_all(catalogue: Snapshot, found: Filtered, categories: Collection[str]) -> Filtered:
    """Leave out what lacks one of the categories."""
    mask = np.logical_and.reduce([found.mask, *(catalogue.filtered((name,)).mask for name in categories)])
    return Filtered(mask, catalogue.count_distinct(mask))


def _published_within(catalogue: Snapshot, found: Filtered, days: int) -> Filtered:
    """Leave out what has no date of publication within the last days."""
    now = int(time.time())
    mask = found.mask & (catalogue.published > now - days * DAY) & (catalogue.published <= now)
    return Filtered(mask, catalogue.count_distinct(mask))
