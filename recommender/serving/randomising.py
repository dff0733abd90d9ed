"""Draw a small share of a placement's lists at random, and say how probable what is shown was.

From such lists it can be estimated what another release, model or draft would achieve (`operations.estimate`). Drawn is
the order of the first POOL items as filters, new items, diversity and rules leave them. What staff pin and new items
that are tried keep their positions. Who gets such a list, and which one, is settled for each user and hour: so its
pages fit together, and asking again shows the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from django.conf import settings

from recommender.cache import SOURCES
from recommender.engine.estimates.ranks import KEPT, draw_ranks, position_matrix
from recommender.engine.types import IntArray
from recommender.merchandising import ListSettings
from recommender.serving.candidates import EXPLORATION, Effects, Page, Ranked
from recommender.serving.candidates.ruled_pages import RULE
from recommender.serving.contract import Request
from recommender.serving.placements import ServedPlacement, clock
from recsite.platform import lookups

POOL = 50
"""The first items, among which the order is drawn."""

HOUR_SECS = 3_600
KEEPING = tuple(map(SOURCES.index, (RULE, EXPLORATION)))
"""Sources whose items keep their positions."""


class Drawn(NamedTuple):
    """Hold how a page was drawn; the fields are those of an impression."""

    propensities: Sequence[float]
    """How probable each item was at its position; 1 for what kept it."""
    drawn_ranks: Sequence[int]
    """The rank of each among the drawn items before, from 1 on; KEPT for what kept its position."""
    drawn_of: int
    """The number of items whose order was drawn."""
    temperature: float


def is_possible(own: ListSettings, request: Request) -> bool:
    """Tell if the answer may be drawn: its list is shown, and the request says nothing itself of what is on it.

    Estimates ask nothing of what requests filter, exclude or weigh: they couldn't tell what another release would show.
    """
    if not own.randomised_share or not request.is_recorded or lookups.is_by_staff():
        return False
    return not (
        request.algorithm
        or request.has_filters
        or request.filter
        or request.max_per_category
        or request.window_days
        or any(one is not None for one in (request.min_score, request.diversity, request.content_weight))
    )


def seed_of(placement: ServedPlacement, user_id: str) -> int | None:
    """Return what the user's list of this hour is drawn by; None where it isn't drawn, as for nobody's lists."""
    if not user_id:
        return None
    hour = int(clock().timestamp()) // HOUR_SECS
    text = f"{placement.name}:{hour}:{user_id}".encode()
    digest = blake2b(text, key=settings.SECRET_KEY.encode()[: blake2b.MAX_KEY_SIZE], digest_size=16).digest()
    is_drawn = int.from_bytes(digest[:8]) < placement.settings.randomised_share * 2**64
    return int.from_bytes(digest[8:]) if is_drawn else None


def keeps_promises(effects: Effects) -> bool:
    """Tell if the order may be drawn under these rules: limits and requirements say what stands in the first places."""
    return not (effects.limits or effects.required)


def drawn_page(
    cut: Callable[[int, int], Page], temperature: float, seed: int, offset: int, limit: int
) -> tuple[Page, Drawn | None]:
    """Return the page of the drawn list, and how it was drawn, where it is the first one."""
    found = cut(0, max(POOL, offset + limit))
    free = free_positions(found.ranked)
    ranks = draw_ranks(len(free), temperature, np.random.default_rng(seed))
    order = np.arange(len(found.ranked))
    order[free] = free[ranks - 1]
    page = replace(found, ranked=found.ranked.take(order[offset : offset + limit]))
    if offset:
        return page, None
    drawn = np.full(len(order), KEPT)
    drawn[free] = ranks
    own = drawn[:limit]
    chances = np.diagonal(position_matrix(own, len(free), temperature))
    return page, Drawn(chances.tolist(), own.tolist(), len(free), temperature)


def drawn_again(ranked: Ranked, drawn_ranks: Sequence[int]) -> Ranked:
    """Return the page that was drawn by these ranks out of a list that is made again."""
    free = free_positions(ranked)
    at = [position if rank == KEPT else _of(free, rank) for position, rank in enumerate(drawn_ranks)]
    return ranked.take(np.array([one for one in at if 0 <= one < len(ranked)], np.intp))


def free_positions(ranked: Ranked) -> IntArray:
    """Return the positions of the items whose order is drawn."""
    return np.flatnonzero(~np.isin(ranked.sources[:POOL], KEEPING))


def _of(free: IntArray, rank: int) -> int:
    return int(free[rank - 1]) if rank <= len(free) else -1
