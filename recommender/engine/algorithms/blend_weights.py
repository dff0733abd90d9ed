"""Learn what each source of a hybrid is worth, on events that its sources have not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.engine.evaluation.metrics import mean, ndcg
from recommender.engine.evaluation.split import Split
from recommender.engine.feedback import histories, relevant_unseen, seen
from recommender.engine.forms.hybrid import BUCKETS, EDGES, HybridModel, buckets
from recommender.engine.ranking import top_n
from recommender.engine.types import UNKNOWN, FloatArray, Histories, IntArray, Mask, Model, reindexed

K = 10
Weights = NDArray[np.floating]
"""(n_sources,)"""

STANDARD_ERRORS = 2
"""By how many standard errors weights have to be better than what stands there without them."""

USERS, ENOUGH = 1_000, 200
"""The most users of each bucket by whose lists weights are judged; and below how many others stand in for them."""

POOL = 100
"""Candidates that each source gives for a user: a blend's best are among them."""

BLOCK = 10_000_000
"""Scores of one source held at a time."""

STEPS = np.array([0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5])
"""The weights that are tried for a source, beside the others' of 1 in all."""

ROUNDS = 2
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

    def n_real(self, bucket: int) -> int:
        """Return how many users of the bucket have something to find."""
        return int((buckets(self._activity[np.diff(self.wanted.indptr) > 0]) == bucket).sum())

    def pool(self, bucket: int, rng: np.random.Generator) -> Pool | None:
        """Draw up to USERS of the bucket with something to find, and pool their candidates; None where nobody is.

        Where fewer than ENOUGH are, users of whom more is known join them as if that little were known. They are no
        more than stand-ins: they have seen what everybody has, and look for what few have.
        """
        users, shortened = _drawn(self.known, self.wanted, bucket, rng)
        return _pool(self.model, shortened, self.already[users], self.wanted[users]) if len(users) else None

    @property
    def _activity(self) -> IntArray:
        return np.diff(self.known.profiles.indptr).astype(np.int64)


def learn_weights(tasks: Sequence[InnerTask], rng: np.random.Generator) -> FloatArray:
    """Learn weights (len(BUCKETS), n_sources) by nDCG@10 of the lists of each bucket; each row sums to 1.

    `tasks` are two inner splits. What is learned on one is judged on the other, and both ways it must surely be better
    than what stands there without it: for the bucket with most users the best source alone, for the others the
    weights of their neighbour on its side. A blend that fits one split by accident, or a bucket of few users by chance,
    may be far worse than the best of what it blends.
    """
    real = np.array([min(task.n_real(bucket) for task in tasks) for bucket in range(len(BUCKETS))])
    most = max(1, int(real.argmax()))
    weights = np.zeros((len(BUCKETS), len(tasks[0].model.sources)))
    for bucket in (most, *range(most + 1, len(BUCKETS)), *range(most - 1, 0, -1)):
        pools = [pool for task in tasks if (pool := task.pool(bucket, rng)) is not None]
        if bucket == most:
            weights[bucket] = _learned(pools, _best_alone(pools, weights.shape[1]))
        else:
            neighbour = weights[bucket - 1 if bucket > most else bucket + 1]
            weights[bucket] = _learned(pools, neighbour)
    weights[0] = weights[1]
    return weights.astype(np.float32)


def _best_alone(pools: Sequence[Pool], n_sources: int) -> Weights:
    """Return weights for the source that ranks best alone; equal ones where there is nobody to judge by."""
    alone = np.eye(n_sources)
    if not pools:
        return np.full(n_sources, 1 / n_sources)
    return max(alone, key=lambda one: sum(pool.ndcg(one) for pool in pools))


def _learned(pools: Sequence[Pool], before: Weights) -> Weights:
    """Return the weights that `pools` of one bucket call for, where they are surely better than those of `before`."""
    if len(pools) < 2:
        return before
    found = [search(pool, before) for pool in pools]
    gains = [pool.gains(other) - pool.gains(before) for pool, other in zip(pools, found[::-1], strict=True)]
    together = np.concatenate(gains)
    # Both splits hold the same users, so that all gains are worth no more than one split's.
    error = together.std() / np.sqrt(len(together) / len(pools))
    is_better = together.mean() > STANDARD_ERRORS * error and min(gain.mean() for gain in gains) > 0
    mean: Weights = np.mean(found, axis=0)
    return mean if is_better and all(pool.ndcg(mean) > pool.ndcg(before) for pool in pools) else before


def search(pool: Pool, start: NDArray[np.floating]) -> NDArray[np.floating]:
    """Find the best weights that changing one after the other finds, from `start` or from the best source alone."""
    candidates = [start, *np.eye(len(start))]
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


def _drawn(known: Histories, wanted: csr_array, bucket: int, rng: np.random.Generator) -> tuple[IntArray, Histories]:
    """Return up to USERS of the bucket with something to find, with stand-ins up to ENOUGH; and their histories,
    shortened to fit.
    """
    low, high = int(EDGES[bucket]), int(EDGES[bucket + 1]) - 1 if bucket + 1 < len(EDGES) else 2**31
    counts, asked = np.diff(known.profiles.indptr), np.diff(wanted.indptr) > 0
    users = rng.permutation(np.flatnonzero(asked & (counts >= low)))
    users = users[np.argsort(counts[users] > high, kind="stable")]
    n_real = int((counts[users] <= high).sum())
    users = users[: min(max(n_real, ENOUGH), USERS)]
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
