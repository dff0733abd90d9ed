"""What each source of a hybrid is worth, learned on events that its sources have not seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.evaluation.metrics import mean, ndcg
from recommender.engine.evaluation.split import Split
from recommender.engine.feedback import histories, pairs, relevant, seen
from recommender.engine.forms.hybrid import BUCKETS, EDGES, HybridModel
from recommender.engine.ranking import top_n
from recommender.engine.types import UNKNOWN, FloatArray, Histories, IntArray, Mask, Model, reindexed

K = 10
PEOPLE = 1_000
"""People of each bucket by whose lists weights are judged."""

POOL = 100
"""Candidates that each source gives for a person: a blend's best are among them."""

BLOCK = 10_000_000
"""Scores of one source held at a time."""

STEPS = np.array([0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5])
"""What a source's weight is tried at, beside the others' of 1 in all."""

ROUNDS = 3
GAIN = 2e-4
"""What another weight must better nDCG by, to be worth it: less is chance."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Candidates of some people: what each source says of them, and which are relevant."""

    parts: FloatArray
    """(m, n, n_sources)"""
    is_candidate: Mask
    """(m, n); the others are padding."""
    relevant: Mask
    """(m, n)"""
    n_relevant: NDArray[np.integer]

    def ndcg(self, weights: NDArray[np.floating]) -> float:
        """nDCG@10 of the lists that these weights (n_sources,) make."""
        scores = np.where(self.is_candidate, self.parts @ weights.astype(np.float32), -np.inf)
        return mean(ndcg(np.take_along_axis(self.relevant, _first(scores, K), axis=1), self.n_relevant))


def _first(scores: FloatArray, k: int) -> IntArray:
    """The columns (m, k) of each row's k best, best first. Sorting whole rows took five times as long."""
    best = np.argpartition(-scores, min(k, scores.shape[1]) - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def learn_weights(sources: Mapping[str, Model], split: Split, rng: np.random.Generator) -> FloatArray:
    """Weights (len(BUCKETS), n_sources) of sources that were fitted on `split.train`; each row sums to 1.

    Of each bucket the lists of up to PEOPLE are judged by nDCG@10; where it has fewer, people of whom more is known are
    taken as if that little were known. A bucket that nobody can stand in for has the weights of the one before it.
    """
    weights = np.full((len(BUCKETS), len(sources)), 1 / len(sources))
    model = HybridModel(sources, weights.astype(np.float32))
    places = model.item_ids.rows(split.train.item_ids.ids)
    known = histories(split.train, model.item_ids)
    already = reindexed(seen(split.train), places, len(model.item_ids))
    wanted = _without(reindexed(pairs(split.test, relevant(split.test)), places, len(model.item_ids)), already)
    for bucket in range(1, len(BUCKETS)):
        people, shortened = _stand_ins(known, wanted, bucket, rng)
        weights[bucket] = weights[bucket - 1]
        if len(people):
            weights[bucket] = search(_pool(model, shortened, already[people], wanted[people]), weights[bucket])
    weights[0] = weights[1]
    return weights.astype(np.float32)


def search(pool: Pool, start: NDArray[np.floating]) -> NDArray[np.floating]:
    """The best weights that changing one after the other finds, from `start` and from the best source alone."""
    alone = np.eye(len(start))
    candidates = [start, *alone]
    weights = max(candidates, key=pool.ndcg)
    best = pool.ndcg(weights)
    for _ in range(ROUNDS):
        before = best
        for source in range(len(weights)):
            for step in STEPS:
                tried = weights.copy()
                tried[source] = step * (weights.sum() - weights[source] or 1)
                if tried.any() and (figure := pool.ndcg(tried)) > best + GAIN:
                    weights, best = tried / tried.sum(), figure
        if best == before:
            break
    return weights / weights.sum()


def _without(wanted: csr_array, already: csr_array) -> csr_array:
    left = (wanted - wanted.multiply(already)).tocsr()
    left.eliminate_zeros()
    return csr_array(left)


def _stand_ins(
    known: Histories, wanted: csr_array, bucket: int, rng: np.random.Generator
) -> tuple[IntArray, Histories]:
    """Up to PEOPLE with something to find, those of the bucket first; and their histories, shortened to fit it."""
    low, high = int(EDGES[bucket]), int(EDGES[bucket + 1]) - 1 if bucket + 1 < len(EDGES) else 2**31
    counts, asked = np.diff(known.profiles.indptr), np.diff(wanted.indptr) > 0
    people = rng.permutation(np.flatnonzero(asked & (counts >= low)))
    people = people[np.argsort(counts[people] > high, kind="stable")][:PEOPLE]
    counts = counts[people]
    lengths = np.where(counts > high, rng.integers(low, min(high, 1_000) + 1, len(people)), counts)
    return people, _shortened(known[people], lengths, rng)


def _shortened(known: Histories, lengths: IntArray, rng: np.random.Generator) -> Histories:
    """Of each person's profile some items at random, and of their ratings those of the same items."""
    profiles = known.profiles
    rows = np.repeat(np.arange(len(known)), np.diff(profiles.indptr))
    order = np.lexsort((rng.random(len(rows)), rows))
    kept = np.sort(order[np.arange(len(rows)) - profiles.indptr[rows] < lengths[rows]])
    entries = (rows[kept], profiles.indices[kept])
    mask = csr_array((np.ones(len(kept), np.float32), entries), shape=profiles.shape)
    shortened = csr_array((profiles.data[kept], entries), profiles.shape)
    return Histories(csr_array(known.ratings.multiply(mask)), shortened, known.segments)


def _pool(model: HybridModel, known: Histories, already: csr_array, wanted: csr_array) -> Pool:
    size = max(1, BLOCK // max(len(model.item_ids), 1))
    blocks = [slice(start, start + size) for start in range(0, len(known), size)]
    found = [_candidates(model, known[block], already[block], wanted[block]) for block in blocks]
    parts, is_candidate, is_relevant = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return Pool(parts, is_candidate, is_relevant, np.diff(wanted.indptr))


def _candidates(
    model: HybridModel, known: Histories, already: csr_array, wanted: csr_array
) -> tuple[FloatArray, Mask, Mask]:
    """The best of every source, each item once: what all sources say of it, whether it is one, and is relevant."""
    scores = list(model.standardised_parts(known))
    items = np.sort(np.concatenate([top_n(part, POOL, already)[0] for part in scores], axis=1), axis=1)
    rows = np.arange(len(items))[:, None]
    parts = np.stack([np.nan_to_num(part[rows, items]) for part in scores], axis=2)
    is_candidate = (items != UNKNOWN) & (np.diff(items, axis=1, prepend=UNKNOWN) != 0)
    return parts, is_candidate, (wanted.toarray() > 0)[rows, items] & is_candidate
