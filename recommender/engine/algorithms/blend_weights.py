"""Learn what each source of a hybrid is worth, on events that its sources have not seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.evaluation.metrics import mean, ndcg
from recommender.engine.evaluation.split import Split
from recommender.engine.feedback import histories, relevant_unseen, seen
from recommender.engine.forms.hybrid import BUCKETS, EDGES, HybridModel
from recommender.engine.ranking import top_n
from recommender.engine.types import UNKNOWN, FloatArray, Histories, IntArray, Mask, Model, reindexed

K = 10
STANDARD_ERRORS = 2
"""By how many standard errors a blend has to be better than one source alone."""

USERS = 1_000
"""Users of each bucket by whose lists weights are judged."""

POOL = 100
"""Candidates that each source gives for a user: a blend's best are among them."""

BLOCK = 10_000_000
"""Scores of one source held at a time."""

STEPS = np.array([0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5])
"""The weights that are tried for a source, beside the others' of 1 in all."""

ROUNDS = 3
GAIN = 2e-4
"""The gain in nDCG that another weight must bring: less is chance."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Hold candidates of some users: what each source says of them, and which are relevant."""

    parts: FloatArray
    """(m, n, n_sources)"""
    is_candidate: Mask
    """(m, n); the others are padding."""
    relevant: Mask
    """(m, n)"""
    n_relevant: NDArray[np.integer]

    def ndcg(self, weights: NDArray[np.floating]) -> float:
        """Return the nDCG@10 of the lists that these weights (n_sources,) make."""
        return mean(self.gains(weights))

    def gains(self, weights: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the nDCG@10 of each user's list (m,)."""
        scores = np.where(self.is_candidate, self.parts @ weights.astype(np.float32), -np.inf)
        return ndcg(np.take_along_axis(self.relevant, _first(scores, K), axis=1), self.n_relevant)


def _first(scores: FloatArray, k: int) -> IntArray:
    """Return the columns (m, k) of each row's k best, best first. Sorting whole rows took five times as long."""
    best = np.argpartition(-scores, min(k, scores.shape[1]) - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


@dataclass(frozen=True, eq=False)
class InnerTask:
    """Hold sources that were fitted on the training part of an inner split, and what its test part asks of them."""

    model: HybridModel
    known: Histories
    already: csr_array
    """Seen in the training part (n_users, n_items of the hybrid)."""
    wanted: csr_array
    """Relevant in the test part, and not seen (n_users, n_items of the hybrid)."""

    @classmethod
    def of(cls, sources: Mapping[str, Model], split: Split) -> "InnerTask":
        """Build the task of sources that were fitted on `split.train`."""
        model = HybridModel(sources, np.full((len(BUCKETS), len(sources)), 1 / len(sources), np.float32))
        positions, n_items = model.item_ids.rows(split.train.item_ids.ids), len(model.item_ids)
        seen_before = seen(split.train)
        wanted = reindexed(relevant_unseen(split.test, seen_before), positions, n_items)
        already = reindexed(seen_before, positions, n_items)
        return cls(model, histories(split.train, model.item_ids), already, wanted)

    def pool(self, bucket: int, rng: np.random.Generator) -> Pool | None:
        """Draw up to USERS with something to find, and pool their candidates; None where there is nobody.

        Where a bucket has fewer, users of whom more is known are taken as if that little were known.
        """
        users, shortened = _stand_ins(self.known, self.wanted, bucket, rng)
        return _pool(self.model, shortened, self.already[users], self.wanted[users]) if len(users) else None


def learn_weights(task: InnerTask, rng: np.random.Generator) -> FloatArray:
    """Learn weights (len(BUCKETS), n_sources) by nDCG@10 of the lists of each bucket; each row sums to 1.

    A bucket that nobody can stand in for has the weights of the one before it.
    """
    weights = np.array(task.model.weights, np.float64)
    for bucket in range(1, len(BUCKETS)):
        weights[bucket] = weights[bucket - 1]
        if (pool := task.pool(bucket, rng)) is not None:
            weights[bucket] = search(pool, weights[bucket])
    weights[0] = weights[1]
    return weights.astype(np.float32)


def check_weights(weights: FloatArray, task: InnerTask, rng: np.random.Generator) -> FloatArray:
    """Replace weights that aren't surely better than one source alone on another inner split by that source alone.

    Learned weights fit the split that they were learned on: where its times say nothing of the order in which things
    happened, that is an accident, and a blend may be far worse than the best of what it blends.
    """
    checked = weights.copy()
    alone = np.eye(weights.shape[1], dtype=np.float32)
    for bucket in range(1, len(BUCKETS)):
        if (pool := task.pool(bucket, rng)) is None:
            checked[bucket] = checked[bucket - 1]
            continue
        best = max(alone, key=pool.ndcg)
        better = pool.gains(weights[bucket]) - pool.gains(best)
        # Of a few hundred users, a smaller difference is chance, and chance costs.
        if better.mean() <= STANDARD_ERRORS * better.std() / np.sqrt(len(better)):
            checked[bucket] = best
    checked[0] = checked[1]
    return checked


def search(pool: Pool, start: NDArray[np.floating]) -> NDArray[np.floating]:
    """Find the best weights that changing one after the other finds, from `start` and from the best source alone."""
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


def _stand_ins(
    known: Histories, wanted: csr_array, bucket: int, rng: np.random.Generator
) -> tuple[IntArray, Histories]:
    """Return up to USERS with something to find, those of the bucket first; and their histories, shortened to fit."""
    low, high = int(EDGES[bucket]), int(EDGES[bucket + 1]) - 1 if bucket + 1 < len(EDGES) else 2**31
    counts, asked = np.diff(known.profiles.indptr), np.diff(wanted.indptr) > 0
    users = rng.permutation(np.flatnonzero(asked & (counts >= low)))
    users = users[np.argsort(counts[users] > high, kind="stable")][:USERS]
    counts = counts[users]
    lengths = np.where(counts > high, rng.integers(low, min(high, 1_000) + 1, len(users)), counts)
    return users, _shortened(known[users], lengths, rng)


def _shortened(known: Histories, lengths: IntArray, rng: np.random.Generator) -> Histories:
    """Keep some items of each user's profile at random, and the ratings of the same items."""
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
    """Return the best of every source, each item once: what all sources say, which are candidates and relevant."""
    scores = list(model.standardised_parts(known))
    items = np.sort(np.concatenate([top_n(part, POOL, already)[0] for part in scores], axis=1), axis=1)
    rows = np.arange(len(items))[:, None]
    parts = np.stack([np.nan_to_num(part[rows, items]) for part in scores], axis=2)
    is_candidate = (items != UNKNOWN) & (np.diff(items, axis=1, prepend=UNKNOWN) != 0)
    return parts, is_candidate, (wanted.toarray() > 0)[rows, items] & is_candidate
