"""Blend several sources: each normalised, weighed by how much is known of the user."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from recommender.engine.forms import load_model
from recommender.engine.types import UNKNOWN, Arrays, FloatArray, Histories, IdMap, IntArray, Mask, Model, RowArray

NAN = np.float32(np.nan)

BUCKETS = ("0", "1", "2-4", "5-19", "20+")
"""Names of the buckets of activity: the number of items in a user's profile."""

EDGES = np.array([0, 1, 2, 5, 20])
"""Where each of the BUCKETS begins."""

Say = Callable[[str], FloatArray]
"""Returns the scores (m, its items) of the source of that name."""


@dataclass(frozen=True, eq=False)
class HybridModel:
    """Score an item by ``sum over the sources s of w_bs * z_s``, b being the bucket of the user's activity.

    z is a source's score less its mean over the items, divided by its standard deviation, for this user: so sources
    of whatever scale can be added. Impersonal scores, which grow without bounds, go through a logarithm first. What a
    source can't say counts as its mean; NaN where no source with a weight can say anything, and for users of whom
    nothing is known. With weights of 1 for one source it ranks as that source alone.
    """

    form: ClassVar[str] = "hybrid"

    sources: Mapping[str, Model]
    weights: FloatArray
    """(len(BUCKETS), n_sources), rows that sum to 1."""

    @cached_property
    def item_ids(self) -> IdMap:
        """Return the items of all sources."""
        return IdMap.of(np.concatenate([source.item_ids.ids for source in self.sources.values()]))

    @cached_property
    def user_ids(self) -> IdMap:
        """Return the users whom every personal source knows: the others are folded in."""
        known = [source.user_ids.ids for source in self.sources.values() if is_personal(source)]
        ids = known[0] if known else np.empty(0, np.int64)
        for others in known[1:]:
            ids = np.intersect1d(ids, others, assume_unique=True)
        return IdMap(ids)

    @cached_property
    def activity(self) -> IntArray:
        """Return how many items the profile of each user (n_users,) held when the sources were trained."""
        for source in self.sources.values():
            profiles = getattr(source, "profiles", None)
            if profiles is not None:
                counts: IntArray = np.diff(profiles.indptr)[source.user_ids.rows(self.user_ids.ids)]
                return counts
        return np.full(len(self.user_ids), EDGES[-1])

    def score(self, rows: RowArray) -> FloatArray:
        """Return ranking scores (m, n_items) of the users at `rows`."""
        known = np.where(rows == UNKNOWN, 0, rows)
        ids = self.user_ids.ids[known] if len(self.user_ids) else np.empty(0, np.int64)
        activity = np.where(rows == UNKNOWN, 0, self.activity[known]) if len(ids) else np.zeros(len(rows), np.int64)
        return self._blended(lambda name: self.sources[name].score(_rows(self.sources[name], ids, rows)), activity)

    def score_histories(self, histories: Histories) -> FloatArray:
        """Return ranking scores (m, n_items) of anybody, from what they did."""
        return self._blended(lambda name: self._folded(name, histories), self._activity_in(histories))

    def standardised_parts(self, histories: Histories) -> Iterator[FloatArray]:
        """Yield the scores of each source (m, n_items), normalised, over the hybrid's items."""
        for name in self.sources:
            yield self._laid_out(name, self._standard(name, self._folded(name, histories)))

    def parts(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return what each source adds to one user's scores of the items at `cols` (n,): (n, n_sources), NaN for
        nothing.
        """
        weights = self.weights[buckets(self._activity_in(history))][0]
        laid = zip(self.standardised_parts(history), weights, strict=True)
        return np.stack([weight * standard[0, cols] for standard, weight in laid], axis=1)

    def explain(self, history: Histories, cols: RowArray) -> FloatArray:
        """Return what each item of the profile adds through the sources that can say: their parts, on the hybrid's
        scale.
        """
        weights = self.weights[buckets(self._activity_in(history))][0]
        total = np.full((len(cols), history.profiles.nnz), NAN)
        for (name, source), weight in zip(self.sources.items(), weights, strict=True):
            if weight > 0 and is_personal(source):
                spread = np.nanstd(source.score_histories(self._over(name, history)))
                part = self._explained(name, history, cols) * weight / max(spread, 1e-9)
                total = np.where(np.isnan(part), total, np.nan_to_num(total) + part)
        return total.astype(np.float32)

    def predict(self, rows: RowArray, cols: RowArray) -> tuple[FloatArray, FloatArray]:
        """Return NaN (n,) twice: a blended score is no rating."""
        return np.full(len(rows), NAN), np.full(len(rows), NAN)

    def similar(self, cols: RowArray) -> FloatArray:
        """Return the similarity (m, n_items) of the items at `cols`: the sources', normalised, weighed as for a busy
        user.
        """
        personal = np.array([is_personal(source) for source in self.sources.values()])
        asked = self.weights.any(axis=0) | (self.weights.sum() == 0)
        weights = np.where(personal & asked, np.maximum(self.weights[-1], 1e-3), 0)

        def similar_by(name: str) -> FloatArray:
            own = self._places_in[name][np.where(cols == UNKNOWN, 0, cols)]
            return self.sources[name].similar(np.where(cols == UNKNOWN, UNKNOWN, own).astype(np.int32))

        return self._sum(similar_by, np.tile(weights, (len(cols), 1)), logarithm=False)

    def weight_of(self, name: str, activity: IntArray) -> FloatArray:
        """Return the weight (m,) of a source in the scores of users whose profiles hold so many items (m,)."""
        weights: FloatArray = self.weights[buckets(activity), list(self.sources).index(name)]
        return np.where(activity > 0, weights, 0).astype(np.float32)

    def without(self, name: str) -> "HybridModel":
        """Return a hybrid over the same items in which that source has no say."""
        left = self.weights.copy()
        for number, source in enumerate(self.sources):
            if source == name:
                left[:, number] = 0
        return HybridModel(self.sources, left)

    def weighed(self, name: str, weight: float) -> "HybridModel":
        """Return a hybrid in which the source `name` weighs `weight` of 1; the others share the rest as they did
        before.
        """
        place = list(self.sources).index(name)
        others = self.weights.copy()
        others[:, place] = 0
        total = others.sum(axis=1, keepdims=True)
        alike = np.where(np.arange(others.shape[1]) == place, 0, 1 / max(others.shape[1] - 1, 1))
        left = np.where(total > 0, others / np.maximum(total, 1e-9), alike) * (1 - weight)
        left[:, place] = weight
        return HybridModel(self.sources, left.astype(np.float32))

    def arrays(self) -> Arrays:
        """Return everything `from_arrays` needs: those of the sources, each under its source's name."""
        nested = {
            f"{name}__{key}": array for name, source in self.sources.items() for key, array in source.arrays().items()
        }
        forms = [source.form for source in self.sources.values()]
        names = np.array(list(self.sources))
        return {
            "item_ids": self.item_ids.ids,
            "names": names,
            "forms": np.array(forms),
            "weights": self.weights,
            **nested,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Build the same model; ValueError where the shapes contradict each other."""
        names, weights = arrays["names"].tolist(), np.asarray(arrays["weights"], np.float32)
        if weights.shape != (len(BUCKETS), len(names)):
            raise ValueError(f"weights has the shape {weights.shape} where {(len(BUCKETS), len(names))} was expected.")
        sources = {}
        for name, form in zip(names, arrays["forms"].tolist(), strict=True):
            start = f"{name}__"
            own = {key.removeprefix(start): array for key, array in arrays.items() if key.startswith(start)}
            sources[name] = load_model(form, own)
        model = cls(sources, weights)
        if arrays["item_ids"].shape != model.item_ids.ids.shape:
            raise ValueError(f"item_ids has the shape {arrays['item_ids'].shape}, and the sources know other items.")
        return model

    @cached_property
    def _knows(self) -> Mask:
        """Return the items (n_items,) that some personal source knows."""
        known = np.zeros(len(self.item_ids), bool)
        for source in filter(is_personal, self.sources.values()):
            known[self.item_ids.rows(source.item_ids.ids)] |= getattr(source, "knows", True)
        return known

    def _activity_in(self, histories: Histories) -> IntArray:
        profiles = histories.profiles
        rows = np.repeat(np.arange(len(histories)), np.diff(profiles.indptr))
        return np.bincount(rows[self._knows[profiles.indices]], minlength=len(histories))

    def _folded(self, name: str, histories: Histories) -> FloatArray:
        return self.sources[name].score_histories(self._over(name, histories))

    def _over(self, name: str, histories: Histories) -> Histories:
        """Lay histories over the hybrid's items over a source's items."""
        if isinstance(self._places_of[name], slice):
            return histories
        return histories.reindexed(self._places_in[name], len(self.sources[name].item_ids))

    @cached_property
    def _places_in(self) -> Mapping[str, RowArray]:
        """Return, by source, the row there of each item of the hybrid (n_items,)."""
        return {name: source.item_ids.rows(self.item_ids.ids) for name, source in self.sources.items()}

    @cached_property
    def _places_of(self) -> Mapping[str, RowArray | slice]:
        """Return, by source, the row here of each item of the source; a slice of all where they are the same items."""
        same = {name: np.array_equal(source.item_ids.ids, self.item_ids.ids) for name, source in self.sources.items()}
        return {
            name: slice(None) if same[name] else self.item_ids.rows(source.item_ids.ids)
            for name, source in self.sources.items()
        }

    def _explained(self, name: str, history: Histories, cols: RowArray) -> FloatArray:
        """Return a source's explanation (n, n_profile), over the profile as the hybrid knows it."""
        source, places = self.sources[name], self._places_in[name]
        out = np.full((len(cols), history.profiles.nnz), NAN)
        rows, there = np.flatnonzero(places[cols] != UNKNOWN), places[history.profiles.indices] != UNKNOWN
        if len(rows) and there.any():
            out[np.ix_(rows, np.flatnonzero(there))] = source.explain(self._over(name, history), places[cols][rows])
            out[np.ix_(rows, np.flatnonzero(~there))] = 0
        return out

    def _blended(self, say: Say, activity: IntArray) -> FloatArray:
        weights = np.where((activity > 0)[:, None], self.weights[buckets(activity)], 0)
        return self._sum(say, weights.astype(np.float32))

    def _sum(self, say: Say, weights: FloatArray, logarithm: bool = True) -> FloatArray:
        """Return the weighted sum (m, n_items) of what the sources say; a source without a weight isn't asked."""
        total = np.zeros((len(weights), len(self.item_ids)), np.float32)
        said = np.zeros(total.shape, bool)
        for number, name in enumerate(self.sources):
            weight = weights[:, number, None]
            if weight.any():
                places = self._places_of[name]
                part = self._standard(name, say(name), logarithm) * weight
                is_said = ~np.isnan(part)
                said[:, places] |= is_said & (weight > 0)
                part[~is_said] = 0
                total[:, places] += part
        total[~said] = NAN
        return total

    def _standard(self, name: str, scores: FloatArray, logarithm: bool = True) -> FloatArray:
        """Return a source's scores (m, its items), normalised."""
        if logarithm and not is_personal(self.sources[name]):
            scores = np.log1p(np.maximum(scores, 0))
        return standardised(scores)

    def _laid_out(self, name: str, scores: FloatArray) -> FloatArray:
        """Lay a source's scores (m, its items) over the hybrid's items (m, n_items)."""
        out = np.full((len(scores), len(self.item_ids)), NAN)
        out[:, self._places_of[name]] = scores
        return out


def is_personal(source: Model) -> bool:
    """Return True where a source goes by what the user did."""
    return source.form not in ("impersonal", "segments")


def buckets(activity: IntArray) -> NDArray[np.intp]:
    """Return the number (m,) of the bucket of each count of items."""
    return np.searchsorted(EDGES, activity, side="right") - 1


def standardised(scores: FloatArray) -> FloatArray:
    """Subtract each row's mean and divide by its standard deviation; NaN stays out of both."""
    said = ~np.isnan(scores)
    n = np.maximum(np.count_nonzero(said, axis=1, keepdims=True), 1)
    filled = np.where(said, scores, 0).astype(np.float64)
    mean = filled.sum(axis=1, keepdims=True) / n
    square = np.einsum("ij,ij->i", filled, filled)[:, None] / n
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    return ((scores - mean) / np.maximum(spread, 1e-9)).astype(np.float32)


def _rows(source: Model, ids: IntArray, rows: RowArray) -> RowArray:
    """Return the rows that a source has for users of the hybrid."""
    if not len(source.user_ids) or not len(ids):
        return np.full(len(rows), UNKNOWN, np.int32)
    return np.where(rows == UNKNOWN, UNKNOWN, source.user_ids.rows(ids)).astype(np.int32)
