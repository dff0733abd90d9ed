"""Rank by stated preferences (categories, tags and items), for users without events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from recommender.engine.types import Mask
from recommender.serving.candidates.context import Ranked, ServingContext
from recommender.serving.candidates.session import session


@dataclass(frozen=True)
class StatedPreferences:
    """Hold the stated preferences that can be read; anything else in the field is ignored."""

    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()

    @classmethod
    def of(cls, preferences: Any) -> Self:
        """Read EndUser.preferences, which may hold any JSON."""
        said: Mapping[str, Any] = preferences if isinstance(preferences, dict) else {}
        return cls(**{name: tuple(_texts(said.get(name))) for name in ("categories", "tags", "liked", "disliked")})


def by_stated_preferences(context: ServingContext, wishes: StatedPreferences, n: int) -> Ranked | None:
    """Rank the n best for a user by stated preferences alone; None where there are none.

    What goes with the items that are liked; without any, what is popular, that of the categories and tags first. The
    items they name are left out: those come back only on pages that reach beyond the n.
    """
    liked = _rows(context, wishes.liked)
    if liked:
        ranked = session(context, liked).ranked
    elif wishes.categories or wishes.tags:
        everybody, matching = context.everybody(), _matching(context, wishes)
        ranked = everybody.take(np.argsort(~matching[everybody.rows], kind="stable"))
    else:
        return None
    named = liked + _rows(context, wishes.disliked)
    return ranked.take(~np.isin(ranked.rows, named)).take(slice(n))


def _matching(context: ServingContext, wishes: StatedPreferences) -> Mask:
    """Mark the items (n_items,) of any of the categories, or with any of the tags."""
    mask = np.zeros(len(context.catalogue), bool)
    if wishes.categories:
        mask |= context.catalogue.matching(categories=wishes.categories)
    if wishes.tags:
        mask |= context.catalogue.matching(tags=wishes.tags)
    return mask


def _rows(context: ServingContext, items: Sequence[str]) -> list[int]:
    return [row for row in map(context.catalogue.row_of, items) if row is not None]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
