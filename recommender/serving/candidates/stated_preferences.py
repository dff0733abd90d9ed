"""Rank by stated preferences (categories, tags and items), for users without events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from recommender.cache import SOURCES
from recommender.engine.types import FloatArray, Mask
from recommender.serving.candidates import users
from recommender.serving.candidates.context import FOLD_IN, ServingContext
from recommender.serving.candidates.rankings import Chain, Ranked
from recommender.serving.candidates.session import session

STATED_PREFERENCES = "stated_preferences"
"""The source of items that are in a list because of what the user stated."""

MOST_TITLES = 2
"""Liked items that a reason names."""

UNNAMED = "It fits what you said you like."


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


NOTHING_STATED = StatedPreferences()


def preferences_of(user_pk: int) -> StatedPreferences:
    """Return the stated preferences of a user. Raises DatabaseDown."""
    preferences, _ = users.stated([user_pk]).get(user_pk, (None, None))
    return StatedPreferences.of(preferences)


def by_stated_preferences(context: ServingContext, stated: StatedPreferences, n: int) -> Ranked | None:
    """Rank the n best for a user by stated preferences alone; None where there are none.

    What goes with the items that are liked; without any, what is popular, that of the categories and tags first. What
    is like the disliked items is pushed away, unless categories or tags rank. The source of such items is
    STATED_PREFERENCES. The items they name are left out: those come back only on pages that reach beyond the n.
    """
    liked, disliked = _rows(context, stated.liked), _rows(context, stated.disliked)
    if not liked and (stated.categories or stated.tags):
        everybody, matching = context.everybody(), _matching(context, stated)
        ranked = Chain(everybody.within(matching), everybody).head(n, context.catalogue.available)
        # Popularity orders them, and says nothing of how well they fit: a score would be on another scale.
        ranked = _marked(ranked, matching[ranked.rows], np.full(len(ranked), np.nan, np.float32))
    elif liked or disliked:
        reaching = n + len(liked) + len(disliked)
        ranked = session(context, liked, disliked=disliked).ranked.head(reaching, context.catalogue.available)
        ranked = _marked(ranked, ranked.sources == SOURCES.index(FOLD_IN), ranked.scores)
    else:
        return None
    return ranked.take(~np.isin(ranked.rows, liked + disliked)).take(slice(n))


def sentence(context: ServingContext, row: int, stated: StatedPreferences) -> str:
    """Return the reason in words for an item, at `row` of the catalogue, that the preferences brought into a list."""
    if liked := _rows(context, stated.liked):
        titles = " and ".join(f"“{context.catalogue.titles[one]}”" for one in liked[:MOST_TITLES])
        return f"It goes with {titles}, which you said you like."
    if stated.disliked and not (stated.categories or stated.tags):
        return "It is unlike what you said you dislike."
    own = {*context.catalogue.categories[row], *context.catalogue.tags[row]}
    named = next((name for name in (*stated.categories, *stated.tags) if name in own), "")
    return f"You said you like {named}." if named else UNNAMED


def _marked(ranked: Ranked, is_stated: Mask, scores: FloatArray) -> Ranked:
    """Give the items of a mask (n,) the source STATED_PREFERENCES and these scores (n,)."""
    source = SOURCES.index(STATED_PREFERENCES)
    return Ranked(
        ranked.rows,
        np.where(is_stated, scores, ranked.scores),
        np.where(is_stated, source, ranked.sources).astype(np.uint8),
    )


def _matching(context: ServingContext, stated: StatedPreferences) -> Mask:
    """Mark the items (n_items,) of any of the categories, or with any of the tags."""
    mask = np.zeros(len(context.catalogue), bool)
    if stated.categories:
        mask |= context.catalogue.matching(categories=stated.categories)
    if stated.tags:
        mask |= context.catalogue.matching(tags=stated.tags)
    return mask


def _rows(context: ServingContext, items: Sequence[str]) -> list[int]:
    return [row for row in map(context.catalogue.row_of, items) if row is not None]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
