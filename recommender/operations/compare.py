"""Compare two releases, or two models: figures, slices, settings, and the lists that they make."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db.models import F, Max, Min

from catalog.models import EndUser
from recommender.engine.evaluation import comparison
from recommender.engine.evaluation.comparison import LISTS, Difference
from recommender.engine.types import Progress, silent
from recommender.models import ModelVersion, Release
from recommender.operations import same_events
from recommender.operations.sides import Side
from recommender.serving import Answer, recommend_many
from recsite.platform import redis
from recsite.platform.exceptions import UserFacingError
from recsite.platform.redis import RedisDown

LENGTH = 10
SAMPLE = 500
SIDE_BY_SIDE = 5
BLOCK = 50
KEPT_SECS = 86_400
SEED = 42


class NothingToCompare(UserFacingError):
    """Report that there are no users whose lists could be compared."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Say how much the lists of two sides have in common, over a sample of users."""

    users: int
    share: float
    """The mean share of common items."""
    equal: float
    """The share of users whose lists are equal, in the same order."""
    disjoint: int
    """Users whose lists have nothing in common."""

    def __str__(self) -> str:
        return (
            f"Of {LENGTH} items, the lists of {self.users:,} users share {LENGTH * self.share:.1f} on average; "
            f"{self.equal:.0%} of the lists are equal, {self.disjoint:,} have nothing in common."
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold what is known of two sides without making a list."""

    a: Side
    b: Side
    figures: Sequence[Difference]
    slices: Mapping[str, Sequence[Difference]]
    settings: Sequence[tuple[str, Any, Any]]
    versions: Sequence[tuple[str, ModelVersion | None, ModelVersion | None]]
    """Algorithms of which the two have different versions, or only one has any."""
    is_same_split: bool
    overlap: Overlap | None
    """The last one that was measured within a day."""

    @property
    def note(self) -> str:
        """Say how far the figures can be compared."""
        if self.is_same_split:
            same = "Both were judged by the same held-out events of the same users"
            if any(one.is_paired for one in self.figures):
                return f"{same}, so nDCG@10 is compared user by user."
            return f"{same}. Single users' values are not kept of both, so intervals are wider than they need to be."
        said = "They were judged by different held-out events, since they were trained on different data"
        if any(one.is_beside for one in self.figures):
            return (
                f"{said}. Where a difference is told all the same, the quality gate has fitted the settings of A again "
                "and judged them by the events of B: that figure stands for A."
            )
        return f"{said}: their figures stand side by side, and no difference of them would mean anything."


def compare(a: Side, b: Side) -> Comparison:
    """Compare two sides by what is stored of them."""
    lists_a, lists_b = a.figures[LISTS], b.figures[LISTS]
    names = sorted(a.versions.keys() | b.versions.keys())
    pairs = [(name, a.versions.get(name), b.versions.get(name)) for name in names]
    return Comparison(
        a,
        b,
        same_events.figures(a, b),
        same_events.slices(a, b),
        comparison.settings_that_differ(a.settings, b.settings),
        [pair for pair in pairs if pair[1] != pair[2]],
        comparison.is_same_split(lists_a, lists_b),
        _kept(a, b),
    )


def measure_overlap(a: Side, b: Side, n: int = SAMPLE, progress: Progress = silent) -> Overlap:
    """Make the lists of a sample of users by both, and keep for a day how much they have in common.

    Raises UnknownRelease where a side has no files any more, and NothingToCompare.
    """
    users = sample(n)
    if not users:
        raise NothingToCompare("There are no users yet whose lists could be compared.")
    lists: dict[str, list[list[str]]] = {"a": [], "b": []}
    for start in range(0, len(users), BLOCK):
        block = users[start : start + BLOCK]
        progress(start / len(users), f"{start:,} of {len(users):,} users")
        for name, side in (("a", a), ("b", b)):
            answers = recommend_many(side.request(limit=LENGTH), block)
            lists[name] += [[one.item_id for one in answer.items] for answer in answers]
    found = Overlap(len(users), *comparison.overlap(lists["a"], lists["b"]))
    with suppress(RedisDown):
        redis.roundtrip(("SET", _key(a, b), orjson.dumps(found), "EX", KEPT_SECS))
    return found


def side_by_side(a: Side, b: Side, user_ids: Sequence[str]) -> list[tuple[str, Answer, Answer]]:
    """Return of each user the lists that both make. Raises UnknownRelease where a side has no files any more."""
    made = [recommend_many(side.request(limit=LENGTH, explain=False), user_ids) for side in (a, b)]
    return list(zip(user_ids, *made, strict=True))


def sample(n: int, seed: int = SEED) -> list[str]:
    """Return up to n users by chance, the same each time while none is added."""
    users = EndUser.objects.filter(opted_out_at=None)
    ends = users.aggregate(least=Min("pk"), most=Max("pk"))
    if ends["least"] is None:
        return []
    drawn = np.random.default_rng(seed).integers(ends["least"], ends["most"] + 1, size=4 * n)
    # Numbers of erased users are nobody's; where most are, the first users stand in.
    found = list(users.filter(pk__in=np.unique(drawn).tolist()).order_by("pk").values_list("user_id", flat=True))
    if len(found) >= n:
        return [found[at] for at in np.sort(np.random.default_rng(seed).permutation(len(found))[:n])]
    return list(users.order_by("pk").values_list("user_id", flat=True)[:n])


def usual_pair() -> tuple[int, int] | None:
    """Return the two releases that somebody who names none wants to see: the live one, and the one before it."""
    live = Release.objects.filter(state=Release.State.LIVE).first()
    if live and live.replaced_id:
        return live.replaced_id, live.pk
    newest = sorted(Release.objects.order_by("-pk").values_list("pk", flat=True)[:2])
    return (newest[0], newest[1]) if len(newest) == 2 else None


def latest_users(n: int = SIDE_BY_SIDE) -> list[str]:
    """Return the users who were active last."""
    users = EndUser.objects.filter(opted_out_at=None).order_by(F("last_active").desc(nulls_last=True), "id")
    return list(users.values_list("user_id", flat=True)[:n])


def _kept(a: Side, b: Side) -> Overlap | None:
    with suppress(RedisDown):
        (found,) = redis.roundtrip(("GET", _key(a, b)))
        return Overlap(**orjson.loads(found)) if found else None
    return None


def _key(a: Side, b: Side) -> str:
    return f"overlap:{a.kind}:{a.number}:{b.number}"
