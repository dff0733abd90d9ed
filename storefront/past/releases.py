"""Train releases of really different quality as of their days, and let staff promote them and roll one back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from recommender import registry
from recommender.engine.types import Progress
from recommender.models import Release
from recommender.registry.exceptions import CannotTrain
from recommender.training import train as training
from recsite.platform.audit import Actor
from storefront.past.timeline import OPERATOR, SCHEDULE, Timeline, account, staff


@dataclass(frozen=True)
class Recipe:
    """Say what a release is trained of, by which settings, and who has it trained."""

    algorithms: tuple[str, ...]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    actor: Actor = SCHEDULE


POPULAR = Recipe(("popular",), actor=staff(OPERATOR))
HASTY = Recipe(("svd",), {"svd": {"n_factors": 4, "n_epochs": 1}}, staff(OPERATOR))
"""One epoch learns nothing of users and items: the gate refuses it."""

RATINGS = Recipe(("svd",), actor=staff(OPERATOR))
"""Good at predicting ratings, and bad at lists, which it would lead: the gate refuses it, and staff have their way."""

NEIGHBOURS = Recipe(("hybrid", "popular"), {"hybrid": {"sources": ["item_knn", "popular"]}}, staff(OPERATOR))
FULL = Recipe(("svd", "popular", "hybrid"), actor=staff(OPERATOR))
SCHEDULED = Recipe(("svd", "popular", "hybrid"))

RELEASES, VERSIONS = 6, 11
"""How many releases, and versions in them, a past has."""


def train(timeline: Timeline, recipe: Recipe, at: datetime, progress: Progress) -> Release | None:
    """Train a candidate on what had happened by then; None where the data don't allow it."""
    by = account(recipe.actor.name)
    try:
        return training.train(
            recipe.algorithms,
            settings=recipe.settings,
            started_by=by,
            actor=recipe.actor,
            then=timeline.then(at),
            progress=progress,
        )
    except CannotTrain:
        return None


def promote(
    timeline: Timeline,
    release: Release | None,
    at: datetime,
    actor: Actor,
    reason: str = "",
    *,
    overrides_gate: bool = False,
) -> None:
    """Have a candidate go live then, unless the gate refused one of its models; with `overrides_gate` all the same."""
    if release is None:
        return
    if not overrides_gate and any(version.is_refused for version in release.versions.all()):
        return
    done = registry.note_promotion(release, timeline.then(at), account(actor.name), reason, actor=actor)
    timeline.add(at, done)


def roll_back(timeline: Timeline, release: Release | None, at: datetime, reason: str) -> None:
    """Go back to what the release had replaced, if it is live then."""
    live = timeline.release_at(at)
    if release is None or live is None or live != release or live.replaced is None:
        return
    actor = staff(OPERATOR)
    restored = registry.note_roll_back(live.replaced, timeline.then(at), account(OPERATOR), reason, actor=actor)
    timeline.add(at, restored)
