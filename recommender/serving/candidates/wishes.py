"""What people say they like, before they have done anything: categories, tags and items in their preferences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from recommender.engine.types import Mask
from recommender.serving.candidates.session import session
from recommender.serving.candidates.view import Ranked, View


@dataclass(frozen=True)
class Wishes:
    """Preferences as far as they make sense: whatever else is written there says nothing."""

    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()
    disliked: tuple[str, ...] = ()

    @classmethod
    def of(cls, preferences: Any) -> Self:
        """From EndUser.preferences, which may hold anything."""
        said: Mapping[str, Any] = preferences if isinstance(preferences, dict) else {}
        return cls(**{name: tuple(_texts(said.get(name))) for name in ("categories", "tags", "liked", "disliked")})


def by_wishes(view: View, wishes: Wishes, n: int) -> Ranked | None:
    """The n best for somebody known by wishes alone; None where there are no wishes.

    What goes with the items that are liked; without any, what is popular, that of the categories and tags first. The
    items they name are left out: those come back only on pages that reach beyond the n.
    """
    liked = _rows(view, wishes.liked)
    if liked:
        ranked = session(view, liked).ranked
    elif wishes.categories or wishes.tags:
        everybody, matching = view.everybody(), _matching(view, wishes)
        ranked = everybody.only(np.argsort(~matching[everybody.rows], kind="stable"))
    else:
        return None
    named = liked + _rows(view, wishes.disliked)
    return ranked.only(~np.isin(ranked.rows, named)).only(slice(n))


def _matching(view: View, wishes: Wishes) -> Mask:
    """The items (n_items,) of any of the categories, or with any of the tags."""
    mask = np.zeros(len(view.catalogue), bool)
    if wishes.categories:
        mask |= view.catalogue.matching(categories=wishes.categories)
    if wishes.tags:
        mask |= view.catalogue.matching(tags=wishes.tags)
    return mask


def _rows(view: View, items: Sequence[str]) -> list[int]:
    return [row for row in map(view.catalogue.row_of, items) if row is not None]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
