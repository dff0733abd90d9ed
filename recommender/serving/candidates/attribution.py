"""Attribute the places of a list to the items of a user's history, and to the sources of the hybrid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recommender import dataset
from recommender.cache import NOBODY, SOURCES
from recommender.engine import feedback
from recommender.engine.forms.hybrid import HybridModel, is_personal
from recommender.engine.types import Dataset, FloatArray, Histories, IntArray, Model, RowArray
from recommender.serving.candidates.context import FOLD_IN, ServingContext
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Ranked
from recsite.platform import database


@dataclass(frozen=True, eq=False, slots=True)
class Attribution:
    """Hold what n places of a list owe to the p items of a user's history."""

    items: IntArray
    """Internal ids (p,)."""
    kinds: Sequence[frozenset[str]]
    """The names of the interaction types that speak for each of them (p,)."""
    shares: FloatArray
    """What each item adds to each place (n, p), of all that speaks for it; NaN where its source can't say."""
    parts: Mapping[str, FloatArray]
    """What each source of the hybrid added to each score (n,)."""
    impersonal: frozenset[str] = frozenset()
    """The sources that say the same to all users, or to all of a segment."""
    is_against_all: bool = False
    """The user has said nothing in favour of any item."""

    def leading_crowd(self, place: int) -> str | None:
        """Return the impersonal source that weighs most, where they give more of a score than the user's own items."""
        said = {name: float(np.nan_to_num(values[place])) for name, values in self.parts.items()}
        crowd = {name: value for name, value in said.items() if name in self.impersonal}
        if not crowd or sum(crowd.values()) <= sum(said.values()) - sum(crowd.values()):
            return None
        return max(crowd, key=lambda name: crowd[name])

    def heaviest(self, place: int, n: int) -> list[int]:
        """Return the n items (positions in `items`) that weigh most in a place, of those that the user liked."""
        liked = np.array([len(kinds) > 0 for kinds in self.kinds])
        shares = np.where(liked, np.nan_to_num(self.shares[place]), 0)
        order = np.argsort(-shares, kind="stable")[:n]
        return [int(number) for number in order if shares[number] > 0]


def attribution(context: ServingContext, algorithm: str, person: int, ranked: Ranked) -> Attribution | None:
    """Attribute a user's list that `algorithm` leads; None where there is no history to go by. Raises DatabaseDown."""
    member = context.release.sources.get(algorithm)
    if member is None or person == NOBODY or not len(ranked):
        return None
    item_ids = member.model.item_ids
    events = database.ask(lambda: dataset.load_recent([person])).over(item_ids)
    history = feedback.histories(events, item_ids)
    return attribution_of(context, member, events, history, ranked)


def attribution_of(
    context: ServingContext, member: LoadedModel, events: Dataset, history: Histories, ranked: Ranked
) -> Attribution | None:
    """Attribute a list that `member` has made from one user's events, and the history that they make."""
    if not history.profiles.nnz:
        return None
    own = np.isin(ranked.sources, [SOURCES.index(member.algorithm), SOURCES.index(FOLD_IN)])
    item_ids = member.model.item_ids
    cols = item_ids.rows(context.catalogue.ids[ranked.rows[own]])
    shares = np.full((len(ranked), history.profiles.nnz), np.nan, np.float32)
    shares[own] = _shares(member.model, history, cols)
    parts = {name: np.full(len(ranked), np.nan, np.float32) for name in _sources(member.model)}
    if isinstance(member.model, HybridModel):
        for name, column in zip(parts, member.model.parts(history, cols).T, strict=True):
            parts[name][own] = column
    columns = history.profiles.indices.astype(np.int32, copy=False)
    return Attribution(
        items=item_ids.ids[columns],
        kinds=_kinds(events, columns),
        shares=shares,
        parts=parts,
        impersonal=_impersonal(member.model),
        is_against_all=bool((history.profiles.data < 0).all()),
    )


def _shares(model: Model, history: Histories, cols: RowArray) -> FloatArray:
    """Return what speaks for an item as shares of all that does; what speaks against it counts nothing."""
    for_it = np.maximum(model.explain(history, cols), 0)
    return for_it / np.maximum(for_it.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)


def _sources(model: Model) -> Sequence[str]:
    return list(model.sources) if isinstance(model, HybridModel) else []


def _impersonal(model: Model) -> frozenset[str]:
    if not isinstance(model, HybridModel):
        return frozenset()
    return frozenset(name for name, source in model.sources.items() if not is_personal(source))


def _kinds(events: Dataset, columns: RowArray) -> list[frozenset[str]]:
    """Return the types of one user's events in favour of the items at `columns`; none where the user took them back."""
    speaks = feedback.relevant(events)
    found: dict[int, set[str]] = {}
    for item, kind in zip(events.items[speaks].tolist(), events.types[speaks].tolist(), strict=True):
        found.setdefault(item, set()).add(events.kinds[kind].name)
    return [frozenset(found.get(column, ())) for column in columns.tolist()]
